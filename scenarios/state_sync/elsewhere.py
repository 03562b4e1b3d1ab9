"""A replica in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.ports.state_sync import StateSyncSettings, SyncError, SyncResult
from patternproof.processes import MadeThere, Remote, neighbour

from .network import Network


class RemoteReplica:
    """A replica of another process, as the kit drives it; its line to the store is never disturbed."""

    last_sync = None
    """It is not asked for: what the examples of several processes are about is the state."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def write(self, key: str, value: Any) -> None:
        await self._remote.call("write", key, value)

    async def delete(self, key: str) -> None:
        await self._remote.call("delete", key)

    async def read(self, key: str) -> Any:
        return await self._remote.call("read", key)

    async def snapshot(self) -> Any:
        return await self._remote.call("snapshot")

    async def sync(self) -> SyncResult:
        result = await self._remote.call("sync")
        if not hasattr(result, "pushed"):
            raise SyncError(f"it returned {result!r}")
        return SyncResult(*(tuple(getattr(result, part)) for part in SyncResult.__dataclass_fields__))

    async def close(self) -> None:
        """The system of the other process closes it."""


@contextmanager
def elsewhere(adapter: Adapter, driver: Driver, store: str, name: str) -> Iterator[Any]:
    """A replica over a store in another process; where time is virtual, of another system in this one."""
    house, settings, network = neighbour(adapter, driver), StateSyncSettings(store=store), partial(Network, replicas=[name])
    if house is None:
        with adapter.make("state_sync", driver, network(driver), settings) as system:
            yield driver.now(lambda: system.replica(name))
        return
    with house.make("state_sync", MadeThere(network), settings) as remote:
        replica = driver.complete(lambda: remote.keep("replica", name))
        yield RemoteReplica(replica)
        replica.let_go()
