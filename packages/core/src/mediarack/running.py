"""A call while it runs: its clock, its cancellation, its progress, and the record that becomes its provenance."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from mediarack.calls import Calls, How, Progress
from mediarack.errors import Cancelled, DeadlineExceeded, PassedOver
from mediarack.media import Stream
from mediarack.provenance import Provenance
from mediarack.registry import Backend


class Clock:
    """When a call began and when it must end, its parent's limits included."""

    def __init__(self, how: How, parent: Clock | None, closed: threading.Event) -> None:
        """``closed`` is set when the Rack is."""
        self.call_id = uuid.uuid4().hex[:12]
        self.started = time.monotonic()
        self.finished: float | None = None
        self._seconds = how.get("deadline")
        self._cancel = how.get("cancel")
        self._parent = parent
        self._closed = closed

    def check(self) -> None:
        """Raises Cancelled or DeadlineExceeded if the call is to end."""
        if self._parent is not None:
            self._parent.check()
        if self._cancel is not None and self._cancel.cancelled:
            raise Cancelled("the call was cancelled")
        if self._closed.is_set():
            raise Cancelled("the Rack was closed while the call was running")
        if self._seconds is not None and time.monotonic() - self.started > self._seconds:
            raise DeadlineExceeded(f"the call did not finish within its deadline of {self._seconds:g} s")

    @property
    def elapsed(self) -> float:
        return (self.finished or time.monotonic()) - self.started

    def finish(self) -> bool:
        """Stop the clock; False if it stood already."""
        running = self.finished is None
        if running:
            self.finished = time.monotonic()
        return running


class RunningCall:
    """The Call that a backend is handed."""

    def __init__(
        self,
        backend: Backend,
        clock: Clock,
        how: How,
        *,
        device: str,
        threads: int,
        concurrency: int,
        passed_over: list[PassedOver],
    ) -> None:
        self.id = clock.call_id
        self.device = device
        self.threads = threads
        self.concurrency = concurrency
        self.weights: str | None = None
        self.calls: Calls
        self.clock = clock
        self.made_by: list[Callable[[], Provenance | None]] = []
        """Records of calls that took part: the one whose stream is this one's source, and those its backend made."""
        self.read_from: Stream[Any, Any] | None = None
        """The stream that is this call's source."""
        self.callers_error: Exception | None = None
        """What the caller's own progress function raised: not the engine's fault."""
        self._backend = backend
        self._progress = how.get("progress")
        self._passed_over = passed_over
        self._details: dict[str, str] = {}

    def check(self) -> None:
        self.clock.check()

    def report(self, done: float, total: float | None, unit: str) -> None:
        self.clock.check()
        if self._progress is not None:
            spec = self._backend.spec
            progress = Progress(
                call_id=self.id, capability=spec.capability, backend=spec.name, done=done, total=total, unit=unit
            )
            try:
                self._progress(progress)
            except Exception as error:
                self.callers_error = error
                raise

    def is_callers(self, error: Exception) -> bool:
        """Whether the caller's progress function or source raised it, and not the engine."""
        return error is self.callers_error or (self.read_from is not None and error is self.read_from.failure)

    def note(self, **details: str) -> None:
        self.device = details.pop("device", self.device)
        self._details.update(details)

    def provenance(self) -> Provenance:
        spec = self._backend.spec
        return Provenance(
            call_id=self.id,
            capability=spec.capability,
            backend=spec.name,
            engine=spec.engine,
            engine_version=self._backend.engine_version,
            plugin=self._backend.plugin,
            plugin_version=self._backend.plugin_version,
            placement="host",
            device=self.device,
            threads=self.threads,
            seconds=self.clock.elapsed,
            details=dict(self._details),
            passed_over=tuple(self._passed_over),
            calls=tuple(record for part in self.made_by if (record := part()) is not None),
        )
