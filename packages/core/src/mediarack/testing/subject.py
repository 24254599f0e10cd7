"""The backend under test, with what its checks need, and the list of all checks."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from mediarack.backends import BackendSpec
from mediarack.calls import Calls
from mediarack.errors import Cancelled
from mediarack.media import Audio, Stream
from mediarack.rack import Rack
from mediarack.registry import Backend
from mediarack.requests import (
    AudioContainer,
    Capability,
    ImageContainer,
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
from mediarack.selection import select
from mediarack.sources import check_source, kind_of
from mediarack.testing.media import numbered_video, tones, wav

SENTENCE = "It was the best of times."


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the author gives: models by backend, and a recording (any format) with what is said in it."""

    models: Mapping[str, str]
    speech: Path | None
    text: str | None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A backend, a Rack that has it, a directory for this check alone, and what the author gave."""

    backend: Backend
    rack: Rack
    directory: Path
    given: Given

    @property
    def spec(self) -> BackendSpec:
        return self.backend.spec

    def perform(self, source: Any, request: Request | None = None, **how: Any) -> Any:
        """The call as a user makes it, but on one thread: on a busy machine several spend their time on waiting."""
        request = self.request() if request is None else request
        return self.rack.calls.perform(request, source, {"backend": self.spec.name, "threads": 1, **how})  # type: ignore[call-overload]

    def whole(self, source: Any, request: Request | None = None, **how: Any) -> Any:
        """The call with its stream read to the end: the header and a list of the items, or the result itself."""
        result = self.perform(source, request, **how)
        return read_to_end(result) if isinstance(result, Stream) else result

    def request(self, **fields: Any) -> Any:
        """The plainest request of the capability that this backend claims, with some fields of one's own."""
        kind, needed = self._plainest
        return kind(**{**needed, **fields})

    @cached_property
    def _plainest(self) -> tuple[type, dict[str, Any]]:
        features, model = self.spec.features, self.given.models.get(self.spec.name)
        containers: tuple[str, ...] = get_args(AudioContainer) + get_args(ImageContainer)
        container = next((name for name in containers if name in features), None)
        target = self.directory / f"written.{container}"
        table: dict[Capability, tuple[type, dict[str, Any]]] = {
            "probe": (ProbeRequest, {}),
            "read_audio": (ReadAudioRequest, {}),
            "read_frames": (ReadFramesRequest, {}),
            "write_audio": (WriteAudioRequest, {"container": container, "target": target}),
            "write_image": (WriteImageRequest, {"container": container, "target": target}),
            "separate": (SeparateRequest, {"stems": self.stems, "model": model}),
            "transcribe": (TranscribeRequest, {"vad": "vad" in features, "model": model}),
            "speak": (SpeakRequest, {"model": model, "seed": 1 if "seed" in features else None}),
        }
        return table[self.spec.capability]

    @property
    def stems(self) -> tuple[str, ...]:
        """Those that the backend claims, in an order of their own."""
        return tuple(sorted(f.removeprefix("stem:") for f in self.spec.features if f.startswith("stem:")))

    @property
    def text(self) -> str:
        """What is to be spoken: the author's text, twice, so that there is more than one part."""
        return " ".join([self.given.text or SENTENCE] * 2)

    @cached_property
    def media(self) -> tuple[bytes, str]:
        """A file that suits the capability, and its suffix."""
        if self.spec.capability == "read_frames":
            return numbered_video(), ".y4m"
        if self.spec.capability == "transcribe" and self.given.speech is not None:
            return self.given.speech.read_bytes(), self.given.speech.suffix
        return wav(tones()), ".wav"

    @cached_property
    def source(self) -> Any:
        """What the plainest request is made of."""
        if self.spec.capability == "speak":
            return self.text
        if self.spec.capability == "write_audio":
            return tones(sample_rate=48_000)
        if self.spec.capability == "write_image":
            import numpy as np

            return np.tile(np.arange(64, dtype=np.uint8)[None, :, None] * 4, (48, 1, 3))
        data, suffix = self.media
        if "path" in self.spec.inputs:
            return self.file(f"media{suffix}", data)
        return data if "bytes" in self.spec.inputs else self.sound

    @cached_property
    def sound(self) -> Audio:
        """What a decoder makes of ``media``, for backends that take sound already decoded."""
        if self.spec.capability == "transcribe" and self.given.speech is not None:
            return self.rack.read_audio(self.given.speech)
        return tones()

    def file(self, name: str, data: bytes) -> Path:
        path = self.directory / name
        path.write_bytes(data)
        return path

    @contextmanager
    def direct(self, call: DirectCall) -> Iterator[Any]:
        """The backend's own answer to the plainest request, without the dispatcher in between."""
        request, source = self.request(), self.source
        writes = self.spec.capability in ("write_audio", "write_image")
        checked = source if writes or isinstance(source, str) else check_source(source)
        kind = None if writes or isinstance(source, str) else kind_of(checked)
        chosen = select(
            request, kind, registry=self.rack.registry, config=self.rack.config, store=self.rack.weights,
            backend=self.spec.name, device="auto",
        ).candidates[0]  # fmt: skip
        call.device = chosen.device
        call.weights = str(chosen.weights.path) if chosen.weights is not None else None
        module, _, name = self.spec.implementation.partition(":")
        instance = getattr(importlib.import_module(module), name)()
        try:
            yield getattr(instance, self.spec.capability)(checked, chosen.request, call)
        finally:
            if hasattr(instance, "close"):
                instance.close()


def read_to_end(stream: Stream[Any, Any]) -> tuple[Any, list[Any]]:
    with stream:
        return stream.header, list(stream)


class DirectCall:
    """A Call that counts its checks, and is cancelled at one of them."""

    def __init__(self, calls: Calls, cancel_at: int | None = None) -> None:
        self.id = "contract"
        self.device = "auto"
        self.threads = 1
        self.concurrency = 1
        self.weights: str | None = None
        self.calls = calls
        self.checks = 0
        self._cancel_at = cancel_at

    def check(self) -> None:
        self.checks += 1
        if self._cancel_at is not None and self.checks >= self._cancel_at:
            raise Cancelled("the call was cancelled")

    def report(self, done: float, total: float | None, unit: str) -> None:
        self.check()

    def note(self, **details: str) -> None:
        assert all(isinstance(value, str) for value in details.values()), f"notes must be text: {details}"


Check = Callable[[Subject], None]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A check and the backends it is for: of one of ``capabilities``, claiming all ``features`` and ``inputs``."""

    function: Check
    capabilities: tuple[Capability, ...]
    features: frozenset[str]
    inputs: frozenset[str]
    runs_engine: bool

    def suits(self, spec: BackendSpec) -> bool:
        return spec.capability in self.capabilities and self.features <= spec.features and self.inputs <= spec.inputs


CHECKS: list[Listed] = []


def check(
    *capabilities: Capability, features: tuple[str, ...] = (), inputs: tuple[str, ...] = (), runs_engine: bool = True
) -> Callable[[Check], Check]:
    """List a function as a check for backends that claim all this; no capability means any."""

    def enlist(function: Check) -> Check:
        CHECKS.append(
            Listed(
                function=function,
                capabilities=capabilities or get_args(Capability),
                features=frozenset(features),
                inputs=frozenset(inputs),
                runs_engine=runs_engine,
            )
        )
        return function

    return enlist
