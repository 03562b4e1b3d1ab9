"""The model of the shared state, with deviations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from patternproof.history import Batch, Hung
from patternproof.modelling import Deviation, Names, States
from patternproof.ports.shared_state import SharedStateSettings

from . import telling, transitions
from .blame import blame
from .deviations import CAUSES, DEVIATIONS
from .events import (
    BACK,
    KINDS,
    RESTAMPED,
    AddListener,
    Advance,
    BreakReports,
    Call,
    Cancel,
    Change,
    Get,
    Hearing,
    ListenerEnds,
    ReadTogether,
    RemoveListener,
    Seen,
    SetWallClock,
    Update,
    UpdateAmongReaders,
    UpdateEnds,
    UpdateIf,
    Version,
)
from .state import ACTING, AWAITING, EITHER, NO, REENTRANT, YES, Base, State, Tracked

MOST_WAITING = 3
MOST_LISTENERS = 2
MOST_CHANGING = 2
"""Updates at one moment: each order of them is a state of its own."""
WALL_JUMPS = (3600.0, -3600.0)
LAPSE = 60.0
PLAIN = SharedStateSettings()
BEGIN = (Update, UpdateIf, Get, Change, UpdateAmongReaders)
"""The events that begin a call."""


class Capabilities(NamedTuple):
    """What the driver and the implementation can be asked for."""

    cancels: bool = True
    clocks: bool = True
    turns: bool = True
    holds: bool = False
    """Whether a function can be held: only where it runs in a thread."""
    listens: bool = True
    awaits: bool = True
    """Whether listeners may take their time, and call back."""
    reports: bool = True
    timed: bool = True
    compares: bool = True


EVERYTHING = Capabilities()
NEEDS = {
    "cancel": "cancels",
    "wall": "clocks",
    "time": "clocks",
    "readers": "turns",
    "held": "holds",
    "listen": "listens",
    "failing": "listens",
    "changing": "listens",
    "leaving": "listens",
    "inviting": "listens",
    "remove": "listens",
    "reports": "reports",
    "abandon": "cancels",
    "slow": "awaits",
    "reentrant": "awaits",
    "compare": "compares",
    "compare_fail": "compares",
}
"""The capability that a kind of event needs."""
Reports = tuple[tuple[int, int], ...]
"""Listeners, and the versions at which they have failed."""


@dataclass(frozen=True, slots=True)
class SharedStateModel:
    """Judges histories of shared states."""

    capabilities: Capabilities = EVERYTHING

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "call"

    def variants(self) -> Sequence[SharedStateSettings]:
        return [PLAIN]

    def initial(self, settings: SharedStateSettings) -> Iterable[State]:
        return (State(settings),)

    def begin(self, state: State) -> State:
        calls = tuple([each for each in state.calls if each.phase in ("waiting", "held")])
        bases = (Base(state.updates, state.version),)
        cleared = telling.forgotten(state)
        return cleared._replace(calls=calls, early=(), nested=(), reported=(), bases=bases, altered=NO, readers="")

    def apply(self, state: State, event: Any, deviations: Names) -> Iterator[State]:
        if state.wild:
            yield _wild(state, event)
            return
        for after in transitions.settled(self._applied(state, event, deviations), deviations):
            yield _wild(after) if is_wild(after, deviations) else after

    def _applied(self, state: State, event: Any, deviations: Names) -> Iterator[State]:
        match event:
            case Update() | UpdateIf() | Get() | Change():
                return transitions.call(state, event, deviations)
            case UpdateEnds():
                return transitions.update_ends(state, event, deviations)
            case Cancel(number):
                return transitions.cancel(state, number, deviations)
            case AddListener() | RemoveListener() | ListenerEnds() | BreakReports():
                return telling.happens(state, event, deviations)
            case Advance(seconds) | SetWallClock(seconds):
                return transitions.pass_time(state, seconds, deviations)
            case ReadTogether():
                return transitions.read_together(state, deviations)
            case UpdateAmongReaders(number):
                return transitions.update_among_readers(state, number, deviations)
        raise TypeError(f"no event of shared states: {event!r}")

    def observe(self, state: State, deviations: Names) -> Seen:
        if is_wild(state, deviations):
            return Seen(failed="something that should not be")
        return Seen(
            calls=tuple([_shown(call, deviations) for call in state.calls]),
            heard=() if "tells otherwise" in deviations else _heard(state),
            nested=tuple(sorted(state.nested)),
            reported=tuple(sorted(set(state.reported))) if self.capabilities.reports else (),
            altered=state.altered == YES,
            readers=state.readers,
            plainly=not state.due,
        )

    def matches(self, state: State, seen: Seen | Hung, deviations: Names) -> bool:
        if state.wild:
            return True  # from here on anything goes
        if isinstance(seen, Hung):
            return False
        expected = self.observe(state, deviations)
        return (
            expected.plainly
            and seen.plainly
            and not seen.failed
            and len(seen.calls) == len(state.calls)
            and all(_call_fits(call, each, state, deviations) for call, each in zip(state.calls, seen.calls, strict=True))
            and (_heard_fits(state, seen.heard, deviations) or _told_otherwise(state, seen, deviations))
            and _nested_fit(expected.nested, seen.nested, deviations)
            and (_reports_fit(state, expected.reported, seen.reported, deviations) or _told_otherwise(state, seen, deviations))
            and (state.altered == EITHER or seen.altered == bool(state.altered))
            and (not seen.order or state.torn or "an older version" in deviations)
            and bool(seen.readers) == bool(state.readers)
        )

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        begun = [event.call for event in events if isinstance(event, BEGIN)]
        come = sum(isinstance(event, AddListener) for event in events)
        if self.capabilities.cancels:
            idle = [event.call for event in events if event.kind == "idle"]  # it leaves no trace that tells whether it was told
            yield from (Cancel(number) for number in begun if Cancel(number) not in events and number not in idle)
        changing = sum(isinstance(event, Update | UpdateIf) for event in events)
        calls_back = any(each.kind in ACTING and not each.spent for each in state.listeners)
        ending = {event.listener for event in events if isinstance(event, ListenerEnds)}  # the next is not told yet in that turn
        for event in self.enabled(state):
            if isinstance(event, Update | UpdateIf) and changing + calls_back >= MOST_CHANGING:
                continue
            if isinstance(event, Update | UpdateIf | Get) and event.kind != "held":
                yield replace(event, call=event.call + len(begun))
            elif isinstance(event, AddListener):
                yield AddListener(event.listener + come, event.how)
            elif isinstance(event, ListenerEnds):
                yield from () if event.listener in ending else (event,)
            elif isinstance(event, RemoveListener | SetWallClock) and event not in events:
                yield event

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        return state

    def enabled(self, state: State) -> Iterator[Any]:
        can, number = self.capabilities, state.begun
        if sum(call.phase == "waiting" for call in state.calls) < MOST_WAITING:
            yield from (Get(number), Update(number), Change(number))
            yield from (Update(number, how) for how in ("fail", "abort", "idle"))
            if can.compares:
                others = [version for version in (state.version - 1, state.version + 1) if version >= 0]
                yield from (UpdateIf(number, version) for version in (state.version, *others))
                yield UpdateIf(number, state.version, "fail")
        if can.listens and state.held is None:  # whether adding one waits for a function that is held is nobody's concern
            yield from self._of_listeners(state)
        if can.clocks and can.timed:
            yield from (Advance(LAPSE), *(SetWallClock(seconds) for seconds in WALL_JUMPS))
        yield from self._of_calls(state)

    def _of_listeners(self, state: State) -> Iterator[Any]:
        there = [each for each in state.listeners if not each.removed]
        if len(there) < MOST_LISTENERS:
            kinds = [how for how in KINDS if how not in AWAITING or self.capabilities.awaits]
            acting = any(each.kind in ACTING for each in there)  # of two, either may come first
            yield from (AddListener(state.come, how) for how in kinds if not (acting and how in ACTING))
        yield from (RemoveListener(each.number) for each in there)
        ends = ("ok", "fail", "cancel") if self.capabilities.cancels else ("ok", "fail")
        yield from (ListenerEnds(each.number, how) for each in state.listeners if each.running for how in ends)
        if self.capabilities.reports and not state.misreported:
            yield BreakReports()

    def _of_calls(self, state: State) -> Iterator[Any]:
        can, held = self.capabilities, state.held
        if can.cancels:
            yield from (Cancel(call.number) for call in state.calls if call.phase == "waiting")
        if held is not None:
            yield from (UpdateEnds(held.number, how) for how in ("ok", "fail"))
        elif can.holds and not any(each.kind in REENTRANT for each in state.listeners):
            yield Update(state.begun, "held")
        if can.turns and not state.listeners and not state.calls:
            yield from (ReadTogether(), UpdateAmongReaders(state.begun))

    def relevant(self, deviation: Deviation, settings: SharedStateSettings) -> bool:
        can = self.capabilities
        if deviation.name == "errors are not reported" and not can.reports:
            return False
        if not can.timed and (deviation.requirement == "SS-06" or "time" in deviation.uses):
            return False
        return all(getattr(can, NEEDS[kind]) for kind in deviation.uses.split() if kind in NEEDS)

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return blame(self, states, batch, seen)


def is_wild(state: State, deviations: Names) -> bool:
    """Whether a deviation has struck after which anything may be seen."""
    return state.wild or any(CAUSES.get(name) in state.shaken for name in deviations)


def _wild(state: State, event: Any = None) -> State:
    """What is still known once anything may be seen: the numbers that are taken."""
    begun = event.call + 1 if isinstance(event, BEGIN) else 0
    come = event.listener + 1 if isinstance(event, AddListener) else 0
    return State(state.settings, begun=max(state.begun, begun), come=max(state.come, come), wild=True)


def complete() -> SharedStateModel:
    """The model of a state that has everything."""
    return SharedStateModel()


def _heard(state: State) -> tuple[Hearing, ...]:
    return tuple([Hearing(each.number, each.told) for each in sorted(state.listeners) if each.told])


def _shown(call: Tracked, deviations: Names) -> Call:
    changed = {"returned": "another result", "conflict": "a conflict is answered otherwise"}.get(call.phase)
    if changed in deviations and call.kind not in ("get", "change"):
        return Call(call.number, transitions.ELSE)
    if call.version is not None and call.version.number and "an older version" in deviations:
        return Call(call.number, call.phase, Version(call.version.number - 1, call.version.updates[:-1]))
    return Call(call.number, call.phase, call.version, call.found if call.phase == "returned" else None)


def _call_fits(call: Tracked, seen: Call, state: State, deviations: Names) -> bool:
    if seen.number != call.number:
        return False
    if call.phase == "conflict" and "a conflict is answered otherwise" in deviations:
        return seen.phase not in ("waiting", "cancelled")
    if call.phase == "returned" and call.kind not in ("get", "change"):
        other = "another result" in deviations and seen.phase.startswith(transitions.ELSE)
        return other or (seen.phase == "returned" and seen.found == call.found)
    if call.phase == "returned" and "an older version" in deviations:
        return seen.phase == "returned" and seen.version is not None and _is_true(seen.version, state)
    if call.phase == transitions.ELSE or (call.phase == "raised" and call.kind not in ("fail", "abort")):
        return seen.phase.startswith(call.phase)
    return seen.phase == call.phase and _version_fits(call.version, seen.version, state, deviations)


def _version_fits(expected: Version | None, seen: Version | None, state: State, deviations: Names) -> bool:
    if expected is None or seen is None:
        return expected is seen
    if "snapshots follow the state" in deviations and expected.number == seen.number:
        return seen.updates[: len(expected.updates)] == expected.updates
    if "the version grows otherwise" in deviations and expected.number:
        return seen.number != 0 and seen.updates == expected.updates
    if "a snapshot mixes versions" in deviations and len(state.bases) > 1 and expected[:2] == seen[:2]:
        return True
    timeless = expected[:2] == seen[:2] and {expected.fault, seen.fault} <= {"", BACK, RESTAMPED}
    return expected == seen or (timeless and _is_timeless(state, deviations))


def _is_timeless(state: State, deviations: Names) -> bool:
    """Whether last_updated may be any; where two versions bear one number, it may be that of the other."""
    overlapping = "overlapping" in state.shaken and transitions.OVERLAP in deviations
    return overlapping or "the version stays" in deviations


def _nested_fit(expected: tuple[tuple[int, str], ...], seen: tuple[tuple[int, str], ...], deviations: Names) -> bool:
    if "an older version" in deviations:
        seen = tuple([(listener, "returned" if phase == telling.OLDER else phase) for listener, phase in seen])
    return len(expected) == len(seen) and all(
        wanted == got or (wanted[0] == got[0] and wanted[1] == "raised" and got[1].startswith("raised"))
        for wanted, got in zip(expected, seen, strict=True)
    )


def _reports_fit(state: State, expected: Reports, seen: Reports, deviations: Names) -> bool:
    """Where a listener of errors fails, nobody says whether another one hears."""
    if "the version grows otherwise" in deviations:
        return [listener for listener, _ in seen] == [listener for listener, _ in expected]
    return seen == expected or (state.misreported and set(seen) <= set(expected))


def _heard_fits(state: State, seen: tuple[Hearing, ...], deviations: Names) -> bool:
    expected = _heard(state)
    if expected == seen or len(expected) != len(seen):
        return expected == seen
    return all(
        one.listener == other.listener
        and len(one.versions) == len(other.versions)
        and (_in_order(one, other, state, deviations) or _in_another_order(one, other, deviations))
        for one, other in zip(expected, seen, strict=True)
    )


def _told_otherwise(state: State, seen: Seen, deviations: Names) -> bool:
    """Whether what was told is at least true: versions that there are, if not those that were due."""
    ruined = state.torn or [listener for listener, _ in seen.reported] != [
        listener for listener, _ in sorted(set(state.reported))
    ]
    versions = [version for hearing in seen.heard for version in hearing.versions]
    return "tells otherwise" in deviations and not ruined and all(_is_true(version, state) for version in versions)


def _is_true(version: Version, state: State) -> bool:
    """Whether a version is one that there was: each update since has raised the number, and some have changed nothing."""
    changes = len(state.updates) - len(version.updates)
    older = 0 <= changes <= state.version - version.number
    return older and version.updates == state.updates[: len(version.updates)] and not version.fault


def _in_order(one: Hearing, other: Hearing, state: State, deviations: Names) -> bool:
    return all(_version_fits(*both, state, deviations) for both in zip(one.versions, other.versions, strict=True))


def _in_another_order(one: Hearing, other: Hearing, deviations: Names) -> bool:
    return "overlapping updates are told out of order" in deviations and sorted(one.versions) == sorted(other.versions)
