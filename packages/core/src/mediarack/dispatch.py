"""The single path of every call: check, select, place, run, record."""

from __future__ import annotations

import importlib
import logging
import os
import threading
import traceback
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

from mediarack.backends import BackendSpec
from mediarack.calls import CancelToken, How
from mediarack.config import Config
from mediarack.errors import BackendFailed, BackendUnavailable, BadInput, MediarackError, PassedOver
from mediarack.hardware.cpu import effective_cores
from mediarack.logs import in_call
from mediarack.media import MediaInfo, Stream
from mediarack.placement import host_problem
from mediarack.registry import Registry
from mediarack.requests import WRITING, Request, SpeakRequest
from mediarack.running import Clock, RunningCall
from mediarack.selection import Candidate, select
from mediarack.sources import check_source, check_text, describe, kind_of
from mediarack.turns import LOOK_SECONDS, Turns
from mediarack.weights import WeightsStore

logger = logging.getLogger(__name__)
_END = object()
_dispatchers: weakref.WeakSet[Dispatcher] = weakref.WeakSet()
_left_behind: list[Any] = []


class Dispatcher:
    """Performs requests with the backends of a registry, and keeps the backends that were used."""

    def __init__(self, config: Config, registry: Registry, store: WeightsStore) -> None:
        self._config = config
        self._registry = registry
        self._store = store
        self._instances: dict[str, Any] = {}
        self._problems: dict[str, str | None] = {}
        self._turns: dict[tuple[str, str], Turns] = {}
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        _dispatchers.add(self)

    def perform(self, request: Request, source: Any, how: How | None = None, parent: RunningCall | None = None) -> Any:
        """See Calls.perform. ``parent`` is the call whose backend asks for this one."""
        self._check_open()
        how = how if how is not None else {}
        _check_how(how)
        clock = Clock(how, parent.clock if parent else None, self._closed)
        with in_call(clock.call_id):
            return self._perform(request, source, how, clock, parent)

    def _perform(self, request: Request, source: Any, how: How, clock: Clock, parent: RunningCall | None) -> Any:
        kind = None
        if isinstance(request, SpeakRequest):
            source = check_text(source)
        elif request.capability not in WRITING:
            source = check_source(source)
            kind = kind_of(source)
        selection = select(
            request,
            kind,
            registry=self._registry,
            config=self._config,
            store=self._store,
            backend=how.get("backend"),
            device=how.get("device") or "auto",
        )
        passed_over = list(selection.passed_over)
        for candidate in selection.candidates:
            clock.check()
            if kind == "file":
                source.seek(0)  # the one before may have read from it
            call = self._call(candidate, clock, how, parent, passed_over)
            if isinstance(source, Stream):
                call.read_from = source
                call.made_by.append(lambda: source.provenance)
            try:
                result = self._run(candidate, source, call)
            except BackendUnavailable as error:
                last = candidate is selection.candidates[-1]
                level = logging.INFO if last else logging.WARNING  # the last one's reason is in the error raised
                logger.log(level, "call %s: %s cannot be used: %s", call.id, candidate.backend.spec.name, error)
                passed_over.append(PassedOver(candidate.backend.spec.name, str(error)))
                if isinstance(source, Stream) and source.started:
                    break  # what it gave is gone: there is nothing whole to give to the next one
                continue
            if parent is not None:
                parent.made_by.append(call.provenance)
            return result
        raise BackendUnavailable(
            f"{request.capability}: every backend that could do this proved unusable here:", tuple(passed_over)
        )

    @cached_property
    def _cores(self) -> int:
        return effective_cores()

    def close(self) -> None:
        """Free what the backends hold (models). Idempotent; running calls are cancelled, later ones raise BadInput."""
        with self._lock:
            self._closed.set()
            instances, self._instances = self._instances, {}
        _close(instances.values())

    def _call(
        self, candidate: Candidate, clock: Clock, how: How, parent: RunningCall | None, passed_over: list[PassedOver]
    ) -> RunningCall:
        threads = how.get("threads") or (parent.threads if parent else None) or self._config.threads
        call = RunningCall(
            candidate.backend,
            clock,
            how,
            device=candidate.device,
            threads=threads or self._cores,
            concurrency=self._config.concurrency.get(candidate.backend.spec.name, 1),
            passed_over=passed_over,
        )
        call.calls = _Nested(self, call)
        return call

    def _run(self, candidate: Candidate, source: Any, call: RunningCall) -> Any:
        spec = candidate.backend.spec
        instance = self._instance(spec, call)
        call.check()
        if candidate.weights is not None:
            located = candidate.weights
            path = located.path
            if path is None and located.spec is not None:
                try:
                    path = self._store.download(located.spec, call.report)
                except BackendUnavailable:
                    if call.callers_error is not None:  # not the hub's fault
                        raise call.callers_error from None
                    raise
            call.weights = str(path)
            call.note(model=located.name)
        logger.info("call %s: %s by %s of %s", call.id, spec.capability, spec.name, _shown(source))
        give_back = self._take_turn(spec, call)
        try:
            with _engine_errors(spec, call):
                result = getattr(instance, spec.capability)(source, candidate.request, call)
            if isinstance(result, Stream):
                return _first_item(result, spec, call, give_back)
        except BaseException:
            give_back()
            raise
        give_back()
        _finish(call, spec)
        return replace(result, provenance=call.provenance()) if isinstance(result, MediaInfo) else result

    def _take_turn(self, spec: BackendSpec, call: RunningCall) -> Callable[[], None]:
        """Wait until fewer calls of this backend run than its configured limit; returns what ends this one's turn."""
        limit = self._config.concurrency.get(spec.name)
        if limit is None or spec.capability in WRITING:
            return lambda: None
        # Not under the lock, which is held as long as an engine loads; one setdefault is a whole without it.
        return self._turns.setdefault((spec.capability, spec.name), Turns(limit)).take(call.check)

    def after_fork(self) -> None:
        """In a forked child: begin anew, as engines' threads stay with the parent and locks may be held by them."""
        if self._instances:
            logger.warning(
                "this process was forked while engines were loaded (%s): calls load them anew here, but at its end the "
                "process may hang in their libraries; fork before the first call, or start processes by spawn",
                ", ".join(sorted(self._instances)),
            )
            _left_behind.extend(self._instances.values())  # to free them would wait for threads that are not here
        self._instances = {}
        self._turns = {}
        self._loading = {}
        self._lock = threading.Lock()

    def _instance(self, spec: BackendSpec, call: RunningCall) -> Any:
        """The backend, made when first used. Raises BackendUnavailable if its engine cannot be imported.

        Several calls may wait for one engine to load, which can be cancelled; different engines load at once.
        """
        if (made := self._instances.get(spec.implementation)) is not None:
            return made
        with self._lock:
            loading = self._loading.setdefault(spec.implementation, threading.Lock())
        while not loading.acquire(timeout=LOOK_SECONDS):
            call.check()
        try:
            if (made := self._instances.get(spec.implementation)) is not None:
                return made
            if spec.implementation not in self._problems:
                self._problems[spec.implementation] = host_problem(spec, self._config)
            if problem := self._problems[spec.implementation]:
                raise BackendUnavailable(problem)
            module, _, name = spec.implementation.partition(":")
            try:
                made = getattr(importlib.import_module(module), name)()
            except (Exception, SystemExit) as error:  # loading a library may do anything
                raise BackendUnavailable(f"{module} cannot be loaded: {type(error).__name__}: {error}") from error
            with self._lock:
                if not self._closed.is_set():
                    self._instances[spec.implementation] = made
            if self._closed.is_set():
                _close([made])
            call.check()  # raises if the Rack was closed meanwhile
            return made
        finally:
            loading.release()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise BadInput("this Rack is closed: make a new one")


def _close(instances: Iterable[Any]) -> None:
    with ExitStack() as stack:  # each one, whatever another raises
        for instance in instances:
            if hasattr(instance, "close"):
                stack.callback(instance.close)


class _Nested:
    """The Calls that a backend is handed: what it asks for belongs to its own call."""

    def __init__(self, dispatcher: Dispatcher, parent: RunningCall) -> None:
        self._dispatcher = dispatcher
        self._parent = parent

    def perform(self, request: Any, source: Any, how: How | None = None) -> Any:
        return self._dispatcher.perform(request, source, how, self._parent)


def _first_item(
    stream: Stream[Any, Any], spec: BackendSpec, call: RunningCall, give_back: Callable[[], None]
) -> Stream[Any, Any]:
    """The stream once its first item is there: until then another backend may still take over."""
    try:
        with _engine_errors(spec, call):
            first = [item for item in (next(stream, _END),) if item is not _END]
    except BaseException:
        try:
            stream.close()
        except Exception:  # what failed first says more, and decides whether another backend is tried
            logger.warning("call %s: %s failed again as its stream was closed", call.id, spec.name, exc_info=True)
        raise

    def finish() -> None:
        try:
            with _engine_errors(spec, call):
                stream.close()
        finally:
            give_back()
            _finish(call, spec)

    def items() -> Iterator[Any]:
        # No item is held here while the next one is made: memory that is free again is used again, which for pictures
        # is half the price of decoding them.
        try:
            yield None  # taken below: what has begun comes to its end, though nobody reads or closes it
            while first:
                yield first.pop()
            while True:
                call.check()
                with in_call(call.id), _engine_errors(spec, call):
                    item = next(stream, _END)
                if item is _END:
                    return
                yield item
                del item
        finally:
            finish()

    taken = items()
    next(taken)
    return Stream(stream.header, taken, provenance=call.provenance, close=finish)


@contextmanager
def _engine_errors(spec: BackendSpec, call: RunningCall) -> Iterator[None]:
    """What an engine raises becomes BackendFailed, with the engine's traceback as text."""
    try:
        yield
    except MediarackError:
        raise
    except Exception as error:
        if call.is_callers(error):
            raise
        raise BackendFailed(
            f"{spec.name} failed at {spec.capability}: {type(error).__name__}: {error}",
            backend=spec.name,
            engine_traceback=traceback.format_exc(),
        ) from error


def _shown(source: Any) -> str:
    return f"<a text of {len(source)} characters>" if isinstance(source, str) else describe(source)


def _finish(call: RunningCall, spec: BackendSpec) -> None:
    if call.clock.finish():
        with in_call(call.id):
            logger.info("call %s: %s by %s took %.3f s", call.id, spec.capability, spec.name, call.clock.elapsed)


def _check_how(how: How) -> None:
    known = How.__annotations__
    if unknown := sorted(set(how) - set(known)):
        raise BadInput(f"unknown argument {', '.join(unknown)}: calls also take {', '.join(known)}")
    deadline, threads = how.get("deadline"), how.get("threads")
    if deadline is not None and not (isinstance(deadline, int | float) and deadline > 0):
        raise BadInput(f"deadline={deadline!r}: must be seconds, more than 0")
    if threads is not None and not (isinstance(threads, int) and threads >= 1):
        raise BadInput(f"threads={threads!r}: must be 1 or more")
    backend, progress, cancel = how.get("backend"), how.get("progress"), how.get("cancel")
    if not isinstance(backend, str | None):
        raise BadInput(f"backend={backend!r}: must be a name (mediarack backends lists them)")
    if progress is not None and not callable(progress):
        raise BadInput(f"progress={progress!r}: must be a function that takes a Progress")
    if not isinstance(cancel, CancelToken | None):
        raise BadInput(f"cancel={cancel!r}: must be a mediarack.CancelToken")
    if how.get("device") not in (None, "auto", "cpu", "cuda"):
        raise BadInput(f"device={how['device']!r}: must be auto, cpu or cuda")


def _after_fork() -> None:
    for dispatcher in list(_dispatchers):
        dispatcher.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
