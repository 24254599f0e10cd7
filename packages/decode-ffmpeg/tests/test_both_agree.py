"""The two ways to FFmpeg give the same: pictures and whole samples bit for bit, where the codec is exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mediarack import Audio, Config, Rack


@pytest.fixture(scope="module")
def pyav() -> Iterator[Rack]:
    with Rack(Config(disabled=frozenset({"ffmpeg"}))) as rack:
        yield rack


@pytest.fixture(scope="module")
def ffmpeg() -> Iterator[Rack]:
    with Rack(Config(disabled=frozenset({"pyav"}))) as rack:
        yield rack


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "flv", "h264", "avi"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"at": [0.0, 7.51, 3.333, 7.51]},
        {"indices": [0, 5, 280]},
        {"start": 5.5, "end": 6.1},
        {"start": 11.0},
        {"every": 1.3},
        {"every": 0.01, "start": 11.0, "end": 11.2},
        {"at": [1.0], "format": "gray"},
    ],
    ids=str,
)
def test_pictures_and_their_times(
    pyav: Rack, ffmpeg: Rack, make_video: Callable[..., Path], suffix: str, asked: dict[str, Any]
) -> None:
    path = make_video(f"agree.{suffix}", [n / 25 for n in range(300)], bf=0 if suffix == "h264" else 3, g=50)
    ours, theirs = ffmpeg.read_frames(path, **asked), pyav.read_frames(path, **asked)
    assert ours.time_base == theirs.time_base
    assert np.array_equal(ours.pts, theirs.pts)
    assert np.array_equal(ours.durations_pts, theirs.durations_pts)
    assert np.array_equal(ours.images, theirs.images)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(
    "asked",
    [{"at": [50.01, 49.99, 59.99]}, {"start": 30.01, "end": 30.3}, {"indices": [300, 1499]}, {"start": 59.8}],
    ids=str,
)
def test_pictures_far_into_a_file(
    pyav: Rack, ffmpeg: Rack, make_video: Callable[..., Path], suffix: str, asked: dict[str, Any]
) -> None:
    path = make_video(f"far.{suffix}", [n / 25 for n in range(1500)], bf=3, g=100)
    ours, theirs = ffmpeg.read_frames(path, **asked), pyav.read_frames(path, **asked)
    assert np.array_equal(ours.pts, theirs.pts)
    assert np.array_equal(ours.durations_pts, theirs.durations_pts)
    assert np.array_equal(ours.images, theirs.images)


def test_pictures_of_a_varying_frame_rate(pyav: Rack, ffmpeg: Rack, uneven: Path) -> None:
    times = np.linspace(0, 20, 97).tolist()
    ours, theirs = ffmpeg.read_frames(uneven, at=times), pyav.read_frames(uneven, at=times)
    assert np.array_equal(ours.pts, theirs.pts)
    assert np.array_equal(ours.images, theirs.images)


@pytest.mark.parametrize("width", [32, 100])
def test_scaled_pictures_differ_by_little(pyav: Rack, ffmpeg: Rack, steady: Path, width: int) -> None:
    ours, theirs = ffmpeg.read_frames(steady, at=[3.0], width=width), pyav.read_frames(steady, at=[3.0], width=width)
    assert np.abs(ours.images.astype(int) - theirs.images).mean() < 1


@pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("mp3", "libmp3lame")])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"start": 5.5, "end": 6.1},
        {"sample_rate": 16_000, "channels": 1},
        {"channels": 1, "downmix": "ffmpeg"},
    ],
    ids=str,
)
def test_samples(
    pyav: Rack, ffmpeg: Rack, make_sound: Callable[..., Path], suffix: str, codec: str, asked: dict[str, Any]
) -> None:
    path = make_sound(f"any.{suffix}", codec)
    ours, theirs = ffmpeg.read_audio(path, **asked), pyav.read_audio(path, **asked)
    assert ours.start_seconds == theirs.start_seconds
    assert np.array_equal(ours.samples, theirs.samples)


def test_sound_in_memory(pyav: Rack, ffmpeg: Rack, sound: npt.NDArray[np.float32]) -> None:
    audio = Audio(samples=sound, sample_rate=44_100)
    ours = ffmpeg.read_audio(audio, sample_rate=16_000, channels=1)
    assert np.array_equal(ours.samples, pyav.read_audio(audio, sample_rate=16_000, channels=1).samples)


@pytest.mark.parametrize("encoding", ["s16", "s24", "float32"])
def test_wav_files(pyav: Rack, ffmpeg: Rack, tmp_path: Path, sound: npt.NDArray[np.float32], encoding: Any) -> None:
    audio = Audio(samples=sound * np.float32(2.7), sample_rate=44_100)
    ours = ffmpeg.write_audio(audio, tmp_path / "ours.wav", encoding=encoding)
    theirs = pyav.write_audio(audio, tmp_path / "theirs.wav", encoding=encoding)
    assert np.array_equal(pyav.read_audio(ours).samples, pyav.read_audio(theirs).samples)
