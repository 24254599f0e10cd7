"""transcribe: the form of a transcript, and what was said where the author gave a recording."""

from __future__ import annotations

import difflib
import re

import numpy as np
import pytest

from mediarack.media import Audio
from mediarack.testing.subject import Subject, check
from mediarack.transcript import Segment, SpeechInfo

_ALIKE = 0.8
"""Of the words given and found, in order. A small model on clear speech has 0.95 and more; other speech 0.3."""


def transcript(subject: Subject, **asked: object) -> tuple[SpeechInfo, list[Segment]]:
    header, segments = subject.whole(subject.source, subject.request(**asked))
    assert isinstance(header, SpeechInfo)
    return header, segments


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@check("transcribe")
def segments_lie_in_order_within_the_recording(subject: Subject) -> None:
    header, segments = transcript(subject)
    duration = subject.sound.duration
    assert header.language in subject.spec.languages.values(), f"{header.language!r} is no code of the spec"
    assert header.language_confidence is None or 0 <= header.language_confidence <= 1
    assert header.duration is None or header.duration == pytest.approx(duration, abs=0.1)
    assert header.task == "transcribe"
    for segment in segments:
        assert 0 <= segment.start <= segment.end <= duration + 1.0
        assert segment.text == segment.text.strip() != ""
        assert segment.confidence is None or 0 <= segment.confidence <= 1
        assert all(isinstance(seconds, float) for seconds in (segment.start, segment.end))
        assert segment.words == (), "word times were not asked for"
    starts = [segment.start for segment in segments]
    assert starts == sorted(starts)


@check("transcribe")
def what_was_said_is_found(subject: Subject) -> None:
    if subject.given.speech is None or subject.given.text is None:
        pytest.skip("give contract(speech=FILE, text=WHAT_IS_SAID) to test what is found")
    found = words(" ".join(segment.text for segment in transcript(subject)[1]))
    alike = difflib.SequenceMatcher(None, words(subject.given.text), found, autojunk=False).ratio()
    assert alike >= _ALIKE, f"{alike:.2f} of the words are right in {' '.join(found)!r}"


@check("transcribe", features=("word_times",))
def words_lie_within_their_segments(subject: Subject) -> None:
    for segment in transcript(subject, word_times=True)[1]:
        assert words("".join(word.text for word in segment.words)) == words(segment.text.replace(" ", ""))
        times = [seconds for word in segment.words for seconds in (word.start, word.end)]
        assert times == sorted(times)
        assert all(segment.start - 0.5 <= seconds <= segment.end + 0.5 for seconds in times)
        assert all(word.confidence is None or 0 <= word.confidence <= 1 for word in segment.words)
        assert all(word.text == word.text.strip() != "" for word in segment.words)


@check("transcribe", features=("vad",), inputs=("audio",))
def silence_says_nothing(subject: Subject) -> None:
    silence = Audio(samples=np.zeros((1, 16_000 * 5), np.float32), sample_rate=16_000)
    _, segments = subject.whole(silence)
    assert segments == []


@check("transcribe")
def a_language_can_be_given(subject: Subject) -> None:
    header, _ = transcript(subject)
    named = {code: name for name, code in subject.spec.languages.items()}
    given, _ = transcript(subject, language=named[header.language])
    assert (given.language, given.language_confidence) == (header.language, None)
