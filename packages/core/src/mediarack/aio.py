"""The verbs for asyncio: the same calls in threads, so that the event loop goes on while an engine loads or works."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from mediarack.calls import CancelToken, How, Progress
from mediarack.errors import MediarackError
from mediarack.media import Header, Item, Stream
from mediarack.provenance import Provenance
from mediarack.rack import Outcome, Rack
from mediarack.sources import Source
from mediarack.turns import holder

P = ParamSpec("P")
T = TypeVar("T")
_END: Any = object()
MAX_THREADS = 32
"""Calls beyond so many wait for a thread; each also has its engine's own. An open stream has one of its own."""


def _awaited(verb: Callable[Concatenate[Rack, P], T]) -> Callable[Concatenate[AsyncRack, P], Coroutine[Any, Any, T]]:
    @functools.wraps(verb)
    async def method(self: AsyncRack, /, *args: P.args, **kwargs: P.kwargs) -> T:
        how, token = _for_a_loop(kwargs)
        return await self._in_thread(token, functools.partial(verb, self._rack, *args, **how))

    return method


def _streamed(
    verb: Callable[Concatenate[Rack, P], Stream[Header, Item]],
) -> Callable[Concatenate[AsyncRack, P], AsyncStream[Header, Item]]:
    @functools.wraps(verb)
    def method(self: AsyncRack, /, *args: P.args, **kwargs: P.kwargs) -> AsyncStream[Header, Item]:
        how, token = _for_a_loop(kwargs)
        return AsyncStream(functools.partial(verb, self._rack, *args, **how), token, self._in_thread)

    return method


class AsyncRack:
    """A Rack's verbs, awaited; its streams are entered by ``async with`` and read by ``async for``.

    Cancelling the task cancels the call, and ends once the call has: nothing goes on behind. ``progress`` is called in
    the event loop; what it raises goes to the loop's exception handler.
    """

    def __init__(self, rack: Rack) -> None:
        self._rack = rack
        self._made_by = 0
        self._pool: ThreadPoolExecutor

    probe = _awaited(Rack.probe)
    read_audio = _awaited(Rack.read_audio)
    iter_audio = _streamed(Rack.iter_audio)
    read_frames = _awaited(Rack.read_frames)
    iter_frames = _streamed(Rack.iter_frames)
    write_audio = _awaited(Rack.write_audio)
    write_image = _awaited(Rack.write_image)
    extract_audio = _awaited(Rack.extract_audio)
    extract_frame = _awaited(Rack.extract_frame)
    separate = _awaited(Rack.separate)
    iter_stems = _streamed(Rack.iter_stems)
    extract_stems = _awaited(Rack.extract_stems)
    transcribe = _awaited(Rack.transcribe)
    iter_segments = _streamed(Rack.iter_segments)
    speak = _awaited(Rack.speak)
    iter_speech = _streamed(Rack.iter_speech)

    async def transcribe_each(self, sources: Iterable[Source], **arguments: Any) -> AsyncIterator[Outcome]:
        """As Rack.transcribe_each, for ``async for``; cancelling the task is no outcome."""
        for source in sources:
            try:
                yield Outcome(source=source, transcript=await self.transcribe(source, **arguments), error=None)
            except MediarackError as error:
                yield Outcome(source=source, transcript=None, error=error)

    def close(self) -> None:
        """Called by Rack.close."""
        if self._made_by == os.getpid():
            self._made_by = 0  # a call that comes later is told by a thread of its own that the Rack is closed
            self._pool.shutdown(wait=False)

    @property
    def _threads(self) -> ThreadPoolExecutor:
        if self._made_by != os.getpid():  # a forked child has none of its parent's threads
            self._pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="mediarack-aio")
            self._made_by = os.getpid()
        return self._pool

    async def _in_thread(self, token: CancelToken, work: Callable[[], T]) -> T:
        job = _begun(self._threads, work)

        def end() -> None:
            token.cancel()
            job.cancel()  # if it still waits for a thread

        return await _done(job, end)


def _begun(threads: ThreadPoolExecutor, work: Callable[[], T]) -> Future[T]:
    """``work`` in one of the threads, with this task's context variables; turns it takes are the task's."""
    context = contextvars.copy_context()
    context.run(holder.set, asyncio.current_task())
    return threads.submit(context.run, work)


async def _done(job: Future[T], end: Callable[[], None]) -> T:
    """The job's result. If this task is cancelled, however often, ``end`` is called and the job's end awaited."""
    future = asyncio.wrap_future(job)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        end()
        while not future.done():
            with suppress(asyncio.CancelledError):  # once more: it is ending already
                await asyncio.wait([future])
        if not future.cancelled():
            future.exception()  # seen: the loop would otherwise report the call's own Cancelled
        raise


class AsyncStream(Generic[Header, Item]):
    """A Stream for ``async with`` and ``async for``. ``header`` and ``provenance`` are there once it is entered."""

    def __init__(
        self,
        open_: Callable[[], Stream[Header, Item]],
        token: CancelToken,
        in_thread: Callable[[CancelToken, Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._open = open_
        self._token = token
        self._in_thread = in_thread
        self._stream: Stream[Header, Item] | None = None
        # Of the stream alone: where all threads of the Rack's pool wait for this stream's turn, it must still go on.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mediarack-aio-stream")

    @property
    def header(self) -> Header:
        return self._opened.header

    @property
    def provenance(self) -> Provenance | None:
        return self._opened.provenance

    @property
    def _opened(self) -> Stream[Header, Item]:
        if self._stream is None:
            raise RuntimeError("the stream is not open: use it in 'async with'")
        return self._stream

    async def __aenter__(self) -> AsyncStream[Header, Item]:
        def open_() -> None:
            self._stream = self._open()

        try:
            await self._in_thread(self._token, open_)
        except BaseException:
            if self._stream is not None:  # cancelled at the moment when it was open
                await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        step = functools.partial(next, self._opened, _END)
        item = await _done(_begun(self._thread, step), self._token.cancel)
        if item is _END:
            raise StopAsyncIteration
        return item  # type: ignore[no-any-return]

    async def _close(self) -> None:
        try:
            await _done(_begun(self._thread, self._opened.close), self._token.cancel)
        finally:
            self._thread.shutdown(wait=False)


def _for_a_loop(arguments: Any) -> tuple[Any, CancelToken]:
    """The arguments with a token of the call's own and with progress told in the running loop."""
    token = CancelToken(arguments.get("cancel"))
    changed: How = {"cancel": token}
    if (progress := arguments.get("progress")) is not None:
        loop = asyncio.get_running_loop()

        def tell(told: Progress) -> None:
            loop.call_soon_threadsafe(progress, told)

        changed["progress"] = tell
    return {**arguments, **changed}, token
