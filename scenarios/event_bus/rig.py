"""An event bus held by a driver."""

from __future__ import annotations

import gc
import os
import weakref
from asyncio import CancelledError
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

from patternproof.adapter import Adapter
from patternproof.causes import with_causes
from patternproof.drivers import Driver, Hang, Pending, Raised
from patternproof.flavour import plainly, resolved
from patternproof.history import Batch, shown
from patternproof.outcome import AdapterError, NotOffered
from patternproof.ports import Unsupported
from patternproof.ports.event_bus import BusClosedError, EventBusSettings
from patternproof.rig import Rig

from . import events
from .beyond import ELSEWHERE, Beyond
from .events import PULL, PUSH, Publishing, R, Seen
from .model import PLAIN, VARIANTS, Capabilities, EventBusModel
from .owing import Owing
from .publishers import Deed, Publisher, in_order, is_cancelled
from .samples import TOPIC_OF, labelled, sample
from .subscribers import Subscriber

_rigs = count(1)
LATER = 0.5
"""Seconds that pass after each batch, since a bus may deliver by a timer."""


class EventBusRig(Rig):
    """Drives one bus.

    Args:
        driver: an entered driver.
        settings: as the bus is made with.
        threads: whether its methods and its handlers are plain.
        namespace: of its own, so that no other example's events come over a broker.
    """

    def __init__(self, driver: Driver, settings: EventBusSettings, threads: bool, namespace: str) -> None:
        super().__init__(driver, settings)
        self.namespace = namespace
        self.bus: Any = None
        self.subscribers: dict[int, Subscriber] = {}
        self._threads = threads
        self._drops = settings.overflow.startswith("drop")
        self.owing = Owing(settings, self.subscribers)
        """What is still to come."""
        self._phases: dict[int, str] = {}
        """What became of each publish() that was not told yet, by the number of its event."""
        self._publishers: dict[int, Publisher] = {}
        self._samples: dict[int, Any] = {}
        self._errors: list[BaseException] = []
        self._closing: Pending | None = None
        self._left: list[str] = []
        self._wired: list[str] = []

    def begin(self, bus: Any) -> None:
        """Take a bus that was just made."""
        self.bus = bus
        if hasattr(bus, "add_error_listener"):
            self.driver.now(lambda: bus.add_error_listener(self._hear))
        self.driver.settle()

    def _hear(self, *arguments: Any) -> None:
        self._errors += [each for each in arguments if isinstance(each, BaseException)]

    def call(self, method: Callable[[], Coroutine[Any, Any, Any]]) -> Pending:
        """Begin a call, in the flavour of the bus."""
        return self.driver.begin((lambda: plainly(method())) if self._threads else method)

    def run(self, batch: Batch) -> Any:
        return super().run(in_order(batch))

    def unanswered(self) -> bool:
        waiting = [number for number, phase in self._phases.items() if phase == "waits"]
        return self.owing.anything(waiting, self._closing)

    def _do_all(self, batch: Batch) -> None:
        super()._do_all(batch)
        if self.driver.holds:
            self.driver.settle()
            self.driver.pass_time(LATER)

    def do(self, event: Any) -> None:
        match event:
            case events.Publish(number, publisher, topic, special):
                self._publish(publisher, partial(self._one, number, topic, special), number)
            case events.Subscribe(number, topics, style):
                subscriber = self._subscriber(number, style)
                self.call(partial(subscriber.begin, self.bus, tuple([TOPIC_OF[topic] for topic in topics])))
            case events.Receive(number):
                self._with(number, lambda subscriber: subscriber.start_receive(self.call))
            case events.CancelReceive(number):
                self._with(number, Subscriber.cancel_receive)
            case events.CancelPublish(publisher):
                if publisher in self._publishers:
                    self._publishers[publisher].give_up(self.driver)
            case events.HandlerEnds(number, how, other):
                self._with(number, lambda subscriber: subscriber.end_handler(how, partial(self._do_within, how, other)))
            case events.Unsubscribe(number):
                self._leave(number)
            case events.LeaveScope(number):
                self._leave(number, scope=True)
            case _:
                self._do_rarely(event)

    def _do_rarely(self, event: Any) -> None:
        match event:
            case events.SubscribeThenPublish(subscription, number, style):
                self._publish(R, partial(self._subscribe_then, self._subscriber(subscription, style), number), number)
            case events.PublishThenSubscribe(number, subscription, style):
                self._publish(R, partial(self._then_subscribe, number, self._subscriber(subscription, style)), number)
            case events.UnsubscribeThenPublish(subscription, number):
                self._publish(R, partial(self._unsubscribe_then, self.subscribers.get(subscription), number), number)
            case events.Spoil(number):
                self._with(number, Subscriber.spoil)
            case events.LookForLeftovers(number):
                self._look_for_leftovers(number)
            case events.Close():
                self._closing = self._closing or self.call(self._close)
            case _:
                self._do_otherwise(event)

    def _do_otherwise(self, event: Any) -> None:
        match event:
            case events.SendOverWire():
                self._send_over_wire()
            case events.Advance(seconds):
                self.driver.pass_time(seconds)
            case events.SetWallClock(seconds):
                self.driver.move_wall_clock(seconds)
            case Beyond():
                event.deed()
            case _:
                raise TypeError(f"no event of event buses: {event!r}")

    def _with(self, number: int, deed: Callable[[Subscriber], Any]) -> None:
        if number in self.subscribers:
            deed(self.subscribers[number])

    def _subscriber(self, number: int, style: str) -> Subscriber:
        assert number not in self.subscribers, f"each subscription has a number of its own: {number} is taken"
        self.subscribers[number] = made = Subscriber(number, style, self.driver, self.label, self._drops)
        return made

    # What happens to a second bus, that of another process.

    def subscribe_to(self, bus: Any, number: int, topics: str, style: str) -> None:
        """Begin to subscribe to another bus."""
        subscriber = self._subscriber(number, style)
        self.call(partial(subscriber.begin, bus, tuple([TOPIC_OF[topic] for topic in topics])))

    def publish_on(self, bus: Any, number: int, topic: str) -> None:
        """Let the one publisher of another bus publish."""
        self._publish(ELSEWHERE, partial(self._one, number, topic, bus=bus), number)

    def subscribe_to_then_publish(self, bus: Any, subscription: int, style: str, number: int) -> None:
        """Subscribe to another bus, and publish on this one as soon as that has returned."""
        self._publish(R, partial(self._subscribe_then, self._subscriber(subscription, style), number, bus), number)

    def publish_on_then_subscribe(self, bus: Any, number: int, subscription: int, style: str) -> None:
        """Publish on another bus, and subscribe to this one as soon as that has returned."""
        self._publish(R, partial(self._then_subscribe, number, self._subscriber(subscription, style), bus), number)

    def topic_of(self, number: int) -> str:
        """The topic of an event that was published."""
        return next(letter for letter, topic in TOPIC_OF.items() if topic == self._samples[number].topic)

    def label(self, event: Any) -> str:
        """What an event is called that the bus gave."""
        return labelled(event, self._samples)

    def _publish(self, publisher: int, deed: Deed, number: int) -> None:
        self._phases[number] = "waits"
        if publisher not in self._publishers:
            self._publishers[publisher] = Publisher(self.driver, self.call)
        self._publishers[publisher].order(deed)

    async def _one(self, number: int, topic: str = "X", special: bool = False, bus: Any = None) -> None:
        self._samples[number] = sample(number, topic, special)
        self.owing.begins(number, topic)
        try:
            await resolved((bus or self.bus).publish(sample(number, topic, special)))
        except BusClosedError:
            self._phases[number] = "refused"
        except CancelledError as error:
            self._phases[number] = "cancelled" if is_cancelled() else f"fails: {shown(error)}"
            raise
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            self._phases[number] = f"fails: {shown(error)}"
        else:
            self._phases[number] = "done"
            self.owing.accepted(number)

    async def _do_within(self, how: str, other: int) -> None:
        """What a handler does before it returns."""
        if how == "publishes":
            self._phases[other] = "waits"
            await self._one(other)
        elif how == "subscribes":
            await self._subscriber(other, PUSH).begin(self.bus, (TOPIC_OF["X"],))
        elif how == "removes" and other in self.subscribers:
            await self.subscribers[other].leave()

    async def _subscribe_then(self, subscriber: Subscriber, number: int, bus: Any = None) -> None:
        await subscriber.begin(bus or self.bus, (TOPIC_OF["X"],))
        await self._one(number)

    async def _then_subscribe(self, number: int, subscriber: Subscriber, bus: Any = None) -> None:
        await self._one(number, bus=bus)
        await subscriber.begin(self.bus, (TOPIC_OF["X"],))

    async def _unsubscribe_then(self, subscriber: Subscriber | None, number: int) -> None:
        if subscriber is not None and subscriber.subscription is not None:
            await subscriber.leave()
        await self._one(number)

    def _leave(self, number: int, scope: bool = False) -> None:
        subscriber = self.subscribers.get(number)
        if subscriber is not None and subscriber.subscription is not None and not subscriber.gone:
            self.call(partial(subscriber.leave, scope))

    async def _close(self) -> None:
        await resolved(self.bus.close())

    def _look_for_leftovers(self, number: int) -> None:
        subscriber = self.subscribers.get(number)
        if subscriber is None or not subscriber.gone or subscriber.busy:
            return
        try:
            reference = weakref.ref(subscriber.subscription if subscriber.style == PULL else subscriber.given)
        except TypeError:  # without a place for weak references there is no way to tell
            reference = None
        del self.subscribers[number], subscriber
        self.driver.forget()
        gc.collect()
        held = reference is not None and reference() is not None
        self._left.append("it" if held else "nothing")

    def _send_over_wire(self) -> None:
        event = sample(0, "X", special=True)
        try:
            back = self.driver.now(lambda: self.bus.decode(self.bus.encode(event)))
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            self._wired.append(f"as an error: {shown(error)}")
        else:
            equal = labelled(back, {0: event}) == "0"
            self._wired.append("equal" if equal else f"otherwise: {shown(back)}")

    def look(self) -> Seen:
        subscribers = [subscriber for _, subscriber in sorted(self.subscribers.items())]
        seen = Seen(
            published=tuple(Publishing(number, phase) for number, phase in sorted(self._phases.items())),
            received=tuple(receipt for subscriber in subscribers for receipt in subscriber.look()),
            standing=tuple(filter(None, [subscriber.standing() for subscriber in subscribers])),
            reported=self._reported(),
            closing=self._seen_closing(),
            left=tuple(self._left),
            wired=tuple(self._wired),
        )
        self._phases = {number: phase for number, phase in self._phases.items() if phase == "waits"}
        for told in (self._left, self._wired):
            told.clear()
        return seen

    def _reported(self) -> tuple[int, ...]:
        heard = {id(each) for error in self._errors for each in with_causes(error)}
        self._errors.clear()
        return tuple(
            number for number, each in sorted(self.subscribers.items()) if any(id(error) in heard for error in each.failures)
        )

    def _seen_closing(self) -> str:
        if self._closing is None:
            return ""
        match self._closing.outcome:
            case None:
                return "waits"
            case Raised(error):
                return f"fails: {shown(error)}"
        return "over"

    @property
    def offers_close(self) -> bool:
        """Whether the bus has a close() at all, as far as it was called."""
        outcome = None if self._closing is None else self._closing.outcome
        return not (isinstance(outcome, Raised) and isinstance(outcome.error, Unsupported | AttributeError))


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: EventBusSettings) -> Iterator[EventBusRig]:
    """A rig over a new bus, which is cleaned up at the end of the scope.

    Raises:
        NotOffered: the bus has not these settings.
    """
    made = EventBusRig(driver, settings, adapter.runtime == "threads", f"patternproof-{os.getpid()}-{next(_rigs)}")
    gc.freeze()  # what is older is none of this bus: the search for its leftovers passes it over, and takes no time
    try:
        with adapter.make("event_bus", driver, replace(settings, namespace=made.namespace)) as bus:
            made.begin(bus)
            yield made
    finally:
        gc.unfreeze()


def model(adapter: Adapter) -> EventBusModel:
    """The model for what an adapter offers and its driver can do.

    Raises:
        AdapterError: it has neither subscribe() nor handle().
    """
    supported = tuple(settings for settings in VARIANTS if _supports(adapter, settings))
    supported = supported or tuple(settings for settings in PLAIN if _supports(adapter, settings))
    if not supported:
        return EventBusModel(supported=())
    with adapter.driver() as driver, rig(adapter, driver, supported[0]) as plain:
        return EventBusModel(_capabilities(adapter, plain), supported)


def _capabilities(adapter: Adapter, plain: EventBusRig) -> Capabilities:
    pull, push = (offers(plain, number, style) for number, style in enumerate((PULL, PUSH)))
    several = all(offers(plain, number, style, "XY") for number, style in ((2, PULL), (3, PUSH)) if (pull, push)[style == PUSH])
    if not pull and not push:
        raise AdapterError(
            f"{adapter.file}: event_bus() returned a {type(plain.bus).__name__} with neither subscribe() nor handle()"
        )
    subscriptions = [each.subscription for each in plain.subscribers.values() if each.subscription is not None]
    scope = "__exit__" if adapter.runtime == "threads" else "__aexit__"
    with suppress(Hang):  # a close() that does not work is found out later
        plain.perform(events.Close())
    return Capabilities(
        cancels=plain.driver.can_cancel,
        pull=pull,
        push=push,
        reports=hasattr(plain.bus, "add_error_listener"),
        closes=plain.offers_close,
        scopes=all(hasattr(type(each), scope) for each in subscriptions),
        wires=hasattr(plain.bus, "encode") and hasattr(plain.bus, "decode"),
        several=several,
        replay="replay" in adapter.claims,
        nearby=plain.driver.shares_objects,
    )


def SMOKE(model: EventBusModel) -> tuple[Any, ...]:  # noqa: N802  # where other patterns have a constant
    """The plainest use: of subscriptions, or of handlers where there are no others."""
    if model.capabilities.pull:
        return (events.Subscribe(0), events.Publish(0), events.Receive(0))
    return (events.Subscribe(0, style=PUSH), events.Publish(0), events.HandlerEnds(0))


def offers(rig: EventBusRig, number: int, style: str, topics: str = "X") -> bool:
    """Whether a bus can be subscribed to in a style; tried with a subscription of that number."""
    name = "subscribe" if style == PULL else "handle"
    if not hasattr(rig.bus, name):
        return False
    rig.perform(events.Subscribe(number, topics, style))
    return not isinstance(rig.subscribers[number].refused, Unsupported)


def _supports(adapter: Adapter, settings: EventBusSettings) -> bool:
    try:
        with adapter.driver() as driver, rig(adapter, driver, settings):
            return True
    except NotOffered:
        return False
