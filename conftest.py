"""Fixtures for the tests of all packages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

import mediarack as mr

ROOT = Path(__file__).parent

# Whisper's threads otherwise spin while they wait for one another: beside other work 20 s of speech took 10 s, and 4 s
# like this (1.4 and 1.8 s on a quiet machine). Read when the engine's library is loaded, here or in a child.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A profile holds for all tests there are, so both are told here: no deadline, for machines are busy, and the many
# examples of `--hypothesis-profile=long`.
settings.register_profile("usual", settings.default, deadline=None)
settings.register_profile("long", max_examples=1000, deadline=None)
settings.load_profile("usual")


@pytest.fixture(scope="session")
def talk() -> Path:
    """44 s of a person reading, with a picture (see demo/assets/README.md)."""
    return ROOT / "demo" / "assets" / "talk.mp4"


@pytest.fixture(scope="session")
def talk_text() -> str:
    return (ROOT / "demo" / "assets" / "talk.reference.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def tiny_en() -> Path:
    """Whisper tiny.en."""
    from weights import tiny_en

    return tiny_en()


@pytest.fixture(scope="session")
def base() -> Path:
    """Whisper base, multilingual."""
    from weights import base

    return base()


@pytest.fixture(scope="session")
def rack() -> mr.Rack:
    """One Rack with the installed plugins, so that models are loaded once."""
    rack = mr.Rack()
    yield rack
    rack.close()
