"""The event bus for asyncio."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Self

from patternproof.ports.event_bus import (
    BusClosedError,
    Event,
    EventBusSettings,
    Handler,
    Overflowed,
    SubscriptionClosedError,
    Topic,
)

from .mailbox import Mailbox
from .shell import Shell


class Subscription(Mailbox):
    """A subscription; several tasks may receive from one, and share its events."""

    __slots__ = ("_bus", "_sleepers")

    def __init__(self, bus: EventBus, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._bus = bus
        self._sleepers: deque[asyncio.Future[None]] = deque()

    def put(self, event: Event) -> None:
        if self._sleepers:
            super().put(event)
            self._wake()
        elif len(self.waiting) < self._capacity:  # as in the mailbox, and without a call more: the way of nearly every event
            self.waiting.append(event)
        else:
            super().put(event)

    def _wake(self) -> None:
        """Wake the one that has waited longest; it finds out by itself what for."""
        while self._sleepers:
            sleeper = self._sleepers.popleft()
            if not sleeper.done():
                sleeper.set_result(None)
                return

    async def receive(self) -> Event:
        """As in the port; a receive that is cancelled when it was woken already wakes another in its place."""
        while (event := self.take()) is None:
            await self._sleep()
        if self._bus.held_up:
            self._bus.go_on()
        return event

    async def _sleep(self) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append(sleeper)
        self.readers += 1
        try:
            await sleeper
        except BaseException:
            if not sleeper.cancelled() and self.waiting:
                self._wake()
            elif sleeper in self._sleepers:
                self._sleepers.remove(sleeper)
            raise
        finally:
            self.readers -= 1

    def end(self, drain: bool) -> None:
        super().end(drain)
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_result(None)

    async def unsubscribe(self) -> None:
        self._bus.leave(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self.receive()
        except SubscriptionClosedError:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.unsubscribe()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class EventBus(Shell[Subscription]):
    """An event bus in one process.

    An event is delivered to all of its subscriptions in one step, or to none yet: under the policy "block" publishers wait in the
    order in which they came until every subscription of their event has room. So all subscriptions see all events in one order,
    and a publish() that is cancelled while it waits has published nothing. Handlers have a task each.

    Args:
        settings: see `EventBusSettings`.

    Raises:
        ValueError: a setting is out of its range; the message names it.
    """

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.held_up: deque[tuple[Event, asyncio.Future[None]]] = deque()
        """The publishers that wait for room, in their order."""
        self._serving: set[asyncio.Task[None]] = set()

    async def publish(self, event: Event) -> None:
        subscriptions = self._checked(event)
        if self._blocks:
            for subscription in subscriptions:
                if self.held_up or subscription.is_full:
                    await self._wait(event)
                    return
        self._deliver(event, subscriptions)

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        for subscription in subscriptions:
            subscription.put(event)
            if subscription.disconnected:
                self._remove(subscription)

    async def _wait(self, event: Event) -> None:
        published = asyncio.get_running_loop().create_future()
        self.held_up.append((event, published))
        try:
            await published
        except asyncio.CancelledError:
            self.go_on()
            raise

    def go_on(self) -> None:
        """Publish what was held up, as far as there is room."""
        while self.held_up:
            event, published = self.held_up[0]
            subscriptions = self._routes[event.topic]
            if not published.done() and any(each.is_full for each in subscriptions):
                return
            self.held_up.popleft()
            if not published.done():
                self._deliver(event, subscriptions)
                published.set_result(None)

    async def subscribe(self, *topics: Topic) -> Subscription:
        subscription = Subscription(self, self._settings)
        self._add(subscription, topics)
        return subscription

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        subscription = await self.subscribe(*topics)
        task = asyncio.create_task(self._serve(subscription, handler))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return subscription

    async def _serve(self, subscription: Subscription, handler: Handler) -> None:
        while True:
            try:
                event = await subscription.receive()
            except SubscriptionClosedError:
                return
            except Overflowed as gap:
                self._report(gap)
                continue
            try:
                await handler(event)
            except Exception as error:  # noqa: BLE001  # whatever a handler raises is reported; the next event is another matter
                self._report(error)
            except asyncio.CancelledError as error:
                if _is_cancelled():
                    raise
                self._report(error)  # it waited for something else that was cancelled

    def leave(self, subscription: Subscription) -> None:
        """Let go of a subscription."""
        self._remove(subscription)
        subscription.end(drain=False)
        self.go_on()

    async def close(self) -> None:
        """As in the port; waits until handlers have drained what was accepted, unless one of them closes the bus itself."""
        self._closed = True
        while self.held_up:
            _, published = self.held_up.popleft()
            if not published.done():
                published.set_exception(BusClosedError("the bus was closed before there was room for the event"))
        for subscription in self._subscriptions():
            subscription.end(drain=True)
        if self._serving and asyncio.current_task() not in self._serving:
            await asyncio.wait(self._serving)
