"""What every call promises, whatever it does."""

from __future__ import annotations

import gc
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mediarack.calls import CancelToken, Progress
from mediarack.errors import Cancelled, DeadlineExceeded
from mediarack.media import Audio, Frame, Stems, Stream
from mediarack.provenance import Provenance
from mediarack.testing.subject import DirectCall, Subject, check, read_to_end
from mediarack.transcript import Spoken

_THREADS = 4
_STREAMS = ("read_audio", "read_frames", "separate", "transcribe", "speak")


def open_files() -> int:
    """How many files and pipes this process holds. Skips where the system does not tell."""
    directory = Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")
    if not directory.is_dir():
        pytest.skip("no directory of open files")
    gc.collect()
    return len(os.listdir(directory))  # noqa: PTH208


def same(one: Any, other: Any) -> bool:
    """Whether two answers hold the same, their provenance aside."""
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Audio | Stems):
        return np.array_equal(one.samples, other.samples) and one.sample_rate == other.sample_rate
    if isinstance(one, Frame):
        return np.array_equal(one.image, other.image) and (one.pts, one.position) == (other.pts, other.position)
    if isinstance(one, Spoken):
        return same(one.audio, other.audio) and one.segment == other.segment
    return bool(one == other)


@check("read_audio", "read_frames", "separate", "transcribe", "speak")
def the_provenance_says_what_ran(subject: Subject) -> None:
    with subject.perform(subject.source) as stream:
        for _ in stream:
            pass
    record = stream.provenance
    assert isinstance(record, Provenance)
    assert (record.capability, record.backend, record.engine, record.plugin) == (
        subject.spec.capability, subject.spec.name, subject.spec.engine, subject.backend.plugin,
    )  # fmt: skip
    assert record.engine_version, f"no version is installed of the distribution {record.engine!r}"
    assert record.device in subject.spec.devices, f"the device {record.device!r} is none that the spec declares"
    assert record.seconds > 0
    assert all(isinstance(text, str) for item in record.details.items() for text in item)


@check("read_audio", "read_frames", "separate", "transcribe", "speak", "write_audio")
def progress_is_told_and_never_goes_back(subject: Subject) -> None:
    told: list[Progress] = []
    subject.whole(subject.source, progress=told.append)
    own = [progress for progress in told if progress.capability == subject.spec.capability]
    assert own, "call.report was never called"
    done = [progress.done for progress in own]
    assert done == sorted(done), f"progress went back: {done}"
    assert len({progress.unit for progress in own if progress.unit != "bytes"}) == 1  # bytes: a model on its way
    assert all(progress.total is None or progress.done <= progress.total for progress in own), "more than all is done"


@check(*_STREAMS)  # type: ignore[arg-type]
def a_call_that_is_cancelled_ends(subject: Subject) -> None:
    token, told = CancelToken(), list[Progress]()

    def cancel(progress: Progress) -> None:
        told.append(progress)
        token.cancel()

    try:
        subject.whole(subject.source, cancel=token, progress=cancel)
    except Cancelled:
        return
    assert len(told) == 1, "the call went on after it was cancelled"
    assert told[0].done == told[0].total, "the call ended well though it was cancelled before its end"


@check(*_STREAMS)  # type: ignore[arg-type]
def a_call_beyond_its_deadline_ends(subject: Subject) -> None:
    subject.whole(subject.source)  # so that what is loaded once does not count
    told: list[Progress] = []

    def wait(progress: Progress) -> None:
        told.append(progress)
        time.sleep(0.6)

    try:
        subject.whole(subject.source, deadline=0.5, progress=wait)
    except DeadlineExceeded:
        return
    assert len(told) == 1, "the call went on after its deadline"
    assert told[0].done == told[0].total, "the call ended well though its deadline came before its end"


@check(*_STREAMS)  # type: ignore[arg-type]
def the_backend_itself_checks_while_it_works(subject: Subject) -> None:
    """Wherever a check raises, it comes out as it is and nothing stays open. The dispatcher takes no part in this."""
    call = DirectCall(subject.rack.calls)
    with subject.direct(call) as stream:
        assert isinstance(stream, Stream)
        _, items = read_to_end(stream)
    assert call.checks >= max(1, len(items)), f"{call.checks} calls of check or report for {len(items)} items"
    before = open_files()
    for number in sorted({1, (call.checks + 1) // 2, call.checks}):
        with pytest.raises(Cancelled):
            with subject.direct(DirectCall(subject.rack.calls, cancel_at=number)) as stream:
                read_to_end(stream)
    del stream
    assert open_files() <= before, "a cancelled call leaves files open"


@check(*_STREAMS)  # type: ignore[arg-type]
def a_stream_left_early_frees_its_files(subject: Subject) -> None:
    subject.whole(subject.source)
    before = open_files()
    with subject.perform(subject.source) as stream:
        next(stream)
    del stream
    assert open_files() == before, "a stream left after its first item leaves files open"
    dropped = subject.perform(subject.source)
    dropped.close()
    del dropped
    assert open_files() == before, "a stream closed before its first item leaves files open"


@check()
def no_file_stays_open(subject: Subject) -> None:
    subject.whole(subject.source)
    before = open_files()
    subject.whole(subject.source)
    assert open_files() == before


@check("probe", "read_audio", "read_frames", "separate", "transcribe", "speak")
def four_threads_at_once_get_the_same(subject: Subject) -> None:
    if subject.spec.capability == "speak" and "seed" not in subject.spec.features:
        pytest.skip("without a seed speech may differ from call to call")
    alone = _answer(subject)
    with ThreadPoolExecutor(_THREADS) as pool:
        answers = [pool.submit(_answer, subject) for _ in range(_THREADS)]
    for answer in answers:
        assert same(alone, answer.result()), "several calls at once give something else than one alone"


def _answer(subject: Subject) -> Any:
    answer = subject.whole(subject.source)
    return answer.streams if subject.spec.capability == "probe" else answer
