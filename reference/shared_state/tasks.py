"""The shared state for asyncio."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from patternproof.reference.shared_state.listeners import ErrorListener, Line, Listeners
from patternproof.reference.shared_state.versions import first, following, require

from patternproof.ports.shared_state import Listener, Remove, Snapshot, Updater

T = TypeVar("T")


class SharedState:
    """A shared state for asyncio, bound to no loop.

    An update is one step that nothing interrupts: it is cancelled before it or not at all. Listeners are told after it, with no
    lock held; plain ones at once, so they should be quick, and coroutine functions in a task each.

    Args:
        initial: the data of version 0.

    Raises:
        UpdaterError: the data holds something that a state cannot hold.
    """

    def __init__(self, initial: Mapping[str, Any]) -> None:
        self._lock = threading.Lock()
        # Changed under the lock alone; the snapshot may be read by anybody at any time.
        self._snapshot = first(initial)
        self._listeners = Listeners()
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self) -> Snapshot:
        """The latest version; every reader is given the same frozen one."""
        return self._snapshot

    async def update(self, function: Updater[T]) -> T:
        """Change the data by ``function(data)``, all or nothing, and return its result.

        Raises:
            UpdaterError: the function returned something to be awaited, or left something that a state cannot hold.
            Exception: whatever the function raised, the very same object.
        """
        return self._commit(function)

    async def update_if(self, version: int, function: Updater[T]) -> T:
        """As `update`, where `version` is the latest one.

        Raises:
            VersionConflictError: it is not; the function was not called.
        """
        return self._commit(function, version)

    def _commit(self, function: Updater[T], version: int | None = None) -> T:
        with self._lock:
            if version is not None:
                require(self._snapshot, version)
            self._snapshot, result = following(self._snapshot, function)
            lines = self._listeners.append(self._snapshot)
        for line in lines:
            self._tell(line)
        return result

    def _tell(self, line: Line) -> None:
        """Tell a listener all that waits for it, up to the first that takes its time; a task goes on from there."""
        while (snapshot := self._next(line)) is not None:
            try:
                told = line.listener(snapshot)
            except Exception as error:  # noqa: BLE001 - whatever a listener raises is its own affair
                self._listeners.report(error, snapshot)
                continue
            if inspect.isawaitable(told):
                task = asyncio.get_running_loop().create_task(self._go_on(line, told, snapshot))
                self._tasks.add(task)  # the loop itself holds tasks by weak references
                task.add_done_callback(self._tasks.discard)
                return

    async def _go_on(self, line: Line, told: Awaitable[object], snapshot: Snapshot) -> None:
        try:
            await told
        except asyncio.CancelledError as error:
            if cancelling():
                raise
            self._listeners.report(RuntimeError("a listener was cancelled", error), snapshot)
        except Exception as error:  # noqa: BLE001 - as above
            self._listeners.report(error, snapshot)
        self._tell(line)

    def _next(self, line: Line) -> Snapshot | None:
        with self._lock:
            return self._listeners.take(line)

    def add_listener(self, listener: Listener) -> Remove:
        """Tell ``listener(snapshot)`` of every version from the next one on, in order; a coroutine function may take its time."""
        with self._lock:
            line = self._listeners.add(listener)

        def remove() -> None:
            with self._lock:
                self._listeners.remove(line)

        return remove

    def add_error_listener(self, listener: ErrorListener) -> None:
        """Call ``listener(error)``, a plain function, with the errors of listeners, which are logged besides."""
        with self._lock:
            self._listeners.add_error_listener(listener)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} version {self._snapshot.version}, {len(self._listeners)} listeners>"


def cancelling() -> bool:
    """Whether it is the current task that is being cancelled, and not something that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
