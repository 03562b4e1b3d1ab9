"""psycopg_pool's AsyncConnectionPool over the kit's connections."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, cast

from psycopg import AsyncConnection, OperationalError
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from patternproof.ports.connection_pool import Connect, Connection, ConnectionPoolSettings

from .psycopg_pool import Pool, pool_options, reset

RUNTIME = "asyncio"
ADAPTS = {"psycopg-pool"}
CLAIMS = {"min_size"}


class PlainConnection:
    """The kit's connection with what AsyncConnectionPool asks of a psycopg connection, and no server behind it."""

    autocommit = True

    def __init__(self, twin: Connection) -> None:
        self.twin = twin
        self.request = twin.request
        self.close = twin.close

    @classmethod
    async def connect(cls, conninfo: str, *, connect: Connect) -> Self:
        return cls(await connect())

    @property
    def pgconn(self) -> Self:
        return self

    @property
    def transaction_status(self) -> TransactionStatus:
        return TransactionStatus.IDLE if self.twin.is_alive() else TransactionStatus.UNKNOWN

    async def execute(self, query: str) -> None:
        """What the library's own check calls with an empty query."""
        if not self.twin.is_alive():
            raise OperationalError("the connection is broken")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Commits or rolls back, of which the kit's connection has neither: it is `reset`."""


async def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[Pool]:
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        connection_class=cast(type[AsyncConnection[Any]], PlainConnection),
        kwargs={"connect": connect},
        reset=reset,
        **pool_options(settings),
    )
    await pool.open()
    yield Pool(pool)
    await pool.close()
