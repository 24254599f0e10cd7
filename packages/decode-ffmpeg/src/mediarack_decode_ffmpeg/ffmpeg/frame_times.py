"""When each picture of a stream is shown, found before any is painted. The decision page 0012 tells why and how."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mediarack.plugin import Call
from mediarack_decode_ffmpeg.ffmpeg.banner import Listed, described
from mediarack_decode_ffmpeg.ffmpeg.commands import Node, compiled, media_input, to_pipe
from mediarack_decode_ffmpeg.ffmpeg.packets import Packets
from mediarack_decode_ffmpeg.ffmpeg.probing import Contents
from mediarack_decode_ffmpeg.ffmpeg.process import Run
from mediarack_decode_ffmpeg.pictures import ONE_PACKET_ONE_PICTURE, ROUNDING

_INDEXED = {"mov", "matroska"}
"""Containers whose packets tell when each picture is shown, and which can be entered at any keyframe."""
_WITHOUT_TIMES = {"h264", "hevc", "vvc", "evc", "m4v", "mpegvideo", "h263", "cavsvideo", "dirac", "vc1"}
"""Raw streams: the program counts times up for them, by a rate it does not know."""
_RATE_OF_RAW_STREAMS = 25
"""FFmpeg's own choice for those that tell none."""
_MARGIN_SECONDS = 2.0
"""To seek before what is wanted: seeks go by decoding times, which lie before those of showing."""
_WORTH_SEEKING_SECONDS = 10.0


@dataclass(frozen=True)
class Timeline:
    """``pts`` of the pictures in the order they are shown, from the container's start, in ``time_base`` seconds.

    ``end`` is when the last one goes, if ``complete``: else there are more pictures after it.
    ``by_time``: they can be told by their pts in a part of the file; else only by their number in the whole of it.
    """

    pts: list[int]
    end: int
    time_base: Fraction
    complete: bool
    by_time: bool

    def ticks(self, seconds: float) -> int:
        """The last tick at or before a time."""
        return ticks(seconds, self.time_base)

    def on_screen(self, at: int) -> int | None:
        """The place in ``pts`` of the picture on screen at a tick; None past the end."""
        if not self.pts or (self.complete and at >= self.end):
            return None
        return max(0, bisect.bisect_right(self.pts, at) - 1)


def ticks(seconds: float, time_base: Fraction) -> int:
    """The last tick at or before a time."""
    return int((Fraction(seconds) + ROUNDING) / time_base)


def usual_duration(contents: Contents, listed: Listed, time_base: Fraction) -> int:
    """Ticks that a picture lasts by the frame rate, 1 if there is none."""
    rate = getattr(described(listed, 0, contents.binary.layouts, None), "fps", None)
    if rate is None and contents.families & _WITHOUT_TIMES:
        rate = _RATE_OF_RAW_STREAMS
    return max(1, round(1 / (Fraction(rate).limit_denominator(1001) * time_base))) if rate else 1


def origin(contents: Contents, listed: Listed, time_base: Fraction) -> int:
    """The container's start, by which all times count, in ticks. A cover picture has no time: it is there from 0 on."""
    if listed.cover:
        return 0
    return round(Fraction(round(contents.banner.start_seconds * 1_000_000), 1_000_000) / time_base)


def placed(contents: Contents, pts: int | None, before: int | None, usual: int) -> int:
    """When a picture is shown: at its pts, or the usual time after the one ``before`` if that cannot be used."""
    if before is None:
        return pts or 0
    if pts is None or pts <= before or contents.families & _WITHOUT_TIMES:
        return before + usual
    return pts


def is_indexed(contents: Contents, listed: Listed) -> bool:
    """Whether the packets alone tell when pictures are shown."""
    return bool(contents.families & _INDEXED) and listed.codec in ONE_PACKET_ONE_PICTURE


def seek_seconds(wanted: float) -> float | None:
    """Where to enter an indexed file for a picture shown at that time; None for its beginning."""
    return wanted - _MARGIN_SECONDS if wanted > _WORTH_SEEKING_SECONDS else None


def timeline(
    contents: Contents, listed: Listed, call: Call, *, begin: float = 0.0, until: float | None = None
) -> Timeline:
    """The pictures on screen from ``begin`` to ``until`` (seconds) and the one after; more where that costs nothing.

    By the packets where they tell, which is as fast as the file can be read; else by decoding it all.
    """
    if is_indexed(contents, listed):
        for seek in dict.fromkeys([seek_seconds(begin), None]):
            found = _by_packets(contents, listed, call, seek=seek, begin=begin, until=until)
            if found is not None:
                return found
    return _by_decoding(contents, listed, call)


def _by_packets(
    contents: Contents, listed: Listed, call: Call, *, seek: float | None, begin: float, until: float | None
) -> Timeline | None:
    """None if the packets do not tell after all, or do not reach back to ``begin``."""
    entered: dict[str, Any] = {} if seek is None else {"ss": f"{seek:.6f}"}
    source = media_input(contents.binary, contents.opened, contents.demuxer, **entered)
    found: list[int] = []
    first_keyframe, last_end, complete = 0, 0, True
    with _packets(contents, source[str(listed.index)], call, c="copy") as packets:
        after: int | None = None
        for packet in packets:
            if packet.discard:
                continue
            base = packets.time_bases[packet.stream]
            pts = packet.pts - origin(contents, listed, base)
            if not found:
                if not packet.keyframe:
                    return None
                first_keyframe = pts
            found.append(pts)
            last_end = max(last_end, pts + (packet.duration or usual_duration(contents, listed, base)))
            if until is not None:
                if pts > ticks(until, base):
                    after = pts if after is None else min(after, pts)
                if after is not None and packet.dts - origin(contents, listed, base) > after:
                    complete = False
                    break
    # A picture shown before the first keyframe cannot be decoded; two at one time cannot be told apart.
    if not found or len(set(found)) < len(found) or (seek is None and min(found) < first_keyframe):
        return None
    shown = sorted(pts for pts in found if pts >= first_keyframe)
    if seek is not None and shown[0] > ticks(begin, base):
        return None
    return Timeline(shown, last_end, base, complete=complete, by_time=True)


def _by_decoding(contents: Contents, listed: Listed, call: Call) -> Timeline:
    source = media_input(contents.binary, contents.opened, contents.demuxer, threads=min(call.threads, 16))
    found: list[int] = []
    base, end = Fraction(1), 0
    keep = {**contents.binary.passthrough, **contents.binary.input_time_base, "c:v": "wrapped_avframe"}
    with _packets(contents, source[str(listed.index)], call, **keep) as packets:
        for packet in packets:
            base = packets.time_bases[packet.stream]
            usual = usual_duration(contents, listed, base)
            pts = packet.pts - origin(contents, listed, base)
            pts = placed(contents, pts, found[-1] if found else None, usual)
            found.append(pts)
            timed = packet.duration and not contents.families & _WITHOUT_TIMES
            end = pts + (packet.duration if timed else usual)
    return Timeline(found, end, base, complete=True, by_time=False)


@contextmanager
def _packets(contents: Contents, stream: Node, call: Call, **options: Any) -> Iterator[Packets]:
    output = to_pipe(stream, f="framecrc", **options)
    with (
        compiled(contents.binary, output, opened=contents.opened, loglevel="error", further=("-copyts",)) as argv,
        Run(argv, call, pass_fds=contents.opened.descriptors) as run,
    ):
        yield Packets(run.lines())
