"""psycopg_pool's AsyncConnectionPool over PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Self

import psycopg
import psycopg_pool

from patternproof.ports.connection_pool import (
    Connect,
    Connection,
    ConnectionPoolSettings,
    PoolClosedError,
    PoolTimeoutError,
)
from patternproof.servers import postgres_url

from ._borrowing import AsyncBorrowing
from ._settings import FOREVER

RUNTIME = "live"
ADAPTS = {"psycopg-pool", "psycopg"}
CLAIMS = {"min_size"}


class PairedConnection(psycopg.AsyncConnection[Any]):
    """A connection to PostgreSQL that is opened, fails and is closed together with one of the kit's."""

    twin: Connection

    @classmethod
    async def connect(cls, conninfo: str = "", *, connect: Connect, **options: Any) -> Self:  # type: ignore[override]  # one more
        twin = await connect()
        try:
            connection = await super().connect(conninfo, **options)
        except BaseException:
            await twin.close()
            raise
        connection.twin = twin
        return connection

    async def close(self) -> None:
        await super().close()
        await self.twin.close()

    async def execute(self, *query: Any, **options: Any) -> psycopg.AsyncCursor[Any]:
        self._fail_with_twin()
        return await super().execute(*query, **options)

    async def request(self, payload: Any) -> Any:
        """A round trip to the server in a transaction, and one over the kit's connection, which tells how it failed."""
        if self.twin.is_alive():
            await self.execute("select 1")
        try:
            return await self.twin.request(payload)
        finally:
            self._fail_with_twin()

    def _fail_with_twin(self) -> None:
        if not self.twin.is_alive():
            self.pgconn.finish()


class Pool:
    """The port over an `AsyncConnectionPool`."""

    def __init__(self, pool: psycopg_pool.AsyncConnectionPool[Any]) -> None:
        self._pool = pool
        self.close = pool.close

    def acquire(self) -> AsyncBorrowing:
        return AsyncBorrowing(self._pool.connection(), translate)


def translate(error: Exception) -> Exception | None:
    """The port's name for an error of the library's; errors of connecting never come this way."""
    if isinstance(error, psycopg_pool.PoolTimeout):
        return PoolTimeoutError(str(error))
    return PoolClosedError(str(error)) if isinstance(error, psycopg_pool.PoolClosed) else None


async def reset(connection: Any) -> None:
    """The library's hook for what a connection must forget at its return."""
    await connection.twin.reset()


def pool_options(settings: ConnectionPoolSettings) -> dict[str, Any]:
    """The library's options for these settings."""
    limits = {"timeout": settings.acquire_timeout, "max_idle": settings.max_idle, "max_lifetime": settings.max_lifetime}
    return {
        **{name: FOREVER if seconds is None else seconds for name, seconds in limits.items()},
        "min_size": settings.min_size,
        "max_size": settings.max_size,
        "check": psycopg_pool.AsyncConnectionPool.check_connection,
        "open": False,
    }


async def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[Pool]:
    pool: psycopg_pool.AsyncConnectionPool[Any] = psycopg_pool.AsyncConnectionPool(
        postgres_url(), connection_class=PairedConnection, kwargs={"connect": connect}, reset=reset, **pool_options(settings)
    )
    await pool.open()
    yield Pool(pool)
    await pool.close()
