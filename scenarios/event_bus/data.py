"""Whatever data an event may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache, partial
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patternproof.drivers import Hang, Pending, Raised, Returned
from patternproof.flavour import resolved
from patternproof.history import shown
from patternproof.outcome import premise
from patternproof.ports.event_bus import EVENTS, Event, Topic

from .events import PULL, PUSH
from .samples import labelled
from .scene import Scene
from .subscribers import Subscriber

EXAMPLES = 100
EXAMPLES_IN_REAL_TIME = 20
NUMBER = "number of the event"
"""The key under which an event that is sent says which one it is."""


class Spoilt(Exception):
    """Data that did not survive; the message says what was seen."""


def values() -> st.SearchStrategy[Any]:
    """Whatever JSON can say: big integers, tiny floats, any text."""
    # Odd ones: of the big numbers that are drawn many have a float that is equal.
    large = st.integers(-(2**200), 2**200).map(lambda number: number | 1)
    numbers = st.one_of(st.integers(), large, st.floats(allow_nan=False, allow_infinity=False))
    plain: st.SearchStrategy[Any] = st.one_of(st.none(), st.booleans(), numbers, st.text())
    return st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def sent(topics: tuple[Topic, ...]) -> st.SearchStrategy[Event]:
    """Events of these topics, with any text and data."""
    data = st.dictionaries(st.text(), values(), max_size=5)
    kinds: list[Any] = [EVENTS[topic] for topic in topics]
    return st.one_of([st.builds(kind, *[st.text() for _ in fields(kind)[:-1]], data) for kind in kinds])


def arrives(bus: Scene) -> None:
    """Hold a bus to delivering events of every kind that it takes with the data that they were published with."""
    bus.beyond_model = True
    subscriber, topics = _taker(bus)
    numbers = count()
    waiting: list[Pending] = []

    def goes_through(event: Event) -> bool:
        number = next(numbers)
        event = replace(event, data={**event.data, NUMBER: number})  # type: ignore[type-var]  # each kind is a dataclass
        _ended(bus, bus.rig.call(lambda: resolved(bus.rig.bus.publish(event))))
        back = received()
        while _number(back) in range(number):  # that one comes again is no matter of its data
            back = received()
        return _equal(back, event)

    def received() -> Any:
        if subscriber.style == PUSH:
            _patiently(bus, lambda: subscriber.busy)
            _require(subscriber.busy)
            back = subscriber.latest
            subscriber.end_handler("ok")
            bus.driver.settle()
            return back
        if not waiting:
            waiting.append(bus.rig.call(lambda: resolved(subscriber.subscription.receive())))
        back = _ended(bus, waiting[0])
        waiting.clear()
        return back

    for topic in topics:
        plain = EVENTS[topic](*["x" for _ in fields(EVENTS[topic])[:-1]])  # type: ignore[arg-type]  # as above
        premise(_fault(goes_through, plain) is None, f"not even a plain {topic} event arrives")
    _for_all(bus, goes_through, topics)


def _taker(bus: Scene) -> tuple[Subscriber, tuple[Topic, ...]]:
    """A subscriber to every topic, or to one where the bus has no other subscriptions.

    Raises:
        PremiseMissing: it cannot be subscribed to at all.
    """
    tried = [(style, topics) for style in (PULL, PUSH) for topics in (tuple(Topic), (Topic.STATE,))]
    for number, (style, topics) in enumerate(tried):
        if hasattr(bus.rig.bus, "subscribe" if style == PULL else "handle"):
            subscriber = Subscriber(number, style, bus.driver, lambda event: "")
            bus.rig.call(partial(subscriber.begin, bus.rig.bus, topics))
            bus.driver.settle()
            if subscriber.subscription is not None:
                return subscriber, topics
    premise(False, "nobody can subscribe")
    raise AssertionError("unreachable")


def comes_back(bus: Scene) -> None:
    """Hold a wire format to giving events back as they were."""
    wire = bus.rig.bus
    _for_all(bus, lambda event: _equal(bus.driver.now(lambda: wire.decode(wire.encode(event))), event), tuple(Topic))


def _number(event: Any) -> Any:
    data = getattr(event, "data", None)
    return data.get(NUMBER) if isinstance(data, Mapping) else None


def _equal(back: Any, event: Event) -> bool:
    """Whether one came as the other.

    Raises:
        Spoilt: it did not.
    """
    if labelled(back, {0: event}) != "0":
        raise Spoilt(shown(back))
    return True


def _require(arrives: bool) -> None:
    if not arrives:
        raise Spoilt("nothing arrives")


def _patiently(bus: Scene, over: Callable[[], bool]) -> None:
    """Settle, in real time as often as it takes."""
    bus.driver.settle()
    for _ in range(bus.driver.patience):
        if over():
            return
        bus.driver.settle()


def _ended(bus: Scene, pending: Pending) -> Any:
    _patiently(bus, lambda: pending.outcome is not None)
    match pending.outcome:
        case Returned(value):
            return value
        case Raised(error):
            raise error
    bus.driver.advance(1.0)
    late: Any = pending.outcome  # time may have brought it
    if isinstance(late, Returned):
        return late.value
    raise Spoilt("nothing arrives")


def _for_all(bus: Scene, way: Callable[[Event], Any], topics: tuple[Topic, ...]) -> None:
    """Hold whatever goes one way to coming out equal; the smallest event that does not is told."""
    most = EXAMPLES if bus.driver.scale == 1.0 else EXAMPLES_IN_REAL_TIME
    if all(_fault(way, event) is None for event in drawn(most, topics)):
        bus.expect(True, "equal events", "equal events")
        return
    faults: list[tuple[Event, str]] = []

    def survives(event: Event) -> None:
        fault = _fault(way, event)
        if fault is not None:
            faults.append((event, fault))
            raise Spoilt(fault)

    with suppress(Spoilt):
        _draw(survives, most, topics)
    event, seen = faults[-1]
    bus.expect(False, f"an event equal to {shown(event)}", seen)


def _fault(way: Callable[[Event], Any], event: Event) -> str | None:
    try:
        way(event)
    except Spoilt as spoilt:
        return str(spoilt)
    except (Exception, Hang) as error:  # noqa: BLE001  # whatever it raises is what was seen
        return shown(error)
    return None


@cache
def drawn(most: int, topics: tuple[Topic, ...]) -> tuple[Event, ...]:
    """The events that are tried first: drawing them takes ten times as long as sending them."""
    events: list[Event] = []
    _draw(events.append, most, topics)
    return tuple(events)


def _draw(take: Callable[[Event], None], most: int, topics: tuple[Topic, ...]) -> None:
    """Have Hypothesis draw events, always the same, and the smallest at which `take` raises last."""

    @settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(event=sent(topics))
    def draw(event: Event) -> None:
        take(event)

    draw()
