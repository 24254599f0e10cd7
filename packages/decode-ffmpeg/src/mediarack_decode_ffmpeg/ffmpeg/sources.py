"""What is handed to ffmpeg for each kind of source, and that it can open nothing else."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, TypeGuard, cast

from mediarack.plugin import Call, LocalMedia, Url, describe
from mediarack_decode_ffmpeg.recognition import beginning_of

_NETWORK_SECONDS = 30
"""Without a byte from a server."""


_LINUX = sys.platform == "linux"
"""Where /dev/fd/7 opens the file behind a descriptor anew, with a place of its own to read from."""


@dataclass(frozen=True)
class Opened:
    """``address`` stands after -i. ``beginning``: the first 16 bytes, b"" of a URL. ``size``: in bytes, if known."""

    source: LocalMedia | Url
    address: str
    protocols: str = "file"
    options: tuple[tuple[str, str], ...] = ()
    descriptors: tuple[int, ...] = ()
    beginning: bytes = b""
    size: int | None = None

    def __str__(self) -> str:
        return describe(self.source)

    def cleaned(self, text: str) -> str:
        """A message of ffmpeg without secrets of a URL."""
        return text.replace(self.address, str(self))


@contextmanager
def opened(source: LocalMedia | Url, call: Call) -> Iterator[Opened]:
    """The source as ffmpeg can read and seek it.

    Bytes and most file objects are copied to a temporary file, for few containers can be read from a pipe. It has no
    name where the system allows that, so that nothing is left even if this process is killed.
    """
    if isinstance(source, Url):
        yield Opened(
            source,
            source.text,
            "http,https,httpproxy,tcp,tls",
            (("rw_timeout", str(_NETWORK_SECONDS * 1_000_000)),),
        )
    elif isinstance(source, Path):
        if _LINUX and any(character < " " for character in str(source)):  # they would break the lines of its listing
            with source.open("rb") as file:
                yield _by_descriptor(source, file.fileno(), beginning_of(source))
        else:
            # "file:" keeps a name such as "http:x.mp4" or "-x.mp4" a name.
            yield Opened(source, f"file:{source}", beginning=beginning_of(source), size=source.stat().st_size)
    elif _is_plain_file(source):
        yield _by_descriptor(source, source.fileno(), beginning_of(source))
    else:
        call.note(spooled="temporary file")
        with _spooled(source, call) as file:
            beginning = beginning_of(source)
            if _LINUX:
                yield _by_descriptor(source, file.fileno(), beginning)
            else:
                yield Opened(source, f"file:{file.name}", beginning=beginning, size=Path(file.name).stat().st_size)


def _by_descriptor(source: LocalMedia, descriptor: int, beginning: bytes) -> Opened:
    size = os.fstat(descriptor).st_size
    return Opened(source, f"file:/dev/fd/{descriptor}", descriptors=(descriptor,), beginning=beginning, size=size)


def _is_plain_file(source: bytes | BinaryIO) -> TypeGuard[BinaryIO]:
    """Whether its descriptor gives the same bytes: on Linux, where opening it anew leaves the place it stands at."""
    return (
        _LINUX
        and (type(source) is io.FileIO or (type(source) is io.BufferedReader and type(source.raw) is io.FileIO))
        and os.access(f"/dev/fd/{source.fileno()}", os.R_OK)
    )


@contextmanager
def _spooled(source: bytes | BinaryIO, call: Call) -> Iterator[BinaryIO]:
    """A temporary file with the bytes of the source; closed outside Linux, where ffmpeg opens it by its name."""
    file: IO[bytes] = tempfile.TemporaryFile() if _LINUX else tempfile.NamedTemporaryFile(delete=False)  # noqa: SIM115
    try:
        if isinstance(source, bytes):
            file.write(source)
        else:
            source.seek(0)
            while piece := source.read(1 << 20):
                call.check()
                file.write(piece)
        file.flush()
        if not _LINUX:
            file.close()
        yield cast("BinaryIO", file)
    finally:
        file.close()
        if not _LINUX:
            Path(file.name).unlink()
