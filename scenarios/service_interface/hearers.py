"""Handlers and readers of the kit's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from patternproof.drivers import Cancelled, Driver, Operation, Pending, Raised, Returned
from patternproof.flavour import plainly, resolved
from patternproof.history import shown

from .events import HandlerFailure, Hearing, Receipt, name_of
from .samples import Samples
from .state import CUT_OFF

Deed = Callable[[], Awaitable[None]]


class Hearer:
    """One handler.

    Args:
        number: from 0.
        driver: an entered driver.
        samples: what the messages look like.
        holds: whether its runs wait until the kit lets them end.
    """

    def __init__(self, number: int, driver: Driver, samples: Samples, holds: bool) -> None:
        self.number = number
        self.given: Any = None
        """Its id, once it is registered."""
        self.registered = self.left = False
        self.doing = ""
        """registers or leaves, while that waits."""
        self.trouble = ""
        self.refused: BaseException | None = None
        """Why it could not be registered or unregistered."""
        self._driver = driver
        self._samples = samples
        self._runs = Operation(driver, None if holds and driver.holds else Returned())
        self._heard: list[Hearing] = []
        self._deeds = 0
        """Last deeds that are under way: its runs end in the order in which they began."""
        self.function: Any = self._asynchronous if driver.tasks else self._plain

    @property
    def busy(self) -> bool:
        """Whether a run of it is held that may end next."""
        return bool(self._runs.held) and not self._deeds

    async def _asynchronous(self, message: Any) -> None:
        await self._run(message)

    def _plain(self, message: Any) -> None:
        plainly(self._run(message))

    async def _run(self, message: Any) -> None:
        self._heard.append(Hearing(self.number, self._samples.label(message)))
        try:
            deed = await resolved(self._runs.function())
            if deed is not None:
                try:
                    await deed()
                finally:
                    self._deeds -= 1
        except asyncio.CancelledError:
            self._heard.append(Hearing(self.number, CUT_OFF))
            raise

    def end(self, deed: Deed | None, fails: bool = False) -> None:
        """Let the run end that has run longest, after a last deed."""
        if not self.busy:
            return
        self._deeds += deed is not None
        failure = HandlerFailure(f"of handler {name_of(self.number)}")
        self._runs.release(Raised(failure) if fails else Returned(deed))

    def look(self) -> list[Hearing]:
        """What it has heard since the last look."""
        heard, self._heard = self._heard, []
        return heard


class Listener:
    """One subscription.

    Args:
        number: from 0.
        driver: an entered driver.
        samples: what the messages look like.
    """

    def __init__(self, number: int, driver: Driver, samples: Samples) -> None:
        self.number = number
        self.subscription: Any = None
        self.refused: BaseException | None = None
        self.trouble = ""
        self._driver = driver
        self._samples = samples
        self._receiving: Pending | None = None

    @property
    def waits(self) -> bool:
        """Whether a receive is under way."""
        return self._receiving is not None

    def receive(self, call: Callable[[Callable[[], Coroutine[Any, Any, Any]]], Pending]) -> None:
        """Ask for the next message, unless that was asked for already."""
        if self.subscription is not None and self._receiving is None:
            self._receiving = call(self._receive)

    async def _receive(self) -> Any:
        return self._samples.label(await resolved(self.subscription.receive()))

    def cancel(self) -> None:
        """Cancel the receive that waits."""
        if self._receiving is not None:
            self._driver.cancel(self._receiving)

    def look(self) -> list[Receipt]:
        """What its receive has come to, and what went wrong with its beginning."""
        trouble, self.trouble = self.trouble, ""
        got = [Receipt(self.number, trouble)] if trouble else []
        if self._receiving is None:
            return got
        match self._receiving.outcome:
            case None:
                return [*got, Receipt(self.number, "waits")]
            case Returned(what):
                got.append(Receipt(self.number, what))
            case Cancelled():
                got.append(Receipt(self.number, "cancelled"))
            case Raised(error):
                got.append(Receipt(self.number, f"an error: {shown(error)}"))
        self._receiving = None
        return got
