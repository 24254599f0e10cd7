"""Real speech through real engines, against what was said."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from types import ModuleType

import jiwer
import numpy as np
import pytest

import mediarack as mr
from mediarack.plugin import AudioHeader, BackendSpec, Stream, hookimpl
from mediarack.registry import Registry

MEDIA = Path(__file__).parent / "media"
WORD_ERRORS = 0.03
"""tiny.en makes 1 error in the talk's 119 words; noise, a wrong rate or garbled channels make dozens (tested below)."""

normalise = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip()])


def word_error_rate(reference: str, found: str) -> float:
    return jiwer.wer(normalise(reference), normalise(found) or "nothing")


@pytest.fixture(scope="module")
def spoken(rack, talk):
    """The talk's sound: 16 kHz, mono."""
    return rack.read_audio(talk, sample_rate=16_000, channels=1)


@pytest.fixture(scope="module")
def transcript(rack, talk, tiny_en):
    return rack.transcribe(talk, model=tiny_en, word_times=True)


def test_what_was_said_is_found(transcript, talk_text):
    assert word_error_rate(talk_text, transcript.text) <= WORD_ERRORS


def test_the_record_says_what_ran_where(transcript, tiny_en):
    record = transcript.provenance
    assert (record.capability, record.backend, record.placement, record.device) == (
        "transcribe", "faster-whisper", "host", "cpu",
    )  # fmt: skip
    assert record.details == {"model": str(tiny_en), "compute_type": "float32"}
    (decoding,) = record.calls
    assert (decoding.capability, decoding.backend) == ("read_audio", "pyav")
    assert 0 < decoding.seconds <= record.seconds


def test_words_lie_within_their_segments_in_order_with_their_confidence(transcript):
    for segment in transcript.segments:
        assert "".join(word.text for word in segment.words) == segment.text.replace(" ", "")
        assert all(0 <= word.confidence <= 1 for word in segment.words)
        assert 0 < segment.confidence <= 1
        times = [seconds for word in segment.words for seconds in (word.start, word.end)]
        assert times == sorted(times)


def test_words_are_where_the_sound_is(transcript, spoken):
    """The half second before the first word is quiet, and words are louder than the pauses between segments."""
    samples, rate = spoken.samples[0], spoken.sample_rate

    def level(start: float, end: float) -> float:
        return float(np.sqrt(np.mean(samples[int(start * rate) : int(end * rate)] ** 2)))

    first = transcript.segments[0].words[0].start
    assert first > 0.5
    words = [level(w.start, w.end) for w in transcript.words if w.end - w.start > 0.1]
    assert np.median(words) > 3 * level(0.0, first - 0.2)


def test_stereo_is_mixed_not_picked(rack, spoken, tiny_en, talk_text):
    """Each channel alone is drowned in noise that is opposite in the other: only their mean is speech."""
    noise = np.random.default_rng(1).normal(0, 0.3, spoken.samples.shape[1]).astype(np.float32)
    stereo = mr.Audio(samples=np.concatenate([spoken.samples + noise, spoken.samples - noise]), sample_rate=16_000)
    mixed = rack.transcribe(as_wav(rack, stereo), model=tiny_en)
    assert word_error_rate(talk_text, mixed.text) <= WORD_ERRORS
    picked = mr.Audio(samples=stereo.samples[:1], sample_rate=16_000)
    assert word_error_rate(talk_text, rack.transcribe(as_wav(rack, picked), model=tiny_en).text) > 5 * WORD_ERRORS


def test_a_wrong_rate_would_be_noticed(rack, spoken, tiny_en, talk_text):
    wrong = mr.Audio(samples=spoken.samples, sample_rate=28_000)
    assert word_error_rate(talk_text, rack.transcribe(as_wav(rack, wrong), model=tiny_en).text) > 5 * WORD_ERRORS


def as_wav(rack, audio: mr.Audio) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        return rack.write_audio(audio, Path(directory) / "a.wav", encoding="float32").read_bytes()


def test_audio_in_memory_at_any_rate_gives_the_same(rack, talk, tiny_en, transcript):
    audio = rack.read_audio(talk)
    assert audio.sample_rate == 48_000
    assert rack.transcribe(audio, model=tiny_en).text == transcript.text


def test_bytes_and_file_objects_give_the_same(rack, talk, tiny_en, transcript):
    assert rack.transcribe(io.BytesIO(talk.read_bytes()), model=tiny_en).text == transcript.text


class Silence:
    """A decoder that decodes nothing but silence."""

    def read_audio(self, source, request, call):
        header = AudioHeader(sample_rate=16_000, channels=1, start_seconds=0.0, expected_samples=16_000 * 44)
        block = mr.Audio(samples=np.zeros((1, 16_000 * 44), np.float32), sample_rate=16_000)
        return Stream(header, iter([block]))


def test_with_silence_in_place_of_the_decoder_nothing_is_said(talk, tiny_en):
    """The mutation that shows that the words come from the sound."""
    plugin = ModuleType("silence")
    plugin.PLUGIN_API = 1
    spec = BackendSpec(
        capability="read_audio", name="silence", implementation=f"{__name__}:Silence", engine="numpy", imports="numpy",
        features=frozenset({"resample", "channels"}), light=True, priority=99,
    )  # fmt: skip
    plugin.mediarack_backends = hookimpl(specname="mediarack_backends")(lambda: [spec])
    import sys

    import mediarack_asr._plugin as asr

    sys.modules[__name__] = sys.modules.get(__name__) or ModuleType(__name__)
    sys.modules[__name__].Silence = Silence
    with mr.Rack(plugins=[plugin, asr]) as rack:
        transcript = rack.transcribe(talk, model=tiny_en)
    assert transcript.provenance.calls[0].backend == "silence"
    assert transcript.segments == ()
    assert transcript.text == ""


def test_the_language_is_found_and_can_be_given_by_name_or_code(rack, base):
    found = rack.transcribe(MEDIA / "fr-bonjour.wav", model=base)
    assert found.language == "fr"
    assert found.info.language_confidence > 0.5
    assert normalise(found.text) == "bonjour le monde"
    for language in ("French", "fr", "fr-CA"):
        given = rack.transcribe(MEDIA / "fr-bonjour.wav", model=base, language=language)
        assert (given.language, given.info.language_confidence) == ("fr", None)
        assert given.text == found.text


def test_translation_gives_english(rack, base):
    found = rack.transcribe(MEDIA / "fr-bonjour.wav", model=base, task="translate")
    assert found.language == "fr"
    assert normalise(found.text).startswith("hello")


def test_an_english_model_refuses_what_it_would_only_warn_of(rack, tiny_en):
    with pytest.raises(mr.BadInput, match="knows English alone, not 'fr'"):
        rack.transcribe(MEDIA / "fr-bonjour.wav", model=tiny_en, language="French")
    with pytest.raises(mr.BadInput, match="cannot translate"):
        rack.transcribe(MEDIA / "fr-bonjour.wav", model=tiny_en, task="translate")


def test_an_initial_prompt_steers_spelling(rack, talk, tiny_en, transcript):
    prompted = rack.transcribe(talk, model=tiny_en, initial_prompt="IT WAS THE AGE OF CAPITALS, IT WAS THE YEAR")
    assert prompted.text != transcript.text


def test_the_model_stays_loaded_between_calls(rack, talk, tiny_en):
    """A second and third file cost no load: the loaded object is the same."""
    from mediarack_asr import faster_whisper

    loads = []
    original = faster_whisper._load
    faster_whisper._load = lambda *args: loads.append(1) or original(*args)
    try:
        with mr.Rack() as own:
            outcomes = list(own.transcribe_each([MEDIA / "fr-bonjour.wav"] * 3, model=tiny_en, vad=False))
    finally:
        faster_whisper._load = original
    assert all(outcome.transcript for outcome in outcomes)
    assert loads == [1]


def test_two_threads_share_a_rack(rack, tiny_en, spoken):
    clip = mr.Audio(samples=spoken.samples[:, : 16_000 * 8], sample_rate=16_000)
    texts = []
    threads = [
        threading.Thread(target=lambda: texts.append(rack.transcribe(clip, model=tiny_en).text)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 2
    assert texts[0] == texts[1] != ""


def test_the_engines_own_options_fix_the_backend(rack, talk, tiny_en):
    from mediarack_asr import FasterWhisperOptions

    found = rack.transcribe(talk, model=tiny_en, options=FasterWhisperOptions(compute_type="int8", beam_size=1))
    assert found.provenance.details["compute_type"].startswith("int8")


def test_without_weights_the_error_names_every_place_and_what_to_do(talk, tmp_path):
    with mr.Rack(mr.Config(offline=True, weights_dirs=(tmp_path,))) as rack:
        with pytest.raises(mr.BackendUnavailable) as caught:
            rack.transcribe(talk, backend="faster-whisper", model="medium")
    message = str(caught.value)
    assert str(tmp_path / "medium") in message
    assert "hub's cache" in message
    assert "1528 MB" in message
    assert "mediarack models pull faster-whisper medium --to DIR" in message


def test_a_model_that_is_damaged_is_told(tmp_path, talk, tiny_en, rack):
    for file in tiny_en.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:1000])
    with pytest.raises(mr.BackendUnavailable, match="cannot be loaded"):
        rack.transcribe(talk, model=tmp_path)


def test_every_language_the_engine_knows_has_a_name():
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    spec = next(b.spec for b in Registry().backends if b.spec.name == "faster-whisper")
    assert set(spec.languages.values()) == set(_LANGUAGE_CODES)


def test_every_model_the_engine_knows_is_known_by_the_same_repository():
    from faster_whisper.utils import _MODELS

    assert {w.name: w.repo for w in Registry().weights if w.backend == "faster-whisper"} == _MODELS
