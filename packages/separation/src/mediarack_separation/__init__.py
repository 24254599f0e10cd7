"""Source separation engines for mediarack."""

from mediarack_separation.options import DeepFilterNetOptions as DeepFilterNetOptions

__version__ = "0.1.0"
