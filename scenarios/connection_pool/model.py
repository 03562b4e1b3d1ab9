"""The model of the connection pool, with deviations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

from patternproof.history import Batch, Hung
from patternproof.modelling import Deviation, Names, States
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.remembering import Memory

from . import ageing, closing, transitions, twice
from .blame import blame
from .deviations import DEVIATIONS
from .events import (
    ACQUIRE_TIMEOUT,
    ADVANCES,
    MAX_IDLE,
    MAX_LIFETIME,
    Acquire,
    Advance,
    Borrower,
    Break,
    Cancel,
    Close,
    ConnectEnds,
    Connecting,
    Counts,
    HoldResets,
    LeaveWithError,
    ReadStatistics,
    Reply,
    Request,
    ResetEnds,
    Return,
    ReturnTwice,
    Seen,
    SetState,
    SetWallClock,
    UseAfterReturn,
)
from .state import GONE, IN_FLIGHT, Connection, State, Tracked

MOST_IN_FLIGHT = 3
PLAINNESS = 4
"""How much more often than one of the rarer events the machine draws a plain one."""
WALL_JUMPS = (-3600.0,)
"""Seconds. Set forward, it can only make a pool replace a connection early, and nothing forbids that."""
NEEDS = {"cancel": "cancels", "wall": "clocks", "read": "statistics", "close": "closes"}
"""The capability without which a kind of events does not happen."""
UNREADY = "min_size is not made"


class Capabilities(NamedTuple):
    """What the driver and the implementation can be asked for."""

    cancels: bool = True
    clocks: bool = True
    statistics: bool = True
    closes: bool = True
    min_size: bool = True


EVERYTHING = Capabilities()
SHOWS_WITH = {
    "idle for too long": ("max_idle",),
    "limits follow the wall clock": ("max_idle", "max_lifetime"),
    "CP-06": ("acquire_timeout",),
    "too old": ("max_lifetime",),
    "too old at its return": ("max_lifetime",),
}
"""By name of a deviation, or its requirement, the limits of which one has to be set."""


def _settings(**changes: Any) -> ConnectionPoolSettings:
    return ConnectionPoolSettings(**{"max_size": 1} | changes)


PLAIN = (
    _settings(),
    _settings(max_size=2),
    _settings(acquire_timeout=ACQUIRE_TIMEOUT),
    _settings(max_idle=MAX_IDLE),
    _settings(max_lifetime=MAX_LIFETIME),
    _settings(max_size=2, acquire_timeout=ACQUIRE_TIMEOUT),
)
READY = (_settings(max_size=2, min_size=1),)

MEMORY = Memory()


@dataclass(frozen=True, slots=True)
class ConnectionPoolModel:
    """Judges histories of connection pools."""

    capabilities: Capabilities = EVERYTHING
    supported: tuple[ConnectionPoolSettings, ...] | None = None
    """The variants that the implementation has; None: all."""

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "borrower"

    def variants(self) -> Sequence[ConnectionPoolSettings]:
        known = PLAIN + (READY if self.capabilities.min_size else ())
        return [settings for settings in known if self.supported is None or settings in self.supported]

    def initial(self, settings: ConnectionPoolSettings) -> Iterable[State]:
        for made in range(settings.min_size, settings.max_size + 1):
            ready = tuple([Connection(number) for number in range(1, made + 1)])
            yield State(settings, connections=ready, made=made, plain=made == settings.min_size)
        if settings.min_size:
            yield State(settings, unready=True)

    def begin(self, state: State) -> State:
        borrowers = tuple([each for each in map(_remembered, state.borrowers) if each is not None])
        known = (state.attempts, len(state.resetting()), state.made, len(state.left))
        return state._replace(
            borrowers=borrowers, known=known, ended=(), abandoned=0, returned=(), closed_now=False, late=(), counts=()
        )

    def apply(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        """Every state that may be right after the event; of a deviant pool the plainest is marked, for `observe`."""
        return MEMORY.remembered(self._settled, state, event, deviations)

    def _settled(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        applied = dict.fromkeys(self._applied(state, event, deviations))
        if state.connecting != "held":
            held = state.attempts - isinstance(event, ConnectEnds)
            applied = dict.fromkeys(end for after in applied for end in transitions.at_once(after, held, deviations))
        first, *others = applied  # every event has some right outcome
        return (first, *(after._replace(plain=False) if deviations and after.plain else after for after in others))

    def _applied(self, state: State, event: Any, deviations: Names) -> Iterable[State]:
        match event:
            case Acquire(number):
                return transitions.acquire(state, number, deviations)
            case Return() | LeaveWithError():
                return transitions.leave(state, event, deviations)
            case Cancel():
                return transitions.cancel(state, event, deviations)
            case ConnectEnds():
                return transitions.connect_ends(state, event, deviations)
            case Break(number):
                return transitions.break_connection(state, number, deviations)
            case Advance(seconds):
                return ageing.advance(state, seconds, deviations)
            case SetWallClock(seconds):
                return ageing.set_wall_clock(state, seconds, deviations)
            case Close():
                return closing.close(state, deviations)
        return self._applied_rarely(state, event, deviations)

    def _applied_rarely(self, state: State, event: Any, deviations: Names) -> Iterable[State]:
        match event:
            case SetState():
                return transitions.set_state(state, event, deviations)
            case Request() | Reply():
                return transitions.request(state, event, deviations)
            case UseAfterReturn(number):
                return twice.use_after_return(state, number, deviations)
            case ReturnTwice(number):
                return twice.return_twice(state, number, deviations)
            case Connecting(how):
                return transitions.connecting(state, how, deviations)
            case HoldResets():
                return (state._replace(holds=True),)
            case ResetEnds():
                return transitions.reset_ends(state, event, deviations)
            case ReadStatistics():
                return (ageing.read(state, deviations),)
        raise TypeError(f"no event of connection pools: {event!r}")

    def observe(self, state: State, deviations: Names) -> Seen:
        wrong = "miscounts" in deviations
        return Seen(
            borrowers=tuple([Borrower(each.number, each.phase, each.connection, each.found) for each in _visible(state)]),
            open=_open(state),
            attempts=state.attempts,
            resets=len(state.resetting()),
            closing="" if not state.closed else "waits" if state.draining or "close() never ends" in deviations else "over",
            late=state.late,
            counts=tuple([Counts(*(-1 if wrong else least for least, _ in bounds)) for bounds in state.counts]),
            plainly=state.plain and _is_unready(state, deviations),
        )

    def matches(self, state: State, seen: Seen | Hung, deviations: Names) -> bool:
        if isinstance(seen, Hung):
            spins = state.connecting == "error" and state.attempts > 0 and transitions.HIDES_ERRORS in deviations
            return spins or (state.closed and "close() never ends" in deviations)
        return (
            seen.plainly
            and seen.attempts == state.attempts
            and seen.open == _open(state)
            and len(seen.borrowers) == len(_visible(state))
            and all(_fits(state, borrower) for borrower in seen.borrowers)
            and seen.resets == len(state.resetting())
            and seen.late == state.late
            and _closing_fits(state, seen.closing, deviations)
            and (not seen.misuse or bool(deviations & twice.MISUSES))
            and ("miscounts" in deviations or _counts_fit(state, seen.counts))
            and _is_unready(state, deviations)
        )

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        come = sum(isinstance(event, Acquire) for event in events)
        for event in self.enabled(state):
            if isinstance(event, ReadStatistics) and events:
                continue  # they are exact when nothing runs, and not before
            if isinstance(event, Acquire):
                event = Acquire(event.borrower + come)
            if event not in events:
                # Without plain events there is nothing that the rarer ones, of many kinds, could happen to; reading does no harm.
                yield from repeat(event, PLAINNESS if self.kind(event) in ("", "read") else 1)

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        # Of those that have left, only the last is tried again.
        return state._replace(left=state.left[-1:], plain=True)

    def enabled(self, state: State) -> Iterator[Any]:
        flying = [each for each in state.borrowers if each.phase in IN_FLIGHT]
        yield from (ConnectEnds(attempt, how) for attempt in range(state.attempts) for how in ("ok", "error"))
        for borrower in flying:
            yield from self._of_borrower(borrower.number, borrower.phase)
        if _has_limits(state):
            yield from (Advance(seconds) for seconds in ADVANCES)
            if self.capabilities.clocks:
                yield from (SetWallClock(seconds) for seconds in WALL_JUMPS)
        yield from (Break(each.number) for each in state.connections if each.where in ("idle", "used") and not each.broke)
        if len(flying) < MOST_IN_FLIGHT:
            yield Acquire(state.come)
        yield from self._of_pool(state)

    def _of_borrower(self, number: int, phase: str) -> Iterator[Any]:
        if phase == "holding":
            yield from (Return(number), LeaveWithError(number), SetState(number), Request(number))
        if phase == "requesting":
            yield Reply(number)
        if self.capabilities.cancels:
            yield Cancel(number)

    def _of_pool(self, state: State) -> Iterator[Any]:
        for number, _ in state.left[-1:]:
            yield from (UseAfterReturn(number), ReturnTwice(number))
        yield from (ResetEnds(reset, how) for reset in range(len(state.resetting())) for how in ("ok", "error"))
        if not state.holds:
            yield HoldResets()
        if self.capabilities.closes and state.come and not state.closed:
            yield Close()
        if self.capabilities.statistics:
            yield ReadStatistics()

    def relevant(self, deviation: Deviation, settings: ConnectionPoolSettings) -> bool:
        if not all(getattr(self.capabilities, NEEDS[kind]) for kind in deviation.uses.split() if kind in NEEDS):
            return False
        limits = SHOWS_WITH.get(deviation.name) or SHOWS_WITH.get(deviation.requirement, ())
        if limits and all(getattr(settings, limit) is None for limit in limits):
            return False  # the search is spared the settings in which a deviation cannot show
        return settings.min_size > 0 if deviation.requirement == "CP-19" else settings.min_size == 0

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return blame(self, states, batch, seen)


def complete() -> ConnectionPoolModel:
    """The model of a pool that has everything."""
    return ConnectionPoolModel()


def _remembered(borrower: Tracked) -> Tracked | None:
    if borrower.phase in IN_FLIGHT:
        return borrower._replace(fresh=False) if borrower.fresh else borrower
    return borrower._replace(phase=GONE) if borrower.ghost else None


def _is_unready(state: State, deviations: Names) -> bool:
    """Whether a pool was made ready in advance, or not, as it should."""
    return state.unready == (state.settings.min_size > 0 and UNREADY in deviations)


def _visible(state: State) -> list[Tracked]:
    return sorted([each for each in state.borrowers if each.phase != GONE])


def _open(state: State) -> tuple[int, ...]:
    return tuple([each.number for each in state.connections if not each.broke])


def _has_limits(state: State) -> bool:
    settings = state.settings
    waits = settings.acquire_timeout is not None and bool(state.waiting())
    ages = (settings.max_idle is not None or settings.max_lifetime is not None) and bool(state.connections)
    return waits or ages or state.backing >= 0


def _fits(state: State, seen: Borrower) -> bool:
    expected = state.borrower(seen.number)
    if expected is None or seen.found != expected.found:
        return False
    if expected.phase == "raised something else":
        return seen.phase.startswith(expected.phase)
    return seen.phase == expected.phase and (seen.connection == expected.connection or seen.phase not in IN_FLIGHT)


def _closing_fits(state: State, seen: str, deviations: Names) -> bool:
    if not state.closed:
        return seen == ""
    if "close() never ends" in deviations:
        return seen in ("waits", "over")
    if state.draining:
        return seen == "waits"
    busy = state.supplies() or any(each.where in ("used", "lost") for each in state.connections)
    return seen == "over" or bool(busy and seen == "waits")


def _counts_fit(state: State, seen: tuple[Counts | str, ...]) -> bool:
    return len(seen) == len(state.counts) and all(
        isinstance(counts, Counts) and all(least <= number <= most for number, (least, most) in zip(counts, bounds, strict=True))
        for counts, bounds in zip(seen, state.counts, strict=True)
    )
