"""Speech synthesis engines for mediarack."""

__version__ = "0.1.0"
