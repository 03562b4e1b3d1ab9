"""The same code for asyncio and for threads."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any


async def resolved(value: Any) -> Any:
    """What a call gave, awaited where it has to be."""
    return await value if hasattr(value, "__await__") else value


def plainly(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never suspends, as all of the kit's do under threads, and return or raise what it does."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise AssertionError("an implementation for threads returned something to be awaited")
