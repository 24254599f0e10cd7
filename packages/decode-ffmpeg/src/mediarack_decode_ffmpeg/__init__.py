"""FFmpeg decoders for mediarack."""

__version__ = "0.1.0"
