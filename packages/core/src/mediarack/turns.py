"""Taking turns: at most so many calls of a backend at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

_LOOK_SECONDS = 0.05
"""How often one who waits looks whether it is cancelled or out of time."""


class Turns:
    """The turns at one backend. A call has its turn until it is done, a stream until it is closed or at its end.

    A thread that has a turn gets further ones without waiting: nobody else could end its wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._free = threading.Condition()
        self._holders: list[int] = []

    def take(self, check: Callable[[], None]) -> Callable[[], None]:
        """Wait for a turn, calling ``check`` meanwhile; returns what gives it back, once however often it is called."""
        thread = threading.get_ident()
        with self._free:
            while len(self._holders) >= self._limit and thread not in self._holders:
                check()
                self._free.wait(_LOOK_SECONDS)
            self._holders.append(thread)
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            with self._free:
                if not given_back:
                    given_back = True
                    self._holders.remove(thread)
                    self._free.notify()

        return give_back
