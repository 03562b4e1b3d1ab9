"""The reference pool, state and replicas over PostgreSQL, live."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import uuid4

import psycopg
from patternproof.reference.connection_pool import ConnectionPool
from patternproof.reference.shared_state.postgres import PostgresSharedState, opened
from patternproof.reference.state_sync import DistributedStateSync

from patternproof.ports.connection_pool import Connect, Connection, ConnectionPoolSettings
from patternproof.ports.shared_state import SharedStateSettings
from patternproof.ports.state_sync import Network, StateSyncSettings
from patternproof.servers import postgres_url

RUNTIME = "live"
CLAIMS = {"min_size", "transactional", "compare_and_set", "persistent", "distributed", "three_way_merge"}
ADAPTS = {"psycopg"}
SCALE = 0.2
SETTLE = 0.15  # an update takes several round trips and a write to the disk

_names = count(1)


class PairedConnection:
    """A connection to PostgreSQL that is opened, fails and is closed together with one of the kit's."""

    def __init__(self, twin: Connection, real: psycopg.AsyncConnection[Any]) -> None:
        self._twin = twin
        self._real = real

    async def request(self, payload: Any) -> Any:
        """The rows of a statement of SQL; anything else is a request to the kit's connection."""
        if not isinstance(payload, str):
            return await self._twin.request(payload)
        cursor = await self._real.execute(payload.encode())
        return await cursor.fetchall() if cursor.description else []

    def is_alive(self) -> bool:
        """Whether both can be used."""
        return self._twin.is_alive() and not self._real.closed

    async def reset(self) -> None:
        """Roll back, and let the kit's connection forget."""
        await self._real.rollback()
        await self._twin.reset()

    async def close(self) -> None:
        """Close both."""
        await self._real.close()
        await self._twin.close()


async def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[ConnectionPool]:
    address = postgres_url()

    async def connect_both() -> PairedConnection:
        twin = await connect()
        try:
            return PairedConnection(twin, await psycopg.AsyncConnection.connect(address, autocommit=True))
        except BaseException:
            await twin.close()
            raise

    pool = ConnectionPool(connect_both, settings)
    yield pool
    await pool.close()


async def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> AsyncIterator[PostgresSharedState]:
    name = settings.store or f"patternproof-{os.getpid()}-{next(_names)}"
    async with opened(postgres_url(), name, initial) as state:
        yield state


async def state_sync(network: Network, settings: StateSyncSettings) -> AsyncIterator[DistributedStateSync]:
    address = settings.store or f"{postgres_url()}#patternproof_{uuid4().hex}"
    system = DistributedStateSync(network, replace(settings, store=address))
    yield system
    await system.close()
