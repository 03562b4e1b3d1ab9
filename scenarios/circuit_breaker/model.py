"""The model of the circuit breaker, with deviations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

from patternproof.history import Batch, Hung
from patternproof.modelling import RIGHT, Deviation, Names, States
from patternproof.ports.circuit_breaker import CircuitBreakerSettings

from . import transitions
from .blame import blame
from .deviations import BROAD, DEVIATIONS
from .events import (
    ADVANCES,
    RESET_TIMEOUT,
    WINDOW_SECONDS,
    AddFailingListener,
    Advance,
    Announcement,
    Call,
    Cancel,
    Finish,
    IgnoredError,
    Read,
    Reset,
    Seen,
    SetWallClock,
    Start,
    Trip,
)
from .state import ANY_HINT, Breaker, State, Tracked

MOST_IN_FLIGHT = 3
IN_FLIGHT = ("running", "waiting")
EPOCH = Breaker._fields.index("epoch")
HINT_TOLERANCE = 1.0
"""Seconds; an implementation may round its hint to whole ones."""
WALL_JUMPS = (3600.0, -3600.0)


class Capabilities(NamedTuple):
    """What the driver and the implementation can be asked for."""

    cancels: bool = True
    clocks: bool = True
    listens: bool = True
    manual_control: bool = True
    sliding_window: bool = True
    waits: bool = True
    """Whether a plain function of the implementation may wait for a call."""


EVERYTHING = Capabilities()


def _settings(**changes: Any) -> CircuitBreakerSettings:
    return CircuitBreakerSettings(**{"failure_threshold": 1, "reset_timeout": RESET_TIMEOUT} | changes)


CONSECUTIVE = (
    _settings(),
    _settings(failure_threshold=2),
    _settings(success_threshold=2),
    _settings(half_open_max_calls=2),
    _settings(half_open_max_calls=2, success_threshold=2),
    _settings(ignored_errors=(IgnoredError,)),
    _settings(failure_threshold=2, ignored_errors=(IgnoredError,)),
    _settings(failure_threshold=3),
)
SLIDING = (
    _settings(failure_threshold=100, failure_rate=0.6, window=3, minimum_calls=2),
    _settings(failure_threshold=100, failure_rate=0.6, window_seconds=WINDOW_SECONDS, minimum_calls=2),
)


NEEDS = {"cancel": "cancels", "wall": "clocks", "hand": "manual_control", "listener": "listens"}
"""The capability that a kind of event needs."""
SHOWS_WITH: dict[str, Callable[[CircuitBreakerSettings], bool]] = {
    "successes": lambda settings: settings.success_threshold > 1,
    "ignored": lambda settings: bool(settings.ignored_errors),
    "ignored probe": lambda settings: bool(settings.ignored_errors),
    "successes keep the count": lambda settings: settings.failure_threshold > 1,
    "successes take one failure off": lambda settings: settings.failure_threshold > 2,
    "shared count": lambda settings: settings.failure_threshold > 1,
    "cancelling counts as a success": lambda settings: settings.failure_threshold > 1,
    "closes with a stale count": lambda settings: settings == CONSECUTIVE[1],
    "reset keeps the count": lambda settings: settings.failure_threshold > 1,
    "a late success clears the count": lambda settings: settings == CONSECUTIVE[1],
}
"""By aspect or name of a deviation, the settings with which it can show."""


@dataclass(frozen=True, slots=True)
class CircuitBreakerModel:
    """Judges histories of circuit breakers."""

    capabilities: Capabilities = EVERYTHING
    supported: tuple[CircuitBreakerSettings, ...] | None = None
    """The variants that the implementation has; None: all."""

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "call"

    def variants(self) -> Sequence[CircuitBreakerSettings]:
        known = CONSECUTIVE + (SLIDING if self.capabilities.sliding_window else ())
        return [settings for settings in known if self.supported is None or settings in self.supported]

    def initial(self, settings: CircuitBreakerSettings) -> Iterable[State]:
        return (State(settings, (Breaker(), Breaker()), waits=self.capabilities.waits),)

    def begin(self, state: State) -> State:
        calls = tuple([call if call and call.phase in IN_FLIGHT else None for call in state.calls])
        breakers = state.breakers
        passing = any(breaker.fresh or breaker.counted for breaker in breakers)
        told = state.reads or state.announced or state.heard_second
        if calls == state.calls and len(calls) == state.begun and not told and not passing:
            return state  # most are asked twice
        if passing:
            breakers = tuple(breaker._replace(fresh=False, counted=False) for breaker in breakers)
        kept = state.failing_listener, state.shaken, state.wild
        return State(state.settings, breakers, calls, (), (), (), *kept, len(calls), state.waits)

    def apply(self, state: State, event: Any, deviations: Names) -> Iterator[State]:
        after = self._apply(state, event, deviations)
        if deviations.isdisjoint(transitions.WAITING):
            return after
        return transitions.resumed(after, deviations, timed=isinstance(event, Advance))

    def _apply(self, state: State, event: Any, deviations: Names) -> Iterator[State]:
        match event:
            case Start(number, index):
                return transitions.start(state, number, index, deviations)
            case Finish():
                return transitions.finish(state, event, deviations)
            case Cancel():
                return transitions.cancel(state, event, deviations)
            case Advance(seconds):
                return transitions.advance(state, seconds, deviations)
            case SetWallClock(seconds):
                return transitions.set_wall_clock(state, seconds, deviations)
            case Read(index):
                return transitions.read(state, index, deviations)
            case Trip():
                return transitions.trip(state, deviations)
            case Reset():
                return transitions.reset(state, deviations)
            case AddFailingListener():
                return transitions.add_failing_listener(state, deviations)
        raise TypeError(f"no event of circuit breakers: {event!r}")

    def observe(self, state: State, deviations: Names) -> Seen:
        calls = tuple(
            _shown(number, call, deviations) for number, call in enumerate(state.calls) if call and call.phase != "not begun"
        )
        reads = tuple("unknown" for _ in state.reads) if "misreads" in deviations else state.reads
        if not self.capabilities.listens:
            return Seen(calls, reads)
        if is_wild(state, deviations):
            return Seen(failed="something that should not be")
        announced = () if "announces otherwise" in deviations else state.announced
        silenced = {"announces otherwise", "a failing listener silences the next"} & deviations
        return Seen(calls, reads, announced, () if silenced else state.heard_second)

    def matches(self, state: State, seen: Seen | Hung, deviations: Names) -> bool:
        if is_wild(state, deviations):
            return True  # from here on anything goes
        if isinstance(seen, Hung):
            return False
        expected = self.observe(state, deviations)
        plain = expected if deviations.isdisjoint(BROAD) else self.observe(state, RIGHT)
        return (
            not seen.failed
            and len(seen.calls) == len(expected.calls)
            and all(map(_fits, expected.calls, plain.calls, seen.calls, repeat(deviations)))
            and ("misreads" in deviations or seen.reads == expected.reads)
            and (
                "announces otherwise" in deviations
                or (
                    _as_heard(seen.announced, deviations) == _by_breaker(expected.announced)
                    and _as_heard(seen.heard_second, deviations) == _by_breaker(expected.heard_second)
                )
            )
        )

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        begun = sum(isinstance(event, Start) for event in events)
        ended = {event.call for event in events if isinstance(event, Finish)}
        for event in self.enabled(state):
            if isinstance(event, Start):
                yield Start(event.call + begun, event.breaker)
            elif not (isinstance(event, Finish) and event.call in ended) and event not in events:
                yield event

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        epochs = [breaker.epoch for breaker in state.breakers]
        # Numbers of calls and of epochs make no difference to what follows, only whether a call is timely.
        calls = tuple([(*call[:2], call.epoch == epochs[call.breaker], *call[3:]) for call in state.calls if call])
        return (
            tuple([(*breaker[:EPOCH], *breaker[EPOCH + 1 :]) for breaker in state.breakers]),
            calls,
            state.failing_listener,
            state.shaken,
            state.wild,
        )

    def enabled(self, state: State) -> Iterator[Any]:
        can = self.capabilities
        flying = [number for number, call in enumerate(state.calls) if call and call.phase in IN_FLIGHT]
        if len(flying) < MOST_IN_FLIGHT:
            yield Start(len(state.calls))
        for number in flying:
            yield from (Finish(number, how) for how in self._endings(state))
            if can.cancels:
                yield Cancel(number)
        if any(breaker.phase != "closed" or breaker.window for breaker in state.breakers):
            yield from (Advance(seconds) for seconds in ADVANCES)
        yield Read()
        if can.clocks and state.breakers[0].phase == "open":
            yield from (SetWallClock(seconds) for seconds in WALL_JUMPS)
        if can.manual_control:
            yield from (Trip(), Reset())
        if can.listens and not state.failing_listener:
            yield AddFailingListener()
        if (state.breakers[0].phase == "open" or state.breakers[0].failures) and len(flying) < MOST_IN_FLIGHT:
            yield Start(len(state.calls), 1)

    def _endings(self, state: State) -> tuple[str, ...]:
        return (
            ("ok", "failure", "ignored", "interruption") if state.settings.ignored_errors else ("ok", "failure", "interruption")
        )

    def relevant(self, deviation: Deviation, settings: CircuitBreakerSettings) -> bool:
        if (deviation.requirement == "CB-23") != (settings.failure_rate is not None):
            return False
        if not all(getattr(self.capabilities, NEEDS[kind]) for kind in deviation.uses.split() if kind in NEEDS):
            return False
        if deviation.requirement == "CB-17" and not self.capabilities.listens:
            return False
        # The search is spared the settings in which a deviation cannot show.
        return all(wanted(settings) for word, wanted in SHOWS_WITH.items() if word in (deviation.aspect, deviation.name))

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return blame(self, states, batch, seen)


def is_wild(state: State, deviations: Names) -> bool:
    """Whether a deviation has struck after which anything may be seen."""
    return state.wild or (state.shaken and "a failing listener does harm" in deviations)


def complete() -> CircuitBreakerModel:
    """The model of a breaker that has everything."""
    return CircuitBreakerModel()


def _shown(number: int, call: Tracked, deviations: Names) -> Call:
    phase, hint = call.phase, None if call.hint == ANY_HINT or "no hint" in deviations else call.hint
    if phase == "returned" and "another result" in deviations:
        phase = "returned something else"
    if phase == "raised" and "another error" in deviations:
        phase = "raised something else"
    if phase == "rejected" and "open answers otherwise" in deviations:
        phase, hint = "returned something else", None
    return Call(number, phase, call.runs, hint)


def _by_breaker(heard: tuple[Announcement, ...]) -> tuple[Announcement, ...]:
    """What each breaker announced, in its order: among breakers there is none."""
    return tuple(sorted(heard, key=lambda each: each.breaker)) if len(heard) > 1 else heard


def _as_heard(heard: tuple[Announcement, ...], deviations: Names) -> tuple[Announcement, ...]:
    """What was announced; of a shared state one of the breakers may announce it, or each of them."""
    if "shared state" not in deviations:
        return _by_breaker(heard)
    merged: list[Announcement] = []
    last = -1
    for each in heard:
        by_first = each._replace(breaker=0)
        if not (merged and merged[-1] == by_first and each.breaker != last):
            merged.append(by_first)
        last = each.breaker
    return tuple(merged)


def _fits(expected: Call, plain: Call, seen: Call, deviations: Names) -> bool:
    """Whether a call is as expected, or with a broad deviation as it would plainly be: one may show now and then only."""
    if expected.number != seen.number or expected.runs != seen.runs:
        return False
    if seen.phase in (expected.phase, plain.phase):
        return seen.phase != "rejected" or "no hint" in deviations or _hint_fits(plain.hint, seen.hint)
    if expected.phase == "raised something else":
        return seen.phase.startswith(expected.phase) or seen.phase == "rejected"
    if expected.phase != "returned something else":
        return False
    over = not seen.phase.startswith(("running", "waiting"))
    return over if plain.phase == "rejected" else seen.phase.startswith(expected.phase)


def _hint_fits(expected: float | None, seen: float | None) -> bool:
    if expected is None:
        return seen is None or seen >= 0.0
    return seen is not None and seen >= 0.0 and abs(expected - seen) <= HINT_TOLERANCE
