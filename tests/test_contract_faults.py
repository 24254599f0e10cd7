"""The contract finds what is wrong: real backends with one fault each. Those of a reader of sound: test_plugins.py."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

import mediarack as mr
import mediarack.testing.checks  # fills CHECKS
from mediarack.testing.subject import CHECKS, Given, Subject

SAID = "It was the best of times, it was the worst of times."


@dataclass(frozen=True)
class Fault:
    """``change`` makes of each item of the backend's stream what comes instead; None leaves it out."""

    capability: str
    found_by: str
    change: Callable[[Any], Any]


FAULTS = {
    "a tick late": Fault("read_frames", "all_frames_come_in_order", lambda frame: replace(frame, pts=frame.pts + 1)),
    "upside down": Fault(
        "read_frames", "all_frames_come_in_order", lambda frame: replace(frame, image=frame.image[::-1].copy())
    ),
    "colours changed over": Fault(
        "read_frames", "white_is_white_and_black_is_black", lambda frame: replace(frame, image=255 - frame.image)
    ),
    "hardly any speech": Fault(
        "separate", "speech_goes_into_its_stem", lambda stems: replace(stems, samples=stems.samples * 0.1)
    ),
    "an order of its own": Fault(
        "separate",
        "stems_come_in_the_order_asked_for",
        lambda stems: stems if stems.names[0] == "rest" else replace(stems, samples=stems.samples[::-1]),
    ),
    "stems too loud": Fault(
        "separate", "stems_add_up_to_the_source", lambda stems: replace(stems, samples=stems.samples * 1.1)
    ),
    "the last second lost": Fault(
        "separate", "stems_are_as_long_as_the_source", lambda s: s if s.samples.shape[2] >= s.sample_rate else None
    ),
    "milliseconds": Fault(
        "transcribe",
        "segments_lie_in_order_within_the_recording",
        lambda segment: replace(segment, end=segment.end * 1000),
    ),
    "nothing heard": Fault("transcribe", "what_was_said_is_found", lambda segment: None),
    "silence": Fault(
        "speak",
        "speech_is_to_be_heard",
        lambda part: replace(part, audio=replace(part.audio, samples=part.audio.samples * 0)),
    ),
    "half of the text": Fault(
        "speak", "all_of_the_text_is_told", lambda part: replace(part, segment=replace(part.segment, text="It was"))
    ),
    "each part from 0": Fault(
        "speak",
        "parts_follow_one_another",
        lambda part: replace(part, segment=replace(part.segment, start=0.0, end=part.segment.end - part.segment.start)),
    ),
}


@pytest.fixture(scope="module")
def given(rack, talk, tiny_en, tmp_path_factory) -> Given:
    speech = rack.extract_audio(talk, tmp_path_factory.mktemp("said") / "speech.wav", end=5.2)
    return Given(models={"faster-whisper": str(tiny_en)}, speech=speech, text=SAID)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_backend_is_found(name, given, tmp_path, monkeypatch):
    fault = FAULTS[name]
    with mr.Rack() as rack:
        backend = next(b for b in rack.registry.backends if b.spec.capability == fault.capability)
        check = next(listed for listed in CHECKS if listed.function.__name__ == fault.found_by)
        assert check.suits(backend.spec)
        subject = Subject(backend=backend, rack=rack, directory=tmp_path, given=given)
        check.function(subject)

        module, _, kind = backend.spec.implementation.partition(":")
        real = getattr(getattr(importlib.import_module(module), kind), fault.capability)

        def faulty(self: Any, source: Any, request: Any, call: Any) -> Any:
            stream = real(self, source, request, call)
            changed = (other for item in stream if (other := fault.change(item)) is not None)
            return mr.Stream(stream.header, changed, close=stream.close)

        monkeypatch.setattr(getattr(importlib.import_module(module), kind), fault.capability, faulty)
        with pytest.raises(AssertionError):
            check.function(subject)
