"""How commands speak: results on stdout, progress and messages on stderr, one exit code per kind of error."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from mediarack import errors
from mediarack.calls import CancelToken, How, Progress

if TYPE_CHECKING:
    from types import FrameType

    from rich.console import Console

EXIT_CODES: dict[type[BaseException], int] = {
    errors.BadInput: 3,
    errors.OutputError: 4,
    errors.BackendUnavailable: 5,
    errors.BackendFailed: 6,
    errors.DeadlineExceeded: 7,
    errors.Cancelled: 130,
}
"""0 is success, 1 an error nobody foresaw, 2 wrong usage, 130 (128 + SIGINT) an interrupted call."""


class _Settings:
    """What the options that every command has were set to; one command runs per process."""

    json = False
    quiet = False
    debug = False


settings = _Settings()


def console(*, stderr: bool = True) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 200  # a file or pipe has no width: rich would wrap at 80
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=width)


def shown(text: str) -> str:
    """Text out of a file or its name, for a console: no markup, and no control characters that steer the terminal."""
    from rich.markup import escape

    return escape("".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text))


def exit_code(error: BaseException) -> int:
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1)


class Messages(logging.Handler):
    """Warnings of mediarack and its plugins, for people."""

    def emit(self, record: logging.LogRecord) -> None:
        if not settings.quiet:
            console().print(f"[yellow]{shown(record.getMessage())}[/]")


def fail(error: Exception) -> int:
    """Tell an error and return its exit code."""
    if settings.debug:
        traceback.print_exception(error)
        if isinstance(error, errors.BackendFailed):
            print(error.engine_traceback, file=sys.stderr)  # noqa: T201
    if settings.json and not isinstance(error, StdoutFailed):
        print_json({"error": error_data(error)})
    elif not settings.debug:
        text = str(error) if isinstance(error, errors.MediarackError) else f"{type(error).__name__}: {error}"
        foreseen = isinstance(error, errors.MediarackError) and not isinstance(error, errors.BackendFailed)
        hint = "" if foreseen else "\n(--debug shows the traceback)"
        console().print(f"[bold red]error:[/] {shown(text)}{hint}")
    return exit_code(error)


class StdoutFailed(errors.OutputError):
    """There is nobody to tell anything on stdout."""


def error_data(error: BaseException) -> dict[str, str]:
    return {"type": type(error).__name__, "message": str(error)}


def print_json(data: Any) -> None:
    text = json.dumps(data, indent=2, ensure_ascii=False)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # JSON is UTF-8 everywhere. A file name that is not has lone surrogates: \\udcNN is how JSON writes those.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or it would be tried again at the end
        raise StdoutFailed(f"the result cannot be written to stdout: {error.strerror}") from error


def say(text: str) -> None:
    """A message for people at a terminal; nothing with --quiet or --json."""
    if sys.stderr.isatty() and not (settings.quiet or settings.json):
        console().print(text)


@contextmanager
def calling(title: str, **how: Any) -> Iterator[How]:
    """The ``how`` of a command's calls: a progress bar on a terminal, and Ctrl-C that ends the call cleanly.

    The first Ctrl-C (or SIGTERM) cancels the call, which then removes what it had begun to write. The second one ends
    the process at once, as the system does it: no Python runs while an engine computes.
    """
    token = CancelToken()

    def on_signal(number: int, frame: FrameType | None) -> None:
        token.cancel()
        signal.signal(number, signal.SIG_DFL)

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with _bar(title) as progress:
            yield cast("How", {**how, "cancel": token, "progress": progress})
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _bar(title: str) -> Iterator[Callable[[Progress], None] | None]:
    if settings.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console(), transient=True) as bar:
        task = bar.add_task(title, total=None, amount="starting")

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.done, total=progress.total, amount=_amount(progress))

        yield show


def _amount(progress: Progress) -> str:
    scale, unit = (1e6, "MB") if progress.unit == "bytes" else (1.0, progress.unit)
    total = "" if progress.total is None else f"/{progress.total / scale:.0f}"
    return f"{progress.done / scale:.0f}{total} {unit}"
