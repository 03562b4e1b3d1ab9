"""Borrowing an idle connection and returning it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Semaphore
from typing import Any

from asyncio_connection_pool import ConnectionPool as PeerPool
from asyncio_connection_pool import ConnectionStrategy
from patternproof.reference.connection_pool import ConnectionPool, ThreadedConnectionPool
from sqlalchemy.pool import QueuePool

from patternproof.ports.connection_pool import ConnectionPoolSettings

from .contest import Contest, Peer, in_loop

TIMES = 20_000
ROUNDS = 15
SIZE = 10
SETTINGS = ConnectionPoolSettings(max_size=SIZE)
BUDGET = 1_200
"""Nanoseconds, where a peer takes those that it is given below."""


class Connection:
    """Does nothing, at once."""

    async def request(self, payload: object) -> object:
        return payload

    def is_alive(self) -> bool:
        return True

    async def reset(self) -> None: ...

    async def close(self) -> None: ...


class PlainConnection:
    """As `Connection`, for threads; `rollback` is what a driver for databases calls its reset."""

    def is_alive(self) -> bool:
        return True

    def reset(self) -> None: ...

    def close(self) -> None: ...

    rollback = reset


class Strategy(ConnectionStrategy[Connection]):
    """How asyncio-connection-pool makes, checks and closes connections."""

    async def make_connection(self) -> Connection:
        return Connection()

    def connection_is_closed(self, conn: Connection) -> bool:
        return not conn.is_alive()

    async def close_connection(self, conn: Connection) -> None:
        await conn.close()


def contests() -> Iterator[Contest]:
    """Nobody waits: what is measured is the pool's own doing."""
    yield Contest(
        "pool for asyncio, acquire and release",
        in_loop(_reference),
        TIMES,
        ROUNDS,
        {
            "semaphore and list": Peer(in_loop(_semaphore_and_list), BUDGET / 560),
            "asyncio-connection-pool": Peer(in_loop(_asyncio_connection_pool), BUDGET / 2_290),
            "SQLAlchemy QueuePool": Peer(_queue_pool, BUDGET / 4_300),
        },
    )
    yield Contest(
        "pool for threads, acquire and release",
        _threaded_reference,
        TIMES,
        ROUNDS,
        {"semaphore and list": Peer(_threaded_semaphore_and_list), "SQLAlchemy QueuePool": Peer(_queue_pool)},
    )


async def _connect() -> Connection:
    return Connection()


async def _reference(times: int) -> None:
    pool = ConnectionPool(_connect, SETTINGS)
    for _ in range(times):
        async with pool.acquire():
            pass


async def _semaphore_and_list(times: int) -> None:
    semaphore, idle = asyncio.Semaphore(SIZE), [Connection()]
    for _ in range(times):
        async with semaphore:
            connection = idle.pop()
            idle.append(connection)


async def _asyncio_connection_pool(times: int) -> None:
    pool = PeerPool(strategy=Strategy(), max_size=SIZE)
    for _ in range(times):
        async with pool.get_connection():
            pass


def _queue_pool(times: int) -> None:
    def create() -> Any:
        return PlainConnection()

    pool = QueuePool(create, pool_size=SIZE, max_overflow=0)
    for _ in range(times):
        pool.connect().close()


def _threaded_reference(times: int) -> None:
    pool = ThreadedConnectionPool(PlainConnection, SETTINGS)
    for _ in range(times):
        with pool.acquire():
            pass


def _threaded_semaphore_and_list(times: int) -> None:
    semaphore, idle = Semaphore(SIZE), [PlainConnection()]
    for _ in range(times):
        with semaphore:
            connection = idle.pop()
            idle.append(connection)
