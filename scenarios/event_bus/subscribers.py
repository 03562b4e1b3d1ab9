"""A subscriber: it receives, or has a handler."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from typing import Any

from patternproof.drivers import Cancelled, Driver, Operation, Pending, Raised, Returned
from patternproof.flavour import plainly, resolved
from patternproof.history import shown
from patternproof.ports.event_bus import BusClosedError, Overflowed, SubscriptionClosedError

from .events import MISCOUNTED, OVERFLOWED, PULL, PUSH, HandlerFailure, Receipt, Standing, name_of
from .state import CHANGED, LEAVING

Label = Callable[[Any], str]


class Subscriber:
    """One subscription, as the kit uses it.

    Args:
        number: from 0.
        style: whether it receives or has a handler.
        driver: an entered driver.
        label: what an event is called.
        counts: whether it is told of each dropped event once, as of what a policy drops.
    """

    def __init__(self, number: int, style: str, driver: Driver, label: Label, counts: bool = False) -> None:
        self.number = number
        self.style = style
        self.subscription: Any = None
        self.given: Any = None
        """The handler that the bus was given: a new function for each, so that it can be seen whether it is let go."""
        self.failures: list[HandlerFailure] = []
        """The errors with which its handler ended."""
        self.refused: BaseException | None = None
        self.gone = False
        """Whether its unsubscribe() has returned, or its scope was left."""
        self.owed: set[str] = set()
        """The numbers of the events that were published while it was subscribed to their topics."""
        self._driver = driver
        self._label = label
        self._runs = Operation(driver, None if driver.holds else Returned())
        self._begun = False
        self._leaving = False
        self._trouble = ""
        self._got: list[Receipt] = []
        self._topics: tuple[Any, ...] = ()
        self._had: set[str] = set()
        self._over = False
        """Whether it was told that it has ended."""
        self._counts = counts
        self._told = 0
        """How many events it was told were dropped."""
        self._asked_to_cancel = False
        self.latest: Any = None
        """The event that it got last."""
        self._receiving: Pending | None = None

    @property
    def busy(self) -> bool:
        """Whether its handler runs, or a receive waits."""
        return bool(self._runs.held) or self._receiving is not None

    def stands_for(self, topic: Any) -> bool:
        """Whether it is subscribed to a topic."""
        return self.subscription is not None and not self.gone and topic in self._topics

    @property
    def outstanding(self) -> int:
        """How many events it is owed, as far as it does not count them as dropped."""
        if self.subscription is None or self.gone or self._over:
            return 0
        try:
            dropped = int(self._driver.now(lambda: self.subscription.dropped))
        except Exception:  # noqa: BLE001  # `standing` tells
            dropped = 0
        return max(0, len(self.owed - self._had) - dropped)

    def awaits(self) -> bool:
        """Whether it is about to subscribe or unsubscribe, to get what it is owed, or to find its receive cancelled."""
        if self._trouble == "subscribes" or (self._leaving and not self._runs.held):
            return True
        if self.style == PUSH:
            return self._driver.holds and not self._runs.held and self.outstanding > 0
        return self.receives and (self._asked_to_cancel or self.outstanding > 0)

    @property
    def receives(self) -> bool:
        """Whether a receive waits."""
        return self._receiving is not None and self._receiving.outcome is None

    async def begin(self, bus: Any, topics: tuple[Any, ...]) -> bool:
        """Subscribe; whether that went well."""
        self._begun = True
        self._topics = topics
        self._trouble = "subscribes"
        try:
            if self.style == PUSH:
                self.given = self._handler()
            called = bus.subscribe(*topics) if self.style == PULL else bus.handle(topics, self.given)
            self.subscription = await resolved(called)
        except BusClosedError:
            self._trouble = "refused"
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            self.refused = error
            self._trouble = f"fails to subscribe: {shown(error)}"
        else:
            self._trouble = ""
        return self.subscription is not None

    def _handler(self) -> Callable[[Any], Any]:
        if self._driver.tasks:

            async def handle(event: Any) -> None:
                await self._handle(event)

            return handle
        return lambda event: plainly(self._handle(event))

    async def _handle(self, event: Any) -> None:
        self._note(event)
        how, act = await resolved(self._runs.function()) or ("ok", None)
        if how == "leaves" and not self.gone and not self._leaving:
            await self.leave()
        elif how == "cancelled":
            raise CancelledError
        elif act is not None:
            await act()

    def _note(self, event: Any) -> None:
        self.latest = event
        self._got.append(Receipt(self.number, self._labelled(event)))

    def _labelled(self, event: Any) -> str:
        label = self._label(event)
        self._had.add(label.partition(CHANGED)[0])
        return label

    def end_handler(self, how: str, act: Callable[[], Awaitable[None]] | None = None) -> None:
        """Let the run of its handler end that was begun first, and do something before."""
        if not self._runs.held:
            return
        if how == "error":
            self.failures.append(HandlerFailure(f"of the handler of {name_of(self.number)}"))
            self._runs.release(Raised(self.failures[-1]))
        else:
            self._runs.release(Returned((how, act)))

    async def receive(self) -> str:
        """What a receive comes to."""
        try:
            event = await resolved(self.subscription.receive())
        except (SubscriptionClosedError, StopAsyncIteration):
            self._over = True
            return "ended"
        except Overflowed as gap:
            return OVERFLOWED if self._is_counted(gap) else MISCOUNTED
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            return f"fails: {shown(error)}"
        self.latest = event
        return self._labelled(event)

    def _is_counted(self, gap: Overflowed) -> bool:
        """Whether a gap is of at least one event, and all gaps together of no more than were dropped."""
        self._told += gap.dropped
        return not self._counts or 0 < gap.dropped <= self._told <= self.subscription.dropped

    def start_receive(self, call: Callable[[Callable[[], Any]], Pending]) -> None:
        """Receive, unless a receive waits already."""
        if self.subscription is not None and self._receiving is None:
            self._asked_to_cancel = False
            self._receiving = call(self.receive)

    def cancel_receive(self) -> None:
        """Cancel the receive that waits."""
        if self._receiving is not None:
            self._asked_to_cancel = True
            self._driver.cancel(self._receiving)

    async def leave(self, scope: bool = False) -> None:
        """Unsubscribe, or leave the scope of the subscription."""
        self._leaving = True
        try:
            await (self._leave_scope() if scope else resolved(self.subscription.unsubscribe()))
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            self._trouble = f"fails to unsubscribe: {shown(error)}"
        else:
            self.gone = True
        self._leaving = False

    async def _leave_scope(self) -> None:
        if hasattr(self.subscription, "__aexit__"):
            async with self.subscription:
                pass
        else:
            with self.subscription:
                pass

    def spoil(self) -> None:
        """Try to change the event that it got last, as any subscriber could."""
        for field in fields(self.latest) if hasattr(self.latest, "__dataclass_fields__") else ():
            _spoil(getattr(self.latest, field.name))
            with suppress(Exception):
                setattr(self.latest, field.name, "spoilt")

    def look(self) -> list[Receipt]:
        """What it got since the last look, and whether it waits."""
        got, self._got = self._got, []
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
                got.append(Receipt(self.number, f"fails: {shown(error)}"))
        self._receiving = None
        return got

    def standing(self) -> Standing | None:
        """How its subscription stands; None where there is nothing to say."""
        trouble = self._trouble or (LEAVING if self._leaving else "")
        if trouble != "subscribes":
            self._trouble = ""
        if self.subscription is None or self.gone or self._leaving:
            return Standing(self.number, 0, trouble) if trouble and self._begun else None
        try:
            dropped = int(self._driver.now(lambda: self.subscription.dropped))
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            return Standing(self.number, 0, f"fails to count: {shown(error)}")
        return Standing(self.number, dropped, trouble)


def _spoil(value: Any) -> None:
    """Change a value in place, if it can be."""
    if isinstance(value, Mapping):
        for each in [*value.values()]:
            _spoil(each)
        with suppress(Exception):
            value["spoilt"] = True  # type: ignore[index]  # that it cannot be is what is tried
    elif isinstance(value, list):
        value.append("spoilt")
