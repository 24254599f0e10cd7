"""Ctrl-C and kill -9 in the middle of a command: no half output, no process, and the older output is still there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
OLD = b"what was there before"


def at_work(process: subprocess.Popen[str], begun: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Waits until it is in the middle of its work; its own children."""
    watched = psutil.Process(process.pid)
    deadline = time.monotonic() + 60
    while not begun(watched):
        assert process.poll() is None, f"it ended before it could be interrupted: {process.communicate()}"
        assert time.monotonic() < deadline, "it did not begin"
        time.sleep(0.01)
    return watched.children(recursive=True)


def interrupted(
    argv: list[str], folder: Path, number: signal.Signals, begun: Callable[[psutil.Process], bool]
) -> tuple[int, str]:
    """Exit code and stderr of a mediarack command that gets a signal while it works; all it started has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mediarack", *argv],
        cwd=folder,
        env={**os.environ, "TMPDIR": tempfile.gettempdir()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        started = at_work(process, begun)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does it
        else:
            process.send_signal(number)
        _, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == [], "a process outlived the command"
    return process.returncode, stderr


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def check_what_is_there(folder: Path, number: signal.Signals, code: int, stderr: str, *names_before: str) -> None:
    left = [name for name in names(folder) if name not in names_before]
    if number == signal.SIGKILL:  # nobody can tidy up after that: what was being written lies under a hidden name
        assert code == -signal.SIGKILL
        assert all(name.startswith(".mediarack-") for name in left)
        for name in left:
            (folder / name).unlink()
        return
    assert code == 130
    assert "cancelled" in stderr
    assert "Traceback" not in stderr
    assert left == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("older", [True, False], ids=["over an older file", "anew"])
def test_extract_audio(
    read_audio: Any, backend: str, long_talk: Path, tmp_path: Path, number: signal.Signals, older: bool
) -> None:
    target = tmp_path / "a.wav"
    if older:
        target.write_bytes(OLD)

    def begun(_: psutil.Process) -> bool:
        return any(path.stat().st_size > 100_000 for path in tmp_path.glob(".mediarack-*"))

    argv = ["extract-audio", str(long_talk), "a.wav", "--backend", backend]
    code, stderr = interrupted(argv, tmp_path, number, begun)
    check_what_is_there(tmp_path, number, code, stderr, *(["a.wav"] if older else []))
    if older:
        assert target.read_bytes() == OLD


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_transcribe(long_talk: Path, tiny_en: Path, tmp_path: Path, number: signal.Signals) -> None:
    target = tmp_path / f"{long_talk.stem}.srt"
    target.write_bytes(OLD)
    argv = ["transcribe", str(long_talk), "-m", str(tiny_en)]
    code, stderr = interrupted(argv, tmp_path, number, lambda p: p.cpu_times().user > 2)
    check_what_is_there(tmp_path, number, code, stderr, target.name)
    assert target.read_bytes() == OLD
