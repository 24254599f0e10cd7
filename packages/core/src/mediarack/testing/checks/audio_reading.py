"""read_audio: blocks without gaps, windows exact to the sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from mediarack.errors import BadInput
from mediarack.media import Audio, AudioHeader
from mediarack.testing.media import tones, wav
from mediarack.testing.subject import Subject, check

Samples = npt.NDArray[np.float32]
_STEP = 1 / 32768
"""Of 16 bits. Some decoders divide by 32767."""
_WINDOWS = [(0.0, 1.0), (0.5, 0.75), (1.0, None), (1.2345, 2.3456), (2.9, 10.0), (0.0, 0.00005)]


def joined(blocks: list[Any]) -> Samples:
    return np.concatenate([block.samples for block in blocks], axis=-1)


def assert_is_sound(header: AudioHeader, blocks: list[Audio]) -> Samples:
    """What blocks promise; gives their samples joined."""
    position = 0
    for number, block in enumerate(blocks):
        assert block.samples.dtype == np.float32
        assert block.samples.ndim == 2, f"samples must be [channels, samples], not {block.samples.shape}"
        assert (block.num_channels, block.sample_rate) == (header.channels, header.sample_rate)
        assert block.num_samples > 0, "an empty block"
        last = number == len(blocks) - 1
        assert last or block.num_samples >= block.sample_rate, "a block is a second or more unless it is the last"
        expected = header.start_seconds + position / header.sample_rate
        assert block.start_seconds == pytest.approx(expected, abs=0.5 / header.sample_rate), f"block {number}: a gap"
        position += block.num_samples
    samples = joined(blocks)
    assert np.isfinite(samples).all()
    return samples


def loudest_frequency(samples: Samples, sample_rate: int) -> float:
    """Hz, of one channel."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * sample_rate / samples.size


@check("read_audio")
def samples_are_those_of_the_file(subject: Subject) -> None:
    audio = tones()
    header, blocks = subject.whole(subject.source)
    samples = assert_is_sound(header, blocks)
    assert (header.sample_rate, header.channels, header.start_seconds) == (44_100, 2, 0)
    assert samples.shape == audio.samples.shape
    assert np.abs(samples - audio.samples).max() <= 1.5 * _STEP, "samples are not those of the file, in -1..1"


@check("read_audio")
def the_expected_number_of_samples_comes(subject: Subject) -> None:
    header, blocks = subject.whole(subject.source)
    assert header.expected_samples in (None, joined(blocks).shape[1])


@check("read_audio", inputs=("bytes",))
def mono_and_surround_are_read(subject: Subject) -> None:
    for frequencies in ((440.0,), (300.0, 500.0, 700.0, 60.0, 900.0, 1100.0)):
        audio = tones(frequencies, seconds=1.5, sample_rate=48_000)
        header, blocks = subject.whole(wav(audio))
        samples = assert_is_sound(header, blocks)
        assert samples.shape == audio.samples.shape
        assert np.abs(samples - audio.samples).max() <= 1.5 * _STEP, f"{len(frequencies)} channels"


@check("read_audio", features=("window",))
def a_window_is_exact_to_the_sample(subject: Subject) -> None:
    """It holds the samples of the whole from round(start * rate) up to but without round(end * rate)."""
    whole = joined(subject.whole(subject.source)[1])
    for start, end in _WINDOWS:
        header, blocks = subject.whole(subject.source, subject.request(start=start, end=end))
        samples = assert_is_sound(header, blocks)
        first, last = round(start * 44_100), whole.shape[1] if end is None else round(end * 44_100)
        assert np.array_equal(samples, whole[:, first:last]), f"the window from {start} s to {end} s"
        assert header.start_seconds == pytest.approx(first / 44_100, abs=0.1 / 44_100)
        assert header.expected_samples in (None, samples.shape[1])


@check("read_audio", features=("window",))
def a_window_with_nothing_in_it_is_told(subject: Subject) -> None:
    with pytest.raises(BadInput):
        subject.whole(subject.source, subject.request(start=60.0, end=61.0))


@check("read_audio", features=("resample",))
def another_rate_keeps_pitch_length_and_level(subject: Subject) -> None:
    for rate in (16_000, 22_050, 48_000):
        header, blocks = subject.whole(subject.source, subject.request(sample_rate=rate))
        samples = assert_is_sound(header, blocks)
        assert header.sample_rate == rate
        assert abs(samples.shape[1] - 3 * rate) <= 1, f"3 s at {rate} Hz are {samples.shape[1]} samples"
        assert header.expected_samples is None or abs(header.expected_samples - samples.shape[1]) <= 1
        for channel, frequency in enumerate((440.0, 1000.0)):
            assert loudest_frequency(samples[channel], rate) == pytest.approx(frequency, abs=1)
        level = np.sqrt((samples**2).mean(axis=1)) / np.sqrt((tones().samples ** 2).mean(axis=1))
        assert level == pytest.approx(1, abs=0.02)


@check("read_audio", features=("resample", "window"))
def a_window_at_another_rate_is_a_part_of_the_whole(subject: Subject) -> None:
    whole = joined(subject.whole(subject.source, subject.request(sample_rate=16_000))[1])
    for start, end in _WINDOWS[:-1]:  # the last is shorter than a sample at this rate
        header, blocks = subject.whole(subject.source, subject.request(sample_rate=16_000, start=start, end=end))
        samples = assert_is_sound(header, blocks)
        first, last = round(start * 16_000), None if end is None else round(end * 16_000)
        expected = whole[:, first:last]
        assert samples.shape == expected.shape, f"the window from {start} s to {end} s"
        assert np.abs(samples - expected).max() <= _STEP, f"the window from {start} s to {end} s"


@check("read_audio", features=("channels",))
def stereo_is_mixed_by_the_law_asked_for(subject: Subject) -> None:
    audio = tones()
    mean = audio.samples.mean(axis=0)
    for law, expected in (("mean", mean), ("ffmpeg", mean * np.sqrt(2))):
        header, blocks = subject.whole(subject.source, subject.request(channels=1, downmix=law))
        samples = assert_is_sound(header, blocks)
        assert header.channels == 1
        assert samples.shape == (1, audio.num_samples)
        assert np.abs(samples[0] - expected).max() <= 2 * _STEP, f"downmix={law!r}"


@check("read_audio", features=("channels",), inputs=("bytes",))
def mono_is_given_to_both_channels(subject: Subject) -> None:
    _, blocks = subject.whole(wav(tones((440.0,))), subject.request(channels=2))
    samples = joined(blocks)
    assert samples.shape[0] == 2
    assert np.array_equal(samples[0], samples[1])
    assert loudest_frequency(samples[0], 44_100) == pytest.approx(440, abs=1)
