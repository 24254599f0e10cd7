"""Streams made whole, each item copied once into memory allocated by the stream's own estimate."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from mediarack.errors import BadInput
from mediarack.hardware.cpu import available_memory
from mediarack.media import (
    CHANNELS_OF_FORMAT,
    Audio,
    AudioHeader,
    Frame,
    Frames,
    FramesHeader,
    Stems,
    StemsHeader,
    Stream,
)
from mediarack.transcript import Segment, Speech, SpeechHeader, Spoken

_MARGIN = 1.05
"""More than is expected is asked for, as durations in containers are rounded, or leave out what encoders add. Memory
that is never written to costs nothing on the systems we run on."""
_GROWTH = 1.5
"""Where even that was too little, or nothing was stated."""
_MOVED_AT_ONCE = 1 << 18
"""Samples; numpy takes memory for so many when it moves them over themselves."""


def collect_audio(stream: Stream[AudioHeader, Audio]) -> Audio:
    header = stream.header
    return Audio(
        samples=_samples(stream, (header.channels,), "iter_audio"),
        sample_rate=header.sample_rate,
        start_seconds=header.start_seconds,
        provenance=stream.provenance,
    )


def collect_stems(stream: Stream[StemsHeader, Stems]) -> Stems:
    header = stream.header
    return Stems(
        names=header.names,
        samples=_samples(stream, (len(header.names), header.channels), "iter_stems"),
        sample_rate=header.sample_rate,
        start_seconds=header.start_seconds,
        provenance=stream.provenance,
    )


def collect_speech(stream: Stream[SpeechHeader, Spoken]) -> Speech:
    header = stream.header
    parts: list[npt.NDArray[np.float32]] = []
    segments: list[Segment] = []
    with stream:
        for spoken in stream:
            parts.append(spoken.audio.samples)
            segments.append(spoken.segment)
    samples = np.concatenate(parts, axis=1) if parts else np.empty((header.channels, 0), np.float32)
    assert stream.provenance is not None
    return Speech(
        audio=Audio(samples=samples, sample_rate=header.sample_rate, provenance=stream.provenance),
        segments=tuple(segments),
        language=header.language,
        voice=header.voice,
        provenance=stream.provenance,
    )


def collect_frames(stream: Stream[FramesHeader, Frame]) -> Frames:
    header = stream.header
    shape = (header.expected_frames or 16, header.height, header.width, CHANNELS_OF_FORMAT[header.format])
    pts: dict[int, tuple[int, int]] = {}
    with stream:
        images = _allocate(shape, np.uint8, "iter_frames")
        for frame in stream:
            if frame.position >= len(images):
                length = max(frame.position + 1, int(len(images) * _GROWTH))
                larger = _allocate((length, *images.shape[1:]), np.uint8, "iter_frames")
                larger[: len(images)] = images
                images = larger
                del larger
            images[frame.position] = frame.image
            pts[frame.position] = (frame.pts, frame.duration_pts)
            del frame  # as above
    table = np.array([pts[position] for position in range(len(pts))], np.int64).reshape(-1, 2)
    return Frames(
        images=_trimmed(images, len(pts)),
        pts=table[:, 0].copy(),
        durations_pts=table[:, 1].copy(),
        time_base=header.time_base,
        format=header.format,
        provenance=stream.provenance,
    )


def _samples(
    stream: Stream[AudioHeader, Audio] | Stream[StemsHeader, Stems], leading: tuple[int, ...], streaming: str
) -> npt.NDArray[np.float32]:
    """All blocks of the stream joined along their last axis; ``leading`` are the sizes of the others."""
    rows, filled = math.prod(leading), 0
    with stream:
        expected = stream.header.expected_samples or 0
        length = int(expected * _MARGIN) + stream.header.sample_rate
        buffer = _allocate((rows, length), np.float32, streaming)
        for block in stream:
            end = filled + block.samples.shape[-1]
            if end > buffer.shape[1]:
                larger = _allocate((rows, max(end, int(length * _GROWTH))), np.float32, streaming)
                larger[:, :filled] = buffer[:, :filled]
                buffer, length = larger, larger.shape[1]
                del larger
            buffer[:, filled:end] = block.samples.reshape(rows, -1)
            filled = end
            del block  # so that the decoder can use its memory for the next one
    return _closed_up(buffer, filled).reshape(*leading, filled)


def _closed_up(buffer: npt.NDArray[np.float32], filled: int) -> npt.NDArray[np.float32]:
    """The first ``filled`` samples of each row, moved together in place, so that they lie in memory without gaps."""
    rows, length = buffer.shape
    flat = buffer.reshape(-1)
    for row in range(1, rows):
        for begin in range(0, filled, _MOVED_AT_ONCE):
            end = min(filled, begin + _MOVED_AT_ONCE)
            flat[row * filled + begin : row * filled + end] = flat[row * length + begin : row * length + end]
    whole = flat[: rows * filled]
    return whole.copy() if whole.nbytes * 2 <= flat.nbytes else whole


def _allocate(shape: tuple[int, ...], dtype: Any, streaming: str) -> npt.NDArray[Any]:
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > (available := available_memory()):
        raise BadInput(
            f"the result needs {size / 1e9:.1f} GB and {available / 1e9:.1f} GB of memory are free: "
            f"read a part of it (start, end), make it smaller, or take it piece by piece with {streaming}"
        )
    return np.empty(shape, dtype)


def _trimmed(images: npt.NDArray[np.uint8], length: int) -> npt.NDArray[np.uint8]:
    """The part that was filled; copied where a view would keep twice the memory or more."""
    part = images[:length]
    return part.copy() if part.nbytes * 2 <= images.nbytes else part
