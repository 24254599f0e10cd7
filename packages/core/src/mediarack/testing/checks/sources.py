"""What a backend reads from, and what it refuses."""

from __future__ import annotations

import functools
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from mediarack.errors import BackendUnavailable, BadInput, NoSuchStream
from mediarack.media import Audio, AudioHeader, Stream
from mediarack.testing.checks.calls import same
from mediarack.testing.subject import Subject, check

_TOLERANCE = 1e-5
"""Samples that differ less are the same: the order of sums may differ. A step of 16 bits is 3e-5."""
_BY_OTHERS = ("separate", "transcribe")
"""Capabilities whose backends have a file decoded by another one: what that cannot read, they cannot either."""
_READERS = ("probe", "read_audio", "read_frames", "separate", "transcribe")


@check("probe", "read_audio", "read_frames", "separate", "transcribe")
def every_kind_of_source_gives_the_same(subject: Subject) -> None:
    data, suffix = subject.media
    answers: dict[str, Any] = {}
    kinds: list[str] = sorted(subject.spec.inputs)
    for kind in kinds:
        if kind == "url" and subject.spec.capability in _BY_OTHERS and not _somebody_reads_urls(subject):
            continue
        with _of_kind(kind, subject, data, f"media{suffix}") as source:
            answers[kind] = subject.whole(source)
        if kind == "file":
            assert not source.closed, "a file object is the caller's: it must stay open"
    if "audio" in subject.spec.inputs:
        answers["stream"] = subject.whole(stream_of(subject.sound))
    (first, expected), *others = answers.items()
    for kind, answer in others:
        assert _equal(subject, expected, answer), f"{kind} gives something else than {first}"


def _somebody_reads_urls(subject: Subject) -> bool:
    backends = subject.rack.registry.backends
    return any(
        b.spec.capability == "read_audio" and "url" in b.spec.inputs and not b.unmet_requirements for b in backends
    )


def _equal(subject: Subject, one: Any, other: Any) -> bool:
    if subject.spec.capability == "probe":
        return bool(one.streams == other.streams)
    if subject.spec.capability in ("read_audio", "separate"):
        left, right = (np.concatenate([item.samples for item in items], axis=-1) for _, items in (one, other))
        return left.shape == right.shape and float(np.abs(left - right).max(initial=0)) <= _TOLERANCE
    return same(one[1], other[1])


@contextmanager
def _of_kind(kind: str, subject: Subject, data: bytes, name: str) -> Iterator[Any]:
    if kind == "url":
        path = subject.file(name, data)
        with _served(path.parent) as address:
            yield f"{address}/{name}"
        return
    table: dict[str, Any] = {
        "path": lambda: subject.file(f"a name with spaces, é and %20{Path(name).suffix}", data),
        "bytes": lambda: data,
        "file": lambda: io.BytesIO(data),
        "audio": lambda: subject.sound,
    }
    yield table[kind]()


@contextmanager
def _served(directory: Path) -> Iterator[str]:
    """The directory by HTTP on this machine, past any proxy."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    direct = dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1")
    try:
        with mock.patch.dict(os.environ, direct):
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        pass


def stream_of(audio: Audio, closed: list[bool] | None = None) -> Stream[AudioHeader, Audio]:
    """The audio in uneven blocks, as another call may give it."""
    header = AudioHeader(
        sample_rate=audio.sample_rate,
        channels=audio.num_channels,
        start_seconds=audio.start_seconds,
        expected_samples=audio.num_samples,
    )

    def blocks() -> Iterator[Audio]:
        begin = 0
        while begin < audio.num_samples:
            end = min(audio.num_samples, begin + audio.sample_rate + begin // 3)
            yield Audio(
                samples=audio.samples[:, begin:end],
                sample_rate=audio.sample_rate,
                start_seconds=audio.start_seconds + begin / audio.sample_rate,
            )
            begin = end

    return Stream(header, blocks(), close=None if closed is None else lambda: closed.append(True))


@check("read_audio", "separate", "transcribe", inputs=("audio",))
def a_stream_it_reads_from_is_closed(subject: Subject) -> None:
    for read_all in (True, False):
        closed: list[bool] = []
        with subject.perform(stream_of(subject.sound, closed)) as stream:
            for _ in stream:
                if not read_all:
                    break
        assert closed, f"the stream it read from is left open (read to its end: {read_all})"


@check("read_audio", inputs=("audio",))
def sound_keeps_its_place_in_time(subject: Subject) -> None:
    audio = subject.sound
    late = Audio(samples=audio.samples, sample_rate=audio.sample_rate, start_seconds=7.5)
    header, blocks = subject.whole(late)
    assert header.start_seconds == pytest.approx(7.5, abs=1 / audio.sample_rate)
    assert blocks[0].start_seconds == pytest.approx(7.5, abs=1 / audio.sample_rate)


@check("read_audio", "separate", "transcribe", inputs=("audio",))
def what_it_is_given_is_not_written_to(subject: Subject) -> None:
    audio = subject.sound
    samples = audio.samples.copy()
    samples.flags.writeable = False
    subject.whole(Audio(samples=samples, sample_rate=audio.sample_rate))
    assert np.array_equal(samples, audio.samples)


@check(*_READERS, inputs=("path",))  # type: ignore[arg-type]
def what_is_no_media_is_the_callers_mistake(subject: Subject) -> None:
    junk = np.random.default_rng(0).bytes(50_000)
    text = b"It was the best of times, it was the worst of times.\n" * 100
    for name, data in {"junk.bin": junk, "junk.wav": junk, "notes.txt": text, "notes.wav": text}.items():
        with pytest.raises(BadInput) as caught:
            subject.whole(subject.file(name, data))
        assert name in str(caught.value), f"the message must name the file: {caught.value}"


@check("read_audio", "read_frames", "separate", "transcribe", inputs=("path",))
def a_stream_that_is_not_there_is_told(subject: Subject) -> None:
    try:
        with pytest.raises(NoSuchStream):
            subject.whole(subject.source, subject.request(stream=99))
    except BackendUnavailable as error:
        raise AssertionError("a wrong index is the caller's mistake: raise NoSuchStream") from error
