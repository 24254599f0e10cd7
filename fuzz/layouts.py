"""Small media files of any layout: which streams, in which container, beginning when."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""Names of FFmpeg's usual layouts by their number of channels."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A sine of 440 Hz in every channel; ``level`` (0..1) is its height, ``start`` its first timestamp in seconds."""

    codec: str
    rate: int = 48_000
    channels: int = 1
    seconds: float = 1.0
    level: float = 0.5
    start: float = 0.0
    language: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def num_samples(self) -> int:
        return round(self.seconds * self.rate)


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Gray pictures, each lighter than the one before (``gray_of``). ``times`` instead of ``fps``: a varying rate."""

    codec: str
    width: int = 64
    height: int = 48
    fps: int = 25
    count: int = 25
    start: float = 0.0
    pixel_format: str | None = None
    times: tuple[float, ...] | None = None
    options: tuple[tuple[str, str], ...] = ()


def gray_of(number: int) -> int:
    """The level (0..255) of the picture with this number, from 0."""
    return 40 + 8 * (number % 22)


def write(path: Path, *streams: Sound | Pictures, format: str | None = None, **options: str) -> Path:
    """A file with these streams. ``format`` is FFmpeg's name of the container if the suffix does not tell."""
    with av.open(str(path), "w", format=format, options=options) as container:
        added = [_added(container, stream) for stream in streams]
        container.start_encoding()
        packets = [_packets(av_stream, stream) for av_stream, stream in zip(added, streams, strict=True)]
        for round_of_packets in itertools.zip_longest(*packets):
            container.mux(packet for packet in round_of_packets if packet is not None)
    return path


def _added(container: Any, stream: Sound | Pictures) -> Any:
    options = {"strict": "experimental", "threads": "1", **dict(stream.options)}
    if isinstance(stream, Sound):
        added = container.add_stream(stream.codec, rate=stream.rate, layout=LAYOUTS[stream.channels], options=options)
        if stream.language is not None:
            added.metadata["language"] = stream.language
        return added
    added = container.add_stream(stream.codec, rate=stream.fps, options=options)
    formats = [f.name for f in av.Codec(stream.codec, "w").video_formats or ()]
    added.width, added.height = stream.width, stream.height
    added.pix_fmt = stream.pixel_format or ("yuv420p" if "yuv420p" in formats or not formats else formats[0])
    if stream.times is not None:
        added.codec_context.time_base = Fraction(1, 1000)
    return added


def _packets(added: Any, stream: Sound | Pictures) -> Iterator[Any]:
    for frame in itertools.chain(_frames(added, stream), [None]):
        with contextlib.suppress(av.error.EOFError):
            yield from added.encode(frame)


def _frames(added: Any, stream: Sound | Pictures) -> Iterator[Any]:
    if isinstance(stream, Pictures):
        base = Fraction(1, 1000) if stream.times is not None else Fraction(1, stream.fps)
        times = stream.times or [n / stream.fps for n in range(stream.count)]
        for number, seconds in enumerate(times):
            picture = np.full((stream.height, stream.width, 3), gray_of(number), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=added.pix_fmt)
            frame.pts, frame.time_base = round((seconds + stream.start) / base), base
            yield frame
    elif stream.num_samples:
        yield from _sound_frames(added, stream)


def _sound_frames(added: Any, stream: Sound) -> Iterator[Any]:
    layout = LAYOUTS[stream.channels]
    seconds = np.arange(stream.num_samples) / stream.rate
    sine = (stream.level * np.sin(2 * np.pi * 440 * seconds)).astype(np.float32)
    interleaved = np.repeat(sine, stream.channels)[None]
    frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
    first = round(stream.start * stream.rate)
    frame.sample_rate, frame.time_base, frame.pts = stream.rate, Fraction(1, stream.rate), first
    resampler = av.AudioResampler(added.format.name, layout, stream.rate)
    yield from itertools.chain(resampler.resample(frame), resampler.resample(None))
