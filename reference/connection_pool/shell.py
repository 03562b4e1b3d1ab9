"""What the pools for asyncio and for threads share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patternproof.ports.connection_pool import ConnectionPoolSettings

from .accounts import Accounts, Entry


class Handle:
    """The scope of a borrow and, inside it, the handle: it has a connection from entering to leaving, and only then.

    Args:
        borrow: gets a connection, or the coroutine that does.
        give_back: takes it back, once.
    """

    __slots__ = ("_borrow", "_entry", "_give_back", "_is_new")

    def __init__(self, borrow: Callable[[], Any], give_back: Callable[[Entry], Any]) -> None:
        self._borrow = borrow
        self._give_back = give_back
        self._entry: Entry | None = None
        self._is_new = True

    def _enter(self) -> None:
        if not self._is_new:  # a handle kept from the first scope would reach the connection of the second
            raise RuntimeError("this scope was entered before; call acquire() for another")
        self._is_new = False

    def _connection(self) -> Any:
        if self._entry is None:
            raise RuntimeError("no connection is borrowed here, or it was returned; use it inside of `with pool.acquire()`")
        return self._entry.connection


class Shell:
    """What the pools for asyncio and for threads have in common."""

    def __init__(self, connect: Callable[[], Any], settings: ConnectionPoolSettings, clock: Callable[[], float]) -> None:
        _validate(settings)
        self._connect = connect
        self._settings = settings
        self._clock = clock
        self._accounts = Accounts(settings)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed, ' * self._accounts.closed}{self._accounts}>"


def _validate(settings: ConnectionPoolSettings) -> None:
    most, least = settings.max_size, settings.min_size
    _require(most >= 1, f"max_size must be at least 1, got {most!r}")
    _require(0 <= least <= most, f"min_size must be at least 0 and at most max_size ({most}), got {least!r}")
    timeout = settings.acquire_timeout
    _require(timeout is None or timeout >= 0.0, f"acquire_timeout must be at least 0 s, or None for no limit, got {timeout!r}")
    for name in ("max_idle", "max_lifetime"):
        limit = getattr(settings, name)
        _require(limit is None or limit > 0.0, f"{name} must be above 0 s, or None for no limit, got {limit!r}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
