"""The model of state synchronisation, with deviations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from patternproof.history import Batch, Hung
from patternproof.modelling import Deviation, Names, States
from patternproof.ports.state_sync import StateSyncSettings

from . import transitions
from .blame import blame, disturbance
from .deviations import DEVIATIONS
from .events import (
    ADVANCES,
    CENTRE,
    LONG,
    REPLICAS,
    SYNC_INTERVAL,
    Advance,
    Cancel,
    Delete,
    DeliverAgain,
    LetThrough,
    Line,
    Seen,
    SetChance,
    SetWallClock,
    Sync,
    Try,
    Write,
)
from .merging import Union
from .seeing import fits, observed
from .state import ANY, Key, State, tidied
from .syncing import absorbed

MOST_FLIGHTS = 2
WALL_JUMPS = (3600.0, -3600.0)
CHANCES = (0.9, 0.3)
RETRIES = 3

PLAIN = StateSyncSettings()
AUTOMATIC = StateSyncSettings(sync_interval=SYNC_INTERVAL)
RETRYING = StateSyncSettings(retries=RETRIES, retry_delay=1.0, retry_max=4.0)
MERGING = StateSyncSettings(merge=Union())

TOGETHER = (Write, Delete, Sync, Cancel, LetThrough, DeliverAgain)
"""Events that may share a turn of the loop with others."""


HIDDEN_BY_TALK = {
    "what a lost reply held never comes",
    "last_sync changes though a sync failed",
    "every write is pushed at once",
    "a wall clock set back stops automatic pushes",
    "a cancelled sync loses what it was to push",
    "conflicts are not merged",
    "reports otherwise",
    "a late push undoes what came after",
    "merging has another base",
}
"""Deviations that cannot be told where replicas may say anything at any time."""


class Capabilities(NamedTuple):
    """What the driver and the implementation can be asked for."""

    cancels: bool = True
    clocks: bool = True
    merges: bool = True
    talkative: bool = False
    """Whether replicas and centre talk when nobody calls sync() and no interval is set."""


EVERYTHING = Capabilities()


@dataclass(frozen=True, slots=True)
class StateSyncModel:
    """Judges histories of replicas."""

    capabilities: Capabilities = EVERYTHING
    supported: tuple[StateSyncSettings, ...] | None = None
    """The variants that the implementation has; None: all."""

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "number"

    def variants(self) -> Sequence[StateSyncSettings]:
        known = (PLAIN, AUTOMATIC, RETRYING, *((MERGING,) if self.capabilities.merges else ()))
        return [settings for settings in known if self.supported is None or settings in self.supported]

    def initial(self, settings: StateSyncSettings) -> Iterable[State]:
        return (State(settings),)

    def begin(self, state: State) -> State:
        return tidied(state)._replace(
            wild=state.wild or state.undone,
            start=None,
            before=None,
            happened=0,
            ended=(),
            early=frozenset(),
            may_advance=0,
            advanced=0,
            found="",
            failed="",
        )

    def apply(self, state: State, event: Any, deviations: Names) -> Iterator[State]:
        rare = disturbance(event)
        state = state._replace(disturbed=state.disturbed | {rare}) if rare else state
        before = state.keys if state.start is None else state.start
        state = state._replace(start=before) if state.happened == 0 else _vague(state._replace(before=before))
        state = state._replace(happened=state.happened + 1)
        for after in self._applied(state, event, deviations):
            yield _talked(after) if self.capabilities.talkative else after

    def _applied(self, state: State, event: Any, deviations: Names) -> Iterator[State]:  # noqa: C901  # one case for each event
        match event:
            case Write() | Delete():
                return transitions.write(state, event, deviations)
            case Sync():
                return transitions.sync(state, event, deviations)
            case Cancel():
                return transitions.cancel(state, event, deviations)
            case Line():
                return transitions.line(state, event, deviations)
            case LetThrough():
                return transitions.let_through(state, event, deviations)
            case DeliverAgain():
                return transitions.deliver_again(state, event, deviations)
            case Advance():
                return transitions.advance(state, event, deviations)
            case SetWallClock(seconds):
                return iter((state._replace(wall=state.wall + seconds),))
            case SetChance(value):
                return iter((state._replace(chance=value),))
            case Try(what):
                return transitions.try_out(state, what, deviations)
        raise TypeError(f"no event of replicas: {event!r}")

    def observe(self, state: State, deviations: Names) -> Seen:
        return observed(state, deviations)

    def matches(self, state: State, seen: Seen | Hung, deviations: Names) -> bool:
        return state.wild or (not isinstance(seen, Hung) and fits(state, seen, deviations))

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        if events and not isinstance(events[0], TOGETHER):
            return
        writes = sum(isinstance(event, Write | Delete) for event in events)
        syncs = sum(isinstance(event, Sync) for event in events)
        for event in self.enabled(state):
            match event:
                case Write(replica, key, number):
                    yield Write(replica, key, number + writes)
                case Delete(replica, key, number):
                    yield Delete(replica, key, number + writes)
                case Sync(number, replica):
                    yield Sync(number + syncs, replica)
                case _ if isinstance(event, TOGETHER) and event not in events:
                    yield event

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        numbers = {write.number: place for place, write in enumerate(_writes(state))}
        keys = tuple(
            key._replace(writes=tuple(write._replace(number=numbers[write.number]) for write in key.writes)) for key in state.keys
        )
        flights = tuple(flight._replace(number=0) for flight in state.flights)
        return state._replace(keys=keys, flights=flights, writes=0, syncs=0, disturbed=frozenset())

    def enabled(self, state: State) -> Iterator[Any]:
        if state.settings == RETRYING:
            return self._retrying(state)
        if state.settings == AUTOMATIC:
            return self._automatic(state)
        return self._plain(state)

    def _plain(self, state: State) -> Iterator[Any]:
        yield from (Write(replica, 0, state.writes) for replica in (0, 1))
        yield from (Sync(state.syncs, replica) for replica in (0, 1) if len(state.flying(replica)) < MOST_FLIGHTS)
        yield from self._deletions(state)
        for replica in (0, 1):
            yield from self._line(state, replica)
        if self.capabilities.cancels:
            yield from (Cancel(flight.number) for flight in state.flights if flight.phase != "loose")
        yield from (DeliverAgain(replica) for replica in (0, 1) if any(key.air[replica] for key in state.keys))
        if self.capabilities.clocks:
            yield from (SetWallClock(seconds) for seconds in WALL_JUMPS if state.wall != seconds)
        yield Write(0, 1, state.writes)
        yield Write(1, 1, state.writes)
        yield Write(2, 0, state.writes)
        yield Sync(state.syncs, 2)
        yield from (Try(what) for what in ("contest", "order", "volume") if what not in state.tried and _can_try(state, what))

    def _deletions(self, state: State) -> Iterator[Any]:
        if state.settings.merge is not None:
            return  # what a merge function makes of a deletion is its own affair
        for replica in (0, 1):
            if any(not write.deletes for write in state.keys[0].candidates(replica)):
                yield Delete(replica, 0, state.writes)

    def _line(self, state: State, replica: int) -> Iterator[Any]:
        flying = state.flying(replica)
        modes = ("up", "down") if flying else ("up", "down", "deaf", "once", "slow")
        yield from (Line(replica, mode) for mode in modes if mode != state.lines[replica])
        if state.lines[replica] == "slow" and any(flight.replica == replica for flight in state.flights):
            yield LetThrough(replica)

    def _automatic(self, state: State) -> Iterator[Any]:
        yield from (Write(replica, 0, state.writes) for replica in (0, 1))
        yield Sync(state.syncs, 0)
        yield from (Advance(seconds) for seconds in ADVANCES)
        yield from (Line(0, mode) for mode in ("up", "down") if mode != state.lines[0])
        if self.capabilities.clocks:
            yield from (SetWallClock(seconds) for seconds in WALL_JUMPS if state.wall != seconds)
        yield Write(0, 1, state.writes)

    def _retrying(self, state: State) -> Iterator[Any]:
        yield Write(0, 1, state.writes)
        if not state.flights:
            yield Sync(state.syncs, 0)
            yield from (SetChance(value) for value in CHANCES if value != state.chance)
        yield from (Line(0, mode) for mode in ("up", "down") if mode != state.lines[0])
        yield Advance(LONG)

    def relevant(self, deviation: Deviation, settings: StateSyncSettings) -> bool:
        if self.capabilities.talkative and deviation.name in HIDDEN_BY_TALK:
            return False
        if deviation.requirement == "SY-15" or settings == MERGING:
            return deviation.requirement == "SY-15" and settings == MERGING
        if "wall" in deviation.uses and not self.capabilities.clocks:
            return False
        if "cancel" in deviation.uses and not self.capabilities.cancels:
            return False
        wanted = {"pushes": AUTOMATIC, "waits": RETRYING}.get(deviation.aspect, PLAIN)
        return settings == wanted

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return blame(self, states, batch, seen)


def complete() -> StateSyncModel:
    """The model of replicas that have everything."""
    return StateSyncModel()


def _writes(state: State) -> list[Any]:
    return sorted((write for key in state.keys for write in key.writes), key=lambda write: write.number)


def _can_try(state: State, what: str) -> bool:
    return what == "volume" or state.settings.merge is None


def _vague(state: State) -> State:
    """What syncs of this batch report depends on what happens beside them."""
    ended = tuple(
        each._replace(categories=(ANY,) * len(state.keys)) if each.categories is not None else each for each in state.ended
    )
    return state._replace(ended=ended)


def _talked(state: State) -> State:
    """With everything that may have been told by replicas whose line is not cut."""
    told = [replica for replica in range(len(REPLICAS)) if state.lines[replica] != "down"]
    for replica in told:
        state = absorbed(state, replica, CENTRE, ())
    for replica in told:
        state = absorbed(state, CENTRE, replica, ())
    keys = tuple(map(_rumoured, state.keys))
    return _vague(state)._replace(keys=keys, may_advance=(1 << len(REPLICAS)) - 1)


def _rumoured(key: Key) -> Key:
    """With every write in the air, and any that may have overwritten another: the order of a batch makes no difference then."""
    every = (1 << len(key.writes)) - 1
    sent = key.most[:CENTRE]
    writes = tuple(write._replace(perhaps=every & ~(1 << bit)) for bit, write in enumerate(key.writes))
    return key._replace(writes=writes, air=sent, first=sent)
