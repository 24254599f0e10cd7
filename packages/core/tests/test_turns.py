"""How many calls of a backend run at once, and what closing a Rack does to those that run."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import toy

from mediarack import BadInput, Cancelled, CancelToken, Config, DeadlineExceeded, Rack

CROWDED = toy.spec("crowded", "Crowded")
COUNTER = toy.spec("counter", "Counter")


@pytest.mark.parametrize(("limit", "most"), [(1, 1), (2, 2)])
def test_no_more_calls_at_once_than_configured(limit, most):
    toy.Crowded.most = 0
    with Rack(Config(concurrency={"crowded": limit}), plugins=[toy.plugin(CROWDED)]) as rack:
        with ThreadPoolExecutor(6) as threads:
            results = list(threads.map(lambda _: rack.transcribe(b"x").text, range(6)))
    assert len(results) == 6
    assert toy.Crowded.most == most


def test_without_a_limit_calls_run_together():
    toy.Crowded.most = 0
    with Rack(plugins=[toy.plugin(CROWDED)]) as rack, ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: rack.transcribe(b"x"), range(6)))
    assert toy.Crowded.most > 1


def test_a_thread_with_an_open_stream_does_not_wait_for_itself():
    with Rack(Config(concurrency={"crowded": 1}), plugins=[toy.plugin(CROWDED)]) as rack:
        with rack.iter_segments(b"x") as segments:
            next(segments)
            assert rack.transcribe(b"x", deadline=30).text.startswith("0 1")


@pytest.fixture
def busy():
    """A Rack whose only turn is held by another thread's stream."""
    with Rack(Config(concurrency={"counter": 1}), plugins=[toy.plugin(COUNTER)]) as rack:
        taken, done = threading.Event(), threading.Event()

        def hold():
            with rack.iter_segments(b"x") as segments:
                next(segments)
                taken.set()
                done.wait(30)

        thread = threading.Thread(target=hold)
        thread.start()
        taken.wait(30)
        yield rack
        done.set()
        thread.join()


def test_waiting_for_a_turn_ends_with_the_deadline(busy):
    with pytest.raises(DeadlineExceeded):
        busy.transcribe(b"x", deadline=0.1)


def test_waiting_for_a_turn_can_be_cancelled(busy):
    token = CancelToken()
    threading.Timer(0.1, token.cancel).start()
    with pytest.raises(Cancelled):
        busy.transcribe(b"x", cancel=token)


def test_a_token_is_set_with_its_parent():
    parent = CancelToken()
    child = CancelToken(parent)
    assert not child.cancelled
    parent.cancel()
    assert child.cancelled


def test_closing_a_rack_ends_its_running_calls():
    rack = Rack(plugins=[toy.plugin(COUNTER)])
    segments = rack.iter_segments(b"x")
    next(segments)
    rack.close()
    with pytest.raises(Cancelled, match="Rack was closed"):
        list(segments)
    with pytest.raises(BadInput, match="closed"):
        rack.transcribe(b"x")
