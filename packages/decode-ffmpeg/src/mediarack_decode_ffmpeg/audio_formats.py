"""What the audio formats that are written need and can hold, however FFmpeg is reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mediarack.plugin import Audio, BadInput, Decoded, WriteAudioRequest

_PIECE_SECONDS = 10
_SURE_LAYOUTS = (1, 2, 6, 8)
"""Mono, stereo, 5.1 and 7.1: for other numbers FFmpeg's usual layout is none that the format knows, so it would mix."""


@dataclass(frozen=True)
class AudioFormat:
    """``muxer`` and ``codec`` as FFmpeg calls them. ``rates``: those the encoder knows, in Hz; () for all."""

    muxer: str
    codec: str
    rates: tuple[int, ...] = ()
    channels: tuple[int, ...] | None = None
    """Numbers of channels it can hold; None for all."""

    def rate_for(self, rate: int) -> int:
        """The rate itself, or the nearest one that the encoder knows."""
        return min(self.rates, key=lambda known: (abs(known - rate), -known), default=rate)


_OPUS_RATES = (8000, 12_000, 16_000, 24_000, 48_000)
_MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AAC_RATES = (7350, *_MP3_RATES, 64_000, 88_200, 96_000)
_FORMATS = {
    "flac": AudioFormat("flac", "flac", channels=_SURE_LAYOUTS),
    "mp3": AudioFormat("mp3", "libmp3lame", _MP3_RATES, (1, 2)),
    "ogg": AudioFormat("ogg", "libvorbis", channels=_SURE_LAYOUTS),
    "opus": AudioFormat("opus", "libopus", _OPUS_RATES, _SURE_LAYOUTS),
    "m4a": AudioFormat("ipod", "aac", _AAC_RATES, (1, 2, 6)),
}
_WAV_CODECS = {"s16": "pcm_s16le", "s24": "pcm_s24le", "float32": "pcm_f32le"}
MUXER_OPTIONS = {"wav": {"rf64": "auto"}}
"""RF64 from 4 GB on, which classic WAV cannot count."""


def audio_format(request: WriteAudioRequest, channels: int) -> AudioFormat:
    """Raises BadInput for a number of channels that the format cannot hold."""
    if request.container == "wav":
        return AudioFormat("wav", _WAV_CODECS[request.encoding or "s16"])
    found = _FORMATS[request.container]
    if found.channels is not None and channels not in found.channels:
        allowed = ", ".join(map(str, found.channels))
        raise BadInput(
            f"cannot write {channels} channels as {request.container}: it can hold {allowed}; "
            f"read with another number of channels, or write wav"
        )
    return found


def about(source: Decoded) -> tuple[int, int, int | None]:
    """Sample rate, number of channels, and number of samples as far as it is known."""
    if isinstance(source, Audio):
        return source.sample_rate, source.num_channels, source.num_samples
    header = source.header
    return header.sample_rate, header.channels, header.expected_samples


def pieces(source: Decoded) -> Iterator[npt.NDArray[np.float32]]:
    """The samples in parts, all finite. Raises BadInput with the place where they are not."""
    rate, _, _ = about(source)
    done = 0
    for samples in _parts(source):
        _check_finite(samples, done / rate, rate)
        done += samples.shape[1]
        yield samples


def _parts(source: Decoded) -> Iterator[npt.NDArray[np.float32]]:
    if isinstance(source, Audio):
        length = _PIECE_SECONDS * source.sample_rate
        for begin in range(0, source.num_samples, length):
            yield source.samples[:, begin : begin + length]
    else:
        for block in source:
            yield block.samples


SAMPLE_FORMATS = {"s16": "s16", "s24": "s32", "float32": "flt", None: "flt"}
"""FFmpeg's name for what ``packed`` gives, by the encoding asked for."""


def packed(
    samples: npt.NDArray[np.float32], encoding: str | None
) -> npt.NDArray[np.float32] | npt.NDArray[np.int16] | npt.NDArray[np.int32]:
    """``[1, samples * channels]``, interleaved; "s24" in the upper 24 of 32 bits.

    Whole numbers are ``rint(x * 2 ** (bits - 1))``, clipped, so that what was read comes back exactly.
    """
    interleaved = np.ascontiguousarray(samples.T, np.float32).reshape(1, -1)
    if encoding == "s16":
        return np.clip(np.rint(interleaved * 32768), -32768, 32767).astype(np.int16)
    if encoding == "s24":
        top = 2**23
        return np.clip(np.rint(interleaved * top), -top, top - 1).astype(np.int32) << 8
    return interleaved


def _check_finite(samples: npt.NDArray[np.float32], start_seconds: float, rate: int) -> None:
    finite = np.isfinite(samples).all(axis=0)
    if not finite.all():
        where = start_seconds + int(np.argmin(finite)) / rate
        raise BadInput(
            f"cannot write audio: at {where:.3f} s it holds NaN or infinity; replace them (numpy.nan_to_num)"
        )
