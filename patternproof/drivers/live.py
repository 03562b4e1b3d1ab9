"""The driver for asyncio with real connections and real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self

from patternproof.drivers import clocks
from patternproof.drivers.base import Hang, Outcome, Pending, deliver
from patternproof.drivers.tasks import TaskDriver, where

SCALE = 0.1
SETTLE = 0.03
"""A third of a second of the example at the default scale: an example of seven steps stays clear of every limit."""
LONGEST_SLICE = 1.0
"""Real seconds that the loop runs in one go, well below the limit on code that does not give control back."""
MOST_SETTLING = 30.0
"""Real seconds in which an implementation has to come to rest."""
MOST_CLEANING = 2.0
"""Real seconds in which cancelled tasks have to end, at the end of an example."""


class Live(TaskDriver):
    """The stock loop, run from the steps for as long as they say.

    Nothing tells that a server has no more to say: all counts as settled once nothing that the kit can see (a call that ends, an
    operation that runs) has happened for a while. That while is real time too, so time goes on at every settling: `time` tells
    how far. What passes next counts from the last thing that was done or seen: a timeout began with that, and not when the kit
    had seen enough.

    Args:
        scale: real seconds in a second of the example.
        settle: real seconds of quiet after which all counts as settled.
    """

    name = "live"
    patience = 100
    moves_clocks = False

    def __init__(self, scale: float = SCALE, settle: float = SETTLE) -> None:
        super().__init__(asyncio.new_event_loop())
        self.scale = scale
        self.uncaught: list[dict[str, Any]] = []
        """What the loop's exception handler was told."""
        self._quiet = settle
        self._events = 0
        self._passed = 0.0
        self._began = self._since = clocks.real_monotonic()

    def __enter__(self) -> Self:
        self._loop.set_exception_handler(lambda _loop, context: self.uncaught.append(context))
        self._began = self._since = clocks.real_monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if not isinstance(error, Hang):
                self._end_tasks()
        finally:
            self._loop.close()

    def watch(self) -> AbstractContextManager[None]:
        return nullcontext()  # real time passes within a batch; each slice of it is watched by itself

    def _noticed(self) -> None:
        self._events += 1
        self._since = clocks.real_monotonic()

    def begin(self, call: Callable[[], Any]) -> Pending:
        self._since = clocks.real_monotonic()
        return super().begin(call)

    def free(self, held: Any, outcome: Outcome) -> None:
        self._since = clocks.real_monotonic()
        super().free(held, outcome)

    def cancel(self, pending: Pending) -> None:
        self._since = clocks.real_monotonic()
        super().cancel(pending)

    def settle(self) -> None:
        limit = clocks.real_monotonic() + MOST_SETTLING
        before = -1
        while before != self._events:
            if clocks.real_monotonic() > limit:
                raise Hang(f"the implementation is never at rest: events without an end for {MOST_SETTLING:g} s", self.stacks())
            before = self._events
            self._run(self._quiet)

    def complete(self, call: Callable[[], Any]) -> Any:
        """As `Driver.complete`: a call that nothing holds may take longer than the quiet after which all counts as settled."""
        pending = self.begin(call)
        limit = clocks.real_monotonic() + MOST_SETTLING
        while pending.outcome is None:
            if clocks.real_monotonic() > limit:
                raise Hang(f"a call that nothing holds did not end within {MOST_SETTLING:g} s", self.stacks())
            self._run(self._quiet)
        return deliver(pending.outcome)

    def pass_time(self, seconds: float) -> None:
        self._passed += seconds
        end = self._since + seconds * self.scale
        while (left := end - clocks.real_monotonic()) > 0:
            self._run(min(left, LONGEST_SLICE))
        self._since = end

    def move_wall_clock(self, seconds: float) -> None:
        raise NotImplementedError("the live driver has the machine's own clocks")

    def time(self) -> float:
        return clocks.START + (clocks.real_monotonic() - self._began) / self.scale

    @property
    def ahead(self) -> float:
        return self.time() - clocks.START - self._passed

    def _tasks(self) -> list[asyncio.Task[Any]]:
        return sorted(asyncio.all_tasks(self._loop), key=where)

    def _run(self, seconds: float) -> None:
        with self._inside():
            self._loop.run_until_complete(asyncio.sleep(seconds))

    def _end_tasks(self) -> None:
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        with self._inside():
            if tasks:
                self._loop.run_until_complete(asyncio.wait(tasks, timeout=MOST_CLEANING))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
