"""The single path of every call: check, select, place, run, record."""

from __future__ import annotations

import importlib
import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

from mediarack.backends import BackendSpec
from mediarack.calls import How
from mediarack.config import Config
from mediarack.errors import BackendFailed, BackendUnavailable, BadInput, MediarackError, PassedOver
from mediarack.hardware.cpu import effective_cores
from mediarack.media import MediaInfo, Stream
from mediarack.placement import host_problem
from mediarack.registry import Registry
from mediarack.requests import Request, WriteAudioRequest, WriteImageRequest
from mediarack.running import Clock, RunningCall
from mediarack.selection import Candidate, select
from mediarack.sources import check_source, describe, kind_of
from mediarack.weights import WeightsStore

logger = logging.getLogger(__name__)
_END = object()


class Dispatcher:
    """Performs requests with the backends of a registry, and keeps the backends that were used."""

    def __init__(self, config: Config, registry: Registry, store: WeightsStore) -> None:
        self._config = config
        self._registry = registry
        self._store = store
        self._instances: dict[str, Any] = {}
        self._problems: dict[str, str | None] = {}
        self._lock = threading.Lock()
        self._closed = False

    def perform(self, request: Request, source: Any, how: How | None = None, parent: RunningCall | None = None) -> Any:
        """See Calls.perform. ``parent`` is the call whose backend asks for this one."""
        self._check_open()
        how = how if how is not None else {}
        _check_how(how)
        clock = Clock(how, parent.clock if parent else None)
        kind = None
        if not isinstance(request, WriteAudioRequest | WriteImageRequest):
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
            try:
                result = self._run(candidate, source, call)
            except BackendUnavailable as error:
                last = candidate is selection.candidates[-1]
                level = logging.INFO if last else logging.WARNING  # the last one's reason is in the error raised
                logger.log(level, "call %s: %s cannot be used: %s", call.id, candidate.backend.spec.name, error)
                passed_over.append(PassedOver(candidate.backend.spec.name, str(error)))
                continue
            if parent is not None:
                parent.children.append(call)
            return result
        raise BackendUnavailable(
            f"{request.capability}: every backend that could do this proved unusable here:", tuple(passed_over)
        )

    @cached_property
    def _cores(self) -> int:
        return effective_cores()

    def close(self) -> None:
        """Free what the backends hold (models). Idempotent; later calls raise BadInput."""
        with self._lock:
            self._closed = True
            instances, self._instances = self._instances, {}
        for instance in instances.values():
            if hasattr(instance, "close"):
                instance.close()

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
            passed_over=passed_over,
        )
        call.calls = _Nested(self, call)
        return call

    def _run(self, candidate: Candidate, source: Any, call: RunningCall) -> Any:
        spec = candidate.backend.spec
        instance = self._instance(spec)
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
        logger.info("call %s: %s by %s of %s", call.id, spec.capability, spec.name, describe(source))
        with _engine_errors(spec, call):
            result = getattr(instance, spec.capability)(source, candidate.request, call)
        if isinstance(result, Stream):
            return _first_item(result, spec, call)
        _finish(call, spec)
        return replace(result, provenance=call.provenance()) if isinstance(result, MediaInfo) else result

    def _instance(self, spec: BackendSpec) -> Any:
        """The backend, made when first used. Raises BackendUnavailable if its engine cannot be imported."""
        made = self._instances.get(spec.implementation)
        if made is not None:
            return made
        if spec.implementation not in self._problems:
            self._problems[spec.implementation] = host_problem(spec, self._config)
        if problem := self._problems[spec.implementation]:
            raise BackendUnavailable(problem)
        with self._lock:
            self._check_open()
            if spec.implementation not in self._instances:
                module, _, name = spec.implementation.partition(":")
                try:
                    self._instances[spec.implementation] = getattr(importlib.import_module(module), name)()
                except Exception as error:  # loading a native library may raise anything
                    raise BackendUnavailable(f"{module} cannot be loaded: {type(error).__name__}: {error}") from error
            return self._instances[spec.implementation]

    def _check_open(self) -> None:
        if self._closed:
            raise BadInput("this Rack is closed: make a new one")


class _Nested:
    """The Calls that a backend is handed: what it asks for belongs to its own call."""

    def __init__(self, dispatcher: Dispatcher, parent: RunningCall) -> None:
        self._dispatcher = dispatcher
        self._parent = parent

    def perform(self, request: Any, source: Any, how: How | None = None) -> Any:
        return self._dispatcher.perform(request, source, how, self._parent)


def _first_item(stream: Stream[Any, Any], spec: BackendSpec, call: RunningCall) -> Stream[Any, Any]:
    """The stream once its first item is there: until then another backend may still take over."""
    try:
        with _engine_errors(spec, call):
            first = [item for item in (next(stream, _END),) if item is not _END]
    except BaseException:
        stream.close()
        raise

    def finish() -> None:
        stream.close()
        _finish(call, spec)

    def items() -> Iterator[Any]:
        # No item is held here while the next one is made: memory that is free again is used again, which for pictures
        # is half the price of decoding them.
        try:
            while first:
                yield first.pop()
            while True:
                call.check()
                with _engine_errors(spec, call):
                    item = next(stream, _END)
                if item is _END:
                    return
                yield item
                del item
        finally:
            finish()

    return Stream(stream.header, items(), provenance=call.provenance, close=finish)


@contextmanager
def _engine_errors(spec: BackendSpec, call: RunningCall) -> Iterator[None]:
    """What an engine raises becomes BackendFailed, with the engine's traceback as text."""
    try:
        yield
    except MediarackError:
        raise
    except Exception as error:
        if error is call.callers_error:
            raise
        raise BackendFailed(
            f"{spec.name} failed at {spec.capability}: {type(error).__name__}: {error}",
            backend=spec.name,
            engine_traceback=traceback.format_exc(),
        ) from error


def _finish(call: RunningCall, spec: BackendSpec) -> None:
    call.clock.finish()
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
    if how.get("device") not in (None, "auto", "cpu", "cuda"):
        raise BadInput(f"device={how['device']!r}: must be auto, cpu or cuda")
