"""Opening a source: which kinds are refused, what FFmpeg's errors mean, and that all is closed again."""

from __future__ import annotations

import functools
import io
from errno import EINVAL
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.format import ContainerFormat

from mediarack.plugin import MAX_PIXELS, BadInput, LocalMedia, describe
from mediarack_decode_ffmpeg.recognition import (
    REFUSED,
    beginning_of,
    not_opened,
    picture_demuxer,
    refusal,
    without_streams,
)

_VERSION = tuple(int(part) for part in av.__version__.split(".")[:2])
_LIMITS = {"max_pixels": str(MAX_PIXELS)} if _VERSION >= (17, 1) else {}
"""For the decoders that look into the file as it is opened. Before 17.1 PyAV crashes at MPEG-TS with any of these."""


class OpenMedia:
    """A source while it is read. ``container`` is where it stands; a file object stays open when this closes.

    Raises NotMedia for what no demuxer knows and for what is refused, CorruptMedia for a header that cannot be read.
    """

    def __init__(self, source: LocalMedia) -> None:
        self.source = source
        self.container = _open(source)
        if not len(self.container.streams):
            self.container.close()
            raise without_streams(describe(source), beginning_of(source))

    def __str__(self) -> str:
        return describe(self.source)

    @property
    def families(self) -> set[str]:
        """The names FFmpeg gives this kind of container ("mov", "mp4", ...)."""
        return set(self.container.format.name.split(","))

    def beginning(self) -> bytes:
        """The first 16 bytes of the source."""
        return beginning_of(self.source)

    def restart(self) -> None:
        """Stand at the very beginning again: not every container can seek there, and decoders start anew."""
        self.container.close()
        self.container = _open(self.source)

    def __enter__(self) -> OpenMedia:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.container.close()


def _open(source: LocalMedia) -> InputContainer:
    if isinstance(source, Path):
        # "file:" keeps a name such as "http:x.mp4" a name.
        where: str | BinaryIO = f"file:{source}"
    elif isinstance(source, bytes):
        where = io.BytesIO(source)
    else:
        source.seek(0)
        where = source
    try:
        return _open_as(where, None)
    except FFmpegError as error:
        picture = picture_demuxer(beginning_of(source)) if error.errno == EINVAL else None
        if picture is None:
            raise _explained(source, error) from error
    return _open_as(where, picture)


def _open_as(where: str | BinaryIO, format: str | None) -> InputContainer:
    return av.open(
        where,
        mode="r",
        format=format,
        options=_LIMITS,
        container_options={"format_whitelist": _allowed(), "protocol_whitelist": "file"},
        metadata_errors="replace",
    )


@functools.cache
def _allowed() -> str:
    return ",".join(sorted(name for name in av.formats_available if name not in REFUSED and _is_demuxer(name)))


def _is_demuxer(name: str) -> bool:
    try:
        ContainerFormat(name, "r")
    except ValueError:
        return False
    return True


def _explained(source: LocalMedia, error: FFmpegError) -> BadInput:
    what = describe(source)
    if error.errno == EINVAL:  # what libavformat answers for a format off the whitelist
        return refusal(what)
    return not_opened(what, beginning_of(source), str(error.strerror))
