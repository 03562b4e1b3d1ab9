"""Event buses that are wrong, each in one way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from patternproof.reference.event_bus import EventBus
from patternproof.reference.event_bus.tasks import Subscription

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
from tests.faulty import Registry

FAULTY = Registry()


def faulty(violates: str, fragment: str, ways: str = "histories feature") -> Callable[[Any], Any]:
    """As `Registry.add`: a short machine does not always come across a single defect."""
    return FAULTY.add(violates, fragment, ways)


class Bus(EventBus):
    """The reference, with subscriptions that a subclass replaces."""

    Subscription: type[Subscription] = Subscription

    async def subscribe(self, *topics: Topic) -> Subscription:
        subscription = self.Subscription(self, self._settings)
        self._add(subscription, topics)
        return subscription


# EB-01: every subscription, once


@faulty("EB-01", "each event reaches one subscription alone")
class SharesAmongReaders(Bus):
    """A work queue in place of a topic: whoever subscribed first gets the event (a Redis list, one queue in RabbitMQ)."""

    def _checked(self, event: Any) -> tuple[Subscription, ...]:
        return super()._checked(event)[:1]


@faulty("EB-01", "an event arrives twice")
class DeliversTwice(Bus):
    """Puts what it has delivered once more, for certainty."""

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        super()._deliver(event, subscriptions)
        super()._deliver(event, tuple([each for each in subscriptions if not each.is_full]))


@faulty("EB-01", "some events do not arrive", "interleavings")
class KeepsTheLatestForReaders(Bus):
    """A slot and a signal in place of a queue: until the reader runs, a later event takes the place of the one before."""

    class Subscription(Subscription):
        def put(self, event: Event) -> None:
            if self.readers and self.waiting and not self._sleepers:
                self.waiting.pop()
            super().put(event)


# EB-02, EB-03: topics


@faulty("EB-02", "events arrive of topics that were not asked for")
class IgnoresTopics(Bus):
    """Leaves it to the subscribers to look at what they get."""

    def _checked(self, event: Any) -> tuple[Subscription, ...]:
        super()._checked(event)
        return tuple(self._subscriptions())


@faulty("EB-03", "a subscription to two topics gets an event twice")
class RegistersForEachTopic(Bus):
    """A registration for each topic, and each delivers by itself whatever the subscription wants."""

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        super()._deliver(event, subscriptions)
        twice = [each for each in subscriptions if sum(each in route for route in self._routes.values()) > 1]
        super()._deliver(event, tuple([each for each in twice if not each.is_full]))


# EB-04: order


@faulty("EB-04", "the latest event arrives first")
class LatestFirst(Bus):
    """A stack in place of a queue."""

    class Subscription(Subscription):
        def take(self) -> Event | None:
            self.waiting.reverse()
            try:
                return super().take()
            finally:
                self.waiting.reverse()


@faulty("EB-04", "a handler is called with an event while it is busy with the one before")
class TaskPerDelivery(Bus):
    """Starts a task for each delivery, as many as there are (pyee, blinker's send_async in a task)."""

    async def _serve(self, subscription: Subscription, handler: Handler) -> None:
        async def call(event: Event) -> None:
            try:
                await handler(event)
            except Exception as error:
                self._report(error)

        try:
            async for event in subscription:
                task = asyncio.create_task(call(event))
                self._serving.add(task)
                task.add_done_callback(self._serving.discard)
        except Overflowed:
            return


@faulty("EB-04", "events of one topic arrive before earlier ones of another")
class QueueForEachTopic(Bus):
    """A queue for each topic; a reader looks into one after the other."""

    class Subscription(Subscription):
        def take(self) -> Event | None:
            first = next((event for event in self.waiting if event.topic == Topic.STATE), None)
            if first is not None and not (self._gap and not self.disconnected):
                self.waiting.remove(first)
                self.waiting.appendleft(first)
            return super().take()


# EB-05: nothing is missed


@faulty("EB-05", "an event is missed that was published as soon as subscribe() had returned", "histories feature")
class AsWrittenInTheSpawnedTask(Bus):
    """Subscribes inside the spawned task, as the pattern document's component does: what comes before it runs is missed."""

    async def subscribe(self, *topics: Topic) -> Subscription:
        if self._closed:
            raise BusClosedError("the bus is closed")
        subscription = Subscription(self, self._settings)

        async def register() -> None:
            if not subscription.ended:
                self._add(subscription, topics)

        task = asyncio.create_task(register())
        self._registering.add(task)
        task.add_done_callback(self._registering.discard)
        return subscription

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._registering: set[asyncio.Task[None]] = set()


# EB-06: nothing from before


@faulty("EB-06", "a new subscription gets the event before it")
class ReplaysLatest(Bus):
    """Keeps the latest event for newcomers, as observables of values do."""

    latest: Event | None = None

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        self.latest = event
        super()._deliver(event, subscriptions)

    async def publish(self, event: Event) -> None:
        await super().publish(event)
        self.latest = event

    async def subscribe(self, *topics: Topic) -> Subscription:
        subscription = await super().subscribe(*topics)
        if self.latest is not None and self.latest.topic in topics:
            subscription.put(self.latest)
        return subscription


@faulty("EB-06", "a new subscription gets an event whose publishing had ended before it was asked for", "histories feature")
class DispatchesLater(Bus):
    """Puts events into a queue of its own, and looks who has subscribed when it takes them out."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._accepted: deque[Event] = deque()

    async def publish(self, event: Event) -> None:
        self._dispatch()
        if self._blocks and (self.held_up or any(each.is_full for each in self._checked(event))):
            await super().publish(event)
            return
        self._checked(event)
        self._accepted.append(event)
        asyncio.get_running_loop().call_soon(self._dispatch)

    def _dispatch(self) -> None:
        while self._accepted:
            event = self._accepted.popleft()
            self._deliver(event, self._routes[event.topic])

    async def close(self) -> None:
        self._dispatch()
        await super().close()


# EB-07: independence


class AwaitsHandlers(Bus):
    """Calls handlers from publish()."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._handlers: dict[Subscription, Handler] = {}

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        subscription = await self.subscribe(*topics)
        self._handlers[subscription] = handler
        return subscription

    def leave(self, subscription: Subscription) -> None:
        self._handlers.pop(subscription, None)
        super().leave(subscription)

    async def publish(self, event: Event) -> None:
        subscriptions = self._checked(event)
        plain = tuple([each for each in subscriptions if each not in self._handlers])
        if self._blocks and plain and (self.held_up or any(each.is_full for each in plain)):
            await self._wait(event)
        else:
            self._deliver(event, plain)
        await self.call([each for each in subscriptions if each in self._handlers], event)

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        super()._deliver(event, tuple([each for each in subscriptions if each not in self._handlers]))

    async def call(self, subscriptions: Iterable[Subscription], event: Event) -> None:
        raise NotImplementedError

    async def call_one(self, subscription: Subscription, event: Event) -> None:
        handler = self._handlers.get(subscription)
        try:
            if handler is not None:
                await handler(event)
        except asyncio.CancelledError as error:
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]  # there is one
                raise
            self._report(error)
        except Exception as error:
            self._report(error)


@faulty("EB-07", "a handler is called only once another has returned")
class AwaitsOneByOne(AwaitsHandlers):
    """Awaits one handler after the other."""

    async def call(self, subscriptions: Iterable[Subscription], event: Event) -> None:
        for subscription in subscriptions:
            await self.call_one(subscription, event)


@faulty("EB-07", "publish() waits for the handlers")
class GathersHandlers(AwaitsHandlers):
    """Awaits all handlers together (bubus' dispatch when awaited, FastStream's in-memory broker)."""

    async def call(self, subscriptions: Iterable[Subscription], event: Event) -> None:
        await asyncio.gather(*(self.call_one(each, event) for each in subscriptions))


class Dispatches(AwaitsHandlers):
    """One task calls all handlers, and goes on with the next event when it is done with one."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._line: deque[tuple[list[Subscription], Event]] = deque()

    async def call(self, subscriptions: Iterable[Subscription], event: Event) -> None:
        self._line.append((list(subscriptions), event))
        if len(self._line) == 1:
            task = asyncio.create_task(self._dispatch())
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _dispatch(self) -> None:
        while self._line:
            await self.call_all(*self._line[0])
            self._line.popleft()

    async def call_all(self, subscriptions: list[Subscription], event: Event) -> None:
        raise NotImplementedError


@faulty("EB-07", "a handler is called only once another has returned, while publish() goes on")
class DispatchesOneByOne(Dispatches):
    """One task awaits handler after handler (bubus)."""

    async def call_all(self, subscriptions: list[Subscription], event: Event) -> None:
        for subscription in subscriptions:
            await self.call_one(subscription, event)


@faulty("EB-07", "the next event waits until all handlers have returned")
class DispatchesTogether(Dispatches):
    """One task awaits all handlers together (bubus with `parallel_handlers`)."""

    async def call_all(self, subscriptions: list[Subscription], event: Event) -> None:
        await asyncio.gather(*(self.call_one(each, event) for each in subscriptions))


@faulty("EB-07", "publish() does not end where a handler calls it")
class WaitsForItself(Bus):
    """A lock that a handler's task has already, and waits for when it publishes."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._within: set[Any] = set()

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        async def call(event: Event) -> None:
            self._within.add(asyncio.current_task())
            try:
                await handler(event)
            finally:
                self._within.discard(asyncio.current_task())

        return await super().handle(topics, call)

    async def publish(self, event: Event) -> None:
        if asyncio.current_task() in self._within:
            await asyncio.get_running_loop().create_future()
        await super().publish(event)


@faulty("EB-07", "an event for which one has no room misses another", "histories feature")
class StopsAtFull(Bus):
    """Leaves its loop when a subscription has no room."""

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        for subscription in subscriptions:
            full = subscription.is_full and self._settings.overflow != "disconnect"
            super()._deliver(event, (subscription,))
            if full:
                return


# EB-08: nobody listens


@faulty("EB-08", "publishing with no subscriber fails")
class RefusesWithoutSubscribers(Bus):
    """Takes a missing subscriber for a mistake (NATS' `no responders`)."""

    def _checked(self, event: Any) -> tuple[Subscription, ...]:
        subscriptions = super()._checked(event)
        if not subscriptions:
            raise LookupError(f"nobody listens to {event.topic}")
        return subscriptions


@faulty("EB-08", "publishing with no subscriber does not end")
class WaitsForSubscribers(Bus):
    """Waits until somebody listens (a Go channel without a buffer)."""

    async def publish(self, event: Event) -> None:
        if not self._checked(event):
            await asyncio.get_running_loop().create_future()
        await super().publish(event)


# EB-09: leaving


class KeepsGoing(Bus):
    """Does nothing when a subscription leaves."""

    def leave(self, subscription: Subscription) -> None:
        """Nothing."""


@faulty("EB-09", "events still arrive after unsubscribe()")
class NeverUnsubscribes(KeepsGoing):
    """unsubscribe() compares with another object than it was given (a bound method made anew, as with weak signals)."""


@faulty("EB-09", "an event arrives that was published as soon as unsubscribe() had returned")
class UnsubscribesInTask(Bus):
    """unsubscribe() leaves the work to a task."""

    def leave(self, subscription: Subscription) -> None:
        async def later() -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            EventBus.leave(self, subscription)

        self._leaving = asyncio.create_task(later())


@faulty("EB-09", "events still arrive after the scope was left")
class ForgetsItsScope(Bus):
    """Leaving the scope does nothing."""

    class Subscription(Subscription):
        async def __aexit__(self, *error: object) -> None:
            if self._overflow == "disconnect":
                await super().__aexit__(*error)


@faulty("EB-09", "the bus holds on to what is gone")
class HoldsOn(Bus):
    """Keeps a list of all subscriptions that there ever were, with their handlers."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.every: list[Any] = []

    async def subscribe(self, *topics: Topic) -> Subscription:
        subscription = await super().subscribe(*topics)
        self.every.append(subscription)
        return subscription

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        subscription = await super().handle(topics, handler)
        self.every.append(handler)
        return subscription


@faulty("EB-09", "a subscription that is gone holds publishers up")
class KeepsItsPlace(Bus):
    """Lets go of the subscription and its reader, and not of the bounded buffer that publishers wait for."""

    def leave(self, subscription: Subscription) -> None:
        topics = [topic for topic, route in self._routes.items() if subscription in route]
        super().leave(subscription)
        if self._blocks and topics and not self._closed:
            self._add(Subscription(self, self._settings), topics)


# EB-10: changes meanwhile


@faulty("EB-10", "makes another miss it")
class ChangesTheListItGoesThrough(Bus):
    """Goes through a list and waits at each for room; who leaves meanwhile moves the others up."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.listed: dict[Topic, list[Subscription]] = {topic: [] for topic in Topic}
        self.moved = self.held_up = list[asyncio.Future[None]]()
        self.turn = asyncio.Lock()

    def _add(self, subscription: Subscription, topics: Iterable[Topic]) -> None:
        super()._add(subscription, topics)
        for topic in set(topics):
            self.listed[topic].append(subscription)

    def _remove(self, subscription: Subscription) -> None:
        super()._remove(subscription)
        for listed in self.listed.values():
            if subscription in listed:
                listed.remove(subscription)

    async def publish(self, event: Event) -> None:
        self._checked(event)
        if not self._blocks:
            await super().publish(event)
            return
        if not self.listed[event.topic]:
            return
        async with self.turn:
            for subscription in self.listed[event.topic]:
                await self.room(subscription)
                if not subscription.ended:
                    subscription.put(event)

    async def room(self, subscription: Subscription) -> None:
        while subscription.is_full and not subscription.ended:
            waiter = asyncio.get_running_loop().create_future()
            self.moved.append(waiter)
            await waiter
        if self._closed:
            raise BusClosedError("the bus is closed")

    def go_on(self) -> None:
        for waiter in self.moved:
            if not waiter.done():
                waiter.set_result(None)
        self.moved.clear()

    async def close(self) -> None:
        self._closed = True
        self.go_on()
        await super().close()


@faulty("EB-10", "a handler that unsubscribes itself fails to")
class RefusesFromWithin(Bus):
    """unsubscribe() is refused while the handler runs, so that nobody pulls the rug from under it."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.busy: dict[Subscription, asyncio.Task[Any] | None] = {}

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        async def noting(event: Event) -> None:
            self.busy[subscription] = asyncio.current_task()
            try:
                await handler(event)
            finally:
                self.busy.pop(subscription, None)

        subscription = await super().handle(topics, noting)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        if self.busy.get(subscription) is asyncio.current_task():
            raise RuntimeError("a handler is under way")
        super().leave(subscription)


@faulty("EB-10", "publish() fails as a subscription begins or ends", "interleavings")
class IteratesOverTheSet(Bus):
    """Yields between deliveries, and iterates over the very set that subscribing changes."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.changes = 0

    def _add(self, subscription: Subscription, topics: Iterable[Topic]) -> None:
        super()._add(subscription, topics)
        self.changes += 1

    def _remove(self, subscription: Subscription) -> None:
        super()._remove(subscription)
        self.changes += 1

    async def publish(self, event: Event) -> None:
        self._checked(event)
        before = self.changes
        await asyncio.sleep(0)
        if before != self.changes:
            raise RuntimeError("Set changed size during iteration")
        await super().publish(event)


# EB-11: cancelling


@faulty("EB-11", "the event after a cancelled receive is lost")
class HandsOverToTheGone(Bus):
    """Hands an event to whoever waited first, without looking whether that still does."""

    class Subscription(Subscription):
        async def _sleep(self) -> None:
            sleeper = asyncio.get_running_loop().create_future()
            self._sleepers.append(sleeper)
            self.readers += 1
            try:
                await sleeper
            finally:
                self.readers -= 1

        def put(self, event: Event) -> None:
            while self._sleepers and self._sleepers[0].done() and not self._sleepers[0].cancelled():
                self._sleepers.popleft()
            if self._sleepers and self._sleepers[0].cancelled():
                self._sleepers.popleft()
                return
            super().put(event)


@faulty("EB-11", "an event is lost that comes as its receive is cancelled", "interleavings")
class LosesWhatItHandsOver(Bus):
    """Takes the event out for a reader before that runs: a cancellation in between loses it."""

    class Subscription(Subscription):
        async def _sleep(self) -> None:
            try:
                await super()._sleep()
            except asyncio.CancelledError:
                if self.waiting and not self._sleepers:
                    self.waiting.popleft()
                raise


# EB-12: one for all


@faulty("EB-12", "what one subscriber changes in an event, others get changed")
class SharesOneDict(Bus):
    """Decodes an event once, into a dict that all subscribers get."""

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        shared: Any = decode(encode(event))
        object.__setattr__(shared, "data", dict(shared.data))
        super()._deliver(shared, subscriptions)


# EB-13: overflow


class Unbounded(Subscription):
    """A queue without a limit, where the policy says otherwise."""

    unbounded: str

    def put(self, event: Event) -> None:
        if self._overflow.startswith(self.unbounded):
            self.waiting.append(event)
            self._wake()
        else:
            super().put(event)


@faulty("EB-13", "there is no bound to what waits to be received")
class KnowsNoBound(Bus):
    """A queue without a limit, whatever was asked for."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._blocks = False

    class Subscription(Unbounded):
        unbounded = ""


@faulty("EB-13", "publish() never waits")
class NeverWaits(Bus):
    """A queue without a limit."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._blocks = False

    class Subscription(Unbounded):
        unbounded = "block"


@faulty("EB-13", "an event is dropped where publish() should wait")
class DropsForBlock(Bus):
    """put_nowait() with its QueueFull passed over."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._blocks = False

    class Subscription(Subscription):
        def put(self, event: Event) -> None:
            if not (self._overflow == "block" and self.is_full):
                super().put(event)


@faulty("EB-13", "nothing is ever dropped, however much waits to be received")
class NeverDrops(Bus):
    """Takes the policies for advice."""

    class Subscription(Unbounded):
        unbounded = "drop"


@faulty("EB-13", "nobody is ever disconnected, however much waits to be received")
class NeverDisconnects(Bus):
    """The same, of the fourth policy."""

    class Subscription(Unbounded):
        unbounded = "disconnect"


@faulty("EB-13", "an event is dropped where the subscription should end")
class DropsForDisconnect(Bus):
    """Drops, and thinks that the subscriber will do without."""

    class Subscription(Subscription):
        def put(self, event: Event) -> None:
            if not (self._overflow == "disconnect" and self.is_full):
                super().put(event)


@faulty("EB-13", "once a publisher has given up waiting for room, all others wait for ever")
class KeepsThePlaceOfWhoGaveUp(Bus):
    """A publisher that was cancelled stays the first of those that wait."""

    def go_on(self) -> None:
        if not (self.held_up and self.held_up[0][1].cancelled()):
            super().go_on()


@faulty("EB-13", "dropped events are not counted")
class DropsInSilence(Bus):
    """A deque with a maxlen."""

    class Subscription(Subscription):
        def put(self, event: Event) -> None:
            super().put(event)
            if self._overflow.startswith("drop"):
                self.dropped = self._gap = 0


@faulty("EB-13", "told of more dropped events than it counts", "machine")
class TellsOfAllAnew(Bus):
    """The error has the number of all that were ever dropped, each time."""

    class Subscription(Subscription):
        def take(self) -> Event | None:
            if self._overflow.startswith("drop") and self._gap:
                self._gap = self.dropped
            return super().take()


@faulty("EB-13", "another event is dropped than the policy says")
class DropsTheOther(Bus):
    """Has the two policies the wrong way round."""

    class Subscription(Subscription):
        def __init__(self, bus: EventBus, settings: EventBusSettings) -> None:
            super().__init__(bus, settings)
            swapped = {"drop_oldest": "drop_newest", "drop_newest": "drop_oldest"}
            self._overflow: Any = swapped.get(self._overflow, self._overflow)


@faulty("EB-13", "publish() waits where an event should be dropped")
class WaitsForDrop(Bus):
    """Knows one policy only."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._blocks = settings.overflow != "disconnect"


@faulty("EB-13", "publish() fails when a subscription is full")
class FailsWhenFull(Bus):
    """put_nowait() with its QueueFull let through."""

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        for subscription in subscriptions:
            if subscription.is_full and self._settings.overflow.startswith("drop"):
                raise asyncio.QueueFull
            super()._deliver(event, (subscription,))


@faulty("EB-13", "a subscription that is disconnected is not told")
class DisconnectsInSilence(Bus):
    """A disconnected subscription just gets nothing more."""

    class Subscription(Subscription):
        def take(self) -> Event | None:
            if self.disconnected and not self.waiting and not self.ended:
                return None
            return super().take()


# EB-14: closing


@faulty("EB-14", "events that were accepted before close() are lost")
class ThrowsAway(Bus):
    """close() empties the buffers."""

    async def close(self) -> None:
        for subscription in self._subscriptions():
            if not subscription.readers:
                subscription.waiting.clear()
        await super().close()


@faulty("EB-14", "subscriptions are not ended by close()")
class LeavesThemWaiting(Bus):
    """close() refuses what comes, and tells nobody who waits (the hang at shutdown)."""

    async def close(self) -> None:
        self._closed = True
        while self.held_up:
            _, published = self.held_up.popleft()
            if not published.done():
                published.set_exception(BusClosedError("the bus is closed"))


@faulty("EB-14", "publishing after close() is no error")
class PublishesIntoTheVoid(Bus):
    """Publishing after close() is passed over."""

    async def publish(self, event: Event) -> None:
        if not self._closed:
            await super().publish(event)


@faulty("EB-14", "publishing after close() fails with another error")
class FailsOtherwise(Bus):
    """Publishing after close() fails by accident."""

    async def publish(self, event: Event) -> None:
        if self._closed:
            raise AttributeError("'NoneType' object has no attribute 'put'")
        await super().publish(event)


@faulty("EB-14", "close() does not end although all is drained")
class NeverEndsClosing(Bus):
    """close() waits for a task that waits for close()."""

    async def close(self) -> None:
        await super().close()
        await asyncio.get_running_loop().create_future()


# EB-15: failing handlers


@faulty("EB-15", "a handler that fails once is not called again")
class DiesInSilence(Bus):
    """The handler's task ends with its first error, which is reported."""

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
            except Exception as error:
                self._report(error)
                self._remove(subscription)
                subscription.waiting.clear()
                self.go_on()
                return


class Dies(Bus):
    """The handler's task ends with what a handler raises."""

    mortal: tuple[type[BaseException], ...] = ()
    leaves = False

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        async def call(event: Event) -> None:
            try:
                await handler(event)
            except self.mortal as error:
                self._report(error)
                if self.leaves:
                    self._remove(subscription)
                    subscription.waiting.clear()
                    self.go_on()
                self._serving.discard(asyncio.current_task())  # type: ignore[arg-type]  # it is one
                await asyncio.get_running_loop().create_future()

        subscription = await super().handle(topics, call)
        return subscription


@faulty("EB-15", "a handler that has failed once is called no more, and what comes for it waits")
class StaysDead(Dies):
    """Nobody serves the subscription any more, and nobody takes it off."""

    mortal = (Exception,)


@faulty("EB-15", "a handler that ends as cancelled is not called again")
class LeavesWithCancellation(Dies):
    """Takes the cancellation of what a handler waits for, for its own, and tidies up."""

    mortal = (asyncio.CancelledError,)
    leaves = True


@faulty("EB-15", "a handler that has ended as cancelled is called no more, and what comes for it waits")
class DiesWithCancellation(Dies):
    """`except Exception` lets it through; nobody looks after the task."""

    mortal = (asyncio.CancelledError,)


@faulty("EB-15", "the error of a handler is not reported")
class ReportsNothing(Bus):
    """`except Exception: pass`."""

    def _report(self, error: BaseException) -> None:
        """Nothing."""


# EB-16: the wire


class OverWire(Bus):
    """Sends what it delivers over a wire."""

    wire: Callable[[Event], Event]

    def _deliver(self, event: Event, subscriptions: tuple[Subscription, ...]) -> None:
        super()._deliver(type(self).wire(event), subscriptions)


@faulty("EB-16", "an event arrives with other data than it was published with")
class NumbersBecomeFloats(OverWire):
    """Integers come out as floats, as from JavaScript."""

    @staticmethod
    def wire(event: Event) -> Event:
        import json

        fields = json.loads(encode(event), parse_int=lambda text: float(text) if len(text) > 15 else int(text))
        return decode(json.dumps(fields).encode())


@faulty("EB-16", "an event that is encoded and decoded is another")
class NarrowEncoding(Bus):
    """Encodes in Latin-1, and replaces what that does not have."""

    @staticmethod
    def encode(event: Event) -> bytes:
        return encode(event).decode().encode("latin-1", "replace").decode("latin-1").encode()


# EB-17: one order


@faulty("EB-17", "subscriptions see events of different publishers in different orders", "histories")
class QueueForEachPublisher(Bus):
    """A queue for each publisher; every second subscription looks first at that of whoever came last."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.made = 0
        self.authors: dict[int, Any] = {}

    async def subscribe(self, *topics: Topic) -> Subscription:
        subscription: Any = await super().subscribe(*topics)
        subscription.odd = bool(self.made % 2)
        self.made += 1
        return subscription  # type: ignore[no-any-return]  # it is what came from above

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> Subscription:
        subscription: Any = await super().handle(topics, handler)
        subscription.odd = False
        return subscription  # type: ignore[no-any-return]  # as above

    async def publish(self, event: Event) -> None:
        self.authors[id(event)] = (asyncio.current_task(), event)
        await super().publish(event)

    class Subscription(Subscription):
        odd = False

        def take(self) -> Event | None:
            if self.odd and not self._gap and len(self.waiting) > 1:
                authors = [self._bus.authors[id(event)][0] for event in self.waiting]  # type: ignore[attr-defined]  # of this bus
                first = max(authors.index(author) for author in authors)
                event = self.waiting[first]
                del self.waiting[first]
                self.waiting.appendleft(event)
            return super().take()
