"""Which containers are refused, and what a file that cannot be opened is: the same for every way to FFmpeg."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from mediarack.plugin import BadInput, CorruptMedia, LocalMedia, NotMedia

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

STATE_EACH_STREAM = frozenset({"mov", "wav", "w64", "flac", "aiff", "caf", "avi"})
STATE_THE_WHOLE = frozenset({"matroska", "flv", "asf"})
"""Containers whose header says how long it all is, but not each stream, which may well end earlier."""
_END_AS_DURATION = frozenset({"matroska", "asf", "nut", "ogg"})
"""Containers whose stated durations count from timestamp 0: when it ends, not how long it is from its start."""
_CUT_OFF_SECONDS, _CUT_OFF_SHARE = 0.5, 0.01
"""What may be missing of the stated duration: encoders round, and cut at packets. Both must be exceeded."""


def picture_demuxer(beginning: bytes) -> str | None:
    """The demuxer of the single picture that begins with these (16) bytes."""
    return _named_by_beginning(beginning, _PICTURES)


def refusal(what: str) -> NotMedia:
    """The error for a container that is not on the list of those allowed."""
    return NotMedia(
        f"{what} is refused: it is text, a playlist or a script that points to other files (HLS, DASH, concat, "
        f"SDP ...), not media itself; give the media file it points to"
    )


def not_opened(what: str, beginning: bytes, reason: str) -> BadInput:
    """The error for what FFmpeg cannot open: CorruptMedia if it begins like a container, else NotMedia."""
    container = _named_by_beginning(beginning, _BEGINNINGS)
    if container is None:
        return NotMedia(f"{what} is no media file that FFmpeg knows ({reason}): give an audio or video file")
    if container == "mp4 or mov":
        return CorruptMedia(
            f"{what} is cut off or still being written: its index (moov), often at the end of an {container} file, "
            f"is missing or damaged; fetch the whole file again, or wait until it is finished"
        )
    return CorruptMedia(f"{what} begins like {container}, but its header is damaged or cut off: fetch it again")


def without_streams(what: str, beginning: bytes) -> BadInput:
    """The error for what FFmpeg can open, but names no streams: CorruptMedia if it begins like a container."""
    container = _named_by_beginning(beginning, _BEGINNINGS)
    if container is None:
        return NotMedia(f"{what} holds no streams: give an audio or video file")
    # What an mp4 cut off inside its index looks like.
    return CorruptMedia(
        f"{what} begins like {container}, but its header names no streams: it is cut off or damaged; "
        f"fetch the whole file again"
    )


def length_of(families: Collection[str], stated: float, start: float) -> float:
    """Seconds, of those that a container of these families states and of the timestamp of what they are about."""
    if _END_AS_DURATION.isdisjoint(families) or not 0 < start < stated:
        return stated
    return stated - start


def is_cut_off(end: float, stated: float) -> bool:
    """Whether a file that ends there (seconds) lacks something of the duration that its header states."""
    return stated - end > max(_CUT_OFF_SECONDS, _CUT_OFF_SHARE * stated)


def cut_off(what: str, end: float, stated: float) -> CorruptMedia:
    """The error for it."""
    return CorruptMedia(
        f"{what}: the file ends at {end:.1f} s of the {stated:.1f} s it states: "
        f"it is cut off or still being written; fetch it again, or read with an end before that"
    )


def riff_bytes_missing(beginning: bytes, size: int) -> int | None:
    """How many bytes a RIFF file (WAV) lacks of what its header states; None if it states nothing.

    FFmpeg gives the duration of the file as it is, so this alone tells that one was cut off.
    """
    stated = int.from_bytes(beginning[4:8], "little")
    if not beginning.startswith(b"RIFF") or stated in (0, 0xFFFFFFFF):  # written to a pipe; RF64 counts elsewhere
        return None
    return max(0, stated + 8 - size)


def beginning_of(source: LocalMedia) -> bytes:
    """The first 16 bytes. A file object stays where it is."""
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
