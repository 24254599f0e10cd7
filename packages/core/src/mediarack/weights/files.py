"""The files of a model's directory: which it lacks, and which names may be written there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath


def lacking(directory: Path, required: Iterable[str]) -> list[str]:
    """Those of the patterns that no file of the directory matches; a link to nothing is no file."""
    # Path.exists raises where one may not look.
    return [pattern for pattern in required if not any(map(os.path.exists, directory.glob(pattern)))]


def is_inside(name: str) -> bool:
    """Whether a name from outside (a hub, a list of sums), written with /, stays inside the directory it is put in."""
    path = PurePosixPath(name)
    plain = not any(character in name for character in "\\\0\r\n")
    return plain and bool(path.parts) and not (path.is_absolute() or ".." in path.parts or PureWindowsPath(name).drive)


def megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size else "size unknown"
