"""Samples of an audio stream by their number, at its own rate."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from mediarack.plugin import BackendUnavailable, BadInput, CorruptMedia
from mediarack_decode_ffmpeg.pyav.decoding import decode
from mediarack_decode_ffmpeg.pyav.opening import OpenMedia
from mediarack_decode_ffmpeg.pyav.streams import (
    choose,
    container_seconds,
    has_own_order,
    layout_of,
    origin_of,
    stream_seconds,
    time_base_of,
)

Samples = npt.NDArray[np.float32]

_PREROLL_SECONDS = 1.0
"""Decoded and dropped before what is wanted after a seek. MP3 needs up to 10 frames (0.26 s), Opus 80 ms."""
_WORTH_SEEKING_SECONDS = 5.0
_GAP_SECONDS = 0.1
_FRAMES_LOOKED_AT = 8
_EXACT_AFTER_SEEK = {
    "mov",
    "matroska",
    "wav",
    "w64",
    "aiff",
    "caf",
    "au",
    "flac",
    "ogg",
    "mp3",
    "mpegts",
    "mpeg",
    "flv",
    "avi",
}
"""Containers with timestamps of their own. Those that FFmpeg counts up in a raw stream (AC-3) drift by rounding."""
_SAMPLES: dict[str, tuple[npt.DTypeLike, float]] = {
    "u8": (np.uint8, 2.0**-7),
    "s16": (np.int16, 2.0**-15),
    "s32": (np.int32, 2.0**-31),
    "s64": (np.int64, 2.0**-63),
    "flt": (np.float32, 1.0),
    "dbl": (np.float64, 1.0),
}
"""FFmpeg's sample formats: type, and what makes full scale 1."""


class SampleReader:
    """Float samples counted from the first one that the decoder gives; they follow each other without gaps.

    ``start_seconds`` is the time of sample 0. ``layout`` is FFmpeg's name of the channel layout. ``gaps`` are the jumps
    of timestamps met on the way: when, and how many seconds are missing.
    """

    def __init__(self, media: OpenMedia, index: int | None) -> None:
        self._media = media
        stream = choose(media, "audio", index)
        assert isinstance(stream, AudioStream)
        layout = layout_of(stream.codec_context)
        if has_own_order(layout):
            raise BackendUnavailable(
                f"{media}: audio stream {stream.index} has its channels in an order of its own, {layout.name}, whose "
                f"frames PyAV {av.__version__} frees twice; the backend ffmpeg can read it"
            )
        self._index = stream.index
        self._time_base = time_base_of(stream)
        self._origin = origin_of(media.container, stream)
        self._frames = decode(media, stream, AudioFrame)
        self._head = list(itertools.islice(self._frames, _FRAMES_LOOKED_AT))
        if self._head:
            first = self._head[0]
            self.sample_rate, self.layout, self.channels = (
                first.sample_rate,
                first.layout.name,
                len(first.layout.channels),
            )
            self._first_pts = self._origin if first.pts is None else first.pts
        else:
            if not stream.codec_context.sample_rate:
                raise CorruptMedia(f"{media}: audio stream {stream.index} holds nothing that can be decoded")
            self.sample_rate, self.layout, self.channels = (
                stream.codec_context.sample_rate,
                layout.name,
                layout.nb_channels,
            )
            self._first_pts = self._origin
        self.start_seconds = float((self._first_pts - self._origin) * self._time_base)
        self.stated_seconds = _stated_seconds(media.container, stream)
        self.gaps: list[tuple[float, float]] = []

    def chunks(self, wanted: int) -> Iterator[tuple[int, Samples]]:
        """Float32 ``[channels, samples]`` with the number of their first sample, from ``wanted`` or before to the end.

        Raises CorruptMedia, and BadInput if the rate or the channels change on the way.
        """
        number, frames = self._from(wanted)
        expected: float | None = None
        gap = float(_GAP_SECONDS / self._time_base)
        ticks_per_sample = float(1 / (self.sample_rate * self._time_base))
        for frame in frames:
            if frame.pts is not None:
                if expected is not None and frame.pts - expected > gap:
                    self._note_gap(expected, frame.pts)
                expected = frame.pts + frame.samples * ticks_per_sample
            if frame.sample_rate != self.sample_rate or frame.layout.name != self.layout:
                raise BadInput(
                    f"{self._media}: the audio changes from {self.layout} at {self.sample_rate} Hz to "
                    f"{frame.layout.name} at {frame.sample_rate} Hz after {number / self.sample_rate:.1f} s: "
                    f"read it in parts, with end before and start after that"
                )
            yield number, planar_float(frame)
            number += frame.samples

    def _note_gap(self, expected: float, pts: int) -> None:
        missing = (pts - expected) * float(self._time_base)
        when = (expected - self._origin) * float(self._time_base)
        if "flac" in self._media.families:  # which has no gaps: FFmpeg skips what does not match its checksum
            raise CorruptMedia(f"{self._media} is damaged: {missing:.2f} s are missing at {when:.2f} s; fetch it again")
        self.gaps.append((when, missing))

    def _from(self, wanted: int) -> tuple[int, Iterator[AudioFrame]]:
        if wanted < _WORTH_SEEKING_SECONDS * self.sample_rate or not self._head:
            return 0, itertools.chain(self._head, self._frames)
        self._frames.close()
        sought = None
        if _EXACT_AFTER_SEEK & self._media.families:
            with contextlib.suppress(FFmpegError):  # a container that cannot seek
                sought = self._seek(wanted)
        if sought is not None:
            return sought
        self._media.restart()
        return 0, decode(self._media, self._stream, AudioFrame)

    @property
    def _stream(self) -> Stream:
        return self._media.container.streams[self._index]

    def _seek(self, wanted: int) -> tuple[int, Iterator[AudioFrame]] | None:
        """Frames from well before ``wanted``, and the number of their first sample; None if that cannot be told."""
        preroll = round(_PREROLL_SECONDS * self.sample_rate)
        seconds = (wanted - preroll) / self.sample_rate
        if self.stated_seconds is not None:  # what lies past the end is told by the end, without decoding it all
            seconds = max(0.0, min(seconds, self.stated_seconds - _PREROLL_SECONDS))
        self._media.container.seek(self._first_pts + int(seconds / self._time_base), stream=self._stream)
        frames = decode(self._media, self._stream, AudioFrame, mid_stream=True)
        first = next(frames, None)
        number = None if first is None else self._number_of(first)
        if first is not None and number is not None and 0 <= number <= wanted - preroll // 2:
            return number, itertools.chain([first], frames)
        frames.close()
        return None

    def _number_of(self, frame: AudioFrame) -> int | None:
        """The number of a frame's first sample by its timestamp; None if the timestamps are too coarse to tell."""
        *before, known = self._head  # the last one looked at: jumps of timestamps are most likely at the very beginning
        if frame.pts is None or known.pts is None:
            return None
        base = sum(f.samples for f in before)
        samples_per_tick = self._time_base * self.sample_rate
        away = (frame.pts - known.pts) * samples_per_tick
        if samples_per_tick <= 1:
            return base + round(away)
        # Matroska counts milliseconds, but frames that are all of one length leave only few places to be.
        lengths = {f.samples for f in self._head[1:]}
        if len(lengths) != 1 or (length := lengths.pop()) < 4 * samples_per_tick:
            return None
        return base + round(away / length) * length


def planar_float(frame: AudioFrame) -> Samples:
    """The frame as float32 ``[channels, samples]``, scaled as swresample does it (exact for 8 to 24 bits)."""
    channels, count = len(frame.layout.channels), frame.samples
    dtype, scale = _SAMPLES[frame.format.name.rstrip("p")]
    samples = np.empty((channels, count), np.float32)
    # Not frame.to_ndarray(): it stacks and copies, which is a third of the price of decoding AAC.
    if frame.format.is_planar:
        for channel, plane in zip(samples, frame.planes, strict=False):
            channel[:] = np.frombuffer(memoryview(plane), dtype, count)
    else:
        samples[:] = np.frombuffer(memoryview(frame.planes[0]), dtype, count * channels).reshape(count, channels).T
    if dtype == np.uint8:
        samples -= 128
    if scale != 1:
        samples *= np.float32(scale)
    return samples


def _stated_seconds(container: InputContainer, stream: Stream) -> float | None:
    seconds = stream_seconds(container, stream)
    return container_seconds(container) if seconds is None else seconds
