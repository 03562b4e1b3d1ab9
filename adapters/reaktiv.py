"""reaktiv: a state in a signal, used from asyncio."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, TypeVar

import reaktiv  # type: ignore[import-untyped]  # it has no types of its own

from patternproof.ports import Unsupported
from patternproof.ports.shared_state import Listener, SharedStateSettings, Snapshot, Updater, VersionConflictError

T = TypeVar("T")

RUNTIME = "asyncio"
ADAPTS = {"reaktiv"}
CLAIMS = {"compare_and_set"}


class State:
    """The port over a `reaktiv.signal` of snapshots; a signal neither copies values nor keeps a time, and effects are plain."""

    def __init__(self, initial: Mapping[str, Any]) -> None:
        self._signal = reaktiv.signal(Snapshot(dict(initial), 0))

    async def get(self) -> Snapshot:
        snapshot: Snapshot = deepcopy(self._signal())
        return snapshot

    async def update(self, function: Updater[T]) -> T:
        results: list[T] = []

        def following(snapshot: Snapshot) -> Snapshot:
            data = deepcopy(dict(snapshot.data))
            results.append(function(data))
            return Snapshot(data, snapshot.version + 1)

        self._signal.update(following)
        return results[-1]

    async def update_if(self, version: int, function: Updater[T]) -> T:
        found = self._signal().version
        if found != version:
            raise VersionConflictError(version, found)
        return await self.update(function)

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        if inspect.iscoroutinefunction(listener):
            raise Unsupported("async listeners")
        present = self._signal()

        def told() -> None:
            snapshot = self._signal()
            if snapshot is not present:  # an effect runs at once, for the value that it finds
                with reaktiv.untracked():
                    listener(deepcopy(snapshot))

        remove: Callable[[], None] = reaktiv.effect(told).dispose
        return remove


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> State:
    if settings.store is not None:
        raise Unsupported("store")
    return State(initial)
