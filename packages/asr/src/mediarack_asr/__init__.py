"""Speech recognition engines for mediarack."""

from mediarack_asr.options import FasterWhisperOptions as FasterWhisperOptions

__version__ = "0.1.0"
