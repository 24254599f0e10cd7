"""However a call ends, what it held is free for the next one, and who is at fault is told."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import toy

import mediarack as mr
from mediarack.plugin import AudioHeader, Stream

SOURCE = b"some bytes"


def rack(*specs, **config):
    return mr.Rack(mr.Config(**config), plugins=[toy.plugin(*specs)])


def elsewhere(work):
    """What ``work`` gives in a thread of its own, which has no turn yet."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result()


def test_an_engine_that_fails_as_its_stream_is_closed_gives_its_turn_back():
    with rack(toy.spec("a", "BreaksAtClose"), toy.spec("b", "Counter"), concurrency={"a": 1}) as it:
        for _ in range(2):
            with pytest.raises(mr.BackendFailed, match="KeyError: 'inside the engine'"):
                elsewhere(lambda: it.iter_segments(SOURCE, backend="a", deadline=15).close())


def test_a_stream_that_nobody_read_or_closed_gives_its_turn_back():
    toy.Counter.closed = False
    with rack(toy.spec("a", "Counter"), concurrency={"a": 1}) as it:
        it.iter_segments(SOURCE)
        assert toy.Counter.closed
        with elsewhere(lambda: it.iter_segments(SOURCE, deadline=15)) as segments:
            assert next(segments).text == "0"


def test_a_backend_that_is_unusable_and_fails_to_close_still_gives_way():
    with rack(toy.spec("a", "MissingLate", priority=1), toy.spec("b", "Counter")) as it:
        with it.iter_segments(SOURCE) as segments:
            assert segments.provenance.backend == "b"


def test_one_backend_that_cannot_be_freed_keeps_no_other_from_it():
    it = rack(toy.spec("a", "HoldsOn"), toy.spec("b", "Held"))
    for name in ("a", "b"):
        it.iter_segments(SOURCE, backend=name).close()
    toy.Held.freed = False
    with pytest.raises(KeyError):
        it.close()
    assert toy.Held.freed


def test_a_call_does_not_wait_for_another_backend_to_load():
    toy.Loading.begun, toy.Loading.may_be_there = threading.Event(), threading.Event()
    with rack(toy.spec("a", "Loading"), toy.spec("b", "Counter"), concurrency={"b": 1}) as it:
        it.iter_segments(SOURCE, backend="b").close()
        with ThreadPoolExecutor(2) as threads:
            loading = threads.submit(lambda: it.iter_segments(SOURCE, backend="a").close())
            toy.Loading.begun.wait(60)
            ready = threads.submit(lambda: it.iter_segments(SOURCE, backend="b").close())
            try:
                ready.result(timeout=15)
                assert not loading.done()
            finally:
                toy.Loading.may_be_there.set()


def test_what_the_callers_own_stream_raises_reaches_its_caller():
    def blocks():
        yield mr.Audio(samples=np.zeros((1, 8000), np.float32), sample_rate=8000)
        raise ZeroDivisionError

    sound = Stream(AudioHeader(sample_rate=8000, channels=1, start_seconds=0.0, expected_samples=None), blocks())
    with rack(toy.spec("a", "Listening", inputs=frozenset({"audio"}))) as it, pytest.raises(ZeroDivisionError):
        it.transcribe(sound)


def test_closing_segments_of_separated_sound_ends_the_separation():
    toy.Separator.closed = False
    separator = toy.spec("s", "Separator", capability="separate", features=frozenset({"stem:speech"}))
    with rack(separator, toy.spec("a", "Listening", inputs=frozenset({"audio"}))) as it:
        with it.iter_segments(SOURCE, separate="speech") as segments:
            assert next(segments).text == "0"
        assert toy.Separator.closed
        assert [call.capability for call in segments.provenance.calls] == ["separate"]


def test_stems_that_cannot_be_written_end_the_separation(tmp_path):
    from mediarack.writing import write_stems

    toy.Separator.closed = False
    with rack(toy.spec("s", "Separator", capability="separate", features=frozenset({"stem:speech"}))) as it:
        stems = it.iter_stems(SOURCE, stems=["speech"])
        with pytest.raises(mr.OutputError, match="no directory"):
            write_stems(it.calls, stems, {"speech": tmp_path / "gone" / "x.wav"}, {}, encoding=None, bit_rate=None)
        assert toy.Separator.closed
