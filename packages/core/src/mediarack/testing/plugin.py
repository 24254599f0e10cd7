"""Fixtures for an author's own tests: ``pytest -p mediarack.testing.plugin``, or in conftest.py
``pytest_plugins = ["mediarack.testing.plugin"]``.

It is not loaded by itself: whoever merely has mediarack installed gets no fixture called ``rack``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mediarack.media import Audio
from mediarack.rack import Rack
from mediarack.testing.media import numbered_video, tones, wav


@pytest.fixture(scope="session")
def rack() -> Iterator[Rack]:
    """A Rack with the installed plugins; models stay loaded from test to test."""
    with Rack() as made:
        yield made


@pytest.fixture
def make_wav(tmp_path: Path) -> Callable[..., Path]:
    """``make_wav("a.wav", audio)``: a WAV file of 16 bits; without audio, the tones of mediarack.testing.tones()."""

    def make(name: str = "sound.wav", audio: Audio | None = None) -> Path:
        path = tmp_path / name
        path.write_bytes(wav(tones() if audio is None else audio))
        return path

    return make


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """``make_video("a.y4m", count=50)``: numbered pictures, as mediarack.testing.numbered_video makes them."""

    def make(name: str = "video.y4m", count: int = 50) -> Path:
        path = tmp_path / name
        path.write_bytes(numbered_video(count))
        return path

    return make
