"""The verbs for asyncio under cancellation, with few turns and with more calls than threads."""

import asyncio
import contextvars
import threading

import pytest
import toy

from mediarack import BadInput, Cancelled, CancelToken, Config, DeadlineExceeded, NotMedia, Rack
from mediarack.aio import MAX_THREADS, AsyncRack

COUNTER = toy.spec("counter", "Counter")
CROWDED = toy.spec("crowded", "Crowded")
DEAF = toy.spec("deaf", "Deaf")
ONE_EACH = Config(concurrency={"counter": 1, "crowded": 1, "deaf": 1})


@pytest.fixture
def rack():
    with Rack(ONE_EACH, plugins=[toy.plugin(COUNTER, CROWDED, DEAF)]) as rack:
        yield rack


@pytest.fixture
def deaf():
    toy.Deaf.may_go_on, toy.Deaf.begun = threading.Event(), threading.Event()
    yield toy.Deaf
    toy.Deaf.may_go_on.set()


async def begun(deaf):
    while not deaf.begun.is_set():
        await asyncio.sleep(0.005)


def test_an_open_stream_goes_on_while_more_calls_than_threads_wait_for_its_turn(rack):
    async def talk():
        others = CancelToken()
        async with rack.aio.iter_segments(b"x", backend="counter") as segments:
            waiting = [
                asyncio.create_task(rack.aio.transcribe(b"x", backend="counter", cancel=others))
                for _ in range(MAX_THREADS + 1)
            ]
            await asyncio.sleep(0.1)
            item = asyncio.ensure_future(anext(segments))
            done, _ = await asyncio.wait([item], timeout=15)
            others.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return bool(done)

    assert asyncio.run(talk())


def test_a_turn_is_a_tasks_and_not_that_of_the_thread_that_works_for_it(rack):
    async def talk():
        async with rack.aio.iter_segments(b"x", backend="crowded"):
            own = await rack.aio.transcribe(b"x", backend="crowded", deadline=30)
            others = [asyncio.create_task(rack.aio.transcribe(b"x", backend="crowded", deadline=0.2)) for _ in range(3)]
            return own, await asyncio.gather(*others, return_exceptions=True)

    own, others = asyncio.run(talk())
    assert own.text.startswith("0 1")
    assert [type(outcome) for outcome in others] == [DeadlineExceeded] * 3


def test_a_task_cancelled_twice_still_ends_after_its_call(rack, deaf):
    async def talk():
        task = asyncio.create_task(rack.aio.transcribe(b"x", backend="deaf"))
        await begun(deaf)
        task.cancel()
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.sleep(0.02)
        ended_early = task.done()
        deaf.may_go_on.set()
        await asyncio.wait([task])
        return ended_early, task.cancelled()

    assert asyncio.run(talk()) == (False, True)


def test_a_stream_that_opens_as_its_task_is_cancelled_is_closed(rack, deaf):
    async def talk():
        task = asyncio.create_task(rack.aio.iter_segments(b"x", backend="deaf").__aenter__())
        await begun(deaf)
        task.cancel()
        deaf.may_go_on.set()
        await asyncio.wait([task])
        return await rack.aio.transcribe(b"x", backend="deaf", deadline=30)  # its turn is free again

    assert asyncio.run(talk()).text == "0"


def test_a_call_that_waits_for_a_thread_is_cancelled_at_once(rack, deaf):
    async def talk():
        first = asyncio.create_task(rack.aio.transcribe(b"x", backend="deaf"))
        await begun(deaf)
        all_others = CancelToken()
        others = [
            asyncio.create_task(rack.aio.transcribe(b"x", backend="deaf", cancel=all_others))
            for _ in range(MAX_THREADS - 1)
        ]
        late = asyncio.create_task(rack.aio.transcribe(b"x", backend="deaf"))
        await asyncio.sleep(0.05)
        late.cancel()
        done, _ = await asyncio.wait([late], timeout=15)
        all_others.cancel()
        deaf.may_go_on.set()
        await asyncio.gather(first, *others, return_exceptions=True)
        return bool(done)

    assert asyncio.run(talk())


def test_closing_the_rack_ends_an_open_stream_and_refuses_later_calls(rack):
    async def talk():
        toy.Counter.closed = False
        with pytest.raises(Cancelled, match="Rack was closed"):
            async with rack.aio.iter_segments(b"x", backend="counter") as segments:
                await anext(segments)
                rack.close()
                await anext(segments)
        assert toy.Counter.closed
        with pytest.raises(BadInput, match="this Rack is closed"):
            await rack.aio.transcribe(b"x")

    asyncio.run(talk())


def test_context_variables_reach_the_work_and_its_progress(rack):
    request_id = contextvars.ContextVar("request_id", default="lost")

    async def talk():
        request_id.set("kept")
        told = []
        async with rack.aio.iter_segments(
            b"x", backend="counter", progress=lambda _: told.append(request_id.get())
        ) as segments:
            await anext(segments)
        await asyncio.sleep(0)
        return set(told)

    assert asyncio.run(talk()) == {"kept"}


def test_several_sources_are_done_though_one_is_wrong(rack):
    async def talk():
        sources = [b"x", b"", b"x"]
        return [outcome async for outcome in rack.aio.transcribe_each(sources, backend="crowded", deadline=30)]

    first, second, third = asyncio.run(talk())
    assert first.transcript.text == third.transcript.text
    assert (second.transcript, type(second.error)) == (None, NotMedia)


def test_every_verb_of_a_rack_is_there(rack):
    verbs = {name for name in vars(Rack) if not name.startswith("_")} - {"aio", "close", "command"}
    assert verbs <= {name for name in vars(AsyncRack) if not name.startswith("_")}
