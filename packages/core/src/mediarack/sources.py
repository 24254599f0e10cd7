"""What can be read from: a path, bytes, a seekable binary file object, or Audio already in memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from mediarack.errors import BadInput, NotMedia
from mediarack.media import Audio

Media = Path | bytes | BinaryIO
"""What a decoder is handed."""
Source = str | os.PathLike[str] | bytes | BinaryIO | Audio
"""What a caller may give."""
SourceKind = Literal["path", "bytes", "file", "audio"]


def check_source(source: object) -> Media | Audio:
    """The source as backends take it. Raises BadInput for what cannot be read, before any backend is asked."""
    if isinstance(source, Audio):
        if check_audio(source).samples.size == 0:
            raise BadInput("the Audio has no samples: there is nothing to read")
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        if len(source) == 0:
            raise NotMedia("the source is empty (0 bytes)")
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        return _check_path(os.fspath(source))
    if hasattr(source, "read") and hasattr(source, "seek"):
        return _check_file(cast("BinaryIO", source))
    raise BadInput(
        f"cannot read from {type(source).__name__}: give a path, bytes, a binary file object that can seek, or Audio"
    )


def check_audio(audio: Audio) -> Audio:
    """The audio, if its samples are as Audio promises. Raises BadInput."""
    if not isinstance(audio, Audio):
        raise BadInput(f"{type(audio).__name__} is no Audio: give mediarack.Audio(samples=..., sample_rate=...)")
    if audio.samples.ndim != 2 or audio.samples.dtype != "float32":
        shape, kind = list(audio.samples.shape), audio.samples.dtype
        raise BadInput(f"Audio.samples is {kind} {shape}: it must be float32 [channels, samples], nominally -1..1")
    if audio.sample_rate < 1:
        raise BadInput(f"Audio.sample_rate is {audio.sample_rate}: it must be in Hz, 1 or more")
    return audio


def _check_path(name: str | bytes) -> Path:
    text = os.fsdecode(name)
    if "://" in text:
        raise BadInput(f"{text!r} is a URL: download it first and give the file's path")
    path = Path(text)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise BadInput(f"no such file: {text!r} (looked in {Path.cwd()})") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise BadInput(f"cannot read {text!r}: {getattr(error, 'strerror', None) or error}") from error
    if stat.S_ISDIR(status.st_mode):
        raise BadInput(f"{text!r} is a directory: give a media file")
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"{text!r} is no regular file (a pipe or device): copy what it holds into a file first")
    if status.st_size == 0:
        raise NotMedia(f"{text!r} is empty (0 bytes)")
    try:
        path.open("rb").close()
    except OSError as error:
        raise BadInput(f"cannot read {text!r}: {error.strerror}") from error
    return path


def _check_file(source: BinaryIO) -> BinaryIO:
    if getattr(source, "closed", False):
        raise BadInput("the file object is closed: open it again")
    if not source.seekable():
        raise BadInput("the file object cannot seek: give its bytes (source.read()) or write them to a file first")
    source.seek(0)
    if not isinstance(source.read(0), bytes):
        raise BadInput("the file object is in text mode: open it in binary mode ('rb')")
    if source.seek(0, os.SEEK_END) == 0:
        raise NotMedia("the file object is empty (0 bytes)")
    source.seek(0)
    return source


def kind_of(source: Media | Audio | Any) -> SourceKind:
    if isinstance(source, Audio):
        return "audio"
    if isinstance(source, bytes):
        return "bytes"
    return "path" if isinstance(source, Path) else "file"


def describe(source: object) -> str:
    """The source in a message: its path, or what it is."""
    if isinstance(source, str | os.PathLike):
        return os.fsdecode(os.fspath(source))
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    if isinstance(source, Audio):
        return f"<{source.duration:.1f} s of audio>"
    return str(getattr(source, "name", None) or f"<{type(source).__name__}>")
