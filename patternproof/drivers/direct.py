"""The driver that calls an implementation in the calling thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from patternproof.drivers.base import Driver, Operation, Outcome, Pending, Raised, Returned, deliver
from patternproof.drivers.watchdog import watched
from patternproof.own_threads import OwnThreads


class Direct(Driver):
    """For the exploration of threads: whoever calls runs, and frontrun decides who goes on.

    Nothing is held: an operation ends as it was preset to.
    """

    name = "direct"
    can_cancel = False
    holds = False
    moves_clocks = False

    def __init__(self, own: OwnThreads | None = None) -> None:
        self._own = own

    def wait_until(self, ready: Callable[[], object]) -> None:
        """Wait in a thread of the implementation's own; see `OwnThreads.wait_until`."""
        if self._own is not None:
            self._own.wait_until(ready)

    def changed(self) -> None:
        """Let those look again who wait so."""
        if self._own is not None:
            self._own.changed()

    def callable(self, operation: Operation) -> Callable[[], Any]:
        def run() -> Any:
            operation.runs += 1
            return deliver(operation.preset or Returned())

        return run

    def free(self, held: Any, outcome: Outcome) -> None:
        raise NotImplementedError("nothing is held: operations end as they were preset to")

    def begin(self, call: Callable[[], Any]) -> Pending:
        pending = Pending()
        try:
            with self.watch():
                pending.outcome = Returned(call())
        except Exception as error:  # noqa: BLE001  # whatever it raises is the call's outcome
            pending.outcome = Raised(error)
        return pending

    def watch(self) -> AbstractContextManager[None]:
        return watched(self.stacks)

    def now(self, function: Callable[[], Any]) -> Any:
        return function()

    def cancel(self, pending: Pending) -> None:
        raise NotImplementedError("a thread cannot be cancelled")

    def settle(self) -> None:
        """Nothing: a call has ended when it has returned."""

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)  # virtual: the exploration's clock moves on

    def move_wall_clock(self, seconds: float) -> None:
        raise NotImplementedError("the exploration has one clock")

    def time(self) -> float:
        return time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is left behind."""
