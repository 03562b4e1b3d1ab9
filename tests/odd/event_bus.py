"""Event buses that are unusual and right."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Self, TypeVar

from patternproof.reference.event_bus import EventBus
from patternproof.reference.event_bus.tasks import Subscription

from patternproof.ports import Unsupported
from patternproof.ports.event_bus import (
    BusClosedError,
    Event,
    EventBusSettings,
    Handler,
    Overflowed,
    SubscriptionClosedError,
    Topic,
    decode,
    encode,
)
from tests.odd import Odd, Registry

ODD = Registry()
odd = ODD.add
T = TypeVar("T", bound=Callable[..., Any])


def replaying(factory: T) -> T:
    """Register one that claims to replay."""
    ODD.append(Odd(factory, frozenset({"replay"})))
    return factory


async def give_way(times: int = 1) -> None:
    """Let the loop turn."""
    for _ in range(times):
        await asyncio.sleep(0)


class Bus(EventBus):
    """The reference, with subscriptions that a subclass replaces."""

    Subscription: type[Subscription] = Subscription

    async def subscribe(self, *topics: Topic) -> Subscription:
        subscription = self.Subscription(self, self._settings)
        self._add(subscription, topics)
        return subscription


# Members


class Part:
    """A reference of which a part is shown."""

    def __init__(self, settings: EventBusSettings) -> None:
        self._bus = EventBus(settings)

    async def publish(self, event: Event) -> None:
        await self._bus.publish(event)


@odd
class HandlersOnly(Part):
    """Nothing can be fetched, and nobody closes it."""

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        return await self._bus.handle(topics, handler)


@odd
class SubscriptionsOnly(Part):
    """No handlers."""

    async def subscribe(self, *topics: Topic) -> Subscription:
        return await self._bus.subscribe(*topics)

    async def close(self) -> None:
        await self._bus.close()


@odd
class SaysWhatItLacks(EventBus):
    """Has every method, and refuses what it does not have."""

    async def subscribe(self, *topics: Topic) -> Subscription:
        raise Unsupported("subscribe")

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        subscription = await super().subscribe(*topics)
        task = asyncio.create_task(self._serve(subscription, handler))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return subscription


@odd
def drops_only(settings: EventBusSettings) -> EventBus:
    """Knows no policy but drop_oldest."""
    if settings.overflow != "drop_oldest":
        raise Unsupported("overflow")
    return EventBus(settings)


# Turns of the loop


@odd
class GivesWay(EventBus):
    """Lets the loop turn wherever it can."""

    async def publish(self, event: Event) -> None:
        await give_way(2)
        await super().publish(event)
        await give_way(2)

    async def subscribe(self, *topics: Topic) -> Subscription:
        await give_way(3)
        subscription = await super().subscribe(*topics)
        await give_way()
        return subscription

    async def close(self) -> None:
        await give_way()
        await super().close()


@odd
class LocksItself(EventBus):
    """One publish at a time, behind a lock."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._lock = asyncio.Lock()

    async def publish(self, event: Event) -> None:
        if self._closed:
            raise BusClosedError("the bus is closed")
        if not self._routes[event.topic]:
            return
        async with self._lock:
            await give_way()
            await super().publish(event)


@odd
class DeliversByTimer(EventBus):
    """Hands out every 50 ms what was published, to the subscriptions of that moment; nobody waits for room."""

    def __init__(self, settings: EventBusSettings) -> None:
        if settings.overflow == "block":
            raise Unsupported("overflow")
        super().__init__(settings)
        self._batch: list[tuple[Event, tuple[Subscription, ...]]] = []

    async def publish(self, event: Event) -> None:
        if not self._batch:
            asyncio.get_running_loop().call_later(0.05, self._flush)
        self._batch.append((event, self._checked(event)))

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        for event, subscriptions in batch:
            self._deliver(event, tuple([each for each in subscriptions if not each.ended and not each.disconnected]))

    async def close(self) -> None:
        self._flush()
        await super().close()


# Queues


class QueueSubscription:
    """A subscription over a queue of asyncio."""

    def __init__(self, bus: Any, settings: EventBusSettings) -> None:
        self._bus = bus
        self._overflow = settings.overflow
        self.queue: asyncio.Queue[Event] = asyncio.Queue(settings.capacity)
        self.dropped = 0
        self.ended = asyncio.Event()
        self.cut = False

    async def put(self, event: Event) -> None:
        if self.ended.is_set() or self.cut:
            return
        if self._overflow == "block":
            if await self._first(self.queue.put(event)) is None and self._bus.closed:
                raise BusClosedError("closed")
        elif not self.queue.full():
            self.queue.put_nowait(event)
        elif self._overflow == "disconnect":
            self.cut = True
            self.dropped += 1
            self.ended.set()
        else:
            self.dropped += 1
            if self._overflow == "drop_oldest":
                self.queue.get_nowait()
                self.queue.put_nowait(event)

    async def receive(self) -> Event:
        if not self.queue.empty():
            return self.queue.get_nowait()
        if not self.ended.is_set():
            done = await self._first(self.queue.get())
            if done is not None:
                return done.result()
            if not self.queue.empty():
                return self.queue.get_nowait()
        if self.cut:
            raise Overflowed(self.dropped)
        raise SubscriptionClosedError("ended")

    async def _first(self, call: Any) -> Any:
        """The call's task once it is done; None where the subscription ended before."""
        task, end = asyncio.ensure_future(call), asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if not task.cancel() and not task.cancelled() and isinstance(task.result(), Event):
                self._back(task.result())
            raise
        finally:
            end.cancel()
        if task.done():
            return task
        task.cancel()
        return None

    def _back(self, event: Event) -> None:
        self.queue._queue.appendleft(event)  # type: ignore[attr-defined]  # there is no other way back to its head
        self.queue._wakeup_next(self.queue._getters)  # type: ignore[attr-defined]  # as above

    async def unsubscribe(self) -> None:
        self._bus.subscriptions.pop(self, None)
        self.ended.set()
        self.queue = asyncio.Queue(self.queue.maxsize)  # who waits for room in the old one puts nothing in here any more


@odd
class QueueForEach:
    """A queue of asyncio for each subscription, filled one after the other."""

    def __init__(self, settings: EventBusSettings) -> None:
        self.settings = settings
        self.subscriptions: dict[QueueSubscription, set[Topic]] = {}
        self.closed = False
        self.order = asyncio.Lock()

    async def publish(self, event: Event) -> None:
        if self.closed:
            raise BusClosedError("closed")
        if not any(event.topic in topics for topics in self.subscriptions.values()):
            return
        async with self.order:
            if self.closed:
                raise BusClosedError("closed")
            for subscription, topics in list(self.subscriptions.items()):
                if event.topic in topics:
                    await subscription.put(event)

    async def subscribe(self, *topics: Topic) -> QueueSubscription:
        if self.closed:
            raise BusClosedError("closed")
        subscription = QueueSubscription(self, self.settings)
        self.subscriptions[subscription] = set(topics)
        return subscription

    async def close(self) -> None:
        self.closed = True
        for subscription in self.subscriptions:
            subscription.ended.set()


@odd
class PumpForEach(QueueForEach):
    """A task for each subscription carries events from a queue of its own, and has one in hand."""

    async def subscribe(self, *topics: Topic) -> QueueSubscription:
        if self.closed:
            raise BusClosedError("closed")
        subscription = PumpedSubscription(self, self.settings)
        self.subscriptions[subscription] = set(topics)
        return subscription


class PumpedSubscription(QueueSubscription):
    """As before, with a place for one event between the queue and the reader."""

    def __init__(self, bus: Any, settings: EventBusSettings) -> None:
        super().__init__(bus, settings)
        self._hand: deque[Event] = deque()

    async def put(self, event: Event) -> None:
        if self._overflow != "block" and not self._hand and self.queue.empty() and not self.queue._getters:  # type: ignore[attr-defined]  # as above
            if not self.ended.is_set():
                self._hand.append(event)
            return
        await super().put(event)

    async def receive(self) -> Event:
        if self._hand:
            event = self._hand.popleft()
            if not self.queue.empty():
                self._hand.append(self.queue.get_nowait())
            return event
        return await super().receive()

    async def unsubscribe(self) -> None:
        self._hand.clear()
        await super().unsubscribe()


@odd
class LinedUp(QueueForEach):
    """What comes waits in one line inside, and a task of the bus's own carries it to all."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.line: deque[tuple[Event, list[QueueSubscription]]] = deque()
        self.moved = asyncio.Condition()
        self.carrying: asyncio.Task[None] | None = None

    async def publish(self, event: Event) -> None:
        if self.closed:
            raise BusClosedError("closed")
        recipients = [each for each, topics in self.subscriptions.items() if event.topic in topics]
        if not recipients:
            return
        async with self.moved:
            await self.moved.wait_for(lambda: self.closed or len(self.line) < self.settings.capacity)
            if self.closed:
                raise BusClosedError("closed")
            self.line.append((event, recipients))
        if self.carrying is None:
            self.carrying = asyncio.create_task(self.carry())
        if self.settings.overflow != "block":
            await asyncio.wait({self.carrying})

    async def carry(self) -> None:
        while self.line:
            event, recipients = self.line[0]
            for subscription in recipients:
                with suppress(BusClosedError):
                    await subscription.put(event)
            self.line.popleft()
            async with self.moved:
                self.moved.notify_all()
        self.carrying = None

    async def close(self) -> None:
        self.closed = True
        async with self.moved:
            self.moved.notify_all()
        if self.carrying is not None:
            await asyncio.wait({self.carrying})
        await super().close()


# Delivery


@odd
class Copies(EventBus):
    """Gives each subscription a copy of its own."""

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        for subscription in subscriptions:
            super()._deliver(copy.deepcopy(event), (subscription,))


@odd
class OverTheWire(EventBus):
    """Encodes and decodes what it delivers."""

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        for subscription in subscriptions:
            super()._deliver(decode(encode(event)), (subscription,))


@odd
class Pickles(EventBus):
    """The same with pickles."""

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        for subscription in subscriptions:
            super()._deliver(pickle.loads(pickle.dumps(event)), (subscription,))


@odd
class LatestSubscriberFirst(EventBus):
    """Delivers to who came last first."""

    def _checked(self, event: Any) -> tuple[Subscription, ...]:
        return super()._checked(event)[::-1]


@odd
class TellsNoGaps(Bus):
    """Counts what is dropped, and raises nothing for it."""

    class Subscription(Subscription):
        def put(self, event: Event) -> None:
            super().put(event)
            if not self.disconnected:
                self._gap = 0


@odd
class ForgetsWhenDisconnecting(Bus):
    """A subscription that is disconnected loses what it has not read, too."""

    class Subscription(Subscription):
        def put(self, event: Event) -> None:
            super().put(event)
            if self.disconnected:
                self.waiting.clear()
                self.end(drain=True)


@odd
class WaitsForItsHandler(EventBus):
    """unsubscribe() waits until the handler that runs has returned, unless it is the one that asks."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.running: dict[Subscription, asyncio.Task[Any]] = {}

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Any:
        before = set(self._serving)
        subscription = await super().handle(topics, handler)
        (self.running[subscription],) = self._serving - before
        return Joining(self, subscription)


class Joining:
    """A subscription whose end waits for its handler."""

    def __init__(self, bus: WaitsForItsHandler, subscription: Subscription) -> None:
        self._bus, self._subscription = bus, subscription

    @property
    def dropped(self) -> int:
        return self._subscription.dropped

    async def unsubscribe(self) -> None:
        await self._subscription.unsubscribe()
        task = self._bus.running.pop(self._subscription, None)
        if task is not None and task is not asyncio.current_task():
            await asyncio.wait({task})


@odd
class EagerUnderBlock(EventBus):
    """Where publishers wait, gives an event to those that have room at once."""

    async def _wait(self, event: Event) -> None:
        owed = list(self._routes[event.topic])
        published = asyncio.get_running_loop().create_future()
        self._owed.append((event, owed, published))
        self.go_on()
        await published

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._owed = self.held_up = deque[tuple[Event, list[Subscription], asyncio.Future[None]]]()

    async def publish(self, event: Event) -> None:
        subscriptions = self._checked(event)
        if self._blocks and subscriptions and (self._owed or any(each.is_full for each in subscriptions)):
            await self._wait(event)
        else:
            self._deliver(event, subscriptions)

    def go_on(self) -> None:
        while self._owed:
            event, owed, published = self._owed[0]
            for subscription in [each for each in owed if each.ended or not each.is_full]:
                owed.remove(subscription)
                if not subscription.ended:
                    self._deliver(event, (subscription,))
            if owed:
                return
            self._owed.popleft()
            if not published.done():
                published.set_result(None)

    async def close(self) -> None:
        while self._owed:
            _, _, published = self._owed.popleft()
            if not published.done():
                published.set_exception(BusClosedError("closed"))
        await super().close()


@odd
class TaskForEachCall(EventBus):
    """Calls a handler in a task of its own for each event, and waits for that before the next."""

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        async def call(event: Event) -> None:
            task = asyncio.ensure_future(handler(event))
            await asyncio.wait({task})
            task.result()

        return await super().handle(topics, call)


@odd
class SaysNothingOfCancellation(EventBus):
    """What a handler waits for may be cancelled; that is no error to be reported."""

    def _report(self, error: BaseException) -> None:
        if not isinstance(error, asyncio.CancelledError):
            super()._report(error)


# Replay


class Replaying(EventBus):
    """Keeps what was published for those who come later."""

    most: int | None = None
    """Events of each topic that it keeps; None: all."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.past: list[Event] = []

    async def publish(self, event: Event) -> None:
        await super().publish(event)
        self.past.append(event)

    async def subscribe(self, *topics: Topic) -> Subscription:
        subscription = await super().subscribe(*topics)
        kept = {topic: [event for event in self.past if event.topic == topic] for topic in topics}
        for event in self.past:
            if event in kept.get(event.topic, ())[-(self.most or 0) :]:
                subscription.waiting.append(event)
        return subscription


@replaying
class ReplaysAll(Replaying):
    """A newcomer gets all that ever was published."""


@replaying
class ReplaysTheLatest(Replaying):
    """A newcomer gets the latest of each topic."""

    most = 1


# Types


@odd
class Proxies(EventBus):
    """Subscriptions that are proxies of the real ones."""

    async def subscribe(self, *topics: Topic) -> Any:
        return Proxy(await super().subscribe(*topics))

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Any:
        subscription = await EventBus.subscribe(self, *topics)
        task = asyncio.create_task(self._serve(subscription, handler))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return Proxy(subscription)


class Proxy:
    """Stands for a subscription."""

    __slots__ = ("_real",)

    def __init__(self, real: Subscription) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._real.unsubscribe()

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for event in self._real:
            yield event
