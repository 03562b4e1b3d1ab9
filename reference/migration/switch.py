"""The state switch for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from patternproof.ports.migration import Flag, Store
from patternproof.ports.shared_state import Snapshot, Updater

T = TypeVar("T")


def replacing(data: Mapping[str, Any]) -> Updater[None]:
    """An update that leaves nothing but this; so whoever does it again does no harm."""

    def replace(there: dict[str, Any]) -> None:
        there.clear()
        there.update(data)

    return replace


class StateSwitch:
    """A switch that has the data in one store at a time.

    Whoever comes first after the flag was turned waits until nothing is under way in the store that was used so far, and copies
    all of it to the other; whoever comes meanwhile waits for that. Until the copy is whole the old place is the right one, so
    that a copying that fails, or is cancelled, is simply begun again by the next.

    Args:
        old: the store where the flag is not set.
        new: the store where it is.
        flag: whether to use the new one.
    """

    def __init__(self, old: Store, new: Store, flag: Flag) -> None:
        self._stores = {False: old, True: new}
        self._flag = flag
        self._moving = asyncio.Lock()
        self._quiet = asyncio.Event()
        self._quiet.set()
        # Changed with the lock held, but for the count of those that have ended.
        self._new = bool(flag())
        self._under_way = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in the {'new' if self._new else 'old'} store, {self._under_way} under way>"

    async def update(self, function: Updater[T]) -> T:
        async with self._store() as store:
            return await store.update(function)

    async def get(self) -> Snapshot:
        async with self._store() as store:
            return await store.get()

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[Store]:
        """The store of the flag, which stays the right one until the scope ends."""
        async with self._moving:
            wanted = bool(self._flag())
            if wanted != self._new:
                await self._quiet.wait()
                snapshot = await self._stores[self._new].get()
                await self._stores[wanted].update(replacing(snapshot.data))
                self._new = wanted
            self._under_way += 1
            self._quiet.clear()
            store = self._stores[self._new]
        try:
            yield store
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._quiet.set()
