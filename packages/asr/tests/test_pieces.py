"""A long recording goes to the engine in pieces: nothing is lost, said twice or moved where one ends."""

from __future__ import annotations

import itertools
from pathlib import Path

import jiwer
import numpy as np
import pytest

import mediarack as mr
from mediarack.subtitles import render
from mediarack_asr import faster_whisper

FRENCH = Path(__file__).parents[3] / "tests" / "media" / "fr-bonjour.wav"
normalise = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip()])


@pytest.fixture(scope="module")
def spoken(rack, talk):
    return rack.read_audio(talk, sample_rate=16_000, channels=1)


@pytest.mark.parametrize(("seconds", "vad"), [(15, True), (20, True), (20, False)])
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


def test_numbers_are_pythons_own_in_every_piece(rack, talk, tiny_en, monkeypatch):
    monkeypatch.setattr(faster_whisper, "PIECE_SECONDS", 15)
    transcript = rack.transcribe(talk, model=tiny_en, word_times=True)
    numbers = [n for s in transcript.segments for n in (s.start, s.end, s.confidence)]
    numbers += [n for word in transcript.words for n in (word.start, word.end, word.confidence)]
    assert {type(number) for number in numbers} == {float}
    assert render(transcript, "json")


def test_silence_before_speech_does_not_fix_the_language(rack, base, monkeypatch):
    french = rack.read_audio(FRENCH, sample_rate=16_000, channels=1).samples
    audio = np.concatenate([np.zeros((1, 16_000 * 12), np.float32), french], axis=1)
    monkeypatch.setattr(faster_whisper, "PIECE_SECONDS", 10)
    transcript = rack.transcribe(mr.Audio(samples=audio, sample_rate=16_000), model=base)
    assert transcript.language == "fr"
    assert normalise(transcript.text) == "bonjour le monde"


def test_the_prompt_waits_for_the_first_speech(rack, spoken, tiny_en, monkeypatch):
    """A piece without speech must not use it up."""
    prompts = []
    original = faster_whisper._Recording._recognise

    def recognise(self):
        prompts.append(list(self._context))
        return original(self)

    monkeypatch.setattr(faster_whisper._Recording, "_recognise", recognise)
    monkeypatch.setattr(faster_whisper, "PIECE_SECONDS", 10)
    silence = np.zeros((1, 16_000 * 25), np.float32)
    audio = mr.Audio(samples=np.concatenate([silence, spoken.samples[:, : 16_000 * 8]], axis=1), sample_rate=16_000)
    rack.transcribe(audio, model=tiny_en, initial_prompt="DICKENS CAPITALS")
    assert len(prompts) > 2
    assert prompts[0]
    assert all(prompt == prompts[0] for prompt in prompts[:3])


def test_a_long_silence_at_the_end_of_a_piece_costs_no_words(rack, spoken, talk_text, tiny_en, monkeypatch):
    """The engine may join what a silence parts; a piece that ends inside such a segment is made longer."""
    pause = 16_000 * 20 + 6_400  # between "the winter of despair" and "we had everything before us"
    parts = (spoken.samples[:, :pause], np.zeros((1, 16_000 * 26), np.float32), spoken.samples[:, pause:])
    audio = mr.Audio(samples=np.concatenate(parts, axis=1), sample_rate=16_000)
    monkeypatch.setattr(faster_whisper, "PIECE_SECONDS", 30)
    found = rack.transcribe(audio, model=tiny_en, word_times=True)
    assert jiwer.wer(normalise(talk_text), normalise(found.text)) < 0.06


def test_cancelling_while_a_piece_is_prepared_ends_the_call(rack, spoken, tiny_en):
    import threading
    import time

    token = mr.CancelToken()
    long = mr.Audio(samples=np.tile(spoken.samples, 6), sample_rate=16_000)
    begun = time.monotonic()
    threading.Timer(0.3, token.cancel).start()
    with pytest.raises(mr.Cancelled):
        rack.transcribe(long, model=tiny_en, cancel=token)
    ended = time.monotonic() - begun
    whole = time.monotonic()
    rack.transcribe(spoken, model=tiny_en)
    assert ended < time.monotonic() - whole  # a sixth of the work, on the same machine at the same time


def test_progress_goes_from_the_first_segment_to_the_end(rack, talk, tiny_en):
    seen = []
    rack.transcribe(talk, model=tiny_en, progress=seen.append)
    done = [progress.done for progress in seen]
    assert all(progress.done <= progress.total + 0.1 for progress in seen)
    assert done == sorted(done)
    assert done[-1] == pytest.approx(seen[-1].total, abs=0.1)
    assert {progress.unit for progress in seen} == {"seconds"}


def test_a_short_recording_goes_to_the_engine_as_its_own_api_would_take_it(rack, talk, spoken, tiny_en):
    from faster_whisper import WhisperModel

    model = WhisperModel(str(tiny_en), device="cpu")
    segments, _ = model.transcribe(spoken.samples[0], vad_filter=True, language="en")
    ours = rack.transcribe(talk, model=tiny_en, language="en").segments
    assert [(s.start, s.end, s.text.strip()) for s in segments] == [(s.start, s.end, s.text) for s in ours]
