"""The model of the event bus, with deviations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

from patternproof.history import Batch, Hung
from patternproof.modelling import Deviation, Names, States
from patternproof.ports.event_bus import EventBusSettings, OverflowPolicy
from patternproof.remembering import Memory

from . import handling, transitions
from .blame import blame
from .choices import alongside, enabled
from .deviations import DEVIATIONS
from .events import (
    MISCOUNTED,
    OVERFLOWED,
    Advance,
    CancelPublish,
    CancelReceive,
    Close,
    HandlerEnds,
    LeaveScope,
    LookForLeftovers,
    Publish,
    Publishing,
    PublishThenSubscribe,
    Receipt,
    Receive,
    Seen,
    SendOverWire,
    SetWallClock,
    Spoil,
    Standing,
    Subscribe,
    SubscribeThenPublish,
    Unsubscribe,
    UnsubscribeThenPublish,
)
from .state import CHANGED, CUT, DEAF, LEAVING, NOBODY, OPEN, Item, State, by_handlers

POLICIES: tuple[OverflowPolicy, ...] = ("block", "drop_oldest", "drop_newest", "disconnect")
VARIANTS = tuple(EventBusSettings(capacity, policy) for capacity in (2, 1) for policy in POLICIES)
PLAIN = tuple(EventBusSettings(overflow=policy) for policy in POLICIES)
"""For a bus whose capacity cannot be set."""
ANY_NUMBER = -1
_UNCOUNTED = ("drops in place of waiting", "drops in place of disconnecting")
GAPS = "gaps are miscounted"
UNCOUNTED = {*_UNCOUNTED, *map(by_handlers, _UNCOUNTED)}
"""Deviations with which it makes no difference whether dropped events are counted."""
NOT_REPORTED = "errors of handlers are not reported"


class Capabilities(NamedTuple):
    """What the driver and the implementation can be asked for."""

    cancels: bool = True
    pull: bool = True
    push: bool = True
    reports: bool = True
    closes: bool = True
    scopes: bool = True
    wires: bool = True
    several: bool = True
    """Whether a subscription may be to several topics."""
    replay: bool = False
    nearby: bool = True
    """Whether events and subscriptions are the bus's own objects, and no copies."""


EVERYTHING = Capabilities()
NEEDS = {
    "cancel": "cancels",
    "cancelled": "cancels",
    "give-up": "cancels",
    "pull-XY": "several",
    "push-XY": "several",
    "close": "closes",
    "scope": "scopes",
    "wire": "wires",
    "spoil": "nearby",
    "leftovers": "nearby",
}
"""The capability that a kind of event needs."""

MEMORY = Memory()


@dataclass(frozen=True, slots=True)
class EventBusModel:
    """Judges histories of event buses."""

    capabilities: Capabilities = EVERYTHING
    supported: tuple[EventBusSettings, ...] | None = None
    """The variants that the implementation has; None: all."""

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "subscription"

    def variants(self) -> Sequence[EventBusSettings]:
        return [settings for settings in (*VARIANTS, *PLAIN) if self.supported is None or settings in self.supported]

    def initial(self, settings: EventBusSettings) -> Iterable[State]:
        state = State(settings, replays=self.capabilities.replay)
        return (state,) if settings.overflow == "block" else (state, state._replace(hand=1, plain=False))

    def begin(self, state: State) -> State:
        return state.pruned()._replace(
            published=(),
            received=(),
            before=(),
            lately=(),
            handed=(),
            changed=False,
            reported=(),
            perhaps=(),
            trouble=(),
            left=(),
            wired=(),
        )

    def apply(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        """Every state that may be right after the event; of a deviant bus the plainest is marked, for `observe`."""
        return MEMORY.remembered(self._marked, state, event, deviations)

    def _marked(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        applied = tuple(dict.fromkeys(_gone_on(self._applied(state, event, deviations), deviations)))
        if not deviations or not applied:
            return applied
        return (applied[0], *(after._replace(plain=after.plain and _tells(after)) for after in applied[1:]))

    def _applied(self, state: State, event: Any, deviations: Names) -> Iterable[State]:
        match event:
            case Publish():
                return transitions.publish(state, event, deviations)
            case Subscribe(number, topics, style):
                return transitions.subscribe(state, number, topics, style, deviations)
            case Receive(number):
                return transitions.receive(state, number, deviations)
            case HandlerEnds():
                return handling.handler_ends(state, event, deviations)
            case CancelReceive(number):
                return transitions.cancel_receive(state, number, deviations)
            case Unsubscribe(number):
                return transitions.unsubscribe(state, number, deviations)
            case LeaveScope(number):
                return transitions.unsubscribe(state, number, deviations, scope=True)
            case Close():
                return transitions.close(state, deviations)
        return self._applied_rarely(state, event, deviations)

    def _applied_rarely(self, state: State, event: Any, deviations: Names) -> Iterable[State]:
        match event:
            case SubscribeThenPublish(subscription, number, style):
                return transitions.subscribe_then_publish(state, subscription, number, style, deviations)
            case PublishThenSubscribe(number, subscription, style):
                return transitions.publish_then_subscribe(state, number, subscription, style, deviations)
            case UnsubscribeThenPublish(subscription, number):
                return transitions.unsubscribe_then_publish(state, subscription, number, deviations)
            case CancelPublish(publisher):
                return transitions.publish_cancelled(state, publisher, deviations)
            case Spoil(number):
                return transitions.spoil(state, number, deviations)
            case LookForLeftovers(number):
                return transitions.look_for_leftovers(state, number, deviations)
            case SendOverWire():
                how = "otherwise" if "encoding changes data" in deviations else "equal"
                return (state._replace(wired=(*state.wired, how)),)
            case Advance() | SetWallClock():
                return (state,)
        raise TypeError(f"no event of event buses: {event!r}")

    def observe(self, state: State, deviations: Names) -> Seen:
        waiting = [*(flight.item for flight in state.flights if not flight.accepted), *state.queue]
        published = (*state.published, *(Publishing(item.number, "waits") for item in waiting))
        waits = [Receipt(sub.number, "waits") for sub in state.subs if sub.receiving]
        received = map(_miscounted, state.received) if GAPS in deviations and state.drops else state.received
        return Seen(
            published=tuple(sorted(published)),
            received=tuple(sorted((*received, *waits), key=lambda receipt: receipt.subscription)),
            standing=_standing(state),
            reported=() if NOT_REPORTED in deviations or not self.capabilities.reports else tuple(sorted(set(state.reported))),
            closing=_closing(state, deviations)[0],
            left=state.left,
            wired=state.wired,
            plainly=state.plain,
        )

    def matches(self, state: State, seen: Seen | Hung, deviations: Names) -> bool:
        if isinstance(seen, Hung):
            return state.closed and "close() never ends" in deviations
        expected = self.observe(state, deviations)
        reported = set(seen.reported)
        return (
            seen.plainly
            and _published_fit(expected.published, seen.published)
            and _received_fit(expected.received, seen.received)
            and len(expected.standing) == len(seen.standing)
            and all(map(_stands, expected.standing, seen.standing, repeat(bool(deviations & UNCOUNTED))))
            and set(expected.reported) <= reported <= {*expected.reported, *state.perhaps}
            and seen.closing in _closing(state, deviations)
            and seen.left == expected.left
            and len(expected.wired) == len(seen.wired)
            and all((got == "equal") == (want == "equal") for want, got in zip(expected.wired, seen.wired, strict=True))
        )

    def enabled(self, state: State) -> Iterator[Any]:
        return enabled(state, self.capabilities)

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        return alongside(state, self.capabilities, events)

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        now = state.events

        def aged(items: Iterable[Item]) -> tuple[Any, ...]:
            return tuple([(now - item.number, *item[1:]) for item in items])

        subs = tuple(
            [
                (
                    *sub[:4],
                    aged(sub.buffer),
                    aged(sub.running),
                    sub.receiving,
                    sub.unsaid,
                    tuple([now - number for number in sub.got]),
                    sub.robbed,
                    sub.latest == NOBODY or now - sub.latest,
                    aged(sub.publishing),
                )
                for sub in state.subs
            ]
        )
        flights = tuple([(*aged([flight.item]), *flight[1:]) for flight in state.flights])
        latest = aged([state.latest]) if state.latest else ()
        ending = tuple([(number, now - item.number, now - other) for number, item, other in state.ending])
        return (
            aged(state.past),
            state.hand,
            subs,
            state.come,
            flights,
            aged(state.queue),
            ending,
            state.closed,
            state.stuck,
            latest,
        )

    def relevant(self, deviation: Deviation, settings: EventBusSettings) -> bool:
        if not all(getattr(self.capabilities, NEEDS[kind]) for kind in deviation.uses.split() if kind in NEEDS):
            return False
        if deviation.requirement == "EB-06" and self.capabilities.replay:
            return False
        policies = WHERE.get(deviation.name.removesuffix(by_handlers("")))
        if policies is None:
            return settings == self.variants()[0]
        return settings.capacity == 1 and settings.overflow in policies

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return blame(self, states, batch, seen)


WHERE: dict[str, tuple[str, ...]] = {f"{policy}: no bound": (policy,) for policy in POLICIES}
WHERE |= {
    "no bound": POLICIES,
    "silent": ("drop_oldest", "drop_newest"),
    "drops in place of waiting": ("block",),
    "what is gone holds publishers up": ("block",),
    "an unsubscribe meanwhile skips another": ("block",),
    "drops in place of disconnecting": ("disconnect",),
    "a disconnected one is not told": ("disconnect",),
    "another one is dropped": ("drop_oldest", "drop_newest"),
    "waits in place of dropping": ("drop_oldest", "drop_newest"),
    "publishing fails when one is full": ("drop_oldest", "drop_newest"),
    "a full one keeps events from others": ("drop_oldest", "drop_newest"),
}
"""The policies with which a deviation can show, where that is not all the same."""


def _gone_on(states: Iterable[State], deviations: Names) -> Iterator[State]:
    for state in states:
        yield from handling.published_within(state, deviations) if state.ending else (state,)


def complete() -> EventBusModel:
    """The model of a bus that has everything."""
    return EventBusModel()


def _tells(state: State) -> bool:
    """Whether a receive told of a gap: as plain a way as giving the next event, so that no separating history hangs on it."""
    return any(receipt.what == OVERFLOWED for receipt in state.received)


_LIKE = {MISCOUNTED: (MISCOUNTED, OVERFLOWED)}
"""What may be seen in place of what is expected: not every gap is miscounted."""


def _miscounted(receipt: Receipt) -> Receipt:
    return receipt._replace(what=MISCOUNTED) if receipt.what == OVERFLOWED else receipt


def _standing(state: State) -> tuple[Standing, ...]:
    trouble = dict(state.trouble)
    standing = []
    for sub in state.subs:
        if sub.phase in (OPEN, CUT, DEAF):
            dropped = ANY_NUMBER if sub.phase == CUT else sub.dropped
            standing.append(Standing(sub.number, dropped, trouble.pop(sub.number, "")))
        elif sub.phase == LEAVING:
            standing.append(Standing(sub.number, 0, LEAVING))
    return tuple(sorted([*standing, *(Standing(number, 0, what) for number, what in trouble.items())]))


def _stands(expected: Standing, seen: Standing, uncounted: bool) -> bool:
    counted = uncounted or expected.dropped in (ANY_NUMBER, seen.dropped)
    return counted and seen.subscription == expected.subscription and _starts(expected.trouble, seen.trouble)


def _starts(expected: str, seen: str) -> bool:
    return seen.startswith(expected) if expected.startswith("fails") else seen == expected


def _published_fit(expected: tuple[Publishing, ...], seen: tuple[Publishing, ...]) -> bool:
    return len(expected) == len(seen) and all(
        want.number == got.number and _starts(want.phase, got.phase) for want, got in zip(expected, seen, strict=True)
    )


def _received_fit(expected: tuple[Receipt, ...], seen: tuple[Receipt, ...]) -> bool:
    return len(expected) == len(seen) and all(
        want.subscription == got.subscription
        and (got.what.startswith(want.what) if want.what.endswith(CHANGED) else got.what in _LIKE.get(want.what, (want.what,)))
        for want, got in zip(expected, seen, strict=True)
    )


def _closing(state: State, deviations: Names) -> tuple[str, ...]:
    """What close() may be about, the plainest first."""
    if not state.closed:
        return ("",)
    if "close() never ends" in deviations:
        return ("waits", "over")
    return ("over",) if state.drained else ("over", "waits")
