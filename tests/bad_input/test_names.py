"""Any name that the file system allows is only a name: to read from, and to write to."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NAMES = {
    "spaces": " a  b .wav",
    "double quote": 'a"b.wav',
    "single quotes": "'a''b'.wav",
    "newline": "a\nb.wav",
    "tab and carriage return": "a\tb\rc.wav",
    "percent": "a%03d%%20%s.wav",
    "leading dash": "-a.wav",
    "an option": "-i",
    "a help option": "--help.wav",
    "a protocol": "http:a.wav",
    "pipe protocol": "pipe:0",
    "concat protocol": "concat:a.wav|b.wav",
    "a filter's separators": "a,b;c[d]=e:f\\g.wav",
    "shell": "$(touch x) `touch y` & > z;*?{a,b}~.wav",
    "other scripts": "音声-ümlaut-🎵.wav",
    "not UTF-8": os.fsdecode(b"a\xff\xfeb.wav") if os.name == "posix" else None,
    "the longest": "a" * 251 + ".wav",
    "no suffix": "a",
    "another suffix": "a.mp4",
    "a hidden file": ".wav",
}
NAMES = {case: name for case, name in NAMES.items() if name is not None}
if sys.platform == "win32":  # where few of them are allowed
    NAMES = {case: NAMES[case] for case in ("percent", "leading dash", "an option", "other scripts", "no suffix")}
elif sys.platform == "darwin":  # whose file system takes names in UTF-8 alone
    del NAMES["not UTF-8"]


@pytest.mark.parametrize("case", NAMES)
def test_reading(
    probe: Callable[..., Any],
    read_audio: Callable[..., Any],
    wav: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    shutil.copy(wav, tmp_path / NAMES[case])
    monkeypatch.chdir(tmp_path)
    whole = read_audio(wav).samples
    assert probe(Path(NAMES[case])).audio.sample_rate == 48_000
    assert np.array_equal(read_audio(Path(NAMES[case])).samples, whole)
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[case]]


@pytest.mark.parametrize("case", [case for case, name in NAMES.items() if Path(name).suffix == ".wav"])
def test_writing(
    rack: Any,
    write_audio: Callable[..., Any],
    wav: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    audio = rack.read_audio(wav)
    assert write_audio(audio, NAMES[case]) == Path(NAMES[case])
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[case]]
    assert np.array_equal(rack.read_audio((tmp_path / NAMES[case]).read_bytes()).samples, audio.samples)


@pytest.mark.parametrize("case", [case for case, name in NAMES.items() if Path(name).suffix == ".wav"])
def test_pictures(
    rack: Any,
    write_image: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    name = NAMES[case].removesuffix(".wav") + ".png"
    picture = np.random.default_rng(0).integers(0, 255, (9, 7, 3), np.uint8)
    write_image(picture, name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert np.array_equal(rack.read_frames(Path(name)).images[0], picture)
