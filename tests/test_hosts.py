"""mediarack inside other programs: event loops, threads, forked and spawned processes, a server."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
import toy

import mediarack as mr

WORDS = "it was the best of times"


@pytest.fixture(scope="module")
def opening(rack, talk):
    """The first ten seconds of the talk."""
    return rack.read_audio(talk, end=10.0)


def plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalpha() or c == " ")


def test_awaited_verbs_give_what_the_others_give(rack, talk, tiny_en):
    async def main():
        info = await rack.aio.probe(talk)
        audio = await rack.aio.read_audio(talk, sample_rate=16_000, channels=1, end=10.0)
        return info, audio, await rack.aio.transcribe(audio, model=tiny_en)

    info, audio, transcript = asyncio.run(main())
    assert info.duration == rack.probe(talk).duration
    assert audio.duration == 10.0
    assert WORDS in plain(transcript.text)


def test_the_loop_goes_on_while_a_model_loads_and_works(opening, tiny_en):
    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.002)
                ticks += 1

        ticker = asyncio.create_task(tick())
        with mr.Rack() as rack:
            started = time.perf_counter()
            await rack.aio.transcribe(opening, model=tiny_en)
            took = time.perf_counter() - started
        ticker.cancel()
        return ticks / (took / 0.002)

    # A blocked loop ticks once or twice in all; a machine that is busy otherwise may halve the rate.
    assert asyncio.run(main()) > 0.1


def test_a_stream_is_entered_and_read_without_blocking(rack, opening, tiny_en):
    async def main():
        seen = []
        threads = set()

        def progress(told):
            threads.add(threading.get_ident())
            seen.append(told.done)

        async with rack.aio.iter_segments(opening, model=tiny_en, progress=progress) as segments:
            texts = [segment.text async for segment in segments]
            assert segments.header.language == "en"
            assert segments.provenance.backend == "faster-whisper"
        await asyncio.sleep(0)
        return texts, seen, threads

    texts, seen, threads = asyncio.run(main())
    assert WORDS in plain(" ".join(texts))
    assert seen == sorted(seen)
    assert threads == {threading.get_ident()}


def test_cancelling_a_task_ends_the_call_before_the_task_ends():
    with mr.Rack(plugins=[toy.plugin(toy.spec("slow", "Slow"))]) as rack:

        async def main():
            task = asyncio.create_task(rack.aio.transcribe(b"x"))
            while not toy.Slow.at_work:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
    assert not toy.Slow.at_work


def test_an_error_of_an_awaited_call_is_the_calls_own(rack):
    with pytest.raises(mr.BadInput, match="no such file"):
        asyncio.run(rack.aio.probe("gone.mp4"))


def test_threads_share_a_rack_and_its_model(opening, tiny_en):
    with mr.Rack() as rack:
        with ThreadPoolExecutor(4) as threads:
            texts = list(threads.map(lambda _: rack.transcribe(opening, model=tiny_en, threads=1).text, range(4)))
    assert len(set(texts)) == 1
    assert WORDS in plain(texts[0])


def test_two_at_once_of_one_model(opening, tiny_en):
    with mr.Rack(mr.Config(concurrency={"faster-whisper": 2}, threads=1)) as rack:
        with ThreadPoolExecutor(3) as threads:
            texts = list(threads.map(lambda _: rack.transcribe(opening, model=tiny_en).text, range(3)))
    assert len(set(texts)) == 1


def test_logs_tell_which_call_they_belong_to(caplog):
    handler = logging.Handler()
    handler.addFilter(mr.CallIdFilter())
    records = []
    handler.emit = records.append
    logger = logging.getLogger()
    logger.addHandler(handler)
    caplog.set_level(logging.INFO, logger="mediarack")
    try:
        with mr.Rack(plugins=[toy.plugin(toy.spec("logging", "Logging"))]) as rack:
            transcript = rack.transcribe(b"x")
        logging.getLogger("mediarack").info("outside")
    finally:
        logger.removeHandler(handler)
    ids = {record.getMessage(): record.call_id for record in records}
    assert ids["at work"] == transcript.provenance.call_id == transcript.text
    assert ids["outside"] == "-"
    assert {record.call_id for record in records if record.name == "mediarack.dispatch"} == {transcript.text}


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@needs_fork
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_forked_child_loads_its_engines_anew(talk, tiny_en):
    program = f"""
import os, sys, mediarack as mr
rack = mr.Rack()
talk = rack.read_audio({str(talk)!r}, end=10.0)
rack.transcribe(talk, model={str(tiny_en)!r})
sys.stdout.flush()
if (child := os.fork()) == 0:
    print(rack.transcribe(talk, model={str(tiny_en)!r}).text, flush=True)
    os._exit(0)  # as multiprocessing ends its children: the engines' libraries would wait for the parent's threads
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert WORDS in plain(done.stdout)
    assert "forked while engines were loaded" in done.stderr


def test_a_rack_and_its_errors_travel_to_spawned_processes(talk):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes, mr.Rack() as rack:
        assert processes.submit(toy.duration, rack, talk).result(120) == rack.probe(talk).duration
        with pytest.raises(mr.BackendUnavailable, match="knows no model 'no-such-model'") as caught:
            processes.submit(toy.transcribed_with_no_model, rack, talk).result(120)
    assert caught.value.passed_over[0].backend == "faster-whisper"


def test_every_error_can_be_pickled():
    errors = [
        mr.BackendUnavailable("none", ()),
        mr.BackendFailed("it failed", backend="toy", engine_traceback="line 1"),
        *(kind("words") for kind in (mr.BadInput, mr.NotMedia, mr.Cancelled, mr.DeadlineExceeded, mr.OutputError)),
    ]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


SERVER = """
import mediarack as mr

rack = mr.Rack(mr.Config(threads=1))  # made before the workers are forked; each loads its own model at its first call

def app(environ, start_response):
    text = rack.transcribe({talk!r}, model={model!r}).text
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode()]
"""


@needs_fork
def test_a_gunicorn_server_with_a_preloaded_app_serves_and_stops(tmp_path, rack, opening, tiny_en):
    opening_file = rack.write_audio(opening, tmp_path / "opening.wav")
    (tmp_path / "server.py").write_text(SERVER.format(talk=str(opening_file), model=str(tiny_en)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--timeout", "100"]
    argv = [*argv, "--bind", f"127.0.0.1:{port}", "server:app"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(argv, cwd=tmp_path, stdout=log, stderr=log)
    try:
        with ThreadPoolExecutor(4) as clients:
            texts = list(clients.map(lambda _: answer(port, server), range(4)))
    finally:
        server.send_signal(signal.SIGTERM)
        status = server.wait(60)
    assert status == 0, (tmp_path / "log").read_text()
    assert len(set(texts)) == 1
    assert WORDS in plain(texts[0])


def answer(port: int, server: subprocess.Popen[bytes]) -> str:
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=100) as response:
                return response.read().decode()
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.1)
    raise AssertionError("the server ended")
