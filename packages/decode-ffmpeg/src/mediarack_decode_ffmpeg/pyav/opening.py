"""Opening a source: which kinds are refused, what FFmpeg's errors mean, and that all is closed again."""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping
from errno import EINVAL
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.format import ContainerFormat

from mediarack.plugin import MAX_PIXELS, BadInput, CorruptMedia, LocalMedia, NotMedia, describe

_POINT_ELSEWHERE = {"hls", "concat", "concatf", "dash", "webm_dash_manifest", "imf", "image2", "dvdvideo", "libopenmpt"}
_BESIDE_THE_FILE = {"vobsub", "mlv"}
_NETWORK = {"rtsp", "rtp", "sdp", "sap", "rtmp", "mpegts_raw", "mmsh", "mmst"}
_SCRIPTS = {"lavfi", "vapoursynth", "avisynth", "ffmetadata", "sbg"}
_TAKES_ANY_TEXT = {"tty"}
"""Claims every .txt file, as a film of its characters."""
REFUSED = frozenset(_POINT_ELSEWHERE | _BESIDE_THE_FILE | _NETWORK | _SCRIPTS | _TAKES_ANY_TEXT)
"""Demuxers that open other files or addresses named in their input, or run it. A media file never needs them."""

_BEGINNINGS = {
    "mp4 or mov": (4, (b"ftyp", b"moov", b"mdat", b"wide")),
    "wav": (8, (b"WAVE",)),
    "avi": (8, (b"AVI ",)),
    "flac": (0, (b"fLaC",)),
    "matroska or webm": (0, (b"\x1aE\xdf\xa3",)),
    "ogg": (0, (b"OggS",)),
}
"""Where and by what bytes a container is told, to tell a damaged file from what never was media."""
_PICTURES = {
    "jpeg_pipe": (0, (b"\xff\xd8\xff",)),
    "png_pipe": (0, (b"\x89PNG",)),
    "webp_pipe": (8, (b"WEBP",)),
    "bmp_pipe": (0, (b"BM",)),
    "tiff_pipe": (0, (b"II*\0", b"MM\0*")),
}
"""Demuxers of single pictures, which by name FFmpeg takes for the first of a numbered series (image2, refused)."""

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
            raise _without_streams(source)

    def __str__(self) -> str:
        return describe(self.source)

    @property
    def families(self) -> set[str]:
        """The names FFmpeg gives this kind of container ("mov", "mp4", ...)."""
        return set(self.container.format.name.split(","))

    def beginning(self) -> bytes:
        """The first 16 bytes of the source."""
        return _beginning(self.source)

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
        picture = _named_by_beginning(_beginning(source), _PICTURES) if error.errno == EINVAL else None
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
        return NotMedia(
            f"{what} is refused: it is text, a playlist or a script that points to other files (HLS, DASH, concat, "
            f"SDP ...), not media itself; give the media file it points to"
        )
    container = _named_by_beginning(_beginning(source), _BEGINNINGS)
    if container is None:
        return NotMedia(f"{what} is no media file that FFmpeg knows ({error.strerror}): give an audio or video file")
    if container == "mp4 or mov":
        return CorruptMedia(
            f"{what} is cut off or still being written: its index (moov), often at the end of an {container} file, "
            f"is missing or damaged; fetch the whole file again, or wait until it is finished"
        )
    return CorruptMedia(f"{what} begins like {container}, but its header is damaged or cut off: fetch it again")


def _without_streams(source: LocalMedia) -> BadInput:
    container = _named_by_beginning(_beginning(source), _BEGINNINGS)
    if container is None:
        return NotMedia(f"{describe(source)} holds no streams: give an audio or video file")
    # What an mp4 cut off inside its index looks like.
    return CorruptMedia(
        f"{describe(source)} begins like {container}, but its header names no streams: it is cut off or damaged; "
        f"fetch the whole file again"
    )


def _beginning(source: LocalMedia) -> bytes:
    if isinstance(source, bytes):
        return source[:16]
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(16)
    position = source.tell()
    source.seek(0)
    beginning = source.read(16)
    source.seek(position)
    return beginning


def _named_by_beginning(data: bytes, table: Mapping[str, tuple[int, tuple[bytes, ...]]]) -> str | None:
    return next((name for name, (offset, marks) in table.items() if data[offset:].startswith(marks)), None)
