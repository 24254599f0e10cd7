"""Toy backends: plugins written as a third party would, without any engine, for the rules of registry and dispatch."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from types import ModuleType

from mediarack.plugin import (
    PLUGIN_API,
    BackendSpec,
    BackendUnavailable,
    MediaInfo,
    ProbeRequest,
    Segment,
    SpeechInfo,
    Stems,
    StemsHeader,
    Stream,
    WeightsSpec,
    hookimpl,
)


def spec(name: str, implementation: str, capability: str = "transcribe", **more: object) -> BackendSpec:
    more = {
        "engine": "pluggy",
        "imports": "pluggy",
        "light": True,
        "inputs": frozenset({"path", "bytes", "file"}),
        **more,
    }
    features = frozenset({"vad", "word_times"})
    more.setdefault("features", features)
    return BackendSpec(capability=capability, name=name, implementation=f"{__name__}:{implementation}", **more)


def plugin(*specs: BackendSpec, weights: tuple[WeightsSpec, ...] = (), api: int = PLUGIN_API) -> object:
    """A plugin object with these backends."""
    module = ModuleType("toy_plugin")
    module.PLUGIN_API = api
    module.mediarack_backends = hookimpl(specname="mediarack_backends")(lambda: specs)
    module.mediarack_weights = hookimpl(specname="mediarack_weights")(lambda: weights)
    return module


INFO = SpeechInfo(language="en", language_confidence=None, duration=None, task="transcribe")


class Prober:
    def probe(self, source, request, call):
        call.note(seen="yes")
        return MediaInfo(container="toy", duration=1.0, start_seconds=0.0, size_bytes=None, bit_rate=None, streams=())


class Counter:
    """Segments "0", "1", ... without end, and a note when it is closed."""

    closed = False

    def transcribe(self, source, request, call):
        def segments():
            try:
                for number in itertools.count():
                    call.report(number, None, "seconds")
                    yield Segment(start=number, end=number + 1, text=str(number))
            finally:
                Counter.closed = True

        return Stream(INFO, segments())


class Slow(Counter):
    at_work = False

    def transcribe(self, source, request, call):
        Slow.at_work = True
        try:
            while True:
                call.check()
                time.sleep(0.005)
        finally:
            Slow.at_work = False


class Asking(Counter):
    """Asks for a probe before it answers."""

    def transcribe(self, source, request, call):
        info = call.calls.perform(ProbeRequest(), source)
        return Stream(INFO, iter([Segment(start=0, end=1, text=info.container)]))


class Missing:
    def transcribe(self, source, request, call):
        raise BackendUnavailable("libtoy.so is not there")


class Unloadable:
    def __init__(self):
        raise OSError("libtoy.so: cannot open shared object file")


class Leaving:
    def __init__(self):
        raise SystemExit("no licence for the toy engine")


class Broken:
    def transcribe(self, source, request, call):
        raise KeyError("inside the engine")


class BreaksLate:
    def transcribe(self, source, request, call):
        def segments():
            yield Segment(start=0, end=1, text="first")
            raise KeyError("inside the engine")

        return Stream(INFO, segments())


class Crowded(Counter):
    """Ten segments, noting how many calls are at work together."""

    at_work = 0
    most = 0
    lock = threading.Lock()

    def transcribe(self, source, request, call):
        def segments():
            with Crowded.lock:
                Crowded.at_work += 1
                Crowded.most = max(Crowded.most, Crowded.at_work)
            try:
                for number in range(10):
                    call.check()
                    time.sleep(0.002)
                    yield Segment(start=number, end=number + 1, text=str(number))
            finally:
                with Crowded.lock:
                    Crowded.at_work -= 1

        return Stream(INFO, segments())


class BreaksAtClose:
    """Segments whose end fails."""

    def transcribe(self, source, request, call):
        def segments():
            try:
                for number in itertools.count():
                    yield Segment(start=number, end=number + 1, text=str(number))
            finally:
                raise KeyError("inside the engine")

        return Stream(INFO, segments())


class HoldsOn(Counter):
    """What it holds cannot be freed."""

    def close(self):
        raise KeyError("freeing the engine")


class Loading(Counter):
    """Its engine loads until it may be there."""

    begun = threading.Event()
    may_be_there = threading.Event()

    def __init__(self):
        Loading.begun.set()
        Loading.may_be_there.wait(60)


class Held(Counter):
    """Notes when what it holds is freed."""

    freed = False

    def close(self):
        Held.freed = True


class MissingLate:
    """Proves unusable with its first segment, and its end fails too."""

    def transcribe(self, source, request, call):
        class Segments:
            def __iter__(self):
                return self

            def __next__(self):
                raise BackendUnavailable("libtoy.so is not there")

            def close(self):
                raise KeyError("inside the engine")

        return Stream(INFO, Segments())


class Listening:
    """A segment for each block of the sound it reads."""

    def transcribe(self, source, request, call):
        segments = (Segment(start=n, end=n + 1, text=str(n)) for n, _ in enumerate(source))
        return Stream(INFO, segments)


class Separator:
    """Silence without end, and a note when it is closed."""

    closed = False

    def separate(self, source, request, call):
        def blocks():
            import numpy as np

            try:
                while True:
                    yield Stems(names=("speech",), samples=np.zeros((1, 1, 8000), np.float32), sample_rate=8000)
            finally:
                Separator.closed = True

        header = StemsHeader(names=("speech",), sample_rate=8000, channels=1, start_seconds=0.0, expected_samples=None)
        return Stream(header, blocks())


class Writer:
    """Reads what it is to write."""

    def write_audio(self, source, request, call):
        request.target.write_bytes(b"".join(block.samples.tobytes() for block in source))


class ThreeBlocks(Separator):
    """Three blocks."""

    def separate(self, source, request, call):
        stems = super().separate(source, request, call)
        return Stream(stems.header, itertools.islice(stems, 3))


class Deaf:
    """One segment, once it may go on; it never asks whether it is cancelled."""

    begun = threading.Event()
    may_go_on = threading.Event()

    def transcribe(self, source, request, call):
        Deaf.begun.set()
        Deaf.may_go_on.wait(60)
        return Stream(INFO, iter([Segment(start=0, end=1, text="0")]))


class Logging(Counter):
    def transcribe(self, source, request, call):
        logging.getLogger("toy_engine").warning("at work")
        return Stream(INFO, iter([Segment(start=0, end=1, text=call.id)]))


def duration(rack, source):
    """For another process, which must be able to import what it is asked to do."""
    return rack.probe(source).duration


def transcribed_with_no_model(rack, source):
    return rack.transcribe(source, model="no-such-model")
