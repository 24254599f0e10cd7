"""Files made of what other calls give: which format a name means, and several files from one stream."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mediarack.calls import Calls, How
from mediarack.errors import BadInput
from mediarack.media import Audio, AudioHeader, Stems, StemsHeader, Stream
from mediarack.output import replacing
from mediarack.requests import AudioContainer, ImageContainer, SampleEncoding, WriteAudioRequest, WriteImageRequest

AUDIO_SUFFIXES: dict[str, AudioContainer] = {
    ".wav": "wav",
    ".wave": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".ogg": "ogg",
    ".oga": "ogg",
    ".opus": "opus",
    ".m4a": "m4a",
}
IMAGE_SUFFIXES: dict[str, ImageContainer] = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}
_BLOCKS_AHEAD = 4
"""Blocks (a second or more each) that the slower of several writers may be behind."""


def audio_request(
    named: Path, target: Path, encoding: SampleEncoding | None = None, bit_rate: int | None = None
) -> WriteAudioRequest:
    """The request to write ``target`` in the format that the suffix of ``named`` means. Raises BadInput."""
    container = AUDIO_SUFFIXES.get(named.suffix.lower())
    if container is None:
        raise BadInput(f"cannot write {named.name!r}: the name must end in {', '.join(AUDIO_SUFFIXES)}")
    return WriteAudioRequest(target=target, container=container, encoding=encoding, bit_rate=bit_rate)


def image_request(named: Path, target: Path, quality: int) -> WriteImageRequest:
    """The same for a picture."""
    container = IMAGE_SUFFIXES.get(named.suffix.lower())
    if container is None:
        raise BadInput(f"cannot write {named.name!r}: the name must end in {', '.join(IMAGE_SUFFIXES)}")
    return WriteImageRequest(target=target, container=container, quality=quality)


def without_backend(how: How) -> How:
    """For the other call of a verb that makes two: ``backend``, ``device`` and ``progress`` are meant for one."""
    return {key: value for key, value in how.items() if key not in ("backend", "device", "progress")}  # type: ignore[return-value]


def write_stems(
    calls: Calls,
    stems: Stream[StemsHeader, Stems],
    targets: Mapping[str, Path],
    how: How,
    *,
    encoding: SampleEncoding | None,
    bit_rate: int | None,
) -> None:
    """Each stem into its file, all as the stream goes on; closes it. If one cannot be written, none is kept.

    A writer takes its samples from a stream of its own, so there is a thread for each.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(stems)
        asides = {name: stack.enter_context(replacing(path)) for name, path in targets.items()}
        branches = {name: _Branch(stems.header) for name in targets}
        writers = stack.enter_context(ThreadPoolExecutor(len(targets), thread_name_prefix="mediarack-writer"))
        try:
            written = [
                writers.submit(
                    calls.perform, audio_request(targets[name], asides[name], encoding, bit_rate), branch.stream, how
                )
                for name, branch in branches.items()
            ]
            for future, branch in zip(written, branches.values(), strict=True):
                future.add_done_callback(branch.leave)
            with stems:
                for block in stems:
                    for name, branch in branches.items():
                        branch.put(block[name])
                    if any(future.done() and future.exception() for future in written):
                        break  # told below
        except BaseException as error:
            for branch in branches.values():
                branch.fail(error)
            raise
        for branch in branches.values():
            branch.end()
        for future in written:
            future.result()


def one_stem(stems: Stream[StemsHeader, Stems]) -> Stream[AudioHeader, Audio]:
    """The first stem of a stream, as sound that other calls can read."""
    (name, *_) = stems.header.names

    def items() -> Iterator[Audio]:
        with stems:
            for block in stems:
                yield block[name]

    return Stream(_header(stems.header), items(), provenance=lambda: stems.provenance, close=stems.close)


def _header(stems: StemsHeader) -> AudioHeader:
    return AudioHeader(
        sample_rate=stems.sample_rate,
        channels=stems.channels,
        start_seconds=stems.start_seconds,
        expected_samples=stems.expected_samples,
    )


class _Branch:
    """A stream of one stem, filled from outside."""

    def __init__(self, header: StemsHeader) -> None:
        self._queue: queue.Queue[Audio | BaseException | None] = queue.Queue(_BLOCKS_AHEAD)
        self._left = threading.Event()
        self.stream = Stream(_header(header), self._items())

    @property
    def left(self) -> bool:
        """Whether the reader has gone."""
        return self._left.is_set()

    def leave(self, _: object) -> None:
        self._left.set()

    def put(self, item: Audio | BaseException | None) -> None:
        while not self.left:
            try:
                return self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue  # the reader is slower, or has gone in the meantime
        return None

    def end(self) -> None:
        self.put(None)

    def fail(self, error: BaseException) -> None:
        self.put(error)

    def _items(self) -> Iterator[Audio]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
