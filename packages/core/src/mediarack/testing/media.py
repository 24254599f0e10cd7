"""Media made without any engine: WAV by the standard library, video as YUV4MPEG2, which is a line of text before each
picture's planes."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mediarack.media import Audio

WIDTH, HEIGHT = 64, 48
FRAMES_PER_SECOND = 25
_BITS_ACROSS, _BITS_DOWN = 8, 2
_BLACK, _WHITE, _NEUTRAL = 16, 235, 128
"""Of 8-bit limited range (ITU-R BT.601): luma from 16 to 235, chroma around 128."""


def tones(frequencies: Sequence[float] = (440.0, 1000.0), *, seconds: float = 3.0, sample_rate: int = 44_100) -> Audio:
    """A sine for each channel, exact in 16 bits. Every sample has its place: the first channel grows, the next fades.

    frequencies: Hz, one per channel. The amplitude goes from 0.1 to 0.7 or back.
    """
    clock = np.arange(round(seconds * sample_rate)) / sample_rate
    growing = np.linspace(0.1, 0.7, clock.size)
    whole = np.stack(
        [
            np.sin(2 * np.pi * frequency * clock) * (growing if channel % 2 == 0 else growing[::-1])
            for channel, frequency in enumerate(frequencies)
        ]
    )
    return Audio(samples=(np.rint(whole * 32768) / 32768).astype(np.float32), sample_rate=sample_rate)


def wav(audio: Audio) -> bytes:
    """The audio as a WAV file of 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(audio.num_channels)
        written.setsampwidth(2)
        written.setframerate(audio.sample_rate)
        written.writeframes(np.rint(audio.samples.T * 32768).clip(-32768, 32767).astype("<i2").tobytes())
    return file.getvalue()


def numbered_video(count: int = 50, *, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A YUV4MPEG2 file (.y4m, 4:2:0) of ``count`` pictures at 25 a second; ``number_of`` reads each one's number."""
    header = f"YUV4MPEG2 W{width} H{height} F{FRAMES_PER_SECOND}:1 Ip A1:1 C420jpeg\n".encode()
    chroma = bytes([_NEUTRAL]) * (2 * ((width + 1) // 2) * ((height + 1) // 2))
    pictures = (b"FRAME\n" + _luma(number, width, height).tobytes() + chroma for number in range(count))
    return header + b"".join(pictures)


def number_of(image: npt.NDArray[np.uint8]) -> int:
    """The number painted into a picture ``[height, width, channels]`` of any size."""
    height, width = image.shape[:2]
    rows = ((np.arange(_BITS_DOWN) + 0.5) * height / _BITS_DOWN).astype(int)
    columns = ((np.arange(_BITS_ACROSS) + 0.5) * width / _BITS_ACROSS).astype(int)
    bits = image[rows][:, columns].mean(axis=2).ravel() > (_BLACK + _WHITE) / 2
    return int((bits.astype(np.int64) << np.arange(bits.size)).sum())


def _luma(number: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """White and black blocks: the bits of the number, from the upper left corner."""
    bits = (number >> np.arange(_BITS_ACROSS * _BITS_DOWN)) & 1
    levels = np.where(bits, _WHITE, _BLACK).astype(np.uint8).reshape(_BITS_DOWN, _BITS_ACROSS)
    rows = np.linspace(0, _BITS_DOWN, height, endpoint=False).astype(int)
    columns = np.linspace(0, _BITS_ACROSS, width, endpoint=False).astype(int)
    luma: npt.NDArray[np.uint8] = levels[rows][:, columns]
    return luma
