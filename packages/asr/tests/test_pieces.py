"""A long recording goes to the engine in pieces: nothing is lost, said twice or moved where one ends."""

from __future__ import annotations

import itertools

import jiwer
import numpy as np
import pytest

import mediarack as mr
from mediarack_asr import faster_whisper

normalise = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip()])


@pytest.fixture(scope="module")
def spoken(rack, talk):
    return rack.read_audio(talk, sample_rate=16_000, channels=1)


@pytest.mark.parametrize("seconds", [11, 20])
@pytest.mark.parametrize("vad", [True, False])
def test_pieces_give_what_the_whole_gives(rack, talk, talk_text, tiny_en, monkeypatch, seconds, vad):
    whole = rack.transcribe(talk, model=tiny_en, vad=vad, word_times=True)
    monkeypatch.setattr(faster_whisper, "PIECE_SECONDS", seconds)
    pieces = rack.transcribe(talk, model=tiny_en, vad=vad, word_times=True)
    found, reference = normalise(pieces.text), normalise(talk_text)
    # Shorter context costs tiny.en a word here and there; a lost or doubled segment is 10 words or more.
    assert jiwer.wer(reference, found) < 0.06
    words = list(pieces.words)
    assert all(a.start <= b.start for a, b in itertools.pairwise(words))
    last, expected = words[-1], list(whole.words)[-1]
    assert normalise(last.text) == normalise(expected.text)
    assert last.end == pytest.approx(expected.end, abs=0.5)


def test_silence_between_speech_moves_nothing(rack, spoken, tiny_en, monkeypatch):
    """8 s of speech, 25 s of silence, the same speech again: pieces that hold no word at all are passed over."""
    speech = spoken.samples[:, : 16_000 * 8]
    silence = np.zeros((1, 16_000 * 25), np.float32)
    audio = mr.Audio(samples=np.concatenate([speech, silence, speech], axis=1), sample_rate=16_000)
    monkeypatch.setattr(faster_whisper, "PIECE_SECONDS", 10)
    words = list(rack.transcribe(audio, model=tiny_en, word_times=True).words)
    first = [word for word in words if word.start < 9]
    second = [word for word in words if word.start > 30]
    assert len(first) + len(second) == len(words)
    assert normalise(" ".join(w.text for w in first)) == normalise(" ".join(w.text for w in second))
    assert second[0].start - first[0].start == pytest.approx(33, abs=0.3)


def test_silence_alone_has_no_words(rack, tiny_en):
    silence = mr.Audio(samples=np.zeros((1, 16_000 * 40), np.float32), sample_rate=16_000)
    assert rack.transcribe(silence, model=tiny_en).segments == ()


def test_audio_that_begins_late_keeps_its_clock(rack, spoken, tiny_en):
    """Audio knows where it begins in its source; segments count from there."""
    late = mr.Audio(samples=spoken.samples[:, : 16_000 * 8], sample_rate=16_000, start_seconds=100.0)
    segments = rack.transcribe(late, model=tiny_en).segments
    assert 100 < segments[0].start < 102


def test_progress_goes_from_the_first_segment_to_the_end(rack, talk, tiny_en):
    seen = []
    rack.transcribe(talk, model=tiny_en, progress=seen.append)
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(seen[-1].total, abs=0.1)
    assert {progress.unit for progress in seen} == {"seconds"}


def test_a_short_recording_goes_to_the_engine_as_its_own_api_would_take_it(rack, talk, spoken, tiny_en):
    from faster_whisper import WhisperModel

    model = WhisperModel(str(tiny_en), device="cpu")
    segments, _ = model.transcribe(spoken.samples[0], vad_filter=True, language="en")
    ours = rack.transcribe(talk, model=tiny_en, language="en").segments
    assert [(s.start, s.end, s.text.strip()) for s in segments] == [(s.start, s.end, s.text) for s in ours]
