"""separate: stems of the source's own rate, channels and length that add up to it."""

from __future__ import annotations

import numpy as np
import pytest

from mediarack.media import Stems, StemsHeader
from mediarack.testing.checks.audio_reading import joined
from mediarack.testing.media import tones, wav
from mediarack.testing.subject import Subject, check

_GROUPS = ({"speech", "rest"}, {"vocals", "drums", "bass", "other"}, {"vocals", "instrumental"})
"""Stems that together are all of the sound."""
_RESIDUE = 1e-3
"""Stems are sums of floats that may have been resampled: -60 dB."""
_MOST_OF_IT = 0.5
"""Of the power of clean speech; a separator that works keeps 0.9 and more of it."""


def assert_are_stems(header: StemsHeader, blocks: list[Stems]) -> None:
    position = 0
    for number, block in enumerate(blocks):
        assert block.samples.dtype == np.float32
        assert block.samples.ndim == 3, f"samples must be [stems, channels, samples], not {block.samples.shape}"
        assert (block.names, block.sample_rate) == (header.names, header.sample_rate)
        assert block.samples.shape[:2] == (len(header.names), header.channels)
        expected = header.start_seconds + position / header.sample_rate
        assert block.start_seconds == pytest.approx(expected, abs=0.5 / header.sample_rate), f"block {number}: a gap"
        last = number == len(blocks) - 1
        assert last or block.samples.shape[2] >= block.sample_rate, "a block is a second or more unless it is the last"
        position += block.samples.shape[2]
    assert np.isfinite(joined(blocks)).all()


@check("separate", inputs=("bytes",))
def stems_are_as_long_as_the_source(subject: Subject) -> None:
    for rate, frequencies in ((44_100, (440.0, 1000.0)), (16_000, (440.0,)), (48_000, (300.0, 400.0))):
        audio = tones(frequencies, sample_rate=rate, seconds=2.345)
        header, blocks = subject.whole(wav(audio))
        assert_are_stems(header, blocks)
        assert (header.names, header.sample_rate, header.channels) == (subject.stems, rate, len(frequencies))
        assert joined(blocks).shape == (len(subject.stems), *audio.samples.shape)
        assert header.expected_samples in (None, audio.num_samples)


@check("separate")
def stems_add_up_to_the_source(subject: Subject) -> None:
    groups = [tuple(sorted(group)) for group in _GROUPS if group <= set(subject.stems)]
    if not groups:
        pytest.skip(f"nobody knows which of {', '.join(subject.stems)} are all of the sound")
    for group in groups:
        _, blocks = subject.whole(subject.source, subject.request(stems=group))
        difference = joined(blocks).sum(axis=0) - tones().samples
        assert np.abs(difference).max() <= _RESIDUE, f"{' + '.join(group)} is not the source"


@check("separate", features=("stem:speech",), inputs=("path",))
def speech_goes_into_its_stem(subject: Subject) -> None:
    if subject.given.speech is None:
        pytest.skip("give contract(speech=FILE) to test which stem is the speech")
    whole = subject.rack.read_audio(subject.given.speech).samples
    _, blocks = subject.whole(subject.given.speech, subject.request(stems=("speech",)))
    share = float(np.square(joined(blocks)).sum() / np.square(whole).sum())
    assert share > _MOST_OF_IT, f"{share:.0%} of the power of a recording of speech is in its stem speech"


@check("separate")
def stems_come_in_the_order_asked_for(subject: Subject) -> None:
    backwards = subject.stems[::-1]
    header, blocks = subject.whole(subject.source, subject.request(stems=backwards))
    assert header.names == backwards
    forwards = joined(subject.whole(subject.source)[1])
    assert np.abs(joined(blocks)[::-1] - forwards).max() <= _RESIDUE
    for stem in subject.stems:
        header, blocks = subject.whole(subject.source, subject.request(stems=(stem,)))
        assert header.names == (stem,)
        assert joined(blocks).shape[0] == 1
