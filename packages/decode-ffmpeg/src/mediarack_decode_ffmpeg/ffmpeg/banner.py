"""What ``ffmpeg -i`` prints about a file, as data. The decision page 0011 tells why this and nothing else is read.

The lines are told apart by how far they are indented, which what stands in a file (titles, names) cannot change:
FFmpeg indents the further lines of such values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from mediarack.plugin import AudioStreamInfo, StreamInfo, VideoStreamInfo

Kind = Literal["audio", "video", "subtitle", "data", "attachment"]

_START = re.compile(r"Input #0, (\S+), from '")
_DURATION = re.compile(r"  Duration: (N/A|-?[\d:.]+)(?:, start: (-?[\d.]+))?, bitrate: (?:N/A|(\d+) kb/s)")
_STREAM = re.compile(r"Stream #0:(\d+)(?:\[0x[0-9a-f]+\])?(?:\(([^)]*)\))?: (\w+)(?:: (.*))?$")
_ENTRY = re.compile(r"      (.{16,}?): (.*)$")
_TURN = re.compile(r"      (?:displaymatrix|Display Matrix): rotation of (-?[\d.]+) degrees")
_COMMAS = re.compile(r", (?![^(\[]*[)\]])")
_SIZE = re.compile(r"(\d+)x(\d+)\b")
_DISPOSITIONS = re.compile(r"((?: \([a-z][a-z _]*\))*)$")
_CLOCK = re.compile(r"(-?)(\d+):(\d\d):(\d\d(?:\.\d+)?)$")
_NTSC_BASES = (24, 30, 48, 60, 120, 240)


@dataclass
class Listed:
    """A stream's line, and what stands below it. ``turn``: degrees as FFmpeg prints those of its display matrix."""

    index: int
    language: str | None
    kind: Kind
    description: list[str]
    dispositions: str
    metadata: dict[str, str] = field(default_factory=dict)
    turn: float | None = None

    @property
    def codec(self) -> str:
        name = self.description[0].split(" ", 1)[0] if self.description else ""
        return name if name not in ("", "none") else "unknown"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored; (0, 0) if they are not known."""
        sizes = (_SIZE.match(part) for part in self.description[1:])
        return next(((int(m[1]), int(m[2])) for m in sizes if m), (0, 0))

    @property
    def cover(self) -> bool:
        return "(attached pic)" in self.dispositions


@dataclass
class Banner:
    """``start_seconds`` is exact to the microsecond, ``duration`` to a hundredth of a second."""

    container: str
    duration: float | None = None
    start_seconds: float = 0.0
    bit_rate: int | None = None
    streams: list[Listed] = field(default_factory=list)


def parse_banner(text: str, address: str) -> Banner | None:
    """What was printed of the input ``address``; None if it was not opened."""
    start = re.search(_START, text)
    if start is None:
        return None
    banner = Banner(container=start[1])
    after = text[start.end() :].removeprefix(f"{address}':\n")
    outer = inner = ""
    for line in after.splitlines():
        indent = len(line) - len(line.lstrip(" "))
        if indent == 2:
            outer, inner = line, ""
        elif indent == 4:
            inner = line
        stream = _STREAM.match(line.strip()) if indent == 2 or (indent == 4 and "Stream group" in outer) else None
        if stream is not None:
            banner.streams.append(_listed(stream))
        elif duration := _DURATION.match(line):
            banner.duration = None if duration[1] == "N/A" else clock_seconds(duration[1])
            banner.start_seconds = float(duration[2] or 0)
            banner.bit_rate = int(duration[3]) * 1000 if duration[3] else None
        elif banner.streams and "Stream" in outer:
            _detail(banner.streams[-1], inner, line)
    banner.streams.sort(key=lambda listed: listed.index)
    return banner


def _listed(match: re.Match[str]) -> Listed:
    kind, rest = match[3].lower(), match[4] or ""
    dispositions = _DISPOSITIONS.search(rest)
    ended = dispositions[1] if dispositions else ""
    known = kind if kind in ("audio", "video", "subtitle", "data", "attachment") else "data"
    return Listed(
        index=int(match[1]),
        language=match[2],
        kind=cast("Kind", known),
        description=_COMMAS.split(rest[: len(rest) - len(ended)]),
        dispositions=ended,
    )


def _detail(listed: Listed, inner: str, line: str) -> None:
    if inner.strip() == "Metadata:" and (entry := _ENTRY.match(line)):
        listed.metadata.setdefault(entry[1].strip().lower(), entry[2])
    elif inner.strip() == "Side data:" and (turn := _TURN.match(line)):
        listed.turn = float(turn[1])


def described(listed: Listed, rotation: int, layouts: Mapping[str, int], alone: float | None) -> StreamInfo:
    """The stream as probe tells it. ``alone``: the container's duration, if this is its only stream."""
    duration = clock_seconds(listed.metadata.get("duration", ""))
    index, codec, default = listed.index, listed.codec, "(default)" in listed.dispositions
    duration = alone if duration is None else duration
    bit_rate = next((int(m[1]) * 1000 for p in listed.description if (m := re.match(r"(\d+) kb/s", p))), None)
    language = None if listed.language in (None, "", "und") else listed.language
    title = listed.metadata.get("title")
    if listed.kind == "audio":
        rate, layout, channels = _sound(listed.description, layouts)
        return AudioStreamInfo(
            kind="audio", index=index, codec=codec, duration=duration, bit_rate=bit_rate, language=language,
            title=title, default=default, sample_rate=rate, channels=channels, channel_layout=layout,
        )  # fmt: skip
    if listed.kind == "video":
        width, height = listed.size
        if rotation in (90, 270):
            width, height = height, width
        pixels = listed.description[1] if len(listed.description) > 1 else ""
        return VideoStreamInfo(
            kind="video", index=index, codec=codec, duration=duration, bit_rate=bit_rate, language=language,
            title=title, default=default, width=width, height=height, rotation=rotation,
            fps=_frame_rate(listed.description), num_frames=None,
            pixel_format="unknown" if pixels.startswith("none") else pixels.split("(")[0] or "unknown",
            cover=listed.cover,
        )  # fmt: skip
    return StreamInfo(
        kind=listed.kind, index=index, codec=codec, duration=duration, bit_rate=bit_rate, language=language,
        title=title, default=default,
    )  # fmt: skip


def clock_seconds(text: str) -> float | None:
    """Seconds of "00:00:44.40"; None for any other text."""
    match = _CLOCK.match(text)
    if match is None:
        return None
    seconds = int(match[2]) * 3600 + int(match[3]) * 60 + float(match[4])
    return -seconds if match[1] else seconds


def _sound(description: list[str], layouts: Mapping[str, int]) -> tuple[int, str, int]:
    """Sample rate, layout and number of channels."""
    at = next((n for n, part in enumerate(description) if re.fullmatch(r"\d+ Hz", part)), None)
    if at is None or at + 1 >= len(description):
        return 0, "unknown", 0
    layout = description[at + 1]
    return int(description[at].split()[0]), layout, channels_of(layout, layouts)


def channels_of(layout: str, layouts: Mapping[str, int]) -> int:
    """Of a layout as FFmpeg names it: "stereo", "3 channels", "2 channels (FL+LFE)", "ambisonic 1"."""
    if counted := re.match(r"(\d+) channels", layout):
        return int(counted[1])
    if ambisonic := re.match(r"ambisonic (\d+)(?:\+(.*))?", layout):
        return (int(ambisonic[1]) + 1) ** 2 + (channels_of(ambisonic[2], layouts) if ambisonic[2] else 0)
    return layouts.get(layout, layout.count("+") + 1)


def _frame_rate(description: list[str]) -> float | None:
    for part in description:
        if match := re.fullmatch(r"([\d.]+)(k?) fps", part):
            rate = float(match[1]) * (1000 if match[2] else 1)
            # Two decimals are printed: those of television stand for 24000/1001 and the like.
            exact = (base * 1000 / 1001 for base in _NTSC_BASES)
            return next((r for r in exact if round(r, 2) == rate), rate or None)
    return None
