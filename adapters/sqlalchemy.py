"""SQLAlchemy's QueuePool over the kit's connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event, exc
from sqlalchemy.pool import QueuePool

from patternproof.ports import Unsupported
from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolTimeoutError

from ._borrowing import Borrowing
from ._settings import FOREVER, offer_only

RUNTIME = "threads"
ADAPTS = {"sqlalchemy"}
CLAIMS: set[str] = set()

NEVER = -1
"""What `recycle` is where connections have no age limit."""


class DriverConnection:
    """The kit's connection with the few names of a DB-API connection that QueuePool calls."""

    def __init__(self, connection: Any) -> None:
        self.request = connection.request
        self.is_alive = connection.is_alive
        self.rollback = connection.reset
        self.close = connection.close


class Pool:
    """The port over a `QueuePool`."""

    def __init__(self, pool: QueuePool) -> None:
        self._pool = pool

    def acquire(self) -> Borrowing:
        return Borrowing(self._pool.connect, translate)

    def close(self) -> None:
        """Refuse: dispose() lets go of the idle connections, and the pool goes on serving."""
        raise Unsupported("close")


def translate(error: Exception) -> Exception | None:
    """Of the library's errors, the port has a name for one."""
    return PoolTimeoutError(str(error)) if isinstance(error, exc.TimeoutError) else None


def discard_broken(connection: Any, record: Any, proxy: Any) -> None:
    """The documented way to check a connection at checkout where there is no dialect to ping it."""
    if not connection.is_alive():
        raise exc.DisconnectionError("the connection is broken")


def queue_pool_options(settings: ConnectionPoolSettings) -> dict[str, Any]:
    """QueuePool's options for these settings."""
    offer_only(settings, "max_size", "acquire_timeout", "max_lifetime")
    return {
        "pool_size": settings.max_size,
        "max_overflow": 0,
        "timeout": FOREVER if settings.acquire_timeout is None else settings.acquire_timeout,
        "recycle": NEVER if settings.max_lifetime is None else settings.max_lifetime,
    }


def connection_pool(connect: Callable[[], Any], settings: ConnectionPoolSettings) -> Pool:
    def create() -> Any:
        return DriverConnection(connect())

    pool = QueuePool(create, **queue_pool_options(settings))
    event.listen(pool, "checkout", discard_broken)
    return Pool(pool)
