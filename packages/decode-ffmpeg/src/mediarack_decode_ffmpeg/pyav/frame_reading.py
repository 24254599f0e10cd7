"""read_frames: all, a window, at times, by number, or one every so often."""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from typing import cast

from mediarack.plugin import BadInput, Call, CorruptMedia, Frame, FramesHeader, LocalMedia, ReadFramesRequest, Stream
from mediarack_decode_ffmpeg.pictures import ROUNDING
from mediarack_decode_ffmpeg.pyav.frame_decoding import FrameReader, Shown
from mediarack_decode_ffmpeg.pyav.opening import OpenMedia
from mediarack_decode_ffmpeg.pyav.painting import Painter
from mediarack_decode_ffmpeg.pyav.streams import codec_name

_FEW_FRAMES = 250
"""Up to this number, frames are counted by decoding them; beyond, a pass over the packets finds their times first."""

Placed = Iterator[tuple[int, Shown]]
"""A picture and its position in what was asked for."""


def read_frames(source: LocalMedia, request: ReadFramesRequest, call: Call) -> Stream[FramesHeader, Frame]:
    """Frames as they are shown, upright. The one on screen at a time is the last whose pts is not after it.

    Before the first frame that is the first; after the last one's duration there is none (BadInput). ``start`` and
    ``end`` give what is on screen between them: the frame at ``start`` and those that come before ``end``.
    """
    frames = _header_then_frames(source, request, call)
    header = cast("FramesHeader", next(frames))
    return Stream(header, cast("Iterator[Frame]", frames))


def _header_then_frames(
    source: LocalMedia, request: ReadFramesRequest, call: Call
) -> Generator[FramesHeader | Frame, None, None]:
    """One generator does it all, so that closing it closes the file wherever it stands."""
    with OpenMedia(source) as media:
        reader = FrameReader(media, request.stream, call.threads)
        placed = _placed(media, reader, request, call)
        expected = _expected(reader, request)
        first = next(placed, None)
        if first is None:
            raise _nothing_there(media, reader, request)
        painter = Painter(first[1].frame, codec_name(reader.stream), request)
        yield FramesHeader(
            width=painter.width,
            height=painter.height,
            format=request.format,
            time_base=reader.time_base,
            expected_frames=expected,
        )
        for done, (position, shown) in enumerate(itertools.chain([first], placed), 1):
            # No name for the image: held while the next is painted, it would keep its memory from being used again,
            # and fresh pages for every picture cost as much as half of the decoding (measured at 1080p).
            yield Frame(
                image=painter.paint(shown.frame),
                pts=shown.pts,
                duration_pts=shown.end - shown.pts,
                position=position,
            )
            call.report(done, None if expected is None else max(expected, done), "frames")


def _placed(media: OpenMedia, reader: FrameReader, request: ReadFramesRequest, call: Call) -> Placed:
    if request.at is not None:
        return _at(media, reader, request.at, call)
    if request.indices is not None:
        return _by_number(media, reader, request.indices, call)
    if request.every is not None:
        return _every(reader, request, call)
    return _window(reader, request, call)


def _at(media: OpenMedia, reader: FrameReader, times: tuple[float, ...], call: Call) -> Placed:
    order = sorted(range(len(times)), key=times.__getitem__)
    targets = ((position, reader.ticks(times[position])) for position in order)
    for position, shown in _on_screen(reader, targets, call):
        if shown.end <= reader.ticks(times[position]):
            end = float(shown.end * reader.time_base)
            raise BadInput(
                f"{media} has no frame at {times[position]:g} s: its video ends at {end:.3f} s; ask for less"
            )
        yield position, shown


def _every(reader: FrameReader, request: ReadFramesRequest, call: Call) -> Placed:
    assert request.every is not None
    times = (request.start + position * request.every for position in itertools.count())
    wanted = itertools.takewhile(lambda seconds: request.end is None or seconds < request.end, times)
    targets = ((position, reader.ticks(seconds)) for position, seconds in enumerate(wanted))
    for position, shown in _on_screen(reader, targets, call):
        if shown.end <= reader.ticks(request.start + position * request.every):
            return
        yield position, shown


def _by_number(media: OpenMedia, reader: FrameReader, numbers: tuple[int, ...], call: Call) -> Placed:
    if not numbers:
        return
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    times = reader.pts_of_all() if numbers[order[-1]] >= _FEW_FRAMES else None
    if times is not None:
        if numbers[order[-1]] >= len(times):
            raise _too_high(media, numbers[order[-1]], len(times))
        yield from _on_screen(reader, ((position, times[numbers[position]]) for position in order), call)
        return
    counted = enumerate(reader.from_start())
    count, shown = -1, None
    for position in order:
        while count < numbers[position]:
            call.check()
            following = next(counted, None)
            if following is None:
                raise _too_high(media, numbers[position], count + 1)
            count, shown = following
        assert shown is not None
        yield position, shown


def _window(reader: FrameReader, request: ReadFramesRequest, call: Call) -> Placed:
    begin = reader.ticks(request.start)
    end = None if request.end is None else Fraction(request.end) - ROUNDING
    pictures = reader.from_start() if request.start <= 0 else reader.since(begin)
    for position, shown in enumerate(pictures):
        call.check()
        if shown.end <= begin or (end is not None and shown.pts * reader.time_base >= end):
            return
        yield position, shown


def _on_screen(reader: FrameReader, targets: Iterable[tuple[int, int]], call: Call) -> Placed:
    """The picture on screen at each of the ascending ticks; the last one for all after it."""
    pictures: Iterator[Shown] = iter(())
    current: Shown | None = None
    for position, ticks in targets:
        if current is None or reader.worth_seeking(current.pts, ticks):
            pictures = reader.since(ticks)
            current = next(pictures, None)
        while current is not None and current.end <= ticks:
            call.check()
            following = next(pictures, None)
            if following is None:
                break
            current = following
        if current is None:
            return
        yield position, current


def _expected(reader: FrameReader, request: ReadFramesRequest) -> int | None:
    if request.at is not None or request.indices is not None:
        return len(request.at if request.at is not None else request.indices or ())
    duration = reader.stated_seconds
    end = min(t for t in (request.end, duration, math.inf) if t is not None)
    if request.every is not None:
        return None if end == math.inf else max(0, math.ceil((end - request.start) / request.every))
    if request.start <= 0 and request.end is None and reader.stream.frames:
        return reader.stream.frames
    rate = reader.stream.average_rate
    return None if end == math.inf or not rate else max(1, math.ceil((end - request.start) * rate) + 1)


def _too_high(media: OpenMedia, number: int, count: int) -> BadInput:
    return BadInput(f"{media} has no frame {number}: it has {count} frames, numbered 0 to {count - 1}")


def _nothing_there(media: OpenMedia, reader: FrameReader, request: ReadFramesRequest) -> BadInput:
    window = f"from {request.start:g} s to {'the end' if request.end is None else f'{request.end:g} s'}"
    if request.start <= 0 and request.end is None:
        return CorruptMedia(f"{media}: no frame of its video stream {reader.stream.index} can be decoded")
    stated = reader.stated_seconds
    length = "" if stated is None else f": it lasts {stated:.3f} s"
    return BadInput(f"{media} has no frames {window}{length}")
