"""What ffmpeg tells on stderr while it decodes: each frame that passes, and what was damaged."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from mediarack.plugin import CorruptMedia

_DAMAGE = re.compile(
    r"Error while decoding stream|Error submitting packet to decoder|Decoding error|orrupt decoded frame"
)
FRAMES_IN_FLIGHT = 16
"""Between the decoder and the filter that tells of them: so many may be told after damage that came after them.

Read to the end, such damage is told all the same, or what cut the file off; in a window the doubt is not tolerated.
"""
_AUDIO = re.compile(r" n:\s*\d+ pts:\s*(\S+) pts_time:.*? channels:(\d+) chlayout:(.*) rate:(\d+) nb_samples:(\d+)")
_VIDEO = re.compile(r"n:\s*\d+ pts:\s*(\S+)\s+pts_time:\S+\s+(?:duration:\s*(\d+) )?.*? iskey:(\d)")
_CLOCK = re.compile(r"config in time_base: (\d+)/(\d+), frame_rate: (\d+)/(\d+)")


@dataclass(frozen=True)
class SoundFrame:
    """``pts`` counts samples; None if the frame has no time."""

    pts: int | None
    channels: int
    layout: str
    sample_rate: int
    samples: int


@dataclass(frozen=True)
class PictureFrame:
    """``pts`` and ``duration`` count in the time base told by FrameClock; FFmpeg before 6 tells no duration (0)."""

    pts: int | None
    duration: int
    keyframe: bool


@dataclass(frozen=True)
class FrameClock:
    """Of the pictures that follow: numerator and denominator of the time base, and of the frame rate (0: unknown)."""

    time_base: tuple[int, int]
    frame_rate: tuple[int, int]


@dataclass(frozen=True)
class Damage:
    """Something could not be decoded, after the frames told so far."""


class Watcher:
    """Names the filters showinfo and ashowinfo so that nothing which stands in a file can be taken for their lines."""

    def __init__(self) -> None:
        self._token = f"mediarack{secrets.token_hex(8)}"

    @property
    def pictures(self) -> str:
        """The filter's name for a graph of pictures."""
        return f"showinfo@{self._token}"

    @property
    def sound(self) -> str:
        return f"ashowinfo@{self._token}"

    def keeps(self, line: str) -> bool:
        """Whether a line tells something, so that it is to be parsed."""
        if self._token in line:
            return " n:" in line or "config in" in line
        return _DAMAGE.search(line) is not None

    def parsed(self, line: str) -> SoundFrame | PictureFrame | FrameClock | Damage | None:
        if self._token not in line:
            return Damage()
        if sound := _AUDIO.search(line):
            pts, channels, layout, rate, samples = sound.groups()
            return SoundFrame(_number(pts), int(channels), layout, int(rate), int(samples))
        if clock := _CLOCK.search(line):
            return FrameClock((int(clock[1]), int(clock[2])), (int(clock[3]), int(clock[4])))
        if picture := _VIDEO.search(line):
            return PictureFrame(_number(picture[1]), int(picture[2] or 0), picture[3] == "1")
        return None


def _number(text: str) -> int | None:
    return None if text == "NOPTS" else int(text)


def damage_error(name: str, kind: str, index: int, seconds: float) -> CorruptMedia:
    return CorruptMedia(
        f"{name} is damaged at {seconds:.2f} s: {kind} stream {index} cannot be decoded there; "
        f"fetch it again, or read around it with start and end"
    )


def undecodable(name: str, kind: str, index: int) -> CorruptMedia:
    return CorruptMedia(
        f"{name}: nothing of its {kind} stream {index} can be decoded: "
        f"it is no media, or damaged from the beginning; give another file"
    )
