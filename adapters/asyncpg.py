"""asyncpg's Pool over PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # the library has no types

from patternproof.ports.connection_pool import (
    Connect,
    Connection,
    ConnectionPoolSettings,
    PoolClosedError,
    PoolTimeoutError,
)
from patternproof.servers import postgres_url

from ._borrowing import AsyncBorrowing
from ._own_errors import AsyncWatched
from ._settings import offer_only

RUNTIME = "live"
ADAPTS = {"asyncpg"}
CLAIMS = {"min_size"}

NEVER = 0
"""What `max_inactive_connection_lifetime` is where idle connections are kept."""


class PairedConnection(asyncpg.Connection):  # type: ignore[misc]  # the library has no types
    """A connection to PostgreSQL that is opened, fails and is closed together with one of the kit's."""

    twin: Connection | None = None

    def is_closed(self) -> bool:
        if self.twin is not None and not self.twin.is_alive() and not super().is_closed():
            self._abort()  # what the end of the real connection does, of which asyncio would have told at once
        return bool(super().is_closed())

    async def reset(self, *, timeout: float | None = None) -> None:
        await super().reset(timeout=timeout)
        if self.twin is not None:
            await self.twin.reset()

    async def request(self, payload: Any) -> Any:
        """A round trip to the server, and one over the kit's connection, which tells how it failed."""
        assert self.twin is not None, "a connection is paired before the pool sees it"
        if self.twin.is_alive():
            await self.execute("select 1")
        return await self.twin.request(payload)


class Pool:
    """The port over an `asyncpg.Pool`.

    Args:
        pool: already initialised.
        connect: what the pool makes connections with.
        timeout: seconds that each acquire waits; None: for ever.
    """

    def __init__(self, pool: asyncpg.Pool, connect: AsyncWatched[Connection], timeout: float | None) -> None:
        self._pool = pool
        self._connect = connect
        self._timeout = timeout
        self.close = pool.close

    def acquire(self) -> AsyncBorrowing:
        return AsyncBorrowing(self._pool.acquire(timeout=self._timeout), self._translate)

    def _translate(self, error: Exception) -> Exception | None:
        if error is self._connect.error:
            return None
        if isinstance(error, TimeoutError):
            return PoolTimeoutError("the library's acquire timed out")
        closed = isinstance(error, asyncpg.InterfaceError) and self._pool.is_closing()
        return PoolClosedError(str(error)) if closed else None


def pool_options(settings: ConnectionPoolSettings) -> dict[str, Any]:
    """The library's options for these settings."""
    offer_only(settings, "max_size", "min_size", "acquire_timeout", "max_idle")
    return {
        "min_size": settings.min_size,
        "max_size": settings.max_size,
        "max_inactive_connection_lifetime": NEVER if settings.max_idle is None else settings.max_idle,
    }


async def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[Pool]:
    watched = AsyncWatched(connect)

    async def connect_pair(*address: Any, **options: Any) -> PairedConnection:
        twin = await watched()
        try:
            connection: PairedConnection = await asyncpg.connect(*address, **options)
        except BaseException:
            await twin.close()
            raise
        connection.twin = twin

        async def close_twin(_: Any) -> None:
            await twin.close()

        connection.add_termination_listener(close_twin)
        return connection

    pool = await asyncpg.create_pool(
        postgres_url(), connect=connect_pair, connection_class=PairedConnection, **pool_options(settings)
    )
    yield Pool(pool, watched, settings.acquire_timeout)
    pool.terminate()
