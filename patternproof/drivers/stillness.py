"""Telling a thread that stands still from one that runs.

The kernel counts how often a thread gave up a processor. A thread that sleeps, with the same counts before and after a dwell in
which nobody held the interpreter's lock, cannot have run between. One that waits for the interpreter's lock is not still: its
waits are timed, at `sys.getswitchinterval`, so its counts move within the dwell, and it becomes runnable as soon as the lock is
free, which the dwell itself sees to.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Any
from weakref import WeakKeyDictionary

TASKS = Path("/proc/self/task")
DWELL = 0.015
"""Real seconds between two samples: three times the default interval at which a wait for the interpreter's lock wakes."""
DWELL_ELSEWHERE = 0.1
GLANCE = 0.001
RUNS = None
ENDED = "ended"

_still: WeakKeyDictionary[Thread, Any] = WeakKeyDictionary()
"""For each thread the sample at which it was last found still: as long as that does not change, the thread has not run."""


def still(threads: Sequence[Thread]) -> bool:
    """Whether all these threads sleep outside of the interpreter; takes a dwell unless none has run since it was last seen so."""
    before = [_sample(thread) for thread in threads]
    if RUNS in before:
        glance()
        return False
    if TASKS.is_dir() and all(_still.get(thread) == sample for thread, sample in zip(threads, before, strict=True)):
        return True
    time.sleep(max(DWELL if TASKS.is_dir() else DWELL_ELSEWHERE, 3 * sys.getswitchinterval()))
    after = [_sample(thread) for thread in threads]
    if before != after:
        return False
    _still.update(zip(threads, after, strict=True))
    return True


def glance() -> None:
    """Leave the processor and the interpreter's lock to others for a moment."""
    time.sleep(GLANCE)


def processor_time(thread: Thread) -> float:
    """Seconds of processor time that a thread has used; 0 where that cannot be told."""
    try:
        return time.clock_gettime((~(thread.native_id or 0) << 3) | 6)  # Linux's clock of one thread, by its id
    except (AttributeError, OSError):
        return 0.0


def _sample(thread: Thread) -> Any:
    """What changes whenever the thread runs; RUNS while it is runnable, ENDED once it is gone."""
    if not TASKS.is_dir():
        frame = sys._current_frames().get(thread.ident or 0)
        return ENDED if frame is None else (id(frame), frame.f_lasti)
    try:
        lines = (TASKS / str(thread.native_id) / "status").read_text().splitlines()
    except OSError:
        return ENDED
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    sleeps = values["State"].split()[0] == "S"
    return (values["voluntary_ctxt_switches"], values["nonvoluntary_ctxt_switches"]) if sleeps else RUNS
