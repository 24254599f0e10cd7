"""The lines of FFmpeg's muxer framecrc: one for each packet or frame, with its times, exact and made to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_NO_PTS = -(1 << 63)


@dataclass(frozen=True)
class Packet:
    """Times in the time base of the stream; ``keyframe``: can be decoded alone. ``discard``: is not shown."""

    stream: int
    dts: int
    pts: int
    duration: int
    keyframe: bool
    discard: bool


class Packets:
    """Iterates the packets. ``time_bases`` holds that of every stream of the output met so far, in seconds."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.time_bases: dict[int, Fraction] = {}

    def __iter__(self) -> Iterator[Packet]:
        for line in self._lines:
            if line.startswith("#tb "):
                stream, _, base = line.removeprefix("#tb ").partition(": ")
                self.time_bases[int(stream)] = Fraction(base)
            elif line and line[0] != "#":
                yield _packet(line)


def _packet(line: str) -> Packet:
    stream, dts, pts, duration, _size, _checksum, *further = (part.strip() for part in line.split(","))
    # Flags stand there unless the packet is a keyframe and nothing else ("F=0x0").
    flags = next((int(part[2:], 16) for part in further if part.startswith("F=")), 1)
    times = int(pts)
    return Packet(
        stream=int(stream),
        dts=int(dts),
        pts=int(dts) if times == _NO_PTS else times,
        duration=int(duration),
        keyframe=bool(flags & 1),
        discard=bool(flags & 4),
    )
