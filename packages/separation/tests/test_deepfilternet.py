"""Speech apart from noise by the real engine: in step with the source, whole, and better than the noisy sound."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
import soxr

import mediarack as mr
from mediarack_separation import DeepFilterNetOptions
from mediarack_separation import deepfilternet as adapter

RATE = 48_000


@pytest.fixture(scope="module")
def clean(rack, talk):
    """Eight seconds of a person reading: float32 ``[1, samples]`` at 48 kHz."""
    return rack.read_audio(talk, start=1, end=9).samples


@pytest.fixture(scope="module")
def noisy(clean):
    """The same with white noise as loud as the speech."""
    noise = np.random.default_rng(7).normal(size=clean.shape)
    return (clean + noise * np.sqrt(np.mean(clean**2))).astype(np.float32)


@pytest.fixture(scope="module")
def stems(rack, noisy):
    return rack.separate(mr.Audio(samples=noisy, sample_rate=RATE, start_seconds=2.5))


def snr(reference: np.ndarray, found: np.ndarray) -> float:
    """Decibels."""
    return float(10 * np.log10(np.sum(reference**2) / np.sum((found - reference) ** 2)))


def lag(reference: np.ndarray, found: np.ndarray) -> int:
    """Samples by which ``found`` is later, where both correlate best."""
    size = 2 * len(reference)
    correlation = np.fft.irfft(np.fft.rfft(found, size) * np.conj(np.fft.rfft(reference, size)), size)
    best = int(np.argmax(correlation))
    return best if best < len(reference) else best - size


def resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    return samples if rate == RATE else np.ascontiguousarray(soxr.resample(samples.T, RATE, rate).T)


def test_noise_goes_and_speech_stays(stems, clean, noisy):
    """0 dB before; 12 to 14 after. Nothing done at all would leave 0, and speech shifted by a frame less than 0."""
    assert snr(clean, noisy) == pytest.approx(0, abs=0.2)
    assert snr(clean, stems["speech"].samples) > 10
    assert abs(np.corrcoef(clean[0], stems["rest"].samples[0])[0, 1]) < 0.2


def test_clean_speech_comes_back(rack, clean):
    assert snr(clean, rack.separate(mr.Audio(samples=clean, sample_rate=RATE))["speech"].samples) > 15


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_at_any_rate_the_stems_are_in_step_with_the_source_and_add_up_to_it(rack, clean, noisy, rate):
    reference, source = resampled(clean, rate), resampled(noisy, rate)[:, : -rate // 7]
    found = rack.separate(mr.Audio(samples=np.ascontiguousarray(source), sample_rate=rate))
    assert (found.sample_rate, found.names) == (rate, ("speech", "rest"))
    assert found["speech"].samples.shape == source.shape
    assert lag(reference[0, : source.shape[1]], found["speech"].samples[0]) == 0
    assert np.abs(found["speech"].samples + found["rest"].samples - source).max() < 1e-6


def test_the_clock_of_the_source_is_kept(stems, noisy):
    assert stems.start_seconds == stems["rest"].start_seconds == 2.5
    assert stems.samples.shape == (2, *noisy.shape)


def test_stems_come_in_the_order_asked_for_and_no_others(rack, stems, noisy):
    audio = mr.Audio(samples=noisy, sample_rate=RATE)
    turned = rack.separate(audio, stems=["rest", "speech"])
    assert turned.names == ("rest", "speech")
    assert np.array_equal(turned["speech"].samples, stems["speech"].samples)
    alone = rack.separate(audio, stems=["speech"])
    assert alone.samples.shape == (1, *noisy.shape)


def test_every_channel_is_cleaned_as_if_it_were_alone(rack, stems, noisy):
    """Six channels: the noisy speech, later in each, and one silent."""
    shifted = [np.roll(noisy[0], 4_000 * number) for number in range(5)]
    surround = np.stack([*shifted, np.zeros_like(noisy[0])])
    found = rack.separate(mr.Audio(samples=surround, sample_rate=RATE))["speech"].samples
    assert np.array_equal(found[0], stems["speech"].samples[0])
    alone = rack.separate(mr.Audio(samples=surround[3:4].copy(), sample_rate=RATE))["speech"].samples
    assert np.array_equal(found[3], alone[0])
    assert not found[5].any()


@pytest.mark.parametrize("length", [1, 479, 480, 1_441, 48_000, 48_001])
def test_short_sounds_keep_their_length(rack, noisy, length):
    source = np.ascontiguousarray(noisy[:, :length])
    found = rack.separate(mr.Audio(samples=source, sample_rate=RATE))
    assert found.samples.shape == (2, 1, length)
    assert np.abs(found.samples.sum(axis=0) - source).max() < 1e-6


def test_silence_gives_silence(rack):
    found = rack.separate(mr.Audio(samples=np.zeros((1, 3 * RATE), np.float32), sample_rate=RATE))
    assert not found.samples.any()


def test_after_digital_silence_speech_is_still_in_step(rack, clean):
    """The engine does no work while its input is zero."""
    source = np.concatenate([clean, np.zeros((1, 2 * RATE + 77), np.float32), clean], axis=1)
    found = rack.separate(mr.Audio(samples=source, sample_rate=RATE))["speech"].samples
    assert lag(clean[0], found[0, -clean.shape[1] :]) == 0
    assert snr(clean, found[:, -clean.shape[1] :]) > 15
    assert not found[0, clean.shape[1] + RATE // 2 : clean.shape[1] + RATE].any()


def test_beyond_full_scale_nothing_is_clipped(rack, stems, noisy):
    """Sixteen times as loud is the same sound sixteen times as loud."""
    loud = rack.separate(mr.Audio(samples=noisy * 16, sample_rate=RATE))["speech"].samples
    assert np.abs(loud).max() > 1
    assert snr(stems["speech"].samples * 16, loud) > 20


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_sample_that_is_no_number_is_told_with_its_place(rack, noisy, value):
    broken = noisy.copy()
    broken[0, 3 * RATE + 480] = value
    with pytest.raises(mr.BadInput, match=r"the sample at 3\.010 s is no finite number"):
        rack.separate(mr.Audio(samples=broken, sample_rate=RATE))


def test_the_callers_samples_are_left_alone(rack, noisy):
    before = noisy.copy()
    rack.separate(mr.Audio(samples=noisy, sample_rate=RATE))
    assert np.array_equal(before, noisy)


def test_an_attenuation_limit_keeps_that_much_of_the_noise(rack, clean, noisy, stems):
    audio = mr.Audio(samples=noisy, sample_rate=RATE)
    left = {
        limit: np.sqrt(np.mean((found["speech"].samples - clean) ** 2))
        for limit in (0.1, 6.0)
        for found in [rack.separate(audio, options=DeepFilterNetOptions(attenuation_limit=limit))]
    }
    before = np.sqrt(np.mean((noisy - clean) ** 2))
    assert left[0.1] == pytest.approx(before, rel=0.02)
    assert 20 * np.log10(before / left[6.0]) == pytest.approx(6, abs=1.5)
    assert np.sqrt(np.mean((stems["speech"].samples - clean) ** 2)) < 0.6 * left[6.0]


def test_the_post_filter_lowers_what_is_left(rack, noisy, stems):
    filtered = rack.separate(
        mr.Audio(samples=noisy, sample_rate=RATE), options=DeepFilterNetOptions(post_filter_beta=0.05)
    )
    assert np.sum(filtered["speech"].samples ** 2) < np.sum(stems["speech"].samples ** 2)


@pytest.mark.parametrize("option", [{"attenuation_limit": 0}, {"attenuation_limit": 101}, {"post_filter_beta": 1}])
def test_options_out_of_range_are_told(option):
    with pytest.raises(mr.BadInput, match="must be between 0"):
        DeepFilterNetOptions(**option)


def test_music_is_not_among_its_features(rack, noisy):
    with pytest.raises(mr.BackendUnavailable, match="cannot do stem:vocals"):
        rack.separate(mr.Audio(samples=noisy, sample_rate=RATE), stems=["vocals"])


def test_calls_in_threads_do_not_disturb_one_another(rack, noisy, stems):
    found = {}

    def separate(number: int) -> None:
        source = noisy if number % 2 else noisy[:, ::-1].copy()
        found[number] = rack.separate(mr.Audio(samples=source, sample_rate=RATE))["speech"].samples

    threads = [threading.Thread(target=separate, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(found[1], stems["speech"].samples)
    assert np.array_equal(found[3], found[1])
    assert np.array_equal(found[0], found[2])
    assert not np.array_equal(found[0], found[1])


def test_states_are_freed_when_a_call_ends_or_is_given_up(rack, noisy, monkeypatch):
    made, freed = [], []
    create, free = adapter._State.__init__, adapter._State.free
    monkeypatch.setattr(adapter._State, "__init__", lambda self, *args: (made.append(self), create(self, *args))[1])
    monkeypatch.setattr(adapter._State, "free", lambda self: (freed.append(self), free(self))[1])
    stereo = mr.Audio(samples=np.concatenate([noisy, noisy]), sample_rate=RATE)
    rack.separate(stereo)
    assert len(made) == 2
    assert set(freed) == set(made)
    with rack.iter_stems(stereo) as blocks:
        next(blocks)
    assert len(made) == 4
    assert set(freed) == set(made)
    assert all(state._handle is None for state in made)


def test_cancelling_ends_the_call_within_a_step(rack, noisy):
    token = mr.CancelToken()
    with pytest.raises(mr.Cancelled):
        with rack.iter_stems(mr.Audio(samples=np.tile(noisy, 20), sample_rate=RATE), cancel=token) as blocks:
            for number, _ in enumerate(blocks):
                assert number == 0
                token.cancel()


def test_blocks_and_progress_go_to_the_end(rack, noisy):
    seen = []
    with rack.iter_stems(mr.Audio(samples=noisy, sample_rate=RATE), progress=seen.append) as blocks:
        parts = list(blocks)
    starts = [round(part.start_seconds * RATE) for part in parts]
    lengths = [part.samples.shape[2] for part in parts]
    assert starts == [sum(lengths[:number]) for number in range(len(parts))]
    assert min(lengths[:-1]) >= RATE
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert (seen[-1].done, seen[-1].unit) == (pytest.approx(noisy.shape[1] / RATE), "seconds")


LONG = """
import resource, sys
import numpy as np
import mediarack as mr
from mediarack.plugin import AudioHeader, Stream

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
header = AudioHeader(sample_rate=48_000, channels=1, start_seconds=0.0, expected_samples=None)
noise = np.random.default_rng(1).normal(0, 0.1, (1, 48_000)).astype(np.float32)
peaks = []
source = Stream(header, (mr.Audio(samples=noise.copy(), sample_rate=48_000) for _ in range(120)))
with mr.iter_stems(source) as blocks:
    for number, block in enumerate(blocks):
        if number in (10, 118):
            peaks.append(peak())
print(*peaks)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs getrusage")
def test_long_sound_is_separated_in_bounded_memory():
    done = subprocess.run([sys.executable, "-c", LONG], capture_output=True, text=True, check=True)
    early, late = map(int, done.stdout.split())
    assert late - early < 8e6  # the 108 seconds between are 62 MB in and out


def test_a_foreign_model_is_told_instead_of_ending_the_process(rack, talk, tmp_path):
    (tmp_path / "DeepFilterNet3_onnx.tar.gz").write_bytes(b"something else")
    with pytest.raises(mr.BackendUnavailable, match="is not the DeepFilterNet 3"):
        rack.separate(talk, model=tmp_path)
