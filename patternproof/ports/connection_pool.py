"""The port of the connection pool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ConnectionPoolSettings:
    """What the kit asks a factory for; a value that the pool cannot have is refused with ``Unsupported("name")``."""

    max_size: int = 10
    """Connections that may exist at a time, those being made included; at least 1."""
    min_size: int = 0
    """Claim ``min_size``: connections made ready in advance and kept; 0: none."""
    acquire_timeout: float | None = None
    """Seconds that acquire() waits for a connection; None: for ever."""
    max_idle: float | None = None
    """Seconds after which an idle connection is not handed out any more; None: no limit."""
    max_lifetime: float | None = None
    """Seconds after which a connection, counted from its making, is not handed out any more; None: no limit."""


class Connection(Protocol):
    """A connection that the kit makes. Under RUNTIME "threads" the same names are plain methods."""

    async def request(self, payload: Any) -> Any:
        """Send ``payload`` and wait for the reply.

        Raises:
            ConnectionError: the connection is broken or closed.
        """

    def is_alive(self) -> bool:
        """Whether the connection can still be used; plain, immediate and free in both flavours."""

    async def reset(self) -> None:
        """Roll back, clear session state and forget unread responses, so that the next borrower finds it fresh.

        Raises:
            ConnectionError: the connection is broken or closed, or a request is still running on it.
        """

    async def close(self) -> None:
        """Close for good; closing twice is harmless."""


class Handle(Protocol):
    """What a borrower holds."""

    async def request(self, payload: Any) -> Any:
        """As `Connection.request`; after the return of the handle it should be an error (CP-11)."""


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """Counts of connections and borrowers at one moment."""

    size: int
    """Connections that exist: idle, in use and being made."""
    idle: int
    in_use: int
    waiting: int
    """Borrowers waiting in acquire()."""


class PoolTimeoutError(Exception):
    """acquire() waited for acquire_timeout and got nothing."""


class PoolClosedError(Exception):
    """acquire() on a pool that is closed, or was closed while waiting."""


class ConnectionPool(Protocol):
    """A connection pool as the kit drives it; made by ``connection_pool(connect, settings)``, where ``await connect()`` gives a
    `Connection` or raises.
    """

    def acquire(self) -> AbstractAsyncContextManager[Handle]:
        """Borrow a connection for the scope of the context manager.

        Raises (on entering):
            PoolTimeoutError: none became free within acquire_timeout.
            PoolClosedError: the pool is closed.
            Exception: whatever connect() raised.
        """

    async def close(self) -> None:
        """Close the idle connections, refuse and fail acquires, and close those in use on their return."""


class Counting(Protocol):
    """A pool that reports its counts (CP-17)."""

    def statistics(self) -> PoolStatistics:
        """The counts now; plain in both flavours."""


Connect = Callable[[], Awaitable[Connection]]

ARGUMENTS = ("connect", "settings")
REQUIRED = ConnectionPool
OPTIONAL = (Counting,)
