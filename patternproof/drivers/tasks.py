"""What the drivers for asyncio implementations have in common."""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from types import FrameType
from typing import Any

from patternproof.drivers.base import Cancelled, Driver, Operation, Outcome, Pending, Raised, Returned, deliver
from patternproof.drivers.watchdog import watched

_UNNAMED = re.compile(r"^Task-\d+$")
"""The names that asyncio gives; its numbers depend on what ran before."""
PASSED_OVER = ("patternproof.drivers", "patternproof.scenarios", "asyncio", "contextlib", "detangle")
"""Modules whose lines say nothing of where an implementation stands."""


class TaskDriver(Driver):
    """Calls are tasks of one loop, and operations are held by its futures."""

    tasks = True

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop: Any = loop
        self._asked: set[Pending] = set()

    def callable(self, operation: Operation) -> Callable[[], Any]:
        async def run() -> Any:
            operation.runs += 1
            self._noticed()
            if operation.preset is not None:
                return deliver(operation.preset)
            held: asyncio.Future[Outcome] = self._loop.create_future()
            operation.held.append(held)
            try:
                return deliver(await held)
            finally:
                with suppress(ValueError):
                    operation.held.remove(held)

        return run

    def free(self, held: Any, outcome: Outcome) -> None:
        if not held.done():
            held.set_result(outcome)

    def begin(self, call: Callable[[], Any]) -> Pending:
        pending = Pending()
        task = pending.handle = self._loop.create_task(self._follow(pending, call), name="call")

        def end(_: asyncio.Task[None]) -> None:
            if pending.outcome is None:
                pending.outcome = Cancelled()  # in the turn in which it was to begin

        task.add_done_callback(end)
        return pending

    async def _follow(self, pending: Pending, call: Callable[[], Any]) -> None:
        try:
            value = call()
            pending.outcome = Returned(await value if hasattr(value, "__await__") else value)
        except asyncio.CancelledError as error:
            pending.outcome = Cancelled() if pending in self._asked else Raised(error)
        except KeyboardInterrupt:
            raise  # of whoever sits at the keyboard, not of the implementation
        except BaseException as error:  # noqa: BLE001  # whatever it raises is the call's outcome
            pending.outcome = Raised(error)
        self._noticed()

    def _noticed(self) -> None:
        """Something that the kit can see has happened."""

    def now(self, function: Callable[[], Any]) -> Any:
        with self._inside():
            asyncio.events._set_running_loop(self._loop)
            try:
                return function()
            finally:
                asyncio.events._set_running_loop(None)

    def cancel(self, pending: Pending) -> None:
        self._asked.add(pending)
        with self._inside():
            pending.handle.cancel()

    def waiting(self) -> list[str]:
        return [where(task) for task in self._tasks() if not _is_held(task)]

    def stacks(self) -> list[str]:
        return [where(task) for task in self._tasks()]

    @abstractmethod
    def _tasks(self) -> list[asyncio.Task[Any]]:
        """The tasks of the loop that have not ended."""

    def watch(self) -> AbstractContextManager[None]:
        return self._inside()

    def _inside(self) -> AbstractContextManager[None]:
        """A scope in which code of the implementation may run."""
        return watched(self.stacks)


def where(task: asyncio.Task[Any]) -> str:
    """The task's name, and the innermost line at which it stands that is neither the kit's nor the standard library's."""
    frames = [frame for frame in _frames(task.get_coro()) if not _is_passed_over(frame)]
    name = _UNNAMED.sub(lambda _: f"of {getattr(task.get_coro(), '__qualname__', 'nobody')}", task.get_name())
    if not frames:
        return f"task {name}: in the kit's own code"
    return f"task {name} at {frames[-1].f_code.co_filename}:{frames[-1].f_lineno} in {frames[-1].f_code.co_name}"


def _is_held(task: asyncio.Task[Any]) -> bool:
    """Whether it waits for the kit: for an operation that is held, or for a connection of the kit's."""
    frames = [frame for frame in _frames(task.get_coro()) if not str(frame.f_globals.get("__name__")).startswith("asyncio")]
    return not frames or str(frames[-1].f_globals.get("__name__")).startswith(("patternproof.drivers", "patternproof.scenarios"))


def _frames(awaited: Any) -> Iterator[FrameType]:
    """The frames of a coroutine and of what it awaits, the outermost first."""
    while awaited is not None:
        for prefix in ("cr", "gi", "ag"):
            frame = getattr(awaited, f"{prefix}_frame", None)
            if frame is not None:
                yield frame
                break
        else:
            return
        awaited = getattr(awaited, f"{prefix}_await" if prefix != "gi" else "gi_yieldfrom", None)
        if frame.f_globals.get("__name__") == "contextlib" and not hasattr(awaited, "cr_frame"):
            # An anext() does not tell what it awaits; @asynccontextmanager keeps the generator.
            awaited = getattr(frame.f_locals.get("self"), "gen", None)


def _is_passed_over(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith(PASSED_OVER)
