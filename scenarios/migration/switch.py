"""The model of a state switch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from patternproof.history import Hung
from patternproof.modelling import Names
from patternproof.remembering import Memory

from . import switching
from .bridge import plainest_first
from .events import NEW, OLD, CancelUse, Given, Inspect, Read, Resume, Stall, Switched, Turn, Update, Use
from .switch_state import FREE, State

MOST_UNDER_WAY = 2
MOST_UPDATES = 4
MOST_NEEDED = 1
"""Updates in a separating history."""
MEMORY = Memory()


@dataclass(frozen=True, slots=True)
class SwitchModel:
    """Judges histories of state switches."""

    cancels: bool = True

    def initial(self, settings: Given) -> Iterable[State]:
        return (State(),)

    def begin(self, state: State) -> State:
        return state._replace(over=(), reads=(), looked=()) if state.over or state.looked else state

    def apply(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        return MEMORY.remembered(self._applied, state, event, deviations)

    @staticmethod
    def _applied(state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        failing = isinstance(event, Resume) and event.how != "ok"
        happened = list(_happen(state, event, deviations))
        reached = [switching.advanced(each, deviations) for each in happened]
        bases = [state.without_stall(event.store)] if isinstance(event, Resume) else happened
        reached += [each for base in bases if not base.stuck for each in switching.otherwise(base, failing, deviations)]
        return plainest_first(reached, deviations)

    def observe(self, state: State, deviations: Names) -> Switched:
        store = OLD if "reads the other store" in deviations else state.home
        there = sorted([*set(state.acknowledged) - state.gone(store), *state.doubled])
        waits = [Use(each.number, "waits") for each in state.under]
        over = [each._replace(read=tuple(there)) if each.phase == "read" else each for each in state.over]
        idle = switching.IDLE in deviations
        return Switched(
            uses=tuple(sorted((*over, *waits))),
            held=len(state.caught) if state.stuck else len(state.under),
            found=tuple([() if idle and looked == NEW else there for looked, there in state.looked]),
            plainly=state.plain,
        )

    def matches(self, state: State, seen: Switched | Hung, deviations: Names) -> bool:
        if isinstance(seen, Hung) or not seen.plainly or (state.under and not seen.held and not state.stuck):
            return False
        plain = self.observe(state, deviations)
        phases = [(each.number, each.phase) for each in plain.uses]
        if phases != [(each.number, each.phase) for each in seen.uses] or len(plain.found) != len(seen.found):
            return False
        got = {each.number: each.read for each in seen.uses}
        store = OLD if "reads the other store" in deviations else state.home
        return all(_read_fits(state, sure, got[number], store, deviations) for number, sure in state.reads) and all(
            not looked or _found_fits(looked, there, found, deviations)
            for (looked, there), found in zip(state.looked, seen.found, strict=True)
        )

    def enabled(self, state: State) -> Iterator[Any]:
        """One update, and one store that is slow, that of the flag, are enough to show anything."""
        updates = len(state.acknowledged) + len(state.doubtful) + sum(not use.reads for use in state.under)
        for event in self.alongside(state, ()):
            stalls = isinstance(event, Stall) and (state.stalled or event.store != state.flag)
            if not stalls and not (isinstance(event, Update) and updates == MOST_NEEDED):
                yield event

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        more = [event.call for event in events if isinstance(event, Update | Read)]
        number = state.begun + len(more)
        if len(state.under) + len(more) < MOST_UNDER_WAY:
            yield Read(number)
            if len(state.acknowledged) + len(state.doubtful) < MOST_UPDATES:
                yield Update(number)
        if Turn() not in events:
            yield Turn()
        stalled = {store for store, _ in state.stalled}
        for store in (OLD, NEW):
            if store not in stalled:
                yield Stall(store)
            else:
                yield from (Resume(store), Resume(store, "fails"))
        if self.cancels:
            yield from (
                CancelUse(each) for each in (*(use.number for use in state.under), *more) if CancelUse(each) not in events
            )
        yield Inspect(state.flag)

    def key(self, state: State) -> Hashable:
        now = state.begun

        def aged(numbers: Iterable[int]) -> tuple[int, ...]:
            return tuple([now - number for number in numbers])

        return (
            state.flag,
            state.home,
            tuple([(store, number if number == FREE else now - number) for store, number in state.stalled]),
            tuple([(now - use.number, use.reads, aged(use.sure), *use[3:]) for use in state.under]),
            *map(aged, (state.acknowledged, state.doubtful, state.lost, state.doubled, state.fragile, state.copied)),
            tuple([(now - number, store) for number, store in state.alone]),
            (state.arrived, state.stuck),
        )


def _happen(state: State, event: Any, deviations: Names) -> Iterator[State]:
    match event:
        case Update(number):
            yield switching.begin(state, number, reads=False)
        case Read(number):
            yield switching.begin(state, number, reads=True)
        case CancelUse(number):
            yield from switching.cancel(state, number, deviations)
        case Turn():
            yield switching.turn(state, deviations)
        case Stall(store):
            yield state if store in dict(state.stalled) else state.stall(store, FREE)
        case Resume():
            yield switching.resume(state, event, deviations)
        case Inspect(store):
            told = state.arrived and store == state.flag and not state.under
            told = told and not (state.lost or state.doubled or state.alone)
            yield state._replace(looked=(*state.looked, (store if told else "", state.acknowledged)))
        case _:
            raise TypeError(f"no event of switches: {event!r}")


def _read_fits(state: State, sure: tuple[int, ...], got: tuple[int, ...], store: str, deviations: Names) -> bool:
    counts, gone = Counter(got), state.gone(store)
    known = {*state.acknowledged, *state.doubtful, *(use.number for use in state.under if not use.reads)}
    if not counts.keys() <= known or any(counts[number] > 1 for number in counts.keys() - set(state.doubled)):
        return "repeated by a race" in deviations and counts.keys() <= known
    if "lost by a race" in deviations:
        return True
    return all(
        (counts[number] == 0) if number in gone else counts[number] >= (2 if number in state.doubled else 1) for number in sure
    )


def _found_fits(store: str, there: tuple[int, ...], found: tuple[int, ...], deviations: Names) -> bool:
    counts = Counter(found)
    right = all(counts[number] == 1 for number in there)
    if switching.IDLE in deviations and store == NEW:
        return not right
    return right or bool({"lost by a race", "repeated by a race"} & deviations)
