"""Every installed backend keeps the contract: those of new packages are found by themselves."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from weights import tiny_en

from mediarack.testing import contract

DIRECTORY = tempfile.TemporaryDirectory(prefix="mediarack-contracts-")
SPEECH = Path(DIRECTORY.name) / "speech.wav"


@pytest.fixture(scope="module", autouse=True)
def speech(rack, talk):
    """The talk's first words: the shorter, the less a model has to do."""
    rack.extract_audio(talk, SPEECH, end=5.2)


TestContract = contract(
    models={"faster-whisper": tiny_en()}, speech=SPEECH, text="It was the best of times, it was the worst of times."
)
