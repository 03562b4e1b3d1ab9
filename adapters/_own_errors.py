"""Telling an operation's own errors from the library's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Watched(Generic[T]):
    """A plain operation that remembers the error it raised.

    An operation may raise the library's own open error (it may be guarded by another breaker of the same library), and that
    one must reach the caller as it is.
    """

    def __init__(self, operation: Callable[[], T]) -> None:
        self._operation = operation
        self.error: BaseException | None = None

    def __call__(self) -> T:
        try:
            return self._operation()
        except BaseException as error:
            self.error = error
            raise


class AsyncWatched(Generic[T]):
    """As `Watched`, for an operation that returns an awaitable."""

    def __init__(self, operation: Callable[[], Awaitable[T]]) -> None:
        self._operation = operation
        self.error: BaseException | None = None

    async def __call__(self) -> T:
        try:
            return await self._operation()
        except BaseException as error:
            self.error = error
            raise
