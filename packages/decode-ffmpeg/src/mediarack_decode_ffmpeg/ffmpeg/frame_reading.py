"""read_frames: all, a window, at times, by number, or one every so often."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import cast

from mediarack.plugin import (
    BadInput,
    Call,
    CorruptMedia,
    Frame,
    FramesHeader,
    LocalMedia,
    ReadFramesRequest,
    Stream,
    Url,
)
from mediarack_decode_ffmpeg.ffmpeg.banner import Listed, described
from mediarack_decode_ffmpeg.ffmpeg.binary import find_binary
from mediarack_decode_ffmpeg.ffmpeg.endings import check_end
from mediarack_decode_ffmpeg.ffmpeg.frame_decoding import Picks, Pictures, Shown
from mediarack_decode_ffmpeg.ffmpeg.frame_times import Timeline, is_indexed, origin, seek_seconds, timeline
from mediarack_decode_ffmpeg.ffmpeg.probing import Contents, look_into
from mediarack_decode_ffmpeg.ffmpeg.sources import opened
from mediarack_decode_ffmpeg.pictures import ROUNDING

_FEW_FRAMES = 250
"""Up to this number, frames are counted by decoding them; beyond, a pass over the packets finds their times first."""


def read_frames(source: LocalMedia | Url, request: ReadFramesRequest, call: Call) -> Stream[FramesHeader, Frame]:
    """Frames as they are shown, upright. The one on screen at a time is the last whose pts is not after it.

    Before the first frame that is the first; after the last one's duration there is none (BadInput). ``start`` and
    ``end`` give what is on screen between them: the frame at ``start`` and those that come before ``end``.
    """
    frames = _header_then_frames(source, request, call)
    header = cast("FramesHeader", next(frames))
    return Stream(header, cast("Iterator[Frame]", frames))


def _header_then_frames(
    source: LocalMedia | Url, request: ReadFramesRequest, call: Call
) -> Generator[FramesHeader | Frame, None, None]:
    """One generator does it all, so that closing it ends the program wherever it stands."""
    binary = find_binary(call)
    with opened(source, call) as file:
        contents = look_into(file, binary, call)
        reading = _Reading(contents, contents.choose("video", request.stream), request, call)
        placed = reading.placed()
        try:
            first = next(placed, None)
            if first is None:
                raise reading.nothing_there()
            expected = reading.expected()
            yield FramesHeader(
                width=reading.pictures.width,
                height=reading.pictures.height,
                format=request.format,
                time_base=reading.pictures.time_base,
                expected_frames=expected,
            )
            for done, (position, shown) in enumerate(itertools.chain([first], placed), 1):
                yield Frame(image=shown.image, pts=shown.pts, duration_pts=shown.end - shown.pts, position=position)
                call.report(done, None if expected is None else max(expected, done), "frames")
        finally:
            placed.close()


class _Reading:
    def __init__(self, contents: Contents, listed: Listed, request: ReadFramesRequest, call: Call) -> None:
        self._contents, self._listed, self._request, self._call = contents, listed, request, call
        self.pictures = Pictures(contents, listed, request, call)

    def placed(self) -> Generator[tuple[int, Shown], None, None]:
        request = self._request
        if request.at is not None:
            return self._at(request.at)
        if request.indices is not None:
            return self._by_number(request.indices)
        if request.every is not None:
            return self._every(request.every)
        return self._window()

    def _at(self, times: tuple[float, ...]) -> Generator[tuple[int, Shown], None, None]:
        order = sorted(range(len(times)), key=times.__getitem__)
        found = self._timeline(times[order[0]], times[order[-1]])
        places = []
        for position in order:
            place = found.on_screen(found.ticks(times[position]))
            if place is None:
                self._check_end(found)
                end = float(found.end * found.time_base)
                raise BadInput(
                    f"{self._contents.opened} has no frame at {times[position]:g} s: its video ends at {end:.3f} s; "
                    f"ask for less"
                )
            places.append((position, place))
        yield from self._painted(found, lambda: iter(places))

    def _every(self, every: float) -> Generator[tuple[int, Shown], None, None]:
        request = self._request
        found = self._timeline(request.start, request.end)

        def places() -> Iterator[tuple[int, int]]:
            for position in itertools.count():
                seconds = request.start + position * every
                if request.end is not None and seconds >= request.end:
                    return
                place = found.on_screen(found.ticks(seconds))
                if place is None:
                    self._check_end(found)
                    return
                yield position, place

        sparse = every * len(found.pts) > float((found.end - min(found.pts, default=0)) * found.time_base)
        yield from self._painted(found, places, sparse=sparse)

    def _by_number(self, numbers: tuple[int, ...]) -> Generator[tuple[int, Shown], None, None]:
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        last = numbers[order[-1]]
        if last >= _FEW_FRAMES and is_indexed(self._contents, self._listed):
            found = self._timeline(0.0, None)
            if last >= len(found.pts):
                raise self._too_high(last, len(found.pts))
            yield from self._painted(found, lambda: ((position, numbers[position]) for position in order))
            return
        shown = self.pictures.shown(Picks(values=frozenset(numbers)))
        done = yield from _merged(((position, numbers[position]) for position in order), shown)
        if done < len(numbers):
            raise self._too_high(last, self.pictures.count)

    def _window(self) -> Generator[tuple[int, Shown], None, None]:
        request = self._request
        picks = Picks()
        if request.start > 0:
            found = self._timeline(request.start, request.start)
            begin = found.on_screen(found.ticks(request.start))
            if begin is None:
                self._check_end(found)
                return
            picks = replace(self._picks(found, begin), since=self._key(found, begin))
        end = None if request.end is None else Fraction(request.end) - ROUNDING
        for position, shown in enumerate(self.pictures.shown(picks)):
            self._call.check()
            if end is not None and shown.pts * self.pictures.time_base >= end:
                return
            yield position, shown

    def _painted(
        self, found: Timeline, places: Callable[[], Iterator[tuple[int, int]]], *, sparse: bool = True
    ) -> Generator[tuple[int, Shown], None, None]:
        """The pictures at ascending places of the timeline. ``sparse``: there are fewer of them than pictures."""
        first = next(places(), None)
        if first is None:
            return
        picks = self._picks(found, first[1])
        if sparse:
            picks = replace(picks, values=frozenset(self._key(found, place) for _, place in places()))
        else:
            picks = replace(picks, since=self._key(found, first[1]))
        keyed = ((position, self._key(found, place)) for position, place in places())
        done = yield from _merged(keyed, self.pictures.shown(picks))
        missing = next(itertools.islice(places(), done, None), None)
        if missing is not None:
            raise self.pictures.damage_error(found.pts[missing[1]])

    def _picks(self, found: Timeline, first: int) -> Picks:
        if not found.by_time:
            return Picks()
        return Picks("pts", seek=seek_seconds(float(found.pts[first] * found.time_base)))

    def _key(self, found: Timeline, place: int) -> int:
        return found.pts[place] + origin(self._contents, self._listed, found.time_base) if found.by_time else place

    def _check_end(self, found: Timeline) -> None:
        """Raises CorruptMedia if the pictures end where the file was cut off."""
        if not self._listed.cover:
            check_end(self._contents, float(found.end * found.time_base), self._call)

    def _timeline(self, begin: float, until: float | None) -> Timeline:
        return timeline(self._contents, self._listed, self._call, begin=begin, until=until)

    def expected(self) -> int | None:
        request, about = self._request, described(self._listed, 0, self._contents.binary.layouts, None)
        if request.at is not None or request.indices is not None:
            return len(request.at if request.at is not None else request.indices or ())
        duration = self._contents.banner.duration
        end = min(t for t in (request.end, duration, math.inf) if t is not None)
        if end == math.inf:
            return None
        if request.every is not None:
            return max(0, math.ceil((end - request.start) / request.every))
        rate = getattr(about, "fps", None)
        return max(1, math.ceil((end - request.start) * rate)) if rate else None

    def nothing_there(self) -> BadInput:
        request, name = self._request, self._contents.opened
        window = f"from {request.start:g} s to {'the end' if request.end is None else f'{request.end:g} s'}"
        if request.start <= 0 and request.end is None:
            return CorruptMedia(f"{name}: no frame of its video stream {self._listed.index} can be decoded")
        stated = self._contents.banner.duration
        length = "" if stated is None else f": it lasts {stated:.3f} s"
        return BadInput(f"{name} has no frames {window}{length}")

    def _too_high(self, number: int, count: int) -> BadInput:
        return BadInput(
            f"{self._contents.opened} has no frame {number}: it has {count} frames, numbered 0 to {count - 1}"
        )


def _merged(
    wanted: Iterable[tuple[int, int]], shown: Generator[Shown, None, None]
) -> Generator[tuple[int, Shown], None, int]:
    """Each position with the picture of its key, both ascending. Returns how many positions were found."""
    current: Shown | None = None
    given = False
    done = 0
    with contextlib.closing(shown):
        for position, key in wanted:
            while current is None or current.key < key:
                current, given = next(shown, None), False
                if current is None:
                    return done
            if current.key != key:
                return done
            # Each is the caller's own, also where a picture was asked for twice.
            yield position, replace(current, image=current.image.copy()) if given else current
            given = True
            done += 1
    return done
