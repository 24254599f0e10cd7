"""Pictures of a video stream in the order they are shown, from any time on."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mediarack_decode_ffmpeg.pictures import ONE_PACKET_ONE_PICTURE, ROUNDING, check_pixels
from mediarack_decode_ffmpeg.pyav.decoding import decode, skip_others
from mediarack_decode_ffmpeg.pyav.opening import OpenMedia
from mediarack_decode_ffmpeg.pyav.streams import (
    choose,
    codec_name,
    container_seconds,
    origin_of,
    stream_seconds,
    time_base_of,
)

_NEAR_SECONDS = 8.0
"""Without an index, decoding forward is cheaper than a seek up to here (measured at keyframes every 4 to 10 s)."""
_SEEK_GAIN_SECONDS = 1.0
"""With an index: how far ahead the target's keyframe must lie, for a seek empties the decoder's threads."""
_BACK_SECONDS = (0.0, 2.0, 10.0, 40.0)
"""How much before the target to seek, in turn, until the keyframe found is shown no later than the target."""
_MOST_THREADS = 16
"""Each holds a frame and delays the first one; FFmpeg itself stops here."""


@dataclass(frozen=True)
class Shown:
    """A decoded picture, and when it comes on screen and goes, in the stream's time base from the container's start."""

    frame: VideoFrame
    pts: int
    end: int


class FrameReader:
    """Raises NoSuchStream, and BadInput for pictures that are too large to decode."""

    def __init__(self, media: OpenMedia, index: int | None, threads: int) -> None:
        self._media = media
        self._index = choose(media, "video", index).index
        self._threads = min(threads, _MOST_THREADS)
        stream = self._prepared()
        check_pixels(str(media), self.width, self.height)
        self.time_base = time_base_of(stream)
        self._origin = origin_of(media.container, stream)
        self._at_start = True

    @property
    def width(self) -> int:
        """As coded."""
        return self.stream.codec_context.width

    @property
    def height(self) -> int:
        """As coded."""
        return self.stream.codec_context.height

    @property
    def stream(self) -> VideoStream:
        stream = self._media.container.streams[self._index]
        assert isinstance(stream, VideoStream)
        return stream

    @property
    def stated_seconds(self) -> float | None:
        seconds = stream_seconds(self._media.container, self.stream)
        return container_seconds(self._media.container) if seconds is None else seconds

    def ticks(self, seconds: float) -> int:
        """The last tick at or before a time."""
        return int((Fraction(seconds) + ROUNDING) / self.time_base)

    def from_start(self) -> Generator[Shown, None, None]:
        if not self._at_start:
            self._media.restart()
            self._prepared()
        self._at_start = False
        return self._timed(decode(self._media, self.stream, VideoFrame))

    def since(self, ticks: int) -> Iterator[Shown]:
        """The picture on screen at ``ticks`` and those after it; past the end, only the last picture."""
        last = None
        shown = self._from_before(ticks)
        for picture in shown:
            if picture.end > ticks:
                yield picture
                yield from shown
                return
            last = picture
        if last is not None:
            yield last

    def worth_seeking(self, current: int, target: int) -> bool:
        """Whether to seek for ``target`` rather than to decode on from ``current`` (both in ticks)."""
        if target < current:
            return True
        keyframe = self._keyframe_before(target)
        if keyframe is None:
            return (target - current) * self.time_base > _NEAR_SECONDS
        return (keyframe - current) * self.time_base > _SEEK_GAIN_SECONDS

    def pts_of_all(self) -> list[int] | None:
        """When each picture is shown, in order, without decoding; None where only decoding can tell."""
        stream = self.stream
        exact = self._media.families & {"mov", "matroska"} and codec_name(stream) in ONE_PACKET_ONE_PICTURE
        if not exact:
            return None
        self._at_start = False
        skip_others(self._media.container, stream)
        found: list[int] = []
        for packet in self._media.container.demux(stream):
            if packet.size == 0 or packet.is_discard:
                continue
            if packet.pts is None or (not found and not packet.is_keyframe):
                return None
            found.append(packet.pts - self._origin)
        # A picture shown before the first keyframe cannot be decoded; two at one time cannot be told apart.
        if found and (min(found) < found[0] or len(set(found)) < len(found)):
            return None
        return sorted(found)

    def _prepared(self) -> VideoStream:
        stream = self.stream
        stream.codec_context.thread_type = "AUTO"
        stream.codec_context.thread_count = self._threads
        return stream

    def _from_before(self, ticks: int) -> Generator[Shown, None, None]:
        """Pictures from one that is on screen at ``ticks`` or earlier, or from the first."""
        if self.worth_seeking(0, ticks):
            # What lies past the end is told by the end, without decoding it all.
            latest = ticks if self.stated_seconds is None else min(ticks, self.ticks(self.stated_seconds))
            for back in _BACK_SECONDS:
                target = latest - int(Fraction(back) / self.time_base)
                if target <= 0:
                    break
                self._at_start = False
                try:
                    self._media.container.seek(target + self._origin, stream=self.stream)
                except FFmpegError:
                    break  # a container that cannot seek
                frames = decode(self._media, self.stream, VideoFrame, mid_stream=True)
                first = next(frames, None)
                if first is not None and first.pts is not None and first.pts - self._origin <= ticks:
                    return self._timed(itertools.chain([first], frames))
                frames.close()
        return self.from_start()

    def _timed(self, frames: Iterable[VideoFrame]) -> Generator[Shown, None, None]:
        """Each frame with its end, which is when the next one comes: durations in containers are often nominal."""
        usual = 1
        if self.stream.average_rate:
            usual = max(1, round(1 / (self.stream.average_rate * self.time_base)))
        waiting: VideoFrame | None = None
        pts = 0
        for frame in frames:
            following = None if frame.pts is None else frame.pts - self._origin
            if waiting is not None:
                if following is None or following <= pts:  # AVI and raw streams have no usable timestamps
                    following = pts + usual
                yield Shown(waiting, pts, following)
            waiting, pts = frame, following or 0
        if waiting is not None:
            yield Shown(waiting, pts, pts + (waiting.duration or usual))

    def _keyframe_before(self, ticks: int) -> int | None:
        """By the container's index; None where it has none that reaches so far, or PyAV hides it."""
        entries = getattr(self.stream, "index_entries", None)
        if not entries or entries[-1].timestamp < ticks + self._origin:
            return None
        at = entries.search_timestamp(ticks + self._origin)
        return None if at < 0 else entries[at].timestamp - self._origin
