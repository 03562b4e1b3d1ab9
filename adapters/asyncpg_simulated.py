"""asyncpg's Pool over the kit's connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # the library has no types

from patternproof.ports.connection_pool import Connect, Connection, ConnectionPoolSettings

from ._own_errors import AsyncWatched
from .asyncpg import Pool, pool_options

RUNTIME = "asyncio"
ADAPTS = {"asyncpg"}
CLAIMS = {"min_size"}

CONFIGURATION = SimpleNamespace(statement_cache_size=0, max_cached_statement_lifetime=0)
SERVER = SimpleNamespace(server_version="16.0")


class Wire:
    """What asyncpg's pool and connection reach of the wire protocol, over the kit's connection and with no server."""

    queries_count = 0

    def __init__(self, twin: Connection) -> None:
        self._twin = twin
        self.is_connected = twin.is_alive

    def get_settings(self) -> SimpleNamespace:
        return SERVER

    def is_in_transaction(self) -> bool:
        return False

    def _is_cancelling(self) -> bool:
        return False

    async def query(self, query: str, timeout: float | None) -> None:
        """The query that resets a session is the only one that the pool sends."""
        await self._twin.reset()

    async def close(self, timeout: float | None) -> None:
        await self._twin.close()

    def abort(self) -> None:
        self._closing = asyncio.get_running_loop().create_task(self._twin.close())


class PlainConnection(asyncpg.Connection):  # type: ignore[misc]  # the library has no types
    """asyncpg's own connection, over a wire that is the kit's connection."""

    def __init__(self, twin: Connection) -> None:
        super().__init__(Wire(twin), None, asyncio.get_running_loop(), "kit", CONFIGURATION, None)
        self.request = twin.request


async def connection_pool(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[Pool]:
    watched = AsyncWatched(connect)

    async def connect_plain(*address: Any, **options: Any) -> PlainConnection:
        return PlainConnection(await watched())

    pool = await asyncpg.create_pool(connect=connect_plain, connection_class=PlainConnection, **pool_options(settings))
    yield Pool(pool, watched, settings.acquire_timeout)
    pool.terminate()
