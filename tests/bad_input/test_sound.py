"""Sound of any number of channels and any rate, and its place in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from layouts import LAYOUTS, Pictures, Sound

from mediarack import BadInput

RATES = [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]


def steps(channels: int, count: int) -> npt.NDArray[np.int16]:
    """A level of its own for each channel, ``[channels, count]``."""
    return np.repeat(1000 * np.arange(1, channels + 1, dtype=np.int16)[:, None], count, axis=1)


def stored(path: Path, codec: str, samples: npt.NDArray[np.int16], rate: int, layout: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1).copy(), format="s16", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize(("suffix", "codec"), [("wav", "pcm_s16le"), ("flac", "flac")])
def test_channels_keep_their_order(
    probe: Callable[..., Any], read_audio: Callable[..., Any], tmp_path: Path, suffix: str, codec: str, channels: int
) -> None:
    written = steps(channels, 4800)
    path = stored(tmp_path / f"a.{suffix}", codec, written, 48_000, LAYOUTS[channels])
    assert probe(path).audio.channels == channels
    assert np.array_equal(read_audio(path).samples * 32768, written)


@pytest.mark.parametrize("channels", range(1, 9))
def test_channels_become_one_by_the_mean_of_those_that_count(
    read_audio: Callable[..., Any], tmp_path: Path, channels: int
) -> None:
    """All alike, the mean is what each was, save for what the low-frequency channel, which is left out, takes away."""
    path = stored(tmp_path / "a.wav", "pcm_s16le", np.full((channels, 4800), 8192, np.int16), 48_000, LAYOUTS[channels])
    assert read_audio(path, channels=1).samples == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_rates(probe: Callable[..., Any], read_audio: Callable[..., Any], made: Callable[..., Path], rate: int) -> None:
    path = made(f"{rate}.flac", Sound(codec="flac", rate=rate, seconds=0.5))
    assert probe(path).audio.sample_rate == rate
    audio = read_audio(path)
    assert (audio.sample_rate, audio.num_samples) == (rate, rate // 2)
    resampled = read_audio(path, sample_rate=16_000, start=0.25, end=0.375)
    assert resampled.num_samples == 2000
    expected = 0.5 * np.sin(2 * np.pi * 440 * (0.25 + np.arange(2000) / 16_000))
    assert np.abs(resampled.samples[0] - expected).max() < 0.003


@pytest.mark.parametrize("channels", [0, -1, 65, 2.5])
def test_a_number_of_channels_that_is_none_is_bad_input(
    read_audio: Callable[..., Any], wav: Path, channels: float
) -> None:
    with pytest.raises(BadInput):
        read_audio(wav, channels=channels)


@pytest.fixture
def click(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A short noise at half a second, in a second of silence, in an MP4 whose edit list leaves out AAC's priming."""
    suffix, codec = request.param
    samples = np.zeros((1, 48_000), np.float32)
    samples[0, 24_000:24_048] = np.random.default_rng(0).uniform(-0.9, 0.9, 48)
    path = tmp_path / f"click.{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48_000, 0
        for converted in av.AudioResampler(stream.format.name, "mono", 48_000).resample(frame):
            container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    "click",
    [("m4a", "aac"), ("mov", "aac"), ("mkv", "aac"), ("mp3", "libmp3lame"), ("opus", "libopus"), ("flac", "flac")],
    ids="-".join,
    indirect=True,
)
def test_priming_is_left_out_so_that_sounds_are_where_they_were(read_audio: Callable[..., Any], click: Path) -> None:
    audio = read_audio(click)
    at = audio.start_seconds + np.argmax(np.abs(audio.samples[0])) / audio.sample_rate
    assert at == pytest.approx(0.5, abs=0.003)
    window = read_audio(click, start=0.45, end=0.55)
    at = window.start_seconds + np.argmax(np.abs(window.samples[0])) / window.sample_rate
    assert at == pytest.approx(0.5, abs=0.003)


def test_an_edit_list_that_delays_the_sound_is_told(read_audio: Callable[..., Any], made: Callable[..., Path]) -> None:
    path = made("delayed.mp4", Pictures(codec="libx264"), Sound(codec="aac", seconds=0.5, start=0.5))
    audio = read_audio(path)
    assert audio.start_seconds == pytest.approx(0.5, abs=0.03)
    with pytest.raises(BadInput):
        read_audio(path, end=0.3)


@pytest.mark.parametrize("channels", range(1, 9))
def test_any_number_of_channels_at_another_rate(read_audio: Callable[..., Any], tmp_path: Path, channels: int) -> None:
    path = stored(tmp_path / "a.wav", "pcm_s16le", steps(channels, 48_000), 48_000, LAYOUTS[channels])
    audio = read_audio(path, sample_rate=16_000)
    assert audio.samples.shape == (channels, 16_000)
    expected = np.arange(1, channels + 1) * 1000 / 32768
    assert audio.samples[:, 4000:12_000].mean(axis=1) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("channels", range(1, 9))
def test_stereo_becomes_any_number_of_channels(read_audio: Callable[..., Any], tmp_path: Path, channels: int) -> None:
    path = stored(tmp_path / "a.wav", "pcm_s16le", np.full((2, 4800), 8192, np.int16), 48_000, "stereo")
    audio = read_audio(path, channels=channels)
    assert audio.samples.shape == (channels, 4800)
    assert audio.samples[0] == pytest.approx(0.25, abs=1e-6)  # front left, or the mean of both
