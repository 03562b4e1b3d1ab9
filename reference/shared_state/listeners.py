"""Listeners, each told in a line of its own."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from patternproof.ports.shared_state import Listener, Snapshot

ErrorListener = Callable[[Exception], Any]

_log = logging.getLogger(__name__)


class Line:
    """The versions that one listener has still to be told, the oldest first.

    A line of its own for each listener: one that is slow holds up nobody else.
    """

    __slots__ = ("_waiting", "is_served", "listener")

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.is_served = False
        """Whether somebody is telling it; written by `Listeners` alone, under the state's lock."""
        self._waiting: deque[Snapshot] | None = deque()

    def add(self, snapshot: Snapshot) -> None:
        if self._waiting is not None:
            self._waiting.append(snapshot)

    def next(self) -> Snapshot | None:
        """What to tell next; None once there is nothing more."""
        return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """Forget everything that was not told yet, and all that comes."""
        self._waiting = None


class Listeners:
    """The lines, and the listeners of errors. Whoever calls a method but `report` holds the state's lock.

    There is no limit to a line: a listener that is slower than the updates for good takes more and more memory.
    """

    def __init__(self) -> None:
        self._lines: tuple[Line, ...] = ()
        self._of_errors: tuple[ErrorListener, ...] = ()

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, listener: Listener) -> Line:
        """A line from the next version on."""
        line = Line(listener)
        self._lines = (*self._lines, line)
        return line

    def remove(self, line: Line) -> None:
        """Tell it nothing more; again is harmless."""
        line.close()
        self._lines = tuple(other for other in self._lines if other is not line)

    def add_error_listener(self, listener: ErrorListener) -> None:
        self._of_errors = (*self._of_errors, listener)

    def append(self, snapshot: Snapshot) -> list[Line]:
        """Put a version at the end of every line; those that nobody is telling yet are the caller's to tell."""
        for line in self._lines:
            line.add(snapshot)
        return list(self._unserved())

    def _unserved(self) -> Iterator[Line]:
        for line in self._lines:
            if not line.is_served:
                line.is_served = True
                yield line

    def take(self, line: Line) -> Snapshot | None:
        """What to tell a line next; None, and the line is served no more, once there is nothing."""
        snapshot = line.next()
        line.is_served = snapshot is not None
        return snapshot

    def report(self, error: Exception, snapshot: Snapshot) -> None:
        """Hand the error of a listener on; it is its own affair and nobody else's."""
        _log.error("a listener failed at version %d", snapshot.version, exc_info=error)
        for listener in self._of_errors:
            try:
                listener(error)
            except Exception:  # noqa: BLE001 - of one that is told of errors, there is nobody else to tell
                _log.exception("a listener of errors failed")
