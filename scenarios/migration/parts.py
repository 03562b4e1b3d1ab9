"""What the kit hands to a bridge."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from patternproof.drivers import Driver, Operation, Raised, Returned
from patternproof.flavour import plainly, resolved
from patternproof.history import shown
from patternproof.outcome import NotApplicable
from patternproof.ports.event_bus import Topic, UserAction
from patternproof.ports.migration import Action, event_of


class DirectFailure(Exception):
    """What the direct way raises."""


class BusRefusal(Exception):
    """What the bus raises."""


class Deed:
    """An action, as the kit knows it."""

    def __init__(self, driver: Driver, number: int) -> None:
        self.number = number
        self.action = Action(f"action {number}", {"number": number, "of": ("alpha", None)})
        self.result = f"result of action {number}"
        self.operation = Operation(driver)
        self.effects = 0
        self.published = 0
        self.refused = False
        self.come = 0
        """How often it has come, by calls and events."""
        self.errors: list[Exception] = []

    def failed(self, error: Exception) -> Exception:
        """An error that somebody is told of it."""
        self.errors.append(error)
        return error

    def end(self, how: str) -> None:
        """Let the direct way end with it: at once, or the next time."""
        error = self.failed(DirectFailure(f"action {self.number} has failed")) if how != "ok" else None
        outcome = Returned() if error is None else Raised(error)
        if self.operation.held:
            self.operation.release(outcome)
        else:
            self.operation.preset = outcome


class Actions:
    """All actions of one bridge."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.deeds: dict[int, Deed] = {}
        self.strange = ""
        """What was asked for that nobody has asked the bridge for."""

    def of(self, number: int) -> Deed:
        """An action."""
        return self.deeds.setdefault(number, Deed(self._driver, number))

    def known(self, asked: Any, wanted: Callable[[Deed], Any], by: str) -> Deed:
        """The action that somebody asks for.

        Raises:
            LookupError: nobody has asked the bridge for such a one.
        """
        for deed in self.deeds.values():
            if deed.come and wanted(deed) == asked:
                return deed
        self.strange = f"{by} is asked for {shown(asked)}, which has not come"
        raise LookupError(self.strange)


class Direct:
    """The direct way."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    async def perform(self, action: Action) -> Any:
        """Make an action take effect."""
        return await self._perform(action)

    async def _perform(self, action: Action) -> Any:
        deed = self._actions.known(action, lambda each: each.action, "the direct way")
        try:
            await resolved(deed.operation.function())
        finally:
            deed.operation.preset = None
        deed.effects += 1
        return deed.result


class PlainDirect(Direct):
    """The same for threads."""

    def perform(self, action: Action) -> Any:
        """Make an action take effect."""
        return plainly(self._perform(action))


class Subscription:
    """What subscribe() and handle() give."""

    dropped = 0

    def __init__(self, bus: Bus, topics: tuple[Topic, ...], handler: Callable[[Any], Any] | None) -> None:
        self.handler = handler
        self._bus, self._topics = bus, topics
        self._waiting: deque[Any] = deque()
        self._receiving = Operation(bus.driver)

    def put(self, event: UserAction) -> None:
        """Take an event, if it is asked for."""
        if event.topic not in self._topics:
            return
        if self.handler is not None:
            self._bus.call(self.handler, event)
            return
        self._waiting.append(event)
        if self._receiving.held:
            self._receiving.release(Returned())

    async def receive(self) -> Any:
        """The next event; waits for it."""
        return await self._next()

    async def _next(self) -> Any:
        while not self._waiting:
            await resolved(self._receiving.function())
        return self._waiting.popleft()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Any:
        return await self._next()

    async def unsubscribe(self) -> None:
        """End the subscription."""
        self._bus.subscriptions.remove(self)

    async def __aenter__(self) -> Subscription:
        return self

    async def __aexit__(self, *error: object) -> None:
        self._bus.subscriptions.remove(self)


class PlainSubscription(Subscription):
    """The same for threads."""

    def receive(self) -> Any:
        """The next event; waits for it."""
        return plainly(self._next())

    def __iter__(self) -> PlainSubscription:
        return self

    def __next__(self) -> Any:
        return self.receive()

    def unsubscribe(self) -> None:  # type: ignore[override]  # plain, as all is under threads
        """End the subscription."""
        self._bus.subscriptions.remove(self)

    def __enter__(self) -> PlainSubscription:
        return self

    def __exit__(self, *error: object) -> None:
        self._bus.subscriptions.remove(self)


class Bus:
    """The bus; what is published is delivered at once to all that have asked for it. It calls one handler after the other."""

    made: type[Subscription] = Subscription

    def __init__(self, driver: Driver, actions: Actions) -> None:
        self.driver = driver
        self._actions = actions
        self.subscriptions: list[Subscription] = []
        self._due: deque[tuple[Callable[[Any], Any], UserAction]] = deque()
        self._idle = Operation(driver)
        if driver.holds:
            driver.begin(self._work)

    def call(self, handler: Callable[[Any], Any], event: UserAction) -> None:
        """Have a handler called."""
        self._due.append((handler, event))
        if self._idle.held:
            self._idle.release(Returned())
        elif not self.driver.holds:
            plainly(self._call_next())

    async def _work(self) -> None:
        while True:
            while self._due:
                await self._call_next()
            await resolved(self._idle.function())

    async def _call_next(self) -> None:
        handler, event = self._due.popleft()
        with suppress(Exception):  # nobody hears of it: whoever has published the event may do so again
            await resolved(handler(event))

    def deliver(self, event: UserAction) -> None:
        """Have an event come."""
        for each in [*self.subscriptions]:
            each.put(event)

    async def publish(self, event: UserAction) -> None:
        """Accept an event of the bridge; it takes a turn of the loop, before and after."""
        await asyncio.sleep(0)
        self._publish(event)
        await asyncio.sleep(0)

    def _publish(self, event: UserAction) -> None:
        deed = self._actions.known(event, lambda each: event_of(each.action), "the bus")
        if deed.refused:
            deed.refused = False
            raise deed.failed(BusRefusal(f"the event of action {deed.number} is not accepted"))
        deed.published += 1
        self.deliver(event)

    async def subscribe(self, *topics: Topic) -> Subscription:
        """Ask for the events of these topics."""
        return self._subscribe(topics, None)

    async def handle(self, topics: tuple[Topic, ...], handler: Callable[[Any], Any]) -> Subscription:
        """Have a function called with the events of these topics."""
        return self._subscribe(topics, handler)

    def _subscribe(self, topics: tuple[Topic, ...], handler: Callable[[Any], Any] | None) -> Subscription:
        self.subscriptions.append(self.made(self, tuple(topics), handler))
        return self.subscriptions[-1]


class PlainBus(Bus):
    """The same for threads."""

    made = PlainSubscription

    def _work(self) -> None:  # type: ignore[override]  # plain, as all is under threads
        plainly(super()._work())

    def publish(self, event: UserAction) -> None:  # type: ignore[override]  # plain, as all is under threads
        """Accept an event of the bridge."""
        self._publish(event)

    def subscribe(self, *topics: Topic) -> Subscription:  # type: ignore[override]  # as above
        """Ask for the events of these topics.

        Raises:
            NotApplicable: nobody can wait for an event where the schedules of threads are explored.
        """
        if not self.driver.holds:
            raise NotApplicable("where the schedules of threads are explored nobody can wait for an event; use handle()")
        return self._subscribe(topics, None)

    def handle(self, topics: tuple[Topic, ...], handler: Callable[[Any], Any]) -> Subscription:  # type: ignore[override]  # as above
        """Have a function called with the events of these topics."""
        return self._subscribe(topics, handler)
