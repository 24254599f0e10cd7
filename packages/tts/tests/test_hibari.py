"""Speech by the real engine, against the engine's own API and against what Whisper hears."""

from __future__ import annotations

import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

import jiwer
import numpy as np
import pytest
from hibari import Hibari

import mediarack as mr

TEXT = (
    "The clock in the hall struck seven. Nobody had slept, and nobody said so! "
    "Would the letter come today? It lay on the table already."
)
normalise = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.RemoveMultipleSpaces(), jiwer.Strip()])


@pytest.fixture(scope="module")
def speech(rack):
    return rack.speak(TEXT, seed=1)


def test_whisper_hears_what_was_said(rack, speech, base):
    heard = rack.transcribe(speech.audio, model=base, language="en", threads=1).text
    # Base makes no error in these 24 words, but for how it writes a number; a lost sentence costs 5 or more.
    assert jiwer.wer(normalise(TEXT), normalise(heard.replace("7", "seven"))) < 0.09


def test_the_samples_are_those_of_the_engines_own_api(speech):
    engine = Hibari(threads=speech.provenance.threads)
    assert np.array_equal(speech.audio.samples[0], engine(TEXT, seed=1))
    assert (speech.audio.sample_rate, speech.audio.num_channels) == (24_000, 1)


def test_each_sentence_is_a_part_with_its_text_and_times(speech):
    assert [segment.text for segment in speech.segments] == [
        "The clock in the hall struck seven.",
        "Nobody had slept, and nobody said so!",
        "Would the letter come today?",
        "It lay on the table already.",
    ]
    starts, ends = [s.start for s in speech.segments], [s.end for s in speech.segments]
    assert starts == [0.0, *ends[:-1]]
    assert ends[-1] == pytest.approx(speech.audio.duration)


def test_a_part_holds_its_own_words(rack, base):
    with rack.iter_speech(TEXT, seed=1) as parts:
        heard = [normalise(rack.transcribe(part.audio, model=base, language="en", threads=1).text) for part in parts]
    for last_word, text in zip(["7 seven", "so", "today", "already"], heard, strict=True):
        assert text.split()[-1] in last_word.split()


def test_between_sentences_there_is_a_pause(speech):
    """The engine's own: about 0.7 s, of which 0.35 s was asked for."""
    samples, rate = speech.audio.samples[0], speech.audio.sample_rate
    for segment in speech.segments[:-1]:
        around = samples[round((segment.end - 0.18) * rate) : round((segment.end + 0.18) * rate)]
        assert np.abs(around).max() < 0.1 * np.abs(samples).max()


def test_a_seed_fixes_the_samples_and_without_one_they_differ(rack):
    first, second = (rack.speak("Good morning.", seed=5).audio.samples for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(rack.speak("Good morning.").audio.samples, rack.speak("Good morning.").audio.samples)


def test_speed_changes_the_length(rack, speech):
    assert rack.speak(TEXT, speed=0.5).audio.duration == pytest.approx(2 * speech.audio.duration, rel=0.05)
    assert rack.speak(TEXT, speed=1.5).audio.duration < 0.8 * speech.audio.duration


@pytest.mark.parametrize("speed", [0.25, 4.0])
def test_a_speed_the_engine_does_not_keep_is_refused(rack, speed):
    with pytest.raises(mr.BadInput, match=r"hibari speaks at 0\.5 to 2 times"):
        rack.speak("Hello.", speed=speed)


@pytest.mark.parametrize("text", ["Hello 你好 world.", "نعم", "नमस्ते", "Take ⅓ cup.", "(⑴)"])
def test_what_would_vanish_is_told_before_anything_is_spoken(rack, text):
    with pytest.raises(mr.BadInput, match="cannot speak"):
        rack.speak(f"First a good sentence. {text}")


def test_no_letter_or_digit_is_left_out_in_silence(rack):
    """Of the first planes of Unicode: each is either refused or gives the engine something to say."""
    import hibari

    from mediarack_tts.hibari import HibariSpeaker

    class Call:
        weights, threads = str(Path(hibari.__file__).parent / "assets"), 1

    voice = HibariSpeaker()._voice(Call)
    silent = []
    for character in (chr(code) for code in range(0x2FFF) if chr(code).isalnum()):
        try:
            text = voice.readable(f"{character} .")
        except mr.BadInput:
            continue
        spoken = "".join(phonemes for _, phonemes in voice.parts(text))
        if not any(phoneme.isalpha() for phoneme in spoken):
            silent.append(f"{character} {unicodedata.name(character)}")
    assert silent == []


def test_letters_and_accents_written_apart_are_read_together(rack):
    whole, apart = "The café is open.", unicodedata.normalize("NFD", "The café is open.")
    assert apart != whole
    assert np.array_equal(rack.speak(whole, seed=1).audio.samples, rack.speak(apart, seed=1).audio.samples)


def test_a_long_unknown_word_is_spoken_to_its_end(rack):
    word = "Blimborgadellumfrantopsivakender"  # 32 letters; the engine's own reading stops after 24
    whole, cut = (rack.speak(text, seed=1).audio.duration for text in (word, word[:24]))
    assert whole > cut + 0.2


def test_the_longest_number_is_spoken_in_one_piece(rack):
    """Seven has the longest name; cut in two it would be heard as two numbers."""
    assert [segment.text for segment in rack.speak("$" + "7" * 27, seed=1).segments] == ["$" + "7" * 27]


@pytest.mark.parametrize("digit", ["9", "９", "₉"], ids=["plain", "full-width", "subscript"])
def test_a_number_too_long_to_be_read_is_told(rack, digit):
    with pytest.raises(mr.BadInput, match="more than 27 digits"):
        rack.speak(digit * 28)


def test_a_pronunciation_in_the_text_is_heard_and_not_shown(rack):
    assert [s.text for s in rack.speak("Say [hibari](/hibˈɑɹi/) now.").segments] == ["Say hibari now."]


def test_a_sentence_too_long_for_the_engine_comes_in_pieces_with_their_own_text(rack):
    sentence = "one two three four five six seven eight nine ten, " * 30
    with rack.iter_speech(sentence) as parts:
        texts = [(part.segment.text, part.audio.duration) for part in parts]
    assert " ".join(text for text, _ in texts).split() == sentence.split()
    assert max(seconds for _, seconds in texts) < 40


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"voice": "emma"}, "has no voice 'emma' \\(it has heart\\)"),
        ({"language": "German"}, "does not know the language 'German'"),
        ({"model": "large"}, "knows no model 'large'"),
    ],
)
def test_what_is_not_in_the_wheel_is_refused_and_never_downloaded(rack, monkeypatch, how, reason):
    import urllib.request

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("a download"))
    with pytest.raises(mr.BackendUnavailable, match=reason):
        rack.speak("Hello.", **how)


def test_a_directory_without_the_model_is_told(rack, tmp_path):
    with pytest.raises(mr.BackendUnavailable, match=r"lacks hibari\.onnx"):
        rack.speak("Hello.", model=tmp_path)


def test_cancelling_ends_between_sentences(rack):
    token = mr.CancelToken()
    with pytest.raises(mr.Cancelled):
        with rack.iter_speech("A short sentence. " * 500, cancel=token) as parts:
            for number, _ in enumerate(parts):
                assert number < 3
                if number == 2:
                    token.cancel()


def test_progress_counts_characters_to_the_end(rack):
    seen = []
    rack.speak(TEXT, progress=seen.append)
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert (done[-1], seen[-1].total, seen[-1].unit) == (len(TEXT), len(TEXT), "characters")


def test_threads_share_the_model_without_disturbing_one_another(rack, speech):
    found = []
    threads = [threading.Thread(target=lambda: found.append(rack.speak(TEXT, seed=1))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.array_equal(other.audio.samples, speech.audio.samples) for other in found)


BOOK = """
import json, resource, sys
import mediarack as mr

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
peaks = []
with mr.iter_speech("It was the best of times, it was the worst of times, and nobody knew. " * 100) as parts:
    for number, part in enumerate(parts):
        if number in (20, 99):
            peaks.append(peak())
json.dump(peaks, sys.stdout)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs getrusage")
def test_a_long_text_is_spoken_in_bounded_memory():
    done = subprocess.run([sys.executable, "-c", BOOK], capture_output=True, text=True, check=True)
    import json

    early, late = json.loads(done.stdout)
    # The 79 sentences between are 6 minutes, 34 MB of samples, which must not stay.
    assert late - early < 15e6
