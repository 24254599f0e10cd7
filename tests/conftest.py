from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def long_talk(tmp_path_factory) -> Path:
    """An hour: the talk's sound 81 times over."""
    from long_sound import repeated_talk

    return repeated_talk(tmp_path_factory.mktemp("long") / "hour.m4a", 81)


@pytest.fixture(scope="session")
def two_hours(tmp_path_factory) -> Path:
    from long_sound import repeated_talk

    return repeated_talk(tmp_path_factory.mktemp("long") / "two-hours.m4a", 162)
