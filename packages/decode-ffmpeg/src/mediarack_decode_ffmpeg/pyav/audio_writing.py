"""write_audio: WAV through FFmpeg's muxer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import FFmpegError

from mediarack.plugin import Audio, BadInput, Call, Decoded, OutputError, WriteAudioRequest

_ENCODINGS = {"s16": ("pcm_s16le", "s16"), "float32": ("pcm_f32le", "flt")}
"""Encoder, and the sample format it takes."""
_PIECE_SECONDS = 10


def write_audio(source: Decoded, request: WriteAudioRequest, call: Call) -> None:
    """Samples into a WAV file (RF64 from 4 GB on, which classic WAV cannot count).

    "s16" is ``rint(x * 32768)`` clipped to -32768..32767, which gives back exactly what was read from 16 bits;
    "float32" is written as it is. Raises BadInput for samples that are not finite, OutputError if writing fails.
    """
    about = source if isinstance(source, Audio) else source.header
    rate = about.sample_rate
    channels = source.num_channels if isinstance(source, Audio) else source.header.channels
    total = source.num_samples if isinstance(source, Audio) else source.header.expected_samples
    codec, sample_format = _ENCODINGS[request.encoding or "s16"]
    layout = _layout(channels)
    done = 0
    with _failures_of(request), av.open(f"file:{request.target}", "w", format="wav", options=_MUXER) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, AudioStream)
        container.start_encoding()  # so that no samples at all still make a whole file
        for samples in _pieces(source):
            _check_finite(samples, done / rate, rate)
            frame = AudioFrame.from_ndarray(
                _packed(samples, request.encoding or "s16"), format=sample_format, layout=layout
            )
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), done
            container.mux(stream.encode(frame))
            done += samples.shape[1]
            call.report(done / rate, None if total is None else max(total, done) / rate, "seconds")
        container.mux(stream.encode(None))
    call.note(codec=codec)


_MUXER = {"rf64": "auto", "fflags": "+bitexact"}
"""Without bitexact the file names the version of FFmpeg that wrote it."""


@contextmanager
def _failures_of(request: WriteAudioRequest) -> Iterator[None]:
    try:
        yield
    except FFmpegError as error:
        raise OutputError(f"cannot write {str(request.target)!r}: {error.strerror}") from error


def _pieces(source: Decoded) -> Iterator[npt.NDArray[np.float32]]:
    if isinstance(source, Audio):
        length = _PIECE_SECONDS * source.sample_rate
        for begin in range(0, source.num_samples, length):
            yield source.samples[:, begin : begin + length]
    else:
        for block in source:
            yield block.samples


def _packed(samples: npt.NDArray[np.float32], encoding: str) -> npt.NDArray[np.float32] | npt.NDArray[np.int16]:
    """``[1, samples * channels]``, interleaved."""
    interleaved = np.ascontiguousarray(samples.T, np.float32).reshape(1, -1)
    if encoding == "float32":
        return interleaved
    scaled: npt.NDArray[np.int16] = np.clip(np.rint(interleaved * 32768), -32768, 32767).astype(np.int16)
    return scaled


def _check_finite(samples: npt.NDArray[np.float32], start_seconds: float, rate: int) -> None:
    finite = np.isfinite(samples).all(axis=0)
    if not finite.all():
        where = start_seconds + int(np.argmin(finite)) / rate
        raise BadInput(
            f"cannot write audio: at {where:.3f} s it holds NaN or infinity; replace them (numpy.nan_to_num)"
        )


def _layout(channels: int) -> str:
    """FFmpeg's usual layout, or none in particular for numbers that have none."""
    try:
        return av.AudioLayout(f"{channels}c").name
    except ValueError:
        return f"{channels} channels"
