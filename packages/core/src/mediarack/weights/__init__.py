"""Model files: where they are looked for, how they are fetched, checked and removed."""

from mediarack.weights.store import Located as Located
from mediarack.weights.store import WeightsStore as WeightsStore
