"""reactivex: a state in a BehaviorSubject, used from asyncio."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, TypeVar

from reactivex import operators
from reactivex.subject import BehaviorSubject

from patternproof.ports import Unsupported
from patternproof.ports.shared_state import Listener, SharedStateSettings, Snapshot, Updater, VersionConflictError

T = TypeVar("T")

RUNTIME = "asyncio"
ADAPTS = {"reactivex"}
CLAIMS = {"compare_and_set"}


class State:
    """The port over a `BehaviorSubject` of snapshots; the subject neither copies values nor keeps a time."""

    def __init__(self, initial: Mapping[str, Any]) -> None:
        self._subject: BehaviorSubject[Any] = BehaviorSubject(Snapshot(dict(initial), 0))

    async def get(self) -> Snapshot:
        snapshot: Snapshot = deepcopy(self._subject.value)
        return snapshot

    async def update(self, function: Updater[T]) -> T:
        data, version, _ = deepcopy(self._subject.value)
        result = function(data)
        self._subject.on_next(Snapshot(data, version + 1))
        return result

    async def update_if(self, version: int, function: Updater[T]) -> T:
        found = self._subject.value.version
        if found != version:
            raise VersionConflictError(version, found)
        return await self.update(function)

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        if inspect.iscoroutinefunction(listener):
            raise Unsupported("async listeners")
        later = self._subject.pipe(operators.skip(1))  # a BehaviorSubject begins with the value that it has
        return later.subscribe(lambda snapshot: listener(deepcopy(snapshot))).dispose


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> State:
    if settings.store is not None:
        raise Unsupported("store")
    return State(initial)
