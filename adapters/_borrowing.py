"""A library's own borrow scope, with its errors translated."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import Any

Translate = Callable[[Exception], Exception | None]
"""From an error of entering the scope to the port's, or None where it passes as it is."""


class Borrowing(AbstractContextManager[Any]):
    """Enters and leaves a plain scope; the error of entering it is translated, and nothing else is touched.

    Leaving it twice reaches the library twice, so that CP-12 judges the library and not this class.
    """

    def __init__(self, enter: Callable[[], AbstractContextManager[Any]], translate: Translate) -> None:
        self._enter = enter
        self._translate = translate

    def __enter__(self) -> Any:
        try:
            self._scope = self._enter()
            return self._scope.__enter__()
        except Exception as error:
            translated = self._translate(error)
            if translated is None:
                raise
            raise translated from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        return self._scope.__exit__(kind, error, trace)


class AsyncBorrowing(AbstractAsyncContextManager[Any]):
    """As `Borrowing`, for an asyncio scope."""

    def __init__(self, scope: AbstractAsyncContextManager[Any], translate: Translate) -> None:
        self._scope = scope
        self._translate = translate

    async def __aenter__(self) -> Any:
        try:
            return await self._scope.__aenter__()
        except Exception as error:
            translated = self._translate(error)
            if translated is None:
                raise
            raise translated from error

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._scope.__aexit__(kind, error, trace)
