"""generic-connection-pool, used from asyncio, over the kit's connections."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from generic_connection_pool.asyncio import BaseConnectionManager, ConnectionPool
from generic_connection_pool.exceptions import ConnectionPoolClosedError

from patternproof.ports.connection_pool import Connect, Connection, ConnectionPoolSettings, PoolClosedError, PoolTimeoutError

from ._borrowing import AsyncBorrowing
from ._own_errors import AsyncWatched
from ._settings import FOREVER, offer_only

RUNTIME = "asyncio"
ADAPTS = {"generic-connection-pool"}
CLAIMS: set[str] = set()

ENDPOINT = "dependency"


class Manager(BaseConnectionManager[str, Any]):
    """How the library makes, checks, resets and closes the kit's connections."""

    def __init__(self, connect: AsyncWatched[Connection]) -> None:
        self._connect = connect

    async def create(self, endpoint: str) -> Connection:
        return await self._connect()

    async def dispose(self, endpoint: str, conn: Connection) -> None:
        await conn.close()

    async def check_aliveness(self, endpoint: str, conn: Connection) -> bool:
        return conn.is_alive()

    async def on_release(self, endpoint: str, conn: Connection) -> None:
        try:
            await conn.reset()
        except ConnectionError:
            await conn.close()  # the library has no other way to refuse a return: it discards a dead one at the next checkout

    async def on_connection_dead(self, endpoint: str, conn: Connection) -> None:
        await conn.close()


class Pool:
    """The port over a `generic_connection_pool.asyncio.ConnectionPool` with one endpoint."""

    def __init__(self, pool: ConnectionPool[str, Any], connect: AsyncWatched[Connection]) -> None:
        self._pool = pool
        self._connect = connect
        self.close = pool.close

    def acquire(self) -> AsyncBorrowing:
        return AsyncBorrowing(self._pool.connection(ENDPOINT), self._translate)

    def _translate(self, error: Exception) -> Exception | None:
        if error is self._connect.error:
            return None
        if isinstance(error, ConnectionPoolClosedError):
            return PoolClosedError("the library's pool is closed")
        return PoolTimeoutError("the library's acquire timed out") if isinstance(error, TimeoutError) else None


async def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[Pool]:
    offer_only(settings, "max_size", "acquire_timeout", "max_idle", "max_lifetime")
    max_lifetime = FOREVER if settings.max_lifetime is None else settings.max_lifetime
    watched = AsyncWatched(connect)
    pool = ConnectionPool[str, Any](
        Manager(watched),
        acquire_timeout=settings.acquire_timeout,
        background_collector=True,
        min_idle=0,
        max_size=settings.max_size,
        total_max_size=settings.max_size,
        idle_timeout=max_lifetime if settings.max_idle is None else min(settings.max_idle, max_lifetime),
        max_lifetime=max_lifetime,
    )
    yield Pool(pool, watched)
    with suppress(TimeoutError):  # what the library raises where a connection is out; without a limit it would spin for it
        await pool.close(timeout=0)
