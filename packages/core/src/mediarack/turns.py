"""Taking turns: at most so many calls of a backend at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar

LOOK_SECONDS = 0.05
"""How often one who waits looks whether it is cancelled or out of time."""


holder: ContextVar[object] = ContextVar("mediarack_holder")
"""Whose turns those are that are taken here, where it is not the thread: a task's, for which a pool's threads work."""


class Turns:
    """The turns at one backend. A call has its turn until it is done, a stream until it is closed or at its end.

    A thread (or task) that has a turn gets further ones without waiting: nobody else could end its wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = threading.Condition()
        self._holders: list[object] = []

    def take(self, check: Callable[[], None]) -> Callable[[], None]:
        """Wait for a turn, calling ``check`` meanwhile; returns what gives it back, once however often it is called."""
        # The thread itself: its number is given to another one once it has ended.
        here = holder.get(None) or threading.current_thread()
        with self._free:
            while len(self._holders) >= self._limit and here not in self._holders:
                check()
                self._free.wait(LOOK_SECONDS)
            self._holders.append(here)
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            with self._free:
                if not given_back:
                    given_back = True
                    self._holders.remove(here)
                    self._free.notify()

        return give_back
