"""Outputs are written aside and renamed: a call that fails or is killed leaves no half file and spoils no older one."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mediarack.errors import OutputError


def check_target(target: Path) -> None:
    """Raise OutputError for what will not take a file, before any work is done."""
    _check_name(target)
    if target.is_dir():
        raise OutputError(f"cannot write {str(target)!r}: it is a directory; give a file name inside it")
    parent = target.parent
    if not parent.is_dir():
        raise OutputError(f"cannot write {str(target)!r}: no directory {str(parent)!r}; make it first")
    if target.exists() and not target.is_file():
        raise OutputError(f"cannot write {str(target)!r}: it is a device or pipe; give the name of a file")
    if target.exists() and not os.access(target, os.W_OK):
        raise OutputError(f"cannot write {str(target)!r}: the file there is not writable")
    try:
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise OutputError(f"cannot write {str(target)!r}: {error.strerror}") from error


def check_not_source(source: object, target: Path) -> None:
    """Raise OutputError if writing ``target`` would overwrite the file that is read, by any name."""
    _check_name(target)
    # os.path.exists: the source may be an address, longer than any name of a file.
    if isinstance(source, str | os.PathLike) and target.exists() and os.path.exists(source) and target.samefile(source):  # noqa: PTH110
        raise OutputError(f"cannot write {str(target)!r}: it is the source itself; give another name")


def check_apart(targets: Iterable[Path]) -> None:
    """Raise OutputError if two of several outputs are one file."""
    seen: set[str] = set()
    for target in targets:
        _check_name(target)
        real = os.path.realpath(target)
        if real in seen:
            raise OutputError(f"cannot write {str(target)!r} twice: give each output a name of its own")
        seen.add(real)


def _check_name(target: Path) -> None:
    """Raise OutputError for what is no name here, or may not even be looked at; Path's own tests raise for such."""
    try:
        target.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # a new file, or no directory, which check_target tells
    except (OSError, ValueError) as error:  # too long, a loop of links, a directory of others; ValueError: a NUL
        raise OutputError(f"cannot write {str(target)!r}: {getattr(error, 'strerror', None) or error}") from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new, empty file beside ``target``, with its suffix, that takes its place if the block ends well.

    Raises OutputError for what goes wrong with the writing (no directory, not writable, disk full). A symbolic link is
    followed, so that the link stays and what it points to is replaced.
    """
    _check_name(target)
    target = Path(os.path.realpath(target))
    check_target(target)
    aside = target.parent / f".mediarack-{uuid.uuid4().hex}{target.suffix}"
    try:
        os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        if target.exists():
            shutil.copymode(target, aside)
        yield aside
        aside.replace(target)
    except ConnectionError:
        raise  # of no file: a source of the caller's, or its progress function at a closed pipe
    except OSError as error:
        raise OutputError(f"cannot write {str(target)!r}: {error.strerror or error}") from error
    except OutputError as error:  # of a backend, which knows only the file aside
        raise OutputError(str(error).replace(str(aside), str(target))) from error
    finally:
        aside.unlink(missing_ok=True)
