"""speak: parts that follow one another, with their times."""

from __future__ import annotations

import numpy as np
import pytest

from mediarack.errors import BackendUnavailable
from mediarack.testing.checks.audio_reading import joined
from mediarack.testing.checks.transcription import words
from mediarack.testing.subject import Subject, check
from mediarack.transcript import Spoken

_AUDIBLE = 1e-3
"""Root mean square: -60 dB."""


def spoken(subject: Subject, **asked: object) -> list[Spoken]:
    parts: list[Spoken] = subject.whole(subject.source, subject.request(**asked))[1]
    return parts


def seconds(parts: list[Spoken]) -> float:
    return sum(part.audio.duration for part in parts)


@check("speak")
def parts_follow_one_another(subject: Subject) -> None:
    header, parts = subject.whole(subject.source)
    end = 0.0
    for part in parts:
        assert isinstance(part, Spoken)
        audio, segment = part.audio, part.segment
        assert audio.samples.dtype == np.float32
        assert (audio.num_channels, audio.sample_rate) == (header.channels, header.sample_rate)
        step = 1.5 / audio.sample_rate
        assert segment.start == pytest.approx(end, abs=step), "a part begins where the one before ends"
        assert segment.end - segment.start == pytest.approx(audio.duration, abs=step)
        assert audio.start_seconds == pytest.approx(segment.start, abs=step)
        end = segment.end
    assert parts


@check("speak")
def all_of_the_text_is_told(subject: Subject) -> None:
    assert words(" ".join(part.segment.text for part in spoken(subject))) == words(subject.text)


@check("speak")
def speech_is_to_be_heard(subject: Subject) -> None:
    samples = joined([part.audio for part in spoken(subject)])
    assert np.isfinite(samples).all()
    assert np.sqrt(np.mean(samples**2)) > _AUDIBLE
    assert np.abs(samples).max() <= 1.5, "samples are nominally -1..1"


@check("speak")
def the_voice_and_its_language_are_told(subject: Subject) -> None:
    spec = subject.spec
    for voice, language in list(spec.voices.items())[:2]:
        header, _ = subject.whole(subject.source, subject.request(voice=voice))
        assert (header.voice, header.language) == (voice, language)
    header, _ = subject.whole(subject.source)
    if spec.voices:
        assert header.voice == next(iter(spec.voices)), "the first voice of the spec is the default"
        with pytest.raises(BackendUnavailable, match="has no voice"):
            subject.whole(subject.source, subject.request(voice="nobody at all"))


@check("speak", features=("speed",))
def a_higher_speed_takes_less_time(subject: Subject) -> None:
    slow, fast = (seconds(spoken(subject, speed=speed)) for speed in (1.0, 1.5))
    assert fast < 0.85 * slow, f"{slow:.2f} s at speed 1, {fast:.2f} s at 1.5"


@check("speak", features=("seed",))
def the_same_seed_gives_the_same_samples(subject: Subject) -> None:
    one, other = (joined([part.audio for part in spoken(subject, seed=7)]) for _ in range(2))
    assert np.array_equal(one, other)
