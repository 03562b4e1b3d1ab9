"""What adapters of libraries that call handlers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patternproof.ports import Unsupported
from patternproof.ports.event_bus import EventBusSettings


def offer_no_bounds(settings: EventBusSettings) -> None:
    """Refuse what a library without a limit to what waits, or a word on what happens there, cannot have.

    Somebody has to be asked for something: the kit's default policy stands for it, and whether it holds is found out.

    Raises:
        Unsupported: another policy, or a limit to the size of events.
    """
    if settings.overflow != "block":
        raise Unsupported("overflow")
    if settings.max_bytes is not None:
        raise Unsupported("max_bytes")


class Handled:
    """The subscription of a handler, where the library counts nothing.

    Args:
        undo: ends it; where the library has that, a coroutine function.
    """

    dropped = 0

    def __init__(self, undo: Callable[[], Any]) -> None:
        self._undo: Callable[[], Any] | None = undo

    def _end(self) -> Any:
        undo, self._undo = self._undo, None
        return None if undo is None else undo()


class HandledByTasks(Handled):
    """As `Handled`, for asyncio."""

    async def unsubscribe(self) -> None:
        ended = self._end()
        if hasattr(ended, "__await__"):
            await ended


class HandledByThreads(Handled):
    """As `Handled`, for threads."""

    def unsubscribe(self) -> None:
        self._end()
