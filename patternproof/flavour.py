"""The same code for asyncio and for threads."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any


async def resolved(value: Any) -> Any:
    """What a call gave, awaited where it has to be."""
    return await value if hasattr(value, "__await__") else value


async def entered(scope: Any) -> Any:
    """What a context manager of either flavour gives as it is entered."""
    kind = type(scope)
    return await resolved((kind.__aenter__ if hasattr(kind, "__aenter__") else kind.__enter__)(scope))


async def left(scope: Any, error: BaseException | None = None) -> Any:
    """Leave a context manager of either flavour, and give what it says to the error with which."""
    kind = type(scope)
    leave = kind.__aexit__ if hasattr(kind, "__aexit__") else kind.__exit__
    return await resolved(leave(scope, None if error is None else type(error), error, error and error.__traceback__))


def plainly(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never suspends, as all of the kit's do under threads, and return or raise what it does."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise AssertionError("an implementation for threads returned something to be awaited")
