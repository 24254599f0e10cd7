"""The directory in which mediarack keeps what it can find out again."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from mediarack.config.settings import Config

logger = logging.getLogger(__name__)


def cache_directory(config: Config) -> Path | None:
    """``config.cache_dir``, or the user's cache directory, made if need be; None where nothing can be kept.

    Without a cache everything works, only slower: so a home that is missing or read-only is a debug message, and a
    configured directory that cannot be used a warning.
    """
    directory = config.cache_dir if config.cache_dir is not None else _of_the_user()
    if directory is None:
        logger.debug("no home directory, so no cache: cache_dir or XDG_CACHE_HOME would name one")
        return None
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        level = logging.DEBUG if config.cache_dir is None else logging.WARNING
        logger.log(level, "no cache: the directory %s cannot be made: %s", directory, error.strerror)
        return None
    return directory


def _of_the_user() -> Path | None:
    import platformdirs

    # An empty HOME gives a path below "/", and an unknown user's is no path at all ("~/.cache").
    if os.environ.get("HOME") == "" and not os.environ.get("XDG_CACHE_HOME"):
        return None
    try:
        directory = Path(platformdirs.user_cache_dir("mediarack", appauthor=False))
    except RuntimeError as error:  # newer platformdirs say so themselves
        logger.debug("%s", error)
        return None
    return directory if directory.is_absolute() else None
