"""The real-time limit on code that keeps control."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from patternproof.drivers.base import Hang

LIMIT = 10.0
"""Real seconds that an implementation may keep control in one go, far beyond what any right one needs."""
AGAIN = 1.0
"""Real seconds until it is told once more, where it swallows whatever is raised."""


_armed = [False]
"""Whether a scope further out watches already: arming costs more than a turn of a loop."""


@contextmanager
def watched(stacks: Callable[[], list[str]], limit: float | None = None) -> Iterator[None]:
    """Raise `Hang` in the main thread once ``limit`` real seconds, or `LIMIT`, are over.

    An alarm is already the platform's only way to interrupt a busy loop; outside of the main thread, or where there are no
    alarms, the limit is that of the whole test.
    """
    if _armed[0] or sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    most = LIMIT if limit is None else limit
    rung: list[Hang] = []

    def ring(_number: int, frame: FrameType | None) -> None:
        at = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}" if frame else "unknown"
        rung.append(Hang(f"the implementation kept control for {most:g} s without a break, at {at}", stacks()))
        raise rung[-1]

    previous = signal.signal(signal.SIGALRM, ring)
    outer = signal.setitimer(signal.ITIMER_REAL, most, AGAIN)[0]
    _armed[0] = True
    try:
        yield
    finally:
        _armed[0] = False
        signal.setitimer(signal.ITIMER_REAL, outer)
        signal.signal(signal.SIGALRM, previous)
    if rung:
        raise rung[-1]
