"""The double of a connection pool."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Self

from patternproof.reference.connection_pool import ConnectionPool

from patternproof.ports.connection_pool import Connect, Connection, ConnectionPoolSettings, Handle, PoolStatistics

from .script import Script


class EchoConnection:
    """A connection that replies with what it was asked."""

    def __init__(self) -> None:
        self._open = True

    async def request(self, payload: Any) -> Any:
        if not self._open:
            raise ConnectionError("the connection is closed")
        return payload

    def is_alive(self) -> bool:
        return self._open

    async def reset(self) -> None:
        if not self._open:
            raise ConnectionError("the connection is closed")

    async def close(self) -> None:
        self._open = False


class BorrowedDouble:
    """The scope of a borrow, and inside it the handle."""

    def __init__(self, scope: AbstractAsyncContextManager[Handle], script: Script) -> None:
        self._scope = scope
        self._script = script
        self._handle: Handle | None = None

    async def __aenter__(self) -> Self:
        await self._script.play("acquire")
        self._handle = await self._scope.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._scope.__aexit__(*error)

    async def request(self, payload: Any) -> Any:
        await self._script.play("request", payload=payload)
        if self._handle is None:
            raise RuntimeError("no connection is borrowed here; use it inside of `async with pool.acquire()`")
        return await self._handle.request(payload)


class ConnectionPoolDouble:
    """A connection pool that can be scripted.

    What is scripted for ``"acquire"`` happens as the scope is entered; for ``"connect"``, as the pool makes a connection.

    Args:
        connect: makes a connection; None: one that replies with what it was asked.
        settings: None: the defaults.
    """

    def __init__(self, connect: Connect | None = None, settings: ConnectionPoolSettings | None = None) -> None:
        self.script = Script("acquire", "request", "close", "connect")
        self._make = connect or _echo
        self._pool = ConnectionPool(self._connect, settings or ConnectionPoolSettings())

    async def _connect(self) -> Connection:
        await self.script.play("connect")
        return await self._make()

    def acquire(self) -> BorrowedDouble:
        return BorrowedDouble(self._pool.acquire(), self.script)

    def statistics(self) -> PoolStatistics:
        return self._pool.statistics()

    async def close(self) -> None:
        await self.script.play("close")
        await self._pool.close()


async def _echo() -> EchoConnection:
    return EchoConnection()
