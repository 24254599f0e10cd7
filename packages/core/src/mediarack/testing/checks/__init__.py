"""The contract, a module for each part of it. Importing this lists all checks in mediarack.testing.subject.CHECKS."""

from __future__ import annotations

from mediarack.testing.checks import (
    audio_reading,
    audio_writing,
    calls,
    frame_reading,
    image_writing,
    probing,
    separation,
    sources,
    speaking,
    specs,
    transcription,
)

__all__ = [
    "audio_reading",
    "audio_writing",
    "calls",
    "frame_reading",
    "image_writing",
    "probing",
    "separation",
    "sources",
    "speaking",
    "specs",
    "transcription",
]
