"""Pictures of odd kinds: turned, tiny, of odd sides, deep, transparent, gray, interlaced, at an uneven pace."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layouts import Pictures, Sound, gray_of

ODD: dict[str, tuple[str, Pictures]] = {
    "1x1": ("1x1.mkv", Pictures(codec="ffv1", width=1, height=1, pixel_format="yuv444p")),
    "1x1 png": ("1x1.apng", Pictures(codec="apng", width=1, height=1, pixel_format="rgb24")),
    "719x403": ("719.mp4", Pictures(codec="libx264", width=719, height=403, pixel_format="yuv444p")),
    "719x403, halved chroma": ("719.mkv", Pictures(codec="ffv1", width=719, height=403, pixel_format="yuv420p")),
    "2x2": ("2x2.mp4", Pictures(codec="libx264", width=2, height=2)),
    "a line": ("line.mkv", Pictures(codec="ffv1", width=1000, height=1, pixel_format="yuv444p")),
    "10 bits": ("10.mp4", Pictures(codec="libx264", pixel_format="yuv420p10le")),
    "12 bits": ("12.mkv", Pictures(codec="ffv1", pixel_format="yuv444p12le")),
    "16 bits": ("16.mkv", Pictures(codec="ffv1", pixel_format="gray16le")),
    "alpha": ("alpha.mov", Pictures(codec="qtrle", pixel_format="argb")),
    "alpha in yuv": ("alpha.webm", Pictures(codec="ffv1", pixel_format="yuva420p")),
    "gray": ("gray.mkv", Pictures(codec="ffv1", pixel_format="gray")),
    "palette": ("palette.gif", Pictures(codec="gif", pixel_format="bgr8")),
    "full range": ("full.avi", Pictures(codec="mjpeg", pixel_format="yuvj420p")),
    "interlaced MPEG-2": ("ilace.ts", Pictures(codec="mpeg2video", options=(("flags", "+ildct+ilme"),))),
    "interlaced H.264": ("ilace.mp4", Pictures(codec="libx264", options=(("x264-params", "tff=1"),))),
    "B-frames in AVI": ("b.avi", Pictures(codec="mpeg4", options=(("bf", "2"), ("b", "9M")))),
}


@pytest.mark.parametrize("case", ODD)
def test_are_read_as_what_they_show(
    probe: Callable[..., Any], read_frames: Callable[..., Any], made: Callable[..., Path], case: str
) -> None:
    name, pictures = ODD[case]
    path = made(name, pictures, format="matroska" if name == "alpha.webm" else None)
    video = probe(path).video
    assert (video.width, video.height, video.rotation) == (pictures.width, pictures.height, 0)
    frames = read_frames(path)
    assert frames.images.shape == (25, pictures.height, pictures.width, 3)
    levels = [gray_of(number) for number in range(25)]
    assert frames.images[:, 0, 0, 1].tolist() == pytest.approx(
        levels, abs=25 if case == "palette" else 4
    )  # 8 levels of green
    gray = read_frames(path, indices=[24, 3], format="gray")
    assert gray.images.shape == (2, pictures.height, pictures.width, 1)
    assert (gray.images.flags.writeable, gray.pts.tolist()) == (True, frames.pts[[24, 3]].tolist())


@pytest.mark.parametrize(("degrees", "matrix"), {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}.items())
def test_turned_films_stand_upright(
    probe: Callable[..., Any],
    read_frames: Callable[..., Any],
    made: Callable[..., Path],
    degrees: int,
    matrix: tuple[int, int, int, int],
) -> None:
    original = made("stored.mp4", Pictures(codec="libx264", width=48, height=32, count=3))
    data = bytearray(original.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    width, height = (48, 32) if degrees == 180 else (32, 48)
    video = probe(bytes(data)).video
    assert (video.rotation, video.width, video.height) == (degrees, width, height)
    assert read_frames(bytes(data)).images.shape == (3, height, width, 3)
    assert read_frames(bytes(data), at=[0.0], width=width // 2).images.shape == (1, height // 2, width // 2, 3)


UNEVEN = (0.0, 0.04, 0.05, 0.3, 0.31, 0.9, 1.4, 1.44)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov"])
def test_an_uneven_pace_is_kept(read_frames: Callable[..., Any], made: Callable[..., Path], suffix: str) -> None:
    path = made(f"uneven.{suffix}", Pictures(codec="libx264", times=UNEVEN))
    assert read_frames(path).seconds == pytest.approx(UNEVEN, abs=0.001)
    asked = {0.0: 0, 0.049: 1, 0.29: 2, 0.3: 3, 0.6: 4, 1.39: 5, 1.445: 7}
    found = read_frames(path, at=list(asked)).images[:, 0, 0, 0]
    assert found.tolist() == pytest.approx([gray_of(number) for number in asked.values()], abs=3)
    assert read_frames(path, start=0.3, end=0.95).seconds == pytest.approx(UNEVEN[3:6], abs=0.001)


def test_a_transport_stream_counts_from_its_start(
    probe: Callable[..., Any],
    read_audio: Callable[..., Any],
    read_frames: Callable[..., Any],
    made: Callable[..., Path],
) -> None:
    path = made("late.ts", Pictures(codec="mpeg2video", start=7.0), Sound(codec="mp2", start=7.0))
    assert probe(path).start_seconds >= 6.9
    assert read_frames(path).seconds[[0, 24]] == pytest.approx([0.0, 0.96], abs=0.02)
    assert read_audio(path).start_seconds == pytest.approx(0.0, abs=0.02)
    levels = read_frames(path, at=[0.0, 0.5, 0.98]).images[:, 0, 0, 0]
    assert levels.tolist() == pytest.approx([gray_of(number) for number in (0, 12, 24)], abs=8)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_pictures_that_begin_later_than_the_sound_say_when(
    read_audio: Callable[..., Any], read_frames: Callable[..., Any], made: Callable[..., Path], suffix: str
) -> None:
    path = made(f"waits.{suffix}", Pictures(codec="libx264", start=0.48), Sound(codec="aac"))
    frames = read_frames(path)
    assert frames.seconds[0] == pytest.approx(0.48, abs=0.025)  # AAC's priming lies before the sound
    assert frames.images[:, 0, 0, 0].tolist() == pytest.approx([gray_of(number) for number in range(25)], abs=3)
    assert np.array_equal(read_frames(path, at=[0.1]).images[0], frames.images[0])
    assert read_audio(path).start_seconds == pytest.approx(0.0, abs=0.025)
