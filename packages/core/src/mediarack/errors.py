"""Every error that mediarack raises on purpose. All of them can be pickled: they come back from other processes.

A message says what was given, what is allowed, and what to do next. The class says whose turn it is: ``BadInput`` and
``OutputError`` are the caller's, ``BackendUnavailable`` the installer's, ``BackendFailed`` the engine's.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any


class MediarackError(Exception):
    """Base of all errors raised on purpose by mediarack and its plugins."""


class BadInput(MediarackError, ValueError):
    """What the caller gave cannot be used: no such file, a value out of range, a wrong option."""


class NotMedia(BadInput):
    """The source is no media that any demuxer here recognises (text, junk, empty, a refused playlist)."""


class NoSuchStream(BadInput):
    """The source is media, but has no stream of the kind or index asked for."""


class CorruptMedia(BadInput):
    """The source is media, but is damaged or cut off."""


class OutputError(MediarackError):
    """The result cannot be written: the directory is missing or not writable, the disk is full."""


@dataclass(frozen=True)
class PassedOver:
    """A backend that was not used, and why, in words a user can act on."""

    backend: str
    reason: str

    def __str__(self) -> str:
        return f"{self.backend}: {self.reason}"


class BackendUnavailable(MediarackError):
    """No backend can do what was asked. ``passed_over`` holds each one's reason."""

    def __init__(self, message: str, passed_over: tuple[PassedOver, ...] = ()) -> None:
        super().__init__("\n".join([message, *(f"  {reason}" for reason in passed_over)]))
        self._message = message
        self.passed_over = passed_over

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._message, self.passed_over)


class BackendFailed(MediarackError):
    """The engine raised while it worked. ``engine_traceback`` is its traceback as text."""

    def __init__(self, message: str, *, backend: str, engine_traceback: str) -> None:
        super().__init__(message)
        self.backend = backend
        self.engine_traceback = engine_traceback

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(type(self), backend=self.backend, engine_traceback=self.engine_traceback), self.args


class Cancelled(MediarackError):
    """The call's cancellation token was set."""


class DeadlineExceeded(MediarackError):
    """The call did not finish within the seconds it was given."""
