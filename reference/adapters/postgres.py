"""The reference pool over PostgreSQL, in real time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
from patternproof.reference.connection_pool import ConnectionPool

from patternproof.ports.connection_pool import Connect, Connection, ConnectionPoolSettings
from patternproof.servers import postgres_url

RUNTIME = "live"
CLAIMS = {"min_size", "transactional"}
ADAPTS = {"psycopg"}


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
