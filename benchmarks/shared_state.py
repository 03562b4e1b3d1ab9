"""Updating and reading a shared state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from copy import deepcopy
from typing import Any

from patternproof.adapters import reactivex
from patternproof.reference.shared_state import SharedState

from patternproof.ports.shared_state import SharedStateSettings, Snapshot

from .contest import Contest, Peer, Work, in_loop

TIMES = 5_000
ROUNDS = 9
DATA = {"count": 0, "tags": ["one", "two", "three"], "owner": {"name": "somebody", "since": 2020}}


class Guarded:
    """What one writes without a library: a dict, a lock, and a deep copy for everybody."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._data: dict[str, Any] = deepcopy(DATA)
        self._version = 0

    async def update(self, function: Callable[[dict[str, Any]], object]) -> object:
        async with self._lock:
            draft = deepcopy(self._data)
            result = function(draft)
            self._data, self._version = draft, self._version + 1
            return result

    async def get(self) -> Snapshot:
        async with self._lock:
            return Snapshot(deepcopy(self._data), self._version)


def increment(data: dict[str, Any]) -> None:
    """The smallest of updates."""
    data["count"] += 1


def contests() -> Iterator[Contest]:
    """Small data, nobody listens; a BehaviorSubject copies nothing by itself, so its adapter does."""
    for what, repeat in (("an update", _updating), ("a get", _getting)):
        yield Contest(
            f"shared state for asyncio, {what}",
            repeat(lambda: SharedState(DATA)),
            TIMES,
            ROUNDS,
            {
                "dict, lock and deepcopy": Peer(repeat(Guarded)),
                "reactivex": Peer(repeat(lambda: reactivex.shared_state(deepcopy(DATA), SharedStateSettings()))),
            },
        )


def _updating(make: Callable[[], Any]) -> Work:
    return _repeating(make, lambda state: state.update(increment))


def _getting(make: Callable[[], Any]) -> Work:
    return _repeating(make, lambda state: state.get())


def _repeating(make: Callable[[], Any], call: Callable[[Any], Coroutine[Any, Any, object]]) -> Work:
    async def work(times: int) -> None:
        state = make()
        for _ in range(times):
            await call(state)

    return in_loop(work)
