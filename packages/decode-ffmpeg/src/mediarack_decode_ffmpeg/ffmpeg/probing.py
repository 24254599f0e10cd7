"""probe, and what every reading begins with: which streams there are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mediarack.plugin import BackendFailed, BadInput, Call, MediaInfo, NoSuchStream
from mediarack_decode_ffmpeg.ffmpeg.banner import Banner, Listed, described, parse_banner
from mediarack_decode_ffmpeg.ffmpeg.binary import Binary
from mediarack_decode_ffmpeg.ffmpeg.commands import compiled, media_input, to_pipe
from mediarack_decode_ffmpeg.ffmpeg.process import Run
from mediarack_decode_ffmpeg.ffmpeg.sources import Opened
from mediarack_decode_ffmpeg.recognition import length_of, not_opened, picture_demuxer, refusal, without_streams

_REASON = re.compile(r"(?:Error opening input files?|.*): (.+)$")
_TRANSPOSE = re.compile(r"\[transpose @ \w+\].* dir:([0-3]) ")
_TOO_LARGE = re.compile(r"Picture size (\d+)x(\d+) (?:is invalid|exceeds)")
_QUERIED = re.compile(r"query_formats: (\d+) queried")
_TURNED = {"0": 90, "1": 90, "2": 270, "3": 90}
"""Clockwise degrees by the direction of the transpose filter. 0 and 3 mirror too: their rotation is 90 by contract."""
_NETWORK = re.compile(
    r"HTTP error|Server returned|Connection|timed out|Failed to resolve|TLS|SSL|certificate|Protocol|refused|host",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Contents:
    """What is in a source. ``demuxer``: the one that must be named, for FFmpeg would choose a refused one."""

    opened: Opened
    binary: Binary
    banner: Banner
    demuxer: str | None
    too_large: tuple[int, int] | None
    """Width and height of pictures that the program refused to look at."""

    @property
    def families(self) -> set[str]:
        """The names FFmpeg gives this kind of container ("mov", "mp4", ...)."""
        return set(self.banner.container.split(","))

    def choose(self, kind: Literal["audio", "video"], index: int | None) -> Listed:
        """The stream with this index, else the default one, else the first; cover pictures come last.

        Raises NoSuchStream, listing those there are.
        """
        streams = self.banner.streams
        listed = ", ".join(f"{s.index}: {s.kind} {s.codec}" for s in streams) or "none"
        if index is not None:
            found = [s for s in streams if s.index == index]
            if not found or found[0].kind != kind:
                wrong = f"stream {index} is {found[0].kind}, not {kind}" if found else f"there is no stream {index}"
                raise NoSuchStream(f"{self.opened}: {wrong} (it has {listed})")
            return found[0]
        order = sorted(
            (s for s in streams if s.kind == kind), key=lambda s: (s.cover, "(default)" not in s.dispositions, s.index)
        )
        if not order:
            raise NoSuchStream(f"{self.opened} has no {kind} stream (it has {listed})")
        return order[0]


def probe(opened: Opened, binary: Binary, call: Call) -> MediaInfo:
    """Container, duration (to 0.01 s) and streams. Decodes nothing but one picture where it may be rotated.

    A stream has a duration where the container notes one as a tag (Matroska) or has no other stream; what else the
    program prints holds none, and no number of frames.
    """
    contents = look_into(opened, binary, call)
    banner = contents.banner
    alone = banner.duration if len(banner.streams) == 1 else None
    return MediaInfo(
        container=banner.container,
        duration=banner.duration,
        start_seconds=banner.start_seconds,
        size_bytes=opened.size,
        bit_rate=banner.bit_rate,
        streams=tuple(described(s, rotation_of(contents, s, call), binary.layouts, alone) for s in banner.streams),
    )


def look_into(opened: Opened, binary: Binary, call: Call) -> Contents:
    """Raises NotMedia for what no demuxer knows and for what is refused, CorruptMedia for a header that is damaged."""
    text = _printed(opened, binary, None, call)
    demuxer = None
    if "Format not on whitelist" in text and (demuxer := picture_demuxer(opened.beginning)):
        text = _printed(opened, binary, demuxer, call)
    banner = parse_banner(text, opened.address)
    if banner is None:
        raise _explained(opened, text)
    if not banner.streams:
        raise without_streams(str(opened), opened.beginning)
    if banner.duration is not None:
        banner.duration = length_of(banner.container.split(","), banner.duration, banner.start_seconds)
    large = _TOO_LARGE.search(text)
    return Contents(opened, binary, banner, demuxer, (int(large[1]), int(large[2])) if large else None)


def _printed(opened: Opened, binary: Binary, demuxer: str | None, call: Call) -> str:
    # An output must be named for ffmpeg-python; the list of inputs is printed before it is looked at.
    nothing = to_pipe(media_input(binary, opened, demuxer), f="null", t=0, map="0", c="copy")
    with (
        compiled(binary, nothing, opened=opened) as argv,
        Run(_without_output(argv), call, keep=lambda line: True, pass_fds=opened.descriptors) as run,
    ):
        run.finish()
        return "\n".join(iter(run.events.get, None))


def _without_output(argv: list[str]) -> list[str]:
    return argv[: argv.index("-i") + 2]


def _explained(opened: Opened, text: str) -> BadInput:
    if "Format not on whitelist" in text:
        return refusal(str(opened))
    lines = [line for line in text.splitlines() if line.strip()]
    match = _REASON.match(lines[-1]) if lines else None
    reason = opened.cleaned(match[1] if match else "nothing was said")
    if not opened.beginning:
        told = next((opened.cleaned(line) for line in lines if _NETWORK.search(line)), None)
        if told is not None:
            told = re.sub(r"^\[[^\]]*\] *", "", told)
            return BadInput(f"cannot fetch {opened}: {told}; check the address, and whether it needs a password")
        return not_opened(str(opened), b"", reason)
    return not_opened(str(opened), opened.beginning, reason)


def rotation_of(contents: Contents, listed: Listed, call: Call) -> int:
    """Clockwise degrees: 0, 90, 180 or 270. Of a mirrored picture: 90 if it lies on its side, else 0.

    The angle that is printed does not tell a turn from a mirroring; the filters that the program itself puts before
    the first picture do.
    """
    if listed.kind != "video" or not listed.turn:
        return 0
    quarter = round(listed.turn / 90) % 4
    source = media_input(contents.binary, contents.opened, contents.demuxer)
    output = to_pipe(source[str(listed.index)].filter("null"), f="null", **{"frames:v": 1})
    with (
        compiled(contents.binary, output, opened=contents.opened, loglevel="debug") as argv,
        Run(argv, call, keep=_tells_filters, pass_fds=contents.opened.descriptors) as run,
    ):
        run.finish()
        told = "\n".join(iter(run.events.get, None))
    if direction := _TRANSPOSE.search(told):
        return _TURNED[direction[1]]
    # The source, the filter and the sink are three; a turn upside down is a horizontal and a vertical flip.
    filters = _QUERIED.search(told)
    return 180 if quarter == 2 and filters is not None and int(filters[1]) == 5 else 0


def _tells_filters(line: str) -> bool:
    return "[transpose @" in line or " queried, " in line


def failure(run: Run, opened: Opened | None, capability: str) -> BackendFailed:
    """The error for a run that failed for no reason known here, with what the program said last."""
    said = "\n".join(run.said)
    said = opened.cleaned(said) if opened else said
    last = said.splitlines()[-1] if said else "nothing was said"
    return BackendFailed(f"ffmpeg failed at {capability}: {last}", backend="ffmpeg", engine_traceback=said)
