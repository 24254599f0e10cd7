"""Every test here runs over all installed backends of the capability it exercises, and must leave nothing behind.

A test that asks for the fixtures ``probe``, ``read_audio``, ``read_frames``, ``write_audio`` or ``write_image`` runs
once for each backend that has all of those it asks for; one that asks for ``read`` runs once for each of the reading
verbs and each of its backends.
"""

from __future__ import annotations

import functools
import gc
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from layouts import Pictures, Sound, write

import mediarack as mr

READING = ("probe", "read_audio", "read_frames")
WRITING = ("write_audio", "write_image")


@functools.cache
def backends(capability: str) -> tuple[str, ...]:
    """Names of those whose requirements are met here."""
    with mr.Rack() as rack:
        found = [b for b in rack.registry.backends if b.spec.capability == capability and not b.unmet_requirements]
    assert found, f"no backend for {capability} is installed: these tests would say nothing"
    return tuple(b.spec.name for b in found)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    wanted = [name for name in (*READING, *WRITING) if name in metafunc.fixturenames]
    if wanted:
        names = [name for name in backends(wanted[0]) if all(name in backends(other) for other in wanted)]
        metafunc.parametrize("backend", names)
    if "read" in metafunc.fixturenames:
        pairs = [(capability, name) for capability in READING for name in backends(capability)]
        metafunc.parametrize("read", pairs, indirect=True, ids=["-".join(pair) for pair in pairs])


@pytest.fixture
def probe(rack: mr.Rack, backend: str) -> Callable[..., mr.MediaInfo]:
    return functools.partial(rack.probe, backend=backend)


@pytest.fixture
def read_audio(rack: mr.Rack, backend: str) -> Callable[..., mr.Audio]:
    return functools.partial(rack.read_audio, backend=backend)


@pytest.fixture
def read_frames(rack: mr.Rack, backend: str) -> Callable[..., mr.Frames]:
    return functools.partial(rack.read_frames, backend=backend)


@pytest.fixture
def write_audio(rack: mr.Rack, backend: str) -> Callable[..., Path]:
    return functools.partial(rack.write_audio, backend=backend)


@pytest.fixture
def write_image(rack: mr.Rack, backend: str) -> Callable[..., Path]:
    return functools.partial(rack.write_image, backend=backend)


@dataclass(frozen=True)
class Read:
    """One reading verb through one backend."""

    rack: mr.Rack
    capability: str
    backend: str

    def __call__(self, source: Any, **asked: Any) -> Any:
        return getattr(self.rack, self.capability)(source, backend=self.backend, **asked)


@pytest.fixture
def read(rack: mr.Rack, request: pytest.FixtureRequest) -> Read:
    return Read(rack, *request.param)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``made("a.mp4", Pictures(...), Sound(...))`` is that file; what is made once is kept."""
    directory = tmp_path_factory.mktemp("made")

    def make(name: str, *streams: Sound | Pictures, format: str | None = None, **options: str) -> Path:
        path = directory / name
        return path if path.exists() else write(path, *streams, format=format, **options)

    return make


@pytest.fixture(scope="session")
def wav(made: Callable[..., Path]) -> Path:
    """A second of mono at 48 kHz."""
    return made("sound.wav", Sound(codec="pcm_s16le"))


@pytest.fixture(scope="session")
def mp4(made: Callable[..., Path]) -> Path:
    """A second of H.264 and AAC; the index is at the end."""
    return made("film.mp4", Pictures(codec="libx264"), Sound(codec="aac"))


@pytest.fixture(scope="session")
def used_once(rack: mr.Rack, mp4: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What engines open once for ever (and the trial import in a process of its own) is open."""
    for capability in READING:
        for name in backends(capability):
            Read(rack, capability, name)(mp4)
    directory = tmp_path_factory.mktemp("written")
    for name in backends("write_audio"):
        audio = mr.Audio(samples=np.zeros((1, 100), np.float32), sample_rate=8000)
        rack.write_audio(audio, directory / "a.wav", backend=name)
    for name in backends("write_image"):
        rack.write_image(np.zeros((8, 8, 3), np.uint8), directory / "a.png", backend=name)
    gc.collect()
    gc.freeze()  # so that the collection before and after each test looks at what is new alone


def descriptors() -> list[str]:
    """What this process has open, each by the name of what it leads to."""
    directory = Path("/proc/self/fd")
    if directory.is_dir():
        return sorted(str(path.readlink()) for path in directory.iterdir() if path.is_symlink())
    if sys.platform == "win32":
        return sorted(file.path for file in psutil.Process().open_files())
    return ["descriptor"] * psutil.Process().num_fds()


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.fixture(autouse=True)
def nothing_is_left(used_once: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No descriptor, no child process, nothing in the folder for temporary files, no half file beside an output."""
    temporary = Path(tempfile.mkdtemp(prefix="mediarack-tests-"))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    gc.collect()
    opened, running = descriptors(), children()
    yield
    gc.collect()
    assert descriptors() == opened, "a descriptor was left open"
    assert children() == running, "a child process was left"
    (temporary / ".ses").unlink(missing_ok=True)  # onnxruntime's, which it keeps for all its processes
    assert list(temporary.iterdir()) == [], "a temporary file was left"
    assert list(tmp_path.rglob(".mediarack-*")) == [], "a half file was left beside an output"
    shutil.rmtree(temporary)
