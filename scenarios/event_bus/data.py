"""Whatever data an event may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patternproof.drivers import Hang, Pending, Raised, Returned
from patternproof.flavour import resolved
from patternproof.history import shown
from patternproof.ports.event_bus import Event, StateChanged

from .events import PUSH
from .samples import labelled
from .scene import Scene
from .subscribers import Subscriber

EXAMPLES = 100
EXAMPLES_IN_REAL_TIME = 20


class Spoilt(Exception):
    """Data that did not survive; the message says what was seen."""


def values() -> st.SearchStrategy[Any]:
    """Whatever JSON can say: big integers, tiny floats, any text."""
    numbers = st.one_of(st.integers(), st.integers(-(2**200), 2**200), st.floats(allow_nan=False, allow_infinity=False))
    plain: st.SearchStrategy[Any] = st.one_of(st.none(), st.booleans(), numbers, st.text())
    return st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def sent() -> st.SearchStrategy[Event]:
    """Events with any data."""
    return st.builds(StateChanged, st.text(), st.dictionaries(st.text(), values(), max_size=5))


def arrives(bus: Scene, name: str) -> None:
    """Hold a bus to delivering events with the data that they were published with."""
    subscriber = bus.rig.subscribers[bus.number(name)]
    earlier: list[Event] = []

    def goes_through(event: Event) -> Any:
        back = through(event)
        while back in earlier and back != event:  # that it comes again is no matter of its data
            back = _received(bus, subscriber)
        earlier.append(event)
        return back

    def through(event: Event) -> Any:
        _ended(bus, bus.rig.call(lambda: resolved(bus.rig.bus.publish(event))))
        return _received(bus, subscriber)

    _for_all(bus, goes_through)


def _received(bus: Scene, subscriber: Subscriber) -> Any:
    if subscriber.style == PUSH:
        _patiently(bus, lambda: subscriber.busy)
        subscriber.end_handler("ok")
        bus.driver.settle()
        return subscriber.latest
    return _ended(bus, bus.rig.call(lambda: resolved(subscriber.subscription.receive())))


def comes_back(bus: Scene) -> None:
    """Hold a wire format to giving events back as they were."""
    _for_all(bus, lambda event: bus.driver.now(lambda: bus.rig.bus.decode(bus.rig.bus.encode(event))))


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


def _patiently(bus: Scene, over: Callable[[], bool]) -> None:
    """Settle, in real time as often as it takes."""
    bus.driver.settle()
    for _ in range(bus.driver.patience):
        if over():
            return
        bus.driver.settle()


def _for_all(bus: Scene, way: Callable[[Event], Any]) -> None:
    """Hold whatever goes one way to coming out equal; the smallest event that does not is told."""
    wrong: list[tuple[Event, str]] = []

    @settings(
        max_examples=EXAMPLES if bus.driver.scale == 1.0 else EXAMPLES_IN_REAL_TIME,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(event=sent())
    def survives(event: Event) -> None:
        try:
            back = way(event)
        except (Exception, Hang) as error:  # whatever it raises is what was seen
            wrong.append((event, shown(error)))
            raise Spoilt(shown(error)) from error
        if labelled(back, {0: event}) != "0":
            wrong.append((event, shown(back)))
            raise Spoilt(shown(back))

    try:
        survives()
    except Spoilt:
        event, seen = wrong[-1]
        bus.expect(False, f"an event equal to {shown(event)}", seen)
    else:
        bus.expect(True, "equal events", "equal events")
