"""Streams made whole, each item copied once into memory allocated by the stream's own estimate."""

from __future__ import annotations

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

_GROWTH = 1.5
"""When an estimate was too small. Memory that is never written to costs nothing on the systems we run on."""


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


def _samples(
    stream: Stream[AudioHeader, Audio] | Stream[StemsHeader, Stems], leading: tuple[int, ...], streaming: str
) -> npt.NDArray[np.float32]:
    """All blocks of the stream joined along their last axis; ``leading`` are the sizes of the others."""
    filled = 0
    with stream:
        expected = stream.header.expected_samples or stream.header.sample_rate
        samples = _allocate((*leading, expected), np.float32, streaming)
        for block in stream:
            end = filled + block.samples.shape[-1]
            if end > samples.shape[-1]:
                samples = _grown(samples, len(leading), end, filled, streaming)
            samples[..., filled:end] = block.samples
            filled = end
            del block  # so that the decoder can use its memory for the next one
    return _trimmed(samples, len(leading), filled)


def collect_frames(stream: Stream[FramesHeader, Frame]) -> Frames:
    header = stream.header
    shape = (header.expected_frames or 16, header.height, header.width, CHANNELS_OF_FORMAT[header.format])
    pts: dict[int, tuple[int, int]] = {}
    with stream:
        images = _allocate(shape, np.uint8, "iter_frames")
        for frame in stream:
            if frame.position >= len(images):
                images = _grown(images, 0, frame.position + 1, len(images), "iter_frames")
            images[frame.position] = frame.image
            pts[frame.position] = (frame.pts, frame.duration_pts)
            del frame  # as above
    table = np.array([pts[position] for position in range(len(pts))], np.int64).reshape(-1, 2)
    return Frames(
        images=_trimmed(images, 0, len(pts)),
        pts=table[:, 0].copy(),
        durations_pts=table[:, 1].copy(),
        time_base=header.time_base,
        format=header.format,
        provenance=stream.provenance,
    )


def _allocate(shape: tuple[int, ...], dtype: Any, streaming: str) -> npt.NDArray[Any]:
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size > (available := available_memory()):
        raise BadInput(
            f"the result needs {size / 1e9:.1f} GB and {available / 1e9:.1f} GB of memory are free: "
            f"read a part of it (start, end), make it smaller, or take it piece by piece with {streaming}"
        )
    return np.empty(shape, dtype)


def _grown(array: npt.NDArray[Any], axis: int, least: int, filled: int, streaming: str) -> npt.NDArray[Any]:
    shape = list(array.shape)
    shape[axis] = max(least, int(shape[axis] * _GROWTH) + 1)
    larger = _allocate(tuple(shape), array.dtype, streaming)
    kept = (slice(None),) * axis + (slice(0, filled),)
    larger[kept] = array[kept]
    return larger


def _trimmed(array: npt.NDArray[Any], axis: int, length: int) -> npt.NDArray[Any]:
    """The part that was filled; copied where a view would keep twice the memory or more."""
    part = array[(slice(None),) * axis + (slice(0, length),)]
    return part.copy() if part.nbytes * 2 <= array.nbytes else part
