"""Pictures painted by one run of the program, each with the time at which it is shown."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mediarack.plugin import BackendUnavailable, Call, CorruptMedia, ReadFramesRequest
from mediarack_decode_ffmpeg.ffmpeg.banner import Listed
from mediarack_decode_ffmpeg.ffmpeg.commands import compiled, media_input, to_pipe
from mediarack_decode_ffmpeg.ffmpeg.endings import check_end, states_duration
from mediarack_decode_ffmpeg.ffmpeg.frame_times import origin, placed, usual_duration
from mediarack_decode_ffmpeg.ffmpeg.probing import Contents, failure
from mediarack_decode_ffmpeg.ffmpeg.process import Run
from mediarack_decode_ffmpeg.ffmpeg.watching import (
    FRAMES_IN_FLIGHT,
    Damage,
    FrameClock,
    PictureFrame,
    Watcher,
    damage_error,
    undecodable,
)
from mediarack_decode_ffmpeg.pictures import asked_size, check_pixels

_CHANNELS = {"rgb24": 3, "gray": 1}
_MOST_THREADS = 16


@dataclass(frozen=True)
class Picks:
    """Which pictures are wanted, by their key: their number from where decoding begins, or their raw pts.

    values: those alone. since: those from there on. Neither: all. seek: seconds at which to enter the file.
    """

    by: Literal["n", "pts"] = "n"
    values: frozenset[int] | None = None
    since: int | None = None
    seek: float | None = None

    @property
    def everything(self) -> bool:
        return self.values is None and self.since is None

    def wants(self, key: int | None) -> bool:
        if self.values is not None:
            return key in self.values
        return self.since is None or (key is not None and key >= self.since)

    def expression(self) -> str | None:
        """For FFmpeg's filter select; a tree of comparisons, for every picture goes through it."""
        if self.values is not None:
            return _tree(self.by, sorted(self.values))
        return None if self.since is None else f"gte({self.by},{self.since})"


@dataclass(frozen=True)
class Shown:
    """A painted picture, and when it comes on screen and goes, in the stream's time base from the container's start."""

    key: int
    image: npt.NDArray[np.uint8]
    pts: int
    end: int


@dataclass(frozen=True)
class _Told:
    """A decoded picture, painted or not. ``end``: when it goes if none follows. ``suspect``: damage came before it."""

    number: int
    raw_pts: int | None
    pts: int
    end: int
    suspect: bool


class Pictures:
    """``width`` and ``height`` are those of the pictures it gives, upright. Raises BadInput for too large ones."""

    def __init__(self, contents: Contents, listed: Listed, request: ReadFramesRequest, call: Call) -> None:
        self._contents, self._listed, self._call = contents, listed, call
        self._format = request.format
        self._windowed = request.end is not None
        width, height = contents.too_large or listed.size
        check_pixels(str(contents.opened), width, height)
        if listed.turn is not None and round(listed.turn / 90) % 2:
            width, height = height, width
        if not width or not height:
            raise undecodable(str(contents.opened), "video", listed.index)
        self.width, self.height = asked_size(request, width, height)
        self.time_base = Fraction(1)
        """Known with the first picture."""
        self.count = 0
        """Pictures decoded so far, painted or not."""

    def shown(self, picks: Picks) -> Generator[Shown, None, None]:
        """The picked pictures in the order they are shown, each when it is known how long it stays.

        Raises CorruptMedia where something before a picture was damaged, and at the end of a file that was cut off.
        """
        with self._decoding(picks) as (run, watcher):
            waiting: _Told | None = None
            image: npt.NDArray[np.uint8] | None = None
            for told in self._told(run, watcher, picks):
                if waiting is not None and image is not None:
                    shown = Shown(_key(waiting, picks), image, waiting.pts, told.pts)
                    waiting = image = None
                    yield shown
                    del shown
                if picks.wants(told.number if picks.by == "n" else told.raw_pts):
                    if told.suspect:
                        raise self.damage_error(told.pts)
                    waiting, image = told, self._image(run)
            if waiting is not None and image is not None:
                yield Shown(_key(waiting, picks), image, waiting.pts, waiting.end)

    def _told(self, run: Run, watcher: Watcher, picks: Picks) -> Iterator[_Told]:
        lenient = picks.seek is not None or not states_duration(self._contents)
        patient = not states_duration(self._contents) or (picks.everything and not self._windowed)
        usual = first = 0
        told: _Told | None = None
        damaged: int | None = None
        after_damage = 0
        while (line := run.events.get()) is not None:
            event = watcher.parsed(line)
            if isinstance(event, FrameClock):
                self.time_base = Fraction(*event.time_base)
                usual = usual_duration(self._contents, self._listed, self.time_base)
                first = origin(self._contents, self._listed, self.time_base)
            elif isinstance(event, Damage):
                # Without an index a stream begins where its first whole frame does.
                if damaged is None and (told is not None or not lenient):
                    damaged = told.pts if told is not None else 0
            elif isinstance(event, PictureFrame):
                pts = None if event.pts is None else event.pts - first
                pts = placed(self._contents, pts, None if told is None else told.pts, usual)
                after_damage += damaged is not None
                if event.keyframe and after_damage > FRAMES_IN_FLIGHT and not picks.everything:
                    damaged, after_damage = None, 0  # nothing from here on is made of what lies before
                told = _Told(
                    number=0 if told is None else told.number + 1,
                    raw_pts=event.pts,
                    pts=pts,
                    end=pts + (event.duration if event.duration > 1 else usual),
                    suspect=damaged is not None and not (patient and after_damage <= FRAMES_IN_FLIGHT),
                )
                self.count = told.number + 1
                yield told
        status = run.finish()
        if told is None:
            self._explain(run, status, damaged is not None)
            return
        if not self._listed.cover:  # one picture, with the duration of the sound
            check_end(self._contents, float(told.end * self.time_base), self._call)
        if damaged is not None and not lenient and picks.everything:
            raise self.damage_error(damaged)

    def _explain(self, run: Run, status: int, damaged: bool) -> None:
        """Why nothing was decoded."""
        if any("ecoder" in line and "not found" in line for line in run.said):
            raise BackendUnavailable(
                f"this ffmpeg program has no decoder for stream {self._listed.index} of {self._contents.opened}"
            )
        if damaged:
            raise undecodable(str(self._contents.opened), "video", self._listed.index)
        if any("Cannot determine format of input" in line for line in run.said):  # as no picture came
            check_end(self._contents, 0.0, self._call)
            raise undecodable(str(self._contents.opened), "video", self._listed.index)
        if status != 0:
            raise failure(run, self._contents.opened, "read_frames")

    def damage_error(self, pts: int) -> CorruptMedia:
        """That nothing whole is shown at a tick from the container's start."""
        return damage_error(str(self._contents.opened), "video", self._listed.index, float(pts * self.time_base))

    @contextmanager
    def _decoding(self, picks: Picks) -> Iterator[tuple[Run, Watcher]]:
        watcher = Watcher()
        contents = self._contents
        entered: dict[str, Any] = {} if picks.seek is None else {"ss": f"{picks.seek:.6f}"}
        source = media_input(
            contents.binary,
            contents.opened,
            contents.demuxer,
            threads=min(self._call.threads, _MOST_THREADS),
            **entered,
        )
        node = source[str(self._listed.index)].filter(watcher.pictures, checksum=0)
        if expression := picks.expression():
            node = node.filter("select", expression)
        node = node.filter("scale", self.width, self.height, flags="bicubic", interl=-1).filter("format", self._format)
        output = to_pipe(node, f="rawvideo", **{"c:v": "rawvideo"}, **contents.binary.passthrough)
        with (
            compiled(contents.binary, output, opened=contents.opened, further=("-copyts",)) as argv,
            Run(argv, self._call, keep=watcher.keeps, pass_fds=contents.opened.descriptors) as run,
        ):
            yield run, watcher

    def _image(self, run: Run) -> npt.NDArray[np.uint8]:
        image = np.empty((self.height, self.width, _CHANNELS[self._format]), np.uint8)
        if run.read_into(image.data.cast("B")) < image.nbytes:
            run.finish()
            raise CorruptMedia(f"{self._contents.opened}: a picture could not be painted: {' '.join(run.said[-2:])}")
        return image


def _key(told: _Told, picks: Picks) -> int:
    return told.number if picks.by == "n" or told.raw_pts is None else told.raw_pts


def _tree(variable: str, values: Sequence[int]) -> str:
    """Whether the variable is one of the ascending values, in FFmpeg's language of expressions."""
    if len(values) <= 4:
        return "+".join(f"eq({variable},{value})" for value in values)
    middle = len(values) // 2
    return f"if(lt({variable},{values[middle]}),{_tree(variable, values[:middle])},{_tree(variable, values[middle:])})"
