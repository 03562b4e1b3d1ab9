"""Publishers and subscribers, slow and fast, under load."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec

from patternproof.flavour import plainly, resolved
from patternproof.load.evidence import Broken, Said, said
from patternproof.load.real import Workshop
from patternproof.outcome import NotOffered
from patternproof.ports.event_bus import EventBusSettings, Overflowed, StateChanged, SubscriptionClosedError, Topic

CAPACITY = 32
POLICIES: tuple[Any, ...] = ("drop_oldest", "drop_newest", "block")
"""Of what happens to events that find no room; the first that a bus has."""
PULLING, PUSHING = "subscribe", "handle"
SUBSCRIBERS = {"A": (PULLING, False), "B": (PUSHING, False), "S": (PULLING, True), "T": (PUSHING, True)}
"""By name, which method begins it and whether it is slow; those of a method that a bus lacks are left out."""
SLOWNESS = 0.01
"""Seconds that the slow subscriber takes for an event."""
HOLDS_UP = 0.5
"""Share of that which a publish takes, in the middle, where it waits for the slow one (EB-07)."""
FEW = 20
"""Events from which a share is taken."""


class Publish(msgspec.Struct, tag_field="work", tag="publish", forbid_unknown_fields=True):
    """Publish an event."""

    publisher: str
    number: Annotated[int, msgspec.Meta(ge=0)]


class Visit(msgspec.Struct, tag_field="work", tag="visit", forbid_unknown_fields=True):
    """Subscribe with a handler, and unsubscribe at once."""


class Collect(msgspec.Struct, tag_field="work", tag="collect", forbid_unknown_fields=True):
    """Say what the subscribers have got, once nothing more comes."""


class Published(NamedTuple):
    """An event as it was published."""

    publisher: str
    number: int
    outcome: str
    """published, or what it did instead."""
    seconds: float

    def __str__(self) -> str:
        return f"event {self.publisher}-{self.number}: {self.outcome} in {self.seconds * 1000:.1f} ms"


class Got(NamedTuple):
    """What a subscriber has got, in order."""

    subscriber: str
    events: list[tuple[str, int]]
    dropped: int


class Bench:
    """A bus at work, with its subscribers.

    Args:
        shop: where.
        stack: closed with it.
    """

    decoder = msgspec.json.Decoder(Publish | Visit | Collect)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop
        self._bus, self._policy = self._made(stack)
        there = {name: how for name, how in SUBSCRIBERS.items() if hasattr(self._bus, how[0])}
        self._got: dict[str, list[tuple[str, int]]] = {name: [] for name in there}
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscriptions = {name: shop.begun(partial(self._begin, name, *how)) for name, how in there.items()}

    def _made(self, stack: ExitStack) -> tuple[Any, str]:
        for policy in POLICIES[:-1]:
            try:
                return self._shop.made(stack, "event_bus", EventBusSettings(CAPACITY, policy)), policy
            except NotOffered:
                continue
        return self._shop.made(stack, "event_bus", EventBusSettings(CAPACITY, POLICIES[-1])), POLICIES[-1]

    async def _begin(self, name: str, method: str, slow: bool) -> Any:
        takes = SLOWNESS * slow
        if method == PUSHING:
            return await self._handle(partial(self._take, name, takes))
        subscription = await resolved(self._bus.subscribe(Topic.STATE))
        if self._shop.threads:
            threading.Thread(target=lambda: plainly(self._read(name, takes, subscription)), daemon=True).start()
        else:
            task = asyncio.ensure_future(self._read(name, takes, subscription))
            self._tasks.add(task)
        return subscription

    async def _handle(self, take: Callable[[Any], Any]) -> Any:
        return await resolved(self._bus.handle((Topic.STATE,), self._shop.flavoured(take)))

    async def _read(self, name: str, takes: float, subscription: Any) -> None:
        while True:
            try:
                await self._take(name, takes, await resolved(subscription.receive()))
            except Overflowed:
                continue
            except (SubscriptionClosedError, StopAsyncIteration):
                return

    async def _take(self, name: str, takes: float, event: Any) -> None:
        self._got[name].append((str(event.data["publisher"]), int(event.data["number"])))
        if takes:
            await self._shop.pause(takes)

    async def do(self, piece: Publish | Visit | Collect) -> Any:
        """Do a piece of work."""
        match piece:
            case Publish(publisher, number):
                return {"published": [await self._publish(publisher, number)]}
            case Visit():
                return {"late": [await self._visit()]}
        await self._drained()
        return {"got": [Got(name, events, self._dropped(name)) for name, events in self._got.items()], "policy": [self._policy]}

    async def _publish(self, publisher: str, number: int) -> Published:
        began = time.monotonic()
        try:
            await resolved(self._bus.publish(StateChanged("load", data={"publisher": publisher, "number": number})))
            outcome = "published"
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            outcome = f"raised {type(error).__name__}: {error}"
        return Published(publisher, number, outcome, time.monotonic() - began)

    async def _visit(self) -> int:
        """How many events came once the subscription was over; -1: there are no handlers."""
        if not hasattr(self._bus, PUSHING):
            return -1
        calls: list[Any] = []

        async def note(event: Any) -> None:
            calls.append(event)

        subscription = await self._handle(note)
        await self._shop.pause(SLOWNESS)
        await resolved(subscription.unsubscribe())
        over = len(calls)
        await self._shop.pause(SLOWNESS)
        return len(calls) - over

    async def _drained(self) -> None:
        await self._shop.quiet(lambda: sum(map(len, self._got.values())))

    def _dropped(self, name: str) -> int:
        try:
            return int(self._subscriptions[name].dropped)
        except Exception:  # noqa: BLE001  # where none are counted, none were dropped
            return 0


class Evidence(msgspec.Struct):
    """What all users were told."""

    published: list[Published] = []
    late: list[int] = []
    """By visit, the events that came once it was over."""
    got: list[Got] = []
    policy: list[str] = []


AFTER = ({"work": "collect"},)
"""What is done once all users are gone."""


def judge(seen: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    once = said("EB-01", _each_once(seen))
    return [
        once,
        said("EB-04", _in_order(seen.got)),
        said("EB-07", _nobody_is_held_up(seen)),
        said("EB-09", _nothing_comes_late(seen.late)),
        said("EB-13", iter(()) if once.message else _drops_are_counted(seen)),  # what is lost otherwise is nobody's to count
    ]


def _each_once(seen: Evidence) -> Iterator[int]:
    for event in seen.published:
        if event.outcome != "published":
            raise Broken(f"expected an event to be published; seen: it {event.outcome}", [event])
    published = {(event.publisher, event.number) for event in seen.published}
    for got in seen.got:
        times: dict[tuple[str, int], int] = defaultdict(int)
        for event_id in got.events:
            times[event_id] += 1
        twice = next((event_id for event_id, count in times.items() if count > 1), None)
        if twice is not None:
            raise Broken(f"expected each event once; seen: {_named(twice)} {times[twice]} times by subscriber {got.subscriber}")
        # What a slow one has not got was dropped, if not counted.
        slow = SUBSCRIBERS[got.subscriber][1] and "block" not in seen.policy
        if got.dropped == 0 and not slow and published - set(times):
            raise Broken(
                f"expected each event; seen: {_named(min(published - set(times)))} never came to subscriber {got.subscriber}"
            )
        yield len(published)


def _named(event: tuple[str, int]) -> str:
    return f"event {event[0]}-{event[1]}"


def _in_order(received: Sequence[Got]) -> Iterator[int]:
    for got in received:
        latest: dict[str, int] = {}
        for publisher, number in got.events:
            if number < latest.get(publisher, -1):
                expected = f"expected the events of {publisher} in order"
                raise Broken(f"{expected}; seen: {number} after {latest[publisher]} by subscriber {got.subscriber}")
            latest[publisher] = max(number, latest.get(publisher, -1))
            yield 1


def _nobody_is_held_up(seen: Evidence) -> Iterator[int]:
    """Where what finds no room is dropped, a slow subscriber holds up no publisher, and so nobody else."""
    if "block" in seen.policy or not seen.policy or len(seen.published) < FEW:
        return
    seconds = sorted(event.seconds for event in seen.published)
    usual = seconds[len(seconds) // 2]
    if usual > HOLDS_UP * SLOWNESS:
        expected = f"expected publishing not to wait for a subscriber that takes {SLOWNESS * 1000:g} ms"
        raise Broken(f"{expected}; seen: {usual * 1000:.1f} ms", sorted(seen.published, key=lambda event: -event.seconds)[:3])
    fast = [got for got in seen.got if not SUBSCRIBERS[got.subscriber][1]]
    for got in fast:
        if got.dropped > len(seen.published) / 2:
            raise Broken(
                f"expected a fast subscriber to lose nothing by a slow one; seen: {got.dropped} dropped for {got.subscriber}"
            )
        yield len(got.events)


def _nothing_comes_late(late: Sequence[int]) -> Iterator[int]:
    for events in late:
        if events > 0:
            raise Broken(f"expected nothing once unsubscribe() has returned; seen: {events} events")
        yield int(events == 0)


def _drops_are_counted(seen: Evidence) -> Iterator[int]:
    if "block" in seen.policy:
        return
    for got in seen.got:
        missing = len({(event.publisher, event.number) for event in seen.published} - set(got.events))
        if missing != got.dropped:
            raise Broken(f"expected {missing} dropped events for subscriber {got.subscriber}; seen: {got.dropped} counted")
        yield int(missing > 0)
