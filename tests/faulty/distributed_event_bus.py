"""Buses over a broker that are wrong, or unusual."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

from patternproof.reference.event_bus.log import Entry, Place, Position
from patternproof.reference.event_bus.tasks import EventBus

from patternproof.ports import Unsupported
from patternproof.ports.event_bus import Delivery, DurableSubscription, Event, EventBusSettings, Topic, decode
from tests.faulty import ByExample, Unusual
from tests.memory_broker import Broker, Kept, MemoryEventBus, MemoryLog, MemoryPlace

PUBLISHES = "EB-18-another-process-publishes"
SUBSCRIBES = "EB-18-another-process-subscribes"
TOPICS = "EB-18-topics-are-the-same-everywhere"
SUBSCRIBES_IN_TIME = "EB-18-another-process-subscribes-and-this-one-publishes-at-once"
PUBLISHES_BEFORE = "EB-18-another-process-publishes-and-this-one-subscribes-at-once"
SLOW = "EB-18-a-subscriber-in-another-process-does-not-read"
RESTARTED = "EB-18-the-broker-is-restarted"
RESTARTED_PUBLISHES = "EB-18-the-broker-is-restarted-and-another-process-publishes"
RESTARTED_LISTENS = "EB-18-the-broker-is-restarted-and-another-process-listens"
AWAY = "EB-18-what-is-published-while-the-broker-is-away"
RESTARTS = (RESTARTED, RESTARTED_PUBLISHES, RESTARTED_LISTENS, AWAY)

BACK = "EB-19-a-subscriber-comes-back"
ELSEWHERE = "EB-19-a-subscriber-comes-back-elsewhere"
KILLED = "EB-19-the-process-of-a-subscriber-is-killed"
AGAIN = "EB-19-what-was-not-acknowledged-comes-again"
ALIKE = "EB-19-two-events-that-say-the-same"
RESTARTED_BACK = "EB-19-the-broker-is-restarted-meanwhile"
RESTARTED_AGAIN = "EB-19-the-broker-is-restarted-before-an-event-is-acknowledged"

FAULTY = ByExample()
ODD = Unusual()
faulty = FAULTY.add
odd = ODD.add


# Distributed


@faulty(PUBLISHES, SUBSCRIBES, TOPICS, SUBSCRIBES_IN_TIME, PUBLISHES_BEFORE, RESTARTED_PUBLISHES, RESTARTED_LISTENS, AWAY)
class EachByItself(EventBus):
    """The namespace is taken and never looked at."""

    def __init__(self, settings: EventBusSettings) -> None:
        if settings.overflow == "block":
            raise Unsupported("overflow")
        super().__init__(settings)

    async def stop_broker(self) -> None:
        pass

    async def start_broker(self) -> None:
        pass


@faulty(SUBSCRIBES, TOPICS, SLOW)
class OneProcessAloneGetsEach(MemoryEventBus):
    """All processes are in one consumer group, and share the events."""

    class makes_log(MemoryLog):  # noqa: N801  # stands for the method of that name
        taken: defaultdict[Broker, set[Position]] = defaultdict(set)

        async def read(self, after: Position) -> AsyncIterator[Entry]:
            async for position, data in super().read(after):
                if position not in self.taken[self.broker]:
                    self.taken[self.broker].add(position)
                    yield position, data


@faulty(TOPICS)
class ForgetsTopics(MemoryEventBus):
    """What comes from another process is for everybody."""

    def _take(self, position: Position, data: bytes) -> None:
        if position > self._reached:
            self._reached = position
            self._deliver(decode(data), tuple(each for each in self._logged(self._subscriptions()) if each.since < position))
            self._moved.set()


@faulty(SUBSCRIBES_IN_TIME)
class SubscribesInTheBackground(MemoryEventBus):
    """The subscription is there a little after subscribe() has returned, as with a broker that is not waited for."""

    async def subscribe(self, *topics: Topic) -> Any:
        subscription = await super().subscribe(*topics)
        routes, self._routes = (
            self._routes,
            {topic: each[:-1] if topic in topics else each for topic, each in self._routes.items()},
        )
        asyncio.get_running_loop().call_later(0.1, setattr, self, "_routes", routes)
        return subscription


@faulty(PUBLISHES_BEFORE)
class PublishesInTheBackground(MemoryEventBus):
    """An event is on its way when publish() returns."""

    async def publish(self, event: Event) -> None:
        self._checked(event)
        await asyncio.sleep(0.1) if not self._subscriptions() and self._reached else None
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, loop.create_task, super().publish(event))
        await asyncio.sleep(0)


@faulty(SLOW)
class TheSlowestSetsThePace(MemoryEventBus):
    """Publishing waits until no subscriber is full, in any process."""

    all: defaultdict[Broker, list[MemoryEventBus]] = defaultdict(list)

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.all[self.broker].append(self)

    async def publish(self, event: Event) -> None:
        while any(each.is_full for bus in self.all[self.broker] for each in bus._subscriptions()):
            await asyncio.sleep(1)
        await super().publish(event)


class Reconnecting(MemoryLog):
    """Finds the broker again some seconds after it came back."""

    async def connected(self, after: Position) -> Position:
        after = await super().connected(after)
        await asyncio.sleep(5)
        return self.goes_on(after)

    def goes_on(self, after: Position) -> Position:
        """Where to read on."""
        return after


@faulty(*RESTARTS)
class ConnectsOnce(MemoryEventBus):
    """Nothing is heard any more after a restart."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def connected(self, after: Position) -> Position:
            await asyncio.get_running_loop().create_future()
            return after


@faulty(AWAY)
class MissesWhatCameMeanwhile(MemoryEventBus):
    """Listens anew when it has found the broker again, as core NATS and Redis' channels do."""

    class makes_log(Reconnecting):  # noqa: N801  # as above
        def goes_on(self, after: Position) -> Position:
            return len(self.broker.entries)


@faulty(AWAY)
class LosesWhatIsPublishedMeanwhile(MemoryEventBus):
    """A broker that is away is none to wait for."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def append(self, topic: Topic, data: bytes) -> None:
            if self.broker.running:
                await super().append(topic, data)


@faulty(AWAY)
class NeverEndsPublishing(MemoryEventBus):
    """A publish() that found no broker is forgotten."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def append(self, topic: Topic, data: bytes) -> None:
            if not self.broker.running:
                await asyncio.get_running_loop().create_future()
            await super().append(topic, data)


@faulty(RESTARTED, RESTARTED_PUBLISHES, AWAY)
class DeliversAgain(MemoryEventBus):
    """Begins one event earlier after a restart, to be on the safe side."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def connected(self, after: Position) -> Position:
            return max(0, await super().connected(after) - 1)

    def _take(self, position: Position, data: bytes) -> None:
        self._reached = min(self._reached, position - 1)
        super()._take(position, data)


@faulty(PUBLISHES, SUBSCRIBES, TOPICS, RESTARTED_LISTENS)
class OutOfOrder(MemoryEventBus):
    """A task for each delivery, some of which take longer."""

    def _take(self, position: Position, data: bytes) -> None:
        delay = 0.6 if position % 2 else 0.0
        asyncio.get_running_loop().call_later(delay, self._take_late, position, data)

    def _take_late(self, position: Position, data: bytes) -> None:
        self._reached = position - 1
        super()._take(position, data)


# Durable


class Durable:
    """A durable subscription that changes what another gives."""

    def __init__(self, inner: DurableSubscription) -> None:
        self.inner = inner
        self.given: dict[str, Delivery] = {}

    async def receive(self) -> Delivery:
        delivery = await self.inner.receive()
        renamed = Delivery(self.id_of(delivery), delivery.event)
        self.given[renamed.id] = delivery
        return renamed

    def id_of(self, delivery: Delivery) -> str:
        """What the delivery is called."""
        return delivery.id

    async def acknowledge(self, delivery: Delivery) -> None:
        await self.inner.acknowledge(self.given[delivery.id])

    async def leave(self) -> None:
        await self.inner.leave()


@faulty(BACK, ELSEWHERE, RESTARTED_BACK, AGAIN, RESTARTED_AGAIN)
class StartsFromNow(MemoryEventBus):
    """A name is no more than a name."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def place(self, name: str) -> Place:
            self.broker.places.pop(name, None)
            return await super().place(name)


@faulty(AGAIN, RESTARTED_AGAIN)
class AcknowledgesBeforeDelivery(MemoryEventBus):
    """What the broker has sent is done with."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def place(self, name: str) -> Place:
            class Acknowledging(MemoryPlace):
                async def next(self) -> Entry | None:
                    entry = await super().next()
                    self.kept.open.clear()
                    return entry

            place = await super().place(name)
            assert isinstance(place, MemoryPlace)
            return Acknowledging(place.broker, place.kept, place.asking)


@faulty(AGAIN, RESTARTED_AGAIN)
class NumbersDeliveries(MemoryEventBus):
    """Each delivery has a new id."""

    async def resume(self, name: str, *topics: Topic) -> Any:
        class Numbered(Durable):
            numbers = count(1)

            def id_of(self, delivery: Delivery) -> str:
                return f"{id(self)}-{next(self.numbers)}"

        return Numbered(await super().resume(name, *topics))


@faulty(ALIKE)
class NamesByContent(MemoryEventBus):
    """The id is a digest of the event."""

    async def resume(self, name: str, *topics: Topic) -> Any:
        class Digested(Durable):
            def id_of(self, delivery: Delivery) -> str:
                return hashlib.sha256(repr(delivery.event).encode()).hexdigest()

        return Digested(await super().resume(name, *topics))


@faulty(BACK, ALIKE)
class HasNoIds(MemoryEventBus):
    """All deliveries are called the same; what it gets twice nobody can tell."""

    async def resume(self, name: str, *topics: Topic) -> Any:
        class Nameless(Durable):
            def id_of(self, delivery: Delivery) -> str:
                return ""

        return Nameless(await super().resume(name, *topics))


@faulty(BACK, ALIKE, AGAIN, RESTARTED_AGAIN)
class RepeatsUnderAnotherId(MemoryEventBus):
    """Each event comes twice, and looks like two."""

    async def resume(self, name: str, *topics: Topic) -> Any:
        class Repeating(Durable):
            again: Delivery | None = None

            async def receive(self) -> Delivery:
                if self.again is not None:
                    again, self.again = self.again, None
                    return again
                delivery = await super().receive()
                self.again = Delivery(f"{delivery.id} again", delivery.event)
                self.given[self.again.id] = self.given[delivery.id]
                return delivery

        return Repeating(await super().resume(name, *topics))


@faulty(ELSEWHERE)
class KeepsItsPlaceItself(MemoryEventBus):
    """Where a subscription stands is known to its own process."""

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self.places: dict[str, Kept] = {}

    async def resume(self, name: str, *topics: Topic) -> Any:
        self.broker.places = self.places
        return await super().resume(name, *topics)


@faulty(RESTARTED_BACK, RESTARTED_AGAIN)
class ForgetsPlacesAtARestart(MemoryEventBus):
    """The broker keeps in memory where a subscription stands."""

    async def stop_broker(self) -> None:
        await super().stop_broker()
        self.broker.places.clear()


@faulty(BACK)
class KeepsTheLatestAlone(MemoryEventBus):
    """Of what was missed the latest event is kept."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def place(self, name: str) -> Place:
            kept = self.broker.places.get(name)
            if kept is not None:
                kept.last = max(kept.last, len(self.broker.entries) - 1)
            return await super().place(name)


# Right, and unusual


@odd
class ReconnectsAfterAWhile(MemoryEventBus):
    """Finds the broker again after seconds, and goes on where it was."""

    makes_log = Reconnecting


@odd
class RefusesWhileTheBrokerIsAway(MemoryEventBus):
    """publish() fails at once with an error of its own; what it refused is published by nobody."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def append(self, topic: Topic, data: bytes) -> None:
            self.broker.append(data)


@odd
class HandsOutHandlersAlone:
    """A bus that has no subscriptions to be fetched from."""

    def __init__(self, settings: EventBusSettings) -> None:
        self.bus = MemoryEventBus(settings)
        self.publish, self.handle, self.close = self.bus.publish, self.bus.handle, self.bus.close
        self.resume, self.stop_broker, self.start_broker = self.bus.resume, self.bus.stop_broker, self.bus.start_broker


@odd
class GivesAgainAfterAWhile(MemoryEventBus):
    """What was not acknowledged comes again after 30 s, and after what is new, as where a lease has to run out first."""

    class makes_log(MemoryLog):  # noqa: N801  # as above
        async def place(self, name: str) -> Place:
            class Leasing(MemoryPlace):
                later: list[Position] | None = None

                async def next(self) -> Entry | None:
                    if self.later is None:
                        self.later, self.again = self.again, []
                        asyncio.get_running_loop().call_later(30.0, self.run_out)
                    return await super().next()

                def run_out(self) -> None:
                    self.again = self.later or []
                    self.broker.wake()

            place = await super().place(name)
            assert isinstance(place, MemoryPlace)
            return Leasing(place.broker, place.kept, place.asking)


@odd
class DeliversTwice(MemoryEventBus):
    """A durable subscription gets each event twice, under one id."""

    async def resume(self, name: str, *topics: Topic) -> Any:
        class Repeating(Durable):
            again: Delivery | None = None

            async def receive(self) -> Delivery:
                if self.again is not None:
                    again, self.again = self.again, None
                    return again
                self.again = await super().receive()
                return self.again

            async def acknowledge(self, delivery: Delivery) -> None:
                if self.again is None:
                    await super().acknowledge(delivery)

        return Repeating(await super().resume(name, *topics))


@odd
class NamesAreNoNumbers(MemoryEventBus):
    """Ids are text that says nothing."""

    async def resume(self, name: str, *topics: Topic) -> Any:
        class Digested(Durable):
            def id_of(self, delivery: Delivery) -> str:
                return hashlib.sha256(delivery.id.encode()).hexdigest()

        return Digested(await super().resume(name, *topics))
