"""State synchronisation over a store that other processes use too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from patternproof.ports.state_sync import DuplicateReplicaError, Network, StateSyncSettings, StoreError, Unreachable

from .http import HttpStore
from .retrying import validate
from .sql import SqlStore
from .store import CENTRE, StoreUnreachableError
from .tasks import Replica
from .wire import encode_refusal


class Server(Protocol):
    """What a store is kept by, where this process started it."""

    def start(self) -> None:
        """Start it again, with all that it had stored."""

    def stop(self) -> None:
        """Stop it."""


def opened(address: str) -> SqlStore | HttpStore:
    """The store at an address: ``sqlite:///path``, ``postgresql://…`` or ``http://host:port``.

    Raises:
        StoreError: no such kind, refused, or a schema of another version.
    """
    return HttpStore(address) if address.startswith("http://") else SqlStore(address)


class DistributedStateSync:
    """Replicas of this process, and the way to a store that others share.

    Args:
        network: the way between them.
        settings: of the replicas; `store` is the store's address.
        server: keeps the store; None: nothing that this process could stop.

    Raises:
        StoreError: the store cannot be used.
    """

    def __init__(self, network: Network, settings: StateSyncSettings, server: Server | None = None) -> None:
        validate(settings)
        self._network, self._settings, self._server = network, settings, server
        self._store = opened(settings.store or "")
        self._open: dict[str, Replica] = {}
        network.register(CENTRE, self._receive)

    def __repr__(self) -> str:
        return f"<DistributedStateSync {self._store}, {len(self._open)} replicas>"

    @property
    def store(self) -> str:
        """The address that other processes give."""
        return self._store.address

    async def stop_store(self) -> None:
        """Stop the store; one that needs no server has nothing to stop."""
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)

    async def start_store(self) -> None:
        """Start it again."""
        if self._server is not None:
            await asyncio.to_thread(self._server.start)

    async def _receive(self, sender: str, request: bytes) -> bytes:
        try:
            return await asyncio.to_thread(self._store.receive, request)
        except StoreUnreachableError as error:
            raise Unreachable(str(error)) from error
        except StoreError as error:  # a retry would not help
            return encode_refusal(str(error))

    def replica(self, name: str) -> Replica:
        """Open a new, empty replica.

        Raises:
            DuplicateReplicaError: one of this name is open in this process.
        """
        if name in self._open or name == CENTRE:
            raise DuplicateReplicaError(f"the name {name!r} is taken; close the replica that has it, or choose another")
        made = self._open[name] = Replica(name, self._network, self._settings, self._open.pop)
        return made

    async def central(self) -> Mapping[str, Any]:
        contents: Mapping[str, Any] = await asyncio.to_thread(self._store.contents)
        return contents

    async def close(self) -> None:
        """Close every replica of this process; the store stays."""
        for replica in [*self._open.values()]:
            await replica.close()
