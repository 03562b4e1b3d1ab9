"""asyncio-connection-pool over the kit's connections."""

from __future__ import annotations

from asyncio_connection_pool import ConnectionPool, ConnectionStrategy

from patternproof.ports import Unsupported
from patternproof.ports.connection_pool import Connect, Connection, ConnectionPoolSettings

from ._borrowing import AsyncBorrowing
from ._settings import offer_only

RUNTIME = "asyncio"
ADAPTS = {"asyncio-connection-pool"}
CLAIMS: set[str] = set()


class Strategy(ConnectionStrategy[Connection]):
    """How the library makes, checks and closes the kit's connections."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def make_connection(self) -> Connection:
        return await self._connect()

    def connection_is_closed(self, conn: Connection) -> bool:
        return not conn.is_alive()

    async def close_connection(self, conn: Connection) -> None:
        await conn.close()


class Pool:
    """The port over an `asyncio_connection_pool.ConnectionPool`."""

    def __init__(self, pool: ConnectionPool[Connection]) -> None:
        self._pool = pool

    def acquire(self) -> AsyncBorrowing:
        return AsyncBorrowing(self._pool.get_connection(), lambda error: None)

    async def close(self) -> None:
        """Refuse: the library has no way to close a pool."""
        raise Unsupported("close")


def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> Pool:
    offer_only(settings, "max_size")
    return Pool(ConnectionPool(strategy=Strategy(connect), max_size=settings.max_size))
