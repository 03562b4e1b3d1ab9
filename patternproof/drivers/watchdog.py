"""The real-time limit on code that keeps control."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal.signal` makes an enum of each handler, which costs more than the call
import gc
import sys
import threading
from _thread import get_ident
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

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


class _Collecting:
    """Takes the time of garbage collections: it grows with what the kit keeps, and is not the implementation's."""

    seconds = 0.0
    """Real seconds that all collections so far have taken."""
    under_way = False
    _began = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        self.under_way = phase == "start"
        if self.under_way:
            self._began = clocks.real_monotonic()
        else:
            self.seconds += clocks.real_monotonic() - self._began


collecting = _Collecting()
gc.callbacks.append(collecting)


class watched:  # noqa: N801  # used as a function, and a class for its speed: it is entered at every turn
    """Raise `Hang` in the main thread once ``limit`` real seconds, or `LIMIT`, are over; a context manager.

    An alarm is already the platform's only way to interrupt a busy loop; outside of the main thread, or where there are no
    alarms, the limit is that of the whole test.

    Args:
        stacks: where each task or thread stands.
        limit: real seconds.
    """

    __slots__ = ("_collected", "_end", "_glances", "_interval", "_limit", "_previous", "_stacks", "rung")

    def __init__(self, stacks: Callable[[], list[str]], limit: float | None = None) -> None:
        self._stacks, self._limit = stacks, LIMIT if limit is None else limit
        self._previous: Any = None
        """The handler before, and what was left of its time; None where this scope watches nothing."""

    def __enter__(self) -> None:
        if _armed[0] or sys.platform == "win32" or get_ident() != threading.main_thread().ident:
            return
        self.rung: list[Hang] = []
        self._glances = 0
        self._end = clocks.real_monotonic() + self._limit
        self._collected = collecting.seconds
        self._interval = (GLANCE, GLANCE) if relapses.has_hung() and self._limit > GLANCE else (self._limit, AGAIN)
        self._previous = _signal.signal(_signal.SIGALRM, self._ring), _signal.setitimer(_signal.ITIMER_REAL, *self._interval)[0]
        _armed[0] = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._previous is None:
            return
        _armed[0] = False
        handler, left = self._previous
        _signal.setitimer(_signal.ITIMER_REAL, left)
        _signal.signal(_signal.SIGALRM, handler)
        self._previous = None
        if self.rung and error is None:
            raise self.rung[-1]

    def _ring(self, _number: int, frame: FrameType | None) -> None:
        """Raise `Hang` where it hangs."""
        if collecting.under_way:
            return  # callbacks of a collection run in whatever frame it interrupts, and what they raise is lost
        self._glances = self._glances + 1 if relapses.is_relapse(frame) else 0
        relapse = self._glances >= MOST_GLANCES
        collected = collecting.seconds - self._collected
        if not relapse and clocks.real_monotonic() < self._end + collected and (collected or self._interval[0] == GLANCE):
            return
        relapses.remember(frame)
        self._glances = 0
        how = "again, where it did not give it back before" if relapse else f"for {self._limit:g} s without a break"
        at = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}" if frame else "unknown"
        self.rung.append(Hang(f"the implementation kept control {how}, at {at}", self._stacks()))
        raise self.rung[-1]
