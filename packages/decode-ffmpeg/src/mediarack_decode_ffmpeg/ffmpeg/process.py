"""One run of the ffmpeg program: started, read, fed, stopped at once when the call is to end, and never left behind."""

from __future__ import annotations

import collections
import contextlib
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import IO

from mediarack.plugin import BackendUnavailable, Call

_CHECK_SECONDS = 0.05
_LINES_KEPT = 40
_LINE_LIMIT = 4096
"""Bytes of a line of stderr; what is beyond (user data of a stream, in hexadecimal) is dropped."""

Feed = Iterator[bytes | memoryview]


class Run:
    """The process. ``read_into``, ``read_all`` or ``lines`` give its output, ``events`` what ``keep`` picks of stderr.

    Leaving the ``with`` block ends it. Its standard input and output are pipes of this process, so it ends by itself
    (by an error when it writes) when this process is killed.
    """

    def __init__(
        self,
        argv: Sequence[str],
        call: Call,
        *,
        keep: Callable[[str], bool] = lambda line: False,
        feed: Feed | None = None,
        pass_fds: Sequence[int] = (),
        takes_input: bool = False,
    ) -> None:
        """``feed`` is written to standard input by a thread; with ``takes_input`` the caller does so by ``write``."""
        self._call, self._keep = call, keep
        self._stopped_by: BaseException | None = None
        self._done = threading.Event()
        self.events: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        """Lines as they come; None after the last."""
        self._tail: collections.deque[str] = collections.deque(maxlen=_LINES_KEPT)
        try:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE if feed is not None or takes_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=tuple(pass_fds),
                start_new_session=True,  # Ctrl-C is for the host, which ends the call
            )
        except OSError as error:
            raise BackendUnavailable(f"the ffmpeg program {argv[0]!r} does not start: {error.strerror}") from error
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdout: IO[bytes] = self._process.stdout
        self._threads = [
            threading.Thread(target=self._drain, args=(self._process.stderr,), name="mediarack-ffmpeg-stderr"),
            threading.Thread(target=self._watch, name="mediarack-ffmpeg-watch"),
        ]
        if feed is not None:
            self._threads.append(threading.Thread(target=self._pump, args=(feed,), name="mediarack-ffmpeg-stdin"))
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    @property
    def said(self) -> list[str]:
        """The last lines of stderr, without those picked by ``keep``. Complete after ``finish``."""
        return list(self._tail)

    def read_into(self, view: memoryview) -> int:
        """Fill ``view`` (of bytes) from standard output. Less than its length only at the end of it."""
        filled = 0
        while filled < len(view):
            count = self._stdout.readinto(view[filled:])  # type: ignore[attr-defined]
            if not count:
                self._raise_if_stopped()
                break
            filled += count
        return filled

    def read_all(self) -> bytes:
        """All of standard output."""
        data = b"".join(iter(lambda: self._stdout.read(1 << 16), b""))
        self._raise_if_stopped()
        return data

    def lines(self) -> Iterator[str]:
        """Standard output as lines of text."""
        rest = b""
        while piece := self._stdout.read(1 << 16):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
        self._raise_if_stopped()
        if rest:
            yield rest.decode(errors="surrogateescape")

    def write(self, data: bytes | memoryview) -> bool:
        """To standard input; False if ffmpeg takes no more, which its exit status explains."""
        assert self._process.stdin is not None
        view = memoryview(data).cast("B")
        try:
            while view:
                view = view[self._process.stdin.write(view) :]
        except (BrokenPipeError, OSError):
            self._raise_if_stopped()
            return False
        return True

    def end_input(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended already
            self._process.stdin.close()

    def finish(self) -> int:
        """Wait until it has ended by itself; the exit status."""
        status = self._process.wait()
        self._threads[0].join()
        self._raise_if_stopped()
        return status

    def close(self) -> None:
        """End it, wherever it stands. More than once is fine."""
        self._done.set()
        self._terminate()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _terminate(self) -> None:
        # Not asked to end: it would first try to write what nobody reads any more. It leaves nothing behind, as the
        # files it writes are those put aside.
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _raise_if_stopped(self) -> None:
        if self._stopped_by is not None:
            raise self._stopped_by

    def _stop(self, reason: BaseException) -> None:
        self._stopped_by = self._stopped_by or reason
        self._terminate()

    def _watch(self) -> None:
        """A read of its output blocks, so a thread of its own sees that the call is to end."""
        while not self._done.wait(_CHECK_SECONDS) and self._process.poll() is None:
            try:
                self._call.check()
            except BaseException as error:
                return self._stop(error)
        return None

    def _drain(self, stderr: IO[bytes]) -> None:
        try:
            for line in _cut_lines(stderr):
                if self._keep(line):
                    self.events.put(line)
                elif line.strip():
                    self._tail.append(line)
        finally:
            self.events.put(None)

    def _pump(self, feed: Feed) -> None:
        try:
            for data in feed:
                if self._done.is_set() or not self.write(data):
                    break
        except BaseException as error:  # of the source: raised where the output is read
            self._stop(error)
        finally:
            if hasattr(feed, "close"):
                feed.close()
            self.end_input()


def _cut_lines(stderr: IO[bytes]) -> Iterator[str]:
    rest = b""
    while piece := stderr.read(1 << 16):
        *whole, rest = (rest + piece).split(b"\n")
        rest = rest[:_LINE_LIMIT]
        for line in whole:
            yield line[:_LINE_LIMIT].decode(errors="surrogateescape").rstrip("\r")
    if rest:
        yield rest.decode(errors="surrogateescape")
