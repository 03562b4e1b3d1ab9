"""The driver for asyncio implementations in virtual time."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Self

import detangle

from patternproof.drivers import clocks
from patternproof.drivers.base import Hang
from patternproof.drivers.tasks import TaskDriver
from patternproof.drivers.watchdog import watched

MOST_STEPS = 20_000
"""Handles that the loop may run in one settling before the implementation counts as spinning."""
MOST_CANCELLATIONS = 5
"""Times that what is left at the end of an example is cancelled."""


class _Inside:
    """A scope in which code of the implementation may run: it sees the example's clock, and is watched.

    It is entered at every turn of the loop, mostly within itself, where it has nothing to do.
    """

    def __init__(self, clock: Callable[[], float], stacks: Callable[[], list[str]]) -> None:
        self._clock, self._stacks = clock, stacks
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth == 1:
            clocks.attach(self._clock)
            self._watched = watched(self._stacks)
            self._watched.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._depth -= 1
        if not self._depth:
            clocks.detach()
            self._watched.__exit__(kind, error, trace)


class Simulated(TaskDriver):
    """One `detangle.SimLoop`: virtual time, and the order of a stock loop.

    The loop never reorders what a stock loop keeps in order: a schedule that asyncio cannot produce would accuse a right
    implementation. Everything that comes from outside (a result, an error, a cancellation, a timer) comes at any turn that the
    caller chooses, as it does in production.
    """

    name = "simulated"
    has_turns = True

    def __init__(self) -> None:
        super().__init__(detangle.SimLoop(detangle.SimConfig(reorder=False, max_steps=10 * MOST_STEPS)))
        self._loop._now = clocks.START
        self._wall = clocks.WallClock()
        self._scope = _Inside(self._loop.time, self.stacks)

    def __enter__(self) -> Self:
        self._wall.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if not isinstance(error, Hang):
                self._end_tasks()
        finally:
            self._wall.stop()
            self._loop.abandon()
            self._loop.close()

    def settle(self) -> None:
        before = self._loop.steps
        with self._inside():
            self._loop.run_ready(MOST_STEPS)
        if self._loop.steps - before >= MOST_STEPS:
            raise Hang(f"the implementation spins: {MOST_STEPS} steps of its tasks and still not at rest", self.stacks())

    def turn(self, count: int = 1) -> None:
        for _ in range(count):
            ready = sum(len(lane.queue) for lane in self._loop._active.values())
            with self._inside():
                self._loop.run_ready(ready)

    def forget(self) -> None:
        self._fetch_errors()
        for task in [task for task in self._loop.tasks if task.done()]:
            self._loop.tasks.remove(task)
            del self._loop.task_info[task]
            self._loop._task_lanes.pop(task, None)
        for info in self._loop.task_info.values():
            if info.parent is not None and info.parent.done():
                info.parent = None

    def pass_time(self, seconds: float) -> None:
        self.pass_until(seconds, lambda: False)

    def pass_until(self, seconds: float, enough: Callable[[], bool]) -> float:
        end = self.time() + seconds
        while (due := self._next_timer()) is not None and due <= end:
            self._move_to(due)
            self.settle()
            if enough():
                return end - self.time()
        self._move_to(end)
        return 0.0

    def _next_timer(self) -> float | None:
        timers = self._loop._timers
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
            self._loop._cancelled_timers -= 1
        return timers[0][0] if timers else None

    def _move_to(self, when: float) -> None:
        self._wall.shift(max(0.0, when - self._loop.time()))
        self._loop._now = max(when, self._loop.time())

    def move_wall_clock(self, seconds: float) -> None:
        self._wall.shift(seconds)

    def time(self) -> float:
        return float(self._loop.time())

    def _tasks(self) -> list[asyncio.Task[Any]]:
        return [task for task in self._loop.tasks if not task.done()]

    def _inside(self) -> AbstractContextManager[None]:
        return self._scope

    def _cancel_tasks(self) -> bool:
        """Cancel whatever has not ended; whether there was anything."""
        left = [task for task in self._loop.tasks if not task.done()]
        for task in left:
            task.cancel()
        with self._inside(), suppress(detangle.StepLimitExceeded):  # who spins through cancellations is left where it is
            self._loop.run_ready(MOST_STEPS)
        return bool(left)

    def _end_tasks(self) -> None:
        self._loop._recording = False
        # What is cancelled may wait once more as it cleans up. A task left over would go on when it is collected as garbage,
        # without a loop and in the middle of anything.
        for _ in range(MOST_CANCELLATIONS):
            if not self._cancel_tasks():
                break
        self._fetch_errors()

    def _fetch_errors(self) -> None:
        """An error that nobody fetched is not to be logged after the example."""
        for task in self._loop.tasks:
            if task.done() and not task.cancelled():
                task.exception()
