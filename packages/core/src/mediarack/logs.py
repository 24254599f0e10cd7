"""Call ids in logs: which lines belong to which call, whoever wrote them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("mediarack_call", default="-")


@contextmanager
def in_call(call_id: str) -> Iterator[None]:
    """What is logged in this block belongs to that call."""
    outer = _current.set(call_id)
    try:
        yield
    finally:
        _current.reset(outer)


class CallIdFilter(logging.Filter):
    """Gives every record a ``call_id``: that of the mediarack call it was logged in, or "-".

    Add it to a handler, and ``%(call_id)s`` to its format; the id is also in the result's provenance. It sees what
    mediarack, its plugins and Python code of the engines log in the call's own thread.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.call_id = _current.get()
        return True
