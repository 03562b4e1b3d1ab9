"""Calls that another task carries out."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Coroutine
from typing import Any

from patternproof.drivers import Cancelled, Pending, Raised, Returned


class Order(Pending):
    """A call that a visitor carries out, in its own task or thread: implementations may go by which it is."""

    __slots__ = ("asked", "deed", "leaves")

    def __init__(self, deed: Callable[[], Coroutine[Any, Any, Any]], leaves: bool = False) -> None:
        super().__init__()
        self.deed, self.leaves = deed, leaves
        self.asked = False
        """Whether the kit has asked for its cancellation."""

    async def carry_out(self) -> bool:
        """Do it; whether that went well."""
        if self.outcome is not None:
            return False
        try:
            self.outcome = Returned(await self.deed())
        except CancelledError as error:
            self.outcome = Cancelled() if self.asked else Raised(error)
        except BaseException as error:  # noqa: BLE001  # whatever it raises is the call's outcome
            self.outcome = Raised(error)
        return isinstance(self.outcome, Returned)
