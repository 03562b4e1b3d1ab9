"""The real-time limit on code that keeps control."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from patternproof.drivers import clocks, relapses
from patternproof.drivers.base import Hang

LIMIT = 10.0
"""Real seconds that an implementation may keep control in one go, far beyond what any right one needs."""
AGAIN = 1.0
"""Real seconds until it is told once more, where it swallows whatever is raised."""
GLANCE = 0.01
"""Real seconds between two glances at an implementation that has hung before."""
MOST_GLANCES = 8
"""Glances in a row that find it where it has hung before: no right function needs so long, however busy the machine, since each
glance is a moment at which it ran. A run with a hundred hangs must not take a hundred times the limit."""


_armed = [False]
"""Whether a scope further out watches already: arming costs more than a turn of a loop."""


class _Watch:
    """What the alarm of one scope does.

    Args:
        stacks: where each task or thread stands.
        limit: real seconds.
    """

    def __init__(self, stacks: Callable[[], list[str]], limit: float) -> None:
        self.rung: list[Hang] = []
        self.interval = (GLANCE, GLANCE) if relapses.has_hung() and limit > GLANCE else (limit, AGAIN)
        self._stacks, self._limit = stacks, limit
        self._end = clocks.real_monotonic() + limit
        self._glances = 0

    def ring(self, _number: int, frame: FrameType | None) -> None:
        """Raise `Hang` where it hangs."""
        self._glances = self._glances + 1 if relapses.is_relapse(frame) else 0
        relapse = self._glances >= MOST_GLANCES
        if not relapse and clocks.real_monotonic() < self._end and self.interval[0] == GLANCE:
            return
        relapses.remember(frame)
        self._glances = 0
        how = "again, where it did not give it back before" if relapse else f"for {self._limit:g} s without a break"
        at = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}" if frame else "unknown"
        self.rung.append(Hang(f"the implementation kept control {how}, at {at}", self._stacks()))
        raise self.rung[-1]


@contextmanager
def watched(stacks: Callable[[], list[str]], limit: float | None = None) -> Iterator[None]:
    """Raise `Hang` in the main thread once ``limit`` real seconds, or `LIMIT`, are over.

    An alarm is already the platform's only way to interrupt a busy loop; outside of the main thread, or where there are no
    alarms, the limit is that of the whole test.
    """
    if _armed[0] or sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = _Watch(stacks, LIMIT if limit is None else limit)
    previous = signal.signal(signal.SIGALRM, watch.ring)
    outer = signal.setitimer(signal.ITIMER_REAL, *watch.interval)[0]
    _armed[0] = True
    try:
        yield
    finally:
        _armed[0] = False
        signal.setitimer(signal.ITIMER_REAL, outer)
        signal.signal(signal.SIGALRM, previous)
    if watch.rung:
        raise watch.rung[-1]
