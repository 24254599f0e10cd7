"""A call as a backend sees it, and what a caller may say about how a call is to be made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, overload

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mediarack.media import Audio, AudioHeader, Frame, FramesHeader, MediaInfo, Stems, StemsHeader, Stream
    from mediarack.requests import (
        ProbeRequest,
        ReadAudioRequest,
        ReadFramesRequest,
        Request,
        SeparateRequest,
        SpeakRequest,
        TranscribeRequest,
        WriteAudioRequest,
        WriteImageRequest,
    )
    from mediarack.sources import Decoded, Source
    from mediarack.transcript import Segment, SpeechHeader, SpeechInfo, Spoken


class CancelToken:
    """Set from any thread to stop the calls it was given to: they raise Cancelled at their next check.

    One with a ``parent`` is also set when the parent is.
    """

    def __init__(self, parent: CancelToken | None = None) -> None:
        self._event = threading.Event()
        self._parent = parent

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set() or (self._parent is not None and self._parent.cancelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a call has got: ``done`` of ``total`` (None: unknown), in ``unit`` ("seconds", "frames", "bytes")."""

    call_id: str
    capability: str
    backend: str
    done: float
    total: float | None
    unit: str


class How(TypedDict, total=False):
    """How a call is to be made; the same keywords on every verb.

    backend: the one to use, by name; without it the best of those that can do what is asked is chosen.
    device: "auto" (the default), "cpu" or "cuda".
    threads: at most so many CPU threads; the default is what this process may use (affinity and cgroup limits).
    progress: called with a Progress now and then, in the calling thread; while a model is downloaded, in that of the
        download. What it raises ends the call.
    cancel: a token; setting it makes the call raise Cancelled.
    deadline: seconds from now after which the call raises DeadlineExceeded.
    """

    backend: str | None
    device: str
    threads: int | None
    progress: Callable[[Progress], None] | None
    cancel: CancelToken | None
    deadline: float | None


class Calls(Protocol):
    """The way to other capabilities, for backends and commands: requests in, the same results as a user gets."""

    @overload
    def perform(self, request: ProbeRequest, source: Source, how: How | None = None) -> MediaInfo: ...
    @overload
    def perform(
        self, request: ReadAudioRequest, source: Source, how: How | None = None
    ) -> Stream[AudioHeader, Audio]: ...
    @overload
    def perform(
        self, request: ReadFramesRequest, source: Source, how: How | None = None
    ) -> Stream[FramesHeader, Frame]: ...
    @overload
    def perform(self, request: WriteAudioRequest, source: Decoded, how: How | None = None) -> None: ...
    @overload
    def perform(self, request: WriteImageRequest, source: npt.NDArray[np.uint8], how: How | None = None) -> None: ...
    @overload
    def perform(
        self, request: TranscribeRequest, source: Source, how: How | None = None
    ) -> Stream[SpeechInfo, Segment]: ...
    @overload
    def perform(
        self, request: SeparateRequest, source: Source, how: How | None = None
    ) -> Stream[StemsHeader, Stems]: ...
    @overload
    def perform(self, request: SpeakRequest, source: str, how: How | None = None) -> Stream[SpeechHeader, Spoken]: ...
    def perform(self, request: Request, source: Any, how: How | None = None) -> Any: ...


class Call(Protocol):
    """What a backend is handed with every request.

    ``device`` is one that its spec declares, or "auto" if it may choose. ``concurrency`` is how many calls of
    the backend the configuration allows at once (1 where it says nothing): so many an engine with a queue should serve.
    ``weights`` is the directory of the model,
    already resolved, for a backend that has any. ``calls`` reaches other capabilities; what they do is recorded in this
    call's provenance and stops when it stops.
    """

    id: str
    device: str
    threads: int
    concurrency: int
    weights: str | None
    calls: Calls

    def check(self) -> None:
        """Raise Cancelled or DeadlineExceeded if this call is to end. Cheap: call it in every loop."""

    def report(self, done: float, total: float | None, unit: str) -> None:
        """Tell the caller how far the work has got; checks too."""

    def note(self, **details: str) -> None:
        """Add what ran to the provenance (compute type, codec). ``device`` corrects the device."""
