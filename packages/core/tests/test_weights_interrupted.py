"""Downloads that are interrupted, and what is told of secrets."""

import os
import signal
import subprocess
import sys

import pytest
import toy_distribution
from served_hub import serving, this_process
from test_weights import MODEL

import mediarack as mr
from mediarack.weights import WeightsStore

MEBIBYTE = 1 << 20
LARGE = {
    "config.json": b"{}",
    "model.bin": os.urandom(15 * MEBIBYTE),
}  # more than one piece, 10 MiB, of the hub's library


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with serving(LARGE) as hub:
        this_process(hub, tmp_path / "hub", monkeypatch)
        yield hub


@pytest.fixture
def cli(tmp_path, hub):
    """A mediarack process with a toy plugin, the served hub and a cache of its own."""
    site = toy_distribution.install(tmp_path / "site")
    env = toy_distribution.environment(site, HF_ENDPOINT=hub.endpoint, HF_HUB_CACHE=tmp_path / "hub")

    def start(*arguments, **more):
        argv = [*toy_distribution.CLI, "models", *map(str, arguments)]
        return subprocess.Popen(
            argv, env={**env, **more}, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return start


def test_a_dropped_connection_is_taken_up_where_it_broke(hub, tmp_path):
    hub.cut["model.bin"] = 12 * MEBIBYTE
    path = WeightsStore(mr.Config(), [MODEL]).download(MODEL, lambda *progress: None)
    assert (path / "model.bin").read_bytes() == LARGE["model.bin"]
    assert hub.ranges == [("model.bin", f"bytes={10 * MEBIBYTE}-")]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("to", [None, "pulled"])
def test_after_an_interruption_only_what_is_missing_is_fetched(hub, cli, tmp_path, number, to):
    hub.stall = 11 * MEBIBYTE
    arguments = ("pull", "toy", "small", *(("--to", to) if to else ()))
    process = cli(*arguments)
    assert hub.stalled.wait(30)
    process.send_signal(number)
    if number == signal.SIGINT:
        hub.released.set()
        assert "cancelled" in process.communicate(timeout=60)[1]
        assert process.returncode == 130
    else:
        process.communicate(timeout=30)
    assert not (tmp_path / "pulled").exists()
    hub.stall = 0
    hub.released.set()
    hub.fetched.clear()
    process = cli(*arguments)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert hub.fetched == ["model.bin"]
    assert (tmp_path / out.strip() / "model.bin").read_bytes() == LARGE["model.bin"]


@pytest.mark.parametrize("to", [None, "pulled"])
def test_several_may_pull_at_once(cli, tmp_path, to):
    arguments = ("pull", "toy", "small", *(("--to", to) if to else ()))
    for process in [cli(*arguments) for _ in range(3)]:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert (tmp_path / out.strip() / "model.bin").read_bytes() == LARGE["model.bin"]
    verified = cli("verify", "toy", tmp_path / to if to else "small")
    assert "2 files are as" in verified.communicate(timeout=60)[0]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_the_token_is_told_to_nobody(hub, cli, status):
    hub.status = status
    process = cli("pull", "toy", "small", "--debug", HF_TOKEN="hf_topsecret", HF_DEBUG="0")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert "Bearer hf_topsecret" in hub.tokens
    assert "topsecret" not in out + err


def test_a_token_that_the_http_library_quotes_is_told_to_nobody(hub, cli):
    process = cli("pull", "toy", "small", "--debug", HF_TOKEN="hf_top\x0bsecret")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert "secret" not in out + err
