"""Outputs that cannot be written, or only in part: told, nothing left behind, what was there before is still there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layouts import Sound

from mediarack import Audio, BadInput, CorruptMedia, MediarackError, OutputError
from mediarack.plugin import AudioHeader, Stream

OLD = b"what was there before"


@pytest.fixture
def audio() -> Audio:
    """A minute at 48 kHz, as noise, which no codec makes small: 5.8 MB in 16 bits."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 60 * 48_000)).astype(np.float32)
    return Audio(samples=samples, sample_rate=48_000)


@pytest.fixture
def picture() -> Any:
    """Noise: 3 MB as PNG."""
    return np.random.default_rng(0).integers(0, 255, (1000, 1000, 3), np.uint8)


PLACES = ["no folder", "a folder", "a file as a folder", "a device", "a folder for reading alone"]


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Path]]:
    """A name, with this suffix, that cannot be written to."""
    case = request.param

    def name(suffix: str) -> Path:
        if case == "no folder":
            return tmp_path / "none" / f"a{suffix}"
        if case == "a folder":
            (tmp_path / f"a{suffix}").mkdir()
        elif case == "a file as a folder":
            (tmp_path / "file").write_bytes(OLD)
            return tmp_path / "file" / f"a{suffix}"
        elif case == "a device":
            (tmp_path / f"a{suffix}").symlink_to("/dev/full")
        else:
            return locked / f"a{suffix}"
        return tmp_path / f"a{suffix}"

    if case == "a device" and sys.platform == "win32":
        pytest.skip("no such device")
    locked = tmp_path / "locked"
    if case != "a folder for reading alone":
        yield name
        return
    if sys.platform == "win32":
        pytest.skip("a folder's rights are another matter there")
    locked.mkdir(mode=0o555)
    if os.access(locked, os.W_OK):  # root may write anywhere but where it is mounted for reading alone
        with mounted(locked, "ro"):
            yield name
    else:
        yield name
        locked.chmod(0o755)


class mounted:
    """A file system in memory, at a folder; skips the test where that may not be done."""

    def __init__(self, folder: Path, options: str) -> None:
        self._folder, self._options = folder, options

    def __enter__(self) -> Path:
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            pytest.skip("only root can mount a file system for this test")
        argv = ["mount", "-t", "tmpfs", "-o", self._options, "tmpfs", str(self._folder)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        return self._folder

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self._folder)], check=True)


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_where_no_sound_can_be_written(
    write_audio: Callable[..., Any], place: Callable[[str], Path], audio: Audio
) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        write_audio(audio, place(".wav"))


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_where_no_picture_can_be_written(
    write_image: Callable[..., Any], place: Callable[[str], Path], picture: Any
) -> None:
    for suffix in (".png", ".jpg"):
        with pytest.raises(OutputError, match="cannot write"):
            write_image(picture, place(suffix))


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_where_nothing_can_be_extracted_to(
    rack: Any, read_audio: Any, backend: str, place: Callable[[str], Path], mp4: Path
) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        rack.extract_audio(mp4, place(".wav"), backend=backend)
    with pytest.raises(OutputError, match="cannot write"):
        rack.extract_frame(mp4, 0.0, place(".png"), backend=backend)


@pytest.mark.parametrize("name", ["a.txt", "a", "a.mp4", ".wav"])
def test_a_name_that_means_no_format_is_bad_input(
    write_audio: Callable[..., Any],
    write_image: Callable[..., Any],
    audio: Audio,
    picture: Any,
    tmp_path: Path,
    name: str,
) -> None:
    (tmp_path / name).write_bytes(OLD)
    if name != ".wav":
        with pytest.raises(BadInput):
            write_audio(audio, tmp_path / name)
    with pytest.raises(BadInput):
        write_image(picture, tmp_path / name)
    assert (tmp_path / name).read_bytes() == OLD


@pytest.mark.parametrize("by", ["its name", "another spelling", "a symbolic link", "a hard link"])
def test_the_source_is_not_overwritten_by_any_name(
    rack: Any, read_audio: Any, backend: str, wav: Path, tmp_path: Path, by: str
) -> None:
    source, other = tmp_path / "a.wav", tmp_path / "b.wav"
    source.write_bytes(wav.read_bytes())
    if by == "a symbolic link":
        other.symlink_to(source)
    elif by == "a hard link":
        other.hardlink_to(source)
    target = {"its name": source, "another spelling": tmp_path / ".." / tmp_path.name / "a.wav"}.get(by, other)
    with pytest.raises(OutputError, match="is the source itself"):
        rack.extract_audio(source, target, backend=backend)
    with pytest.raises(OutputError, match="is the source itself"):
        rack.extract_frame(source, 0.0, target, backend=backend)
    assert source.read_bytes() == wav.read_bytes()


def test_an_older_file_is_replaced_only_by_a_whole_one(
    rack: Any, read_audio: Any, backend: str, made: Callable[..., Path], tmp_path: Path
) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(OLD)
    data = made("long.flac", Sound(codec="flac", seconds=5)).read_bytes()
    with pytest.raises(CorruptMedia):
        rack.extract_audio(data[: len(data) // 2], target, backend=backend)
    assert target.read_bytes() == OLD
    rack.extract_audio(data, target, backend=backend)
    assert rack.read_audio(target).duration == 5.0


def test_an_older_file_outlives_what_goes_wrong_with_the_samples(
    write_audio: Callable[..., Any], audio: Audio, tmp_path: Path
) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(OLD)
    audio.samples[0, -1] = np.nan
    with pytest.raises(BadInput):
        write_audio(audio, target)
    assert target.read_bytes() == OLD


def test_an_older_file_outlives_a_source_that_fails_on_the_way(
    rack: Any, read_audio: Any, backend: str, audio: Audio, tmp_path: Path
) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(OLD)

    def blocks() -> Iterator[Audio]:
        yield audio
        raise CorruptMedia("the second block cannot be decoded")

    header = AudioHeader(sample_rate=48_000, channels=1, start_seconds=0.0, expected_samples=None)
    with pytest.raises(CorruptMedia, match="the second block"):
        rack.extract_audio(Stream(header, blocks()), target, backend=backend)
    assert target.read_bytes() == OLD


@pytest.mark.parametrize("older", [True, False], ids=["over an older file", "anew"])
def test_a_full_disk(
    write_audio: Callable[..., Any],
    write_image: Callable[..., Any],
    audio: Audio,
    picture: Any,
    tmp_path: Path,
    older: bool,
) -> None:
    with mounted(tmp_path, "size=1m") as disk:
        for suffix, write in ((".wav", lambda p: write_audio(audio, p)), (".png", lambda p: write_image(picture, p))):
            target = disk / f"a{suffix}"
            if older:
                target.write_bytes(OLD)
            with pytest.raises(OutputError, match="cannot write"):
                write(target)
            assert [path.name for path in disk.iterdir()] == ([target.name] if older else [])
            if older:
                assert target.read_bytes() == OLD
                target.unlink()


LIMITED = """
import resource, sys
import numpy as np
import mediarack
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
backend, capability, target = sys.argv[1:]
rack = mediarack.Rack()
try:
    if capability == "write_image":
        picture = np.random.default_rng(0).integers(0, 255, (1000, 1000, 3), np.uint8)
        rack.write_image(picture, target, backend=backend)
    else:
        samples = np.random.default_rng(0).uniform(-1, 1, (1, 480_000)).astype(np.float32)
        rack.write_audio(mediarack.Audio(samples=samples, sample_rate=48_000), target, backend=backend)
except mediarack.OutputError as error:
    print("told:", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("name", ["a.wav", "a.png", "a.jpg"])
def test_a_limit_on_the_size_of_files_is_told_like_a_full_disk(
    write_audio: Any, write_image: Any, backend: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(OLD)
    capability = "write_audio" if name.endswith("wav") else "write_image"
    argv = [sys.executable, "-c", LIMITED, backend, capability, str(tmp_path / name)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout[:18]) == (0, "told: cannot write"), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == OLD


def test_every_error_is_one_of_mediarack(write_audio: Callable[..., Any], tmp_path: Path) -> None:
    for channels, rate in ((0, 48_000), (1, 0), (300, 48_000), (1, 10**9), (65, 8000)):
        samples = np.zeros((channels, 100), np.float32)
        try:
            path = write_audio(Audio(samples=samples, sample_rate=rate), tmp_path / "a.wav")
        except MediarackError as error:
            assert isinstance(error, BadInput | OutputError), f"{channels} channels at {rate} Hz: {error!r}"
            assert not (tmp_path / "a.wav").exists()
        else:
            path.unlink()
