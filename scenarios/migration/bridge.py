"""The model of an event bridge."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any, NamedTuple

from patternproof.history import Hung
from patternproof.modelling import Names
from patternproof.remembering import Memory

from .events import Act, Bridged, Call, CancelCall, Come, End, Given

MOST_CALLS = 3
MOST_ACTIONS = 2
MEMORY = Memory()


class Deed(NamedTuple):
    """An action."""

    number: int
    effects: int = 0
    decided: str = ""
    """How the direct way ends with it the next time, where that is known."""
    calls: tuple[int, ...] = ()
    """The direct calls that wait for it."""
    asked: bool = False
    """Whether it has come by its event, and is to take effect."""
    orphan: bool = False
    """Whether it may go on for a call that was cancelled."""
    again: bool = False
    """Whether it is under way though it has taken effect; only with deviations."""
    double: str = ""
    """Whether it is under way twice, and what the later one has come by: call or event; only with deviations."""
    came: bool = False
    """Whether its event has come before it took effect."""
    called: bool = False
    """Whether a call has waited for it as it took effect."""
    attempts: int = 0
    """Calls that have come before it took effect."""
    excused: bool = False
    """Whether its event need not be there: the bus has refused it, or the call was cancelled meanwhile."""
    refused: bool = False
    """Whether the bus refuses its event the next time."""
    refusing: bool = False
    """Whether it has done so since all last settled: whoever waits for that as well is told the same."""
    published: int = 0
    dead: bool = False
    """Whether nothing makes it take effect any more; only with deviations."""

    @property
    def is_done(self) -> bool:
        """Whether it has taken effect, and nothing more is to come."""
        return bool(self.effects) and not self.again

    @property
    def wanted(self) -> bool:
        """Whether the direct way is at it, or will be."""
        return bool(self.calls) or self.asked or self.orphan or self.again


class State(NamedTuple):
    """A bridge, and what was observable since the last batch."""

    deeds: tuple[Deed, ...] = ()
    begun: int = 0
    """One more than the highest number of any call so far."""
    over: tuple[Call, ...] = ()
    deaf: bool = False
    """Whether events do nothing any more; only with deviations."""
    plain: bool = True

    def deed(self, number: int) -> Deed:
        return next((each for each in self.deeds if each.number == number), Deed(number))

    def put(self, deed: Deed) -> State:
        """With an action as it is now."""
        others = [each for each in self.deeds if each.number != deed.number]
        return self._replace(deeds=tuple(sorted((*others, deed))))

    def ended(self, deed: Deed, *phases: tuple[int, str]) -> State:
        """With an action as it is now, and calls that are over."""
        over = {call.number: call for call in (*self.over, *(Call(*each) for each in phases))}
        return self.put(deed)._replace(over=tuple(sorted(over.values())))


@dataclass(frozen=True, slots=True)
class BridgeModel:
    """Judges histories of event bridges."""

    cancels: bool = True

    def initial(self, settings: Given) -> Iterable[State]:
        return (State(),)

    def begin(self, state: State) -> State:
        deeds = tuple([deed._replace(refusing=False) if deed.refusing else deed for deed in state.deeds])
        return state._replace(over=(), deeds=deeds)

    def apply(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        return MEMORY.remembered(self._applied, state, event, deviations)

    @staticmethod
    def _applied(state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        reached = [each for after in _happen(state, event, deviations) for each in _settled(after, deviations)]
        return plainest_first(reached, deviations)

    def observe(self, state: State, deviations: Names) -> Bridged:
        waits = [Call(number, "waits") for deed in state.deeds for number in deed.calls]
        return Bridged(
            calls=tuple(sorted((*state.over, *waits))),
            effects=tuple([(deed.number, deed.effects) for deed in state.deeds if deed.effects]),
            published=tuple([(deed.number, deed.published) for deed in state.deeds if deed.published]),
            plainly=state.plain,
        )

    def matches(self, state: State, seen: Bridged | Hung, deviations: Names) -> bool:
        if isinstance(seen, Hung) or seen.strange or not seen.plainly:
            return False
        plain = self.observe(state, deviations)
        counts = dict(seen.published)
        return (
            plain.calls == seen.calls
            and _effects_fit(plain.effects, seen.effects, deviations)
            and counts.keys() <= {deed.number for deed in state.deeds}
            and all(_published_fits(deed, counts.get(deed.number, 0), deviations) for deed in state.deeds)
        )

    def enabled(self, state: State) -> Iterator[Any]:
        return self.alongside(state, ())

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        begun = state.begun + sum(isinstance(event, Act) for event in events)
        known = {deed.number for deed in state.deeds} | {event.action for event in events if not isinstance(event, CancelCall)}
        actions = range(min(len(known) + 1, MOST_ACTIONS))
        waiting = [number for deed in state.deeds for number in deed.calls]
        for action in actions:
            deed = state.deed(action)
            if len(waiting) < MOST_CALLS:
                yield Act(begun, action)
            if deed == Deed(action):
                yield Act(begun, action, "unheard")
            yield Come(action)
            if not deed.decided and End(action) not in events and (deed.wanted or action in known):
                yield End(action)
                yield End(action, "fails")
        if self.cancels:
            yield from (CancelCall(number) for number in (*waiting, *(each.call for each in events if isinstance(each, Act))))

    def key(self, state: State) -> Hashable:
        return state._replace(
            deeds=tuple([deed._replace(calls=tuple([state.begun - each for each in deed.calls])) for deed in state.deeds]),
            begun=0,
        )


def plainest_first(reached: Iterable[Any], deviations: Names) -> tuple[Any, ...]:
    """States without repetitions; of something deviant all but the first are marked, for `observe`."""
    first, *others = dict.fromkeys(reached)
    return (first, *(each._replace(plain=False) for each in others)) if deviations else (first, *others)


def _happen(state: State, event: Any, deviations: Names) -> Iterator[State]:
    match event:
        case Act(number, action, how):
            yield from _act(state, number, action, how, deviations)
        case Come(action):
            yield _come(state, state.deed(action), deviations)
        case End(action, how):
            deed = state.deed(action)
            yield state.put(deed._replace(decided=how))
            if not deed.wanted and any(call.phase == "cancelled" for call in state.over):
                yield state  # the direct way has ended just before the cancellation came to it, which goes before
        case CancelCall(number):
            yield from _cancel(state, number, deviations)
        case _:
            raise TypeError(f"no event of bridges: {event!r}")


def _act(state: State, number: int, action: int, how: str, deviations: Names) -> Iterator[State]:
    state = state._replace(begun=max(state.begun, number + 1))
    deed = state.deed(action)
    if how:
        deed = deed._replace(refused=True, excused=True)
    if deed.dead:
        yield state.ended(deed, (number, "returned"))
        return
    if deed.effects:
        under_way, deed = deed.again, _called_again(deed, deviations)
        if under_way:
            yield state.ended(deed, (number, "returned"))
            return
    else:
        at_once = ("calls act at once" in deviations and deed.calls) or ("both act at once" in deviations and deed.asked)
        late = "acts again after a cancellation" in deviations and deed.orphan
        deed = deed._replace(attempts=deed.attempts + 1, double=deed.double or ("call" if at_once or late else ""))
    calls = (*deed.calls, number)
    yield state.put(deed._replace(calls=calls))
    if deed.refused and not deed.effects:  # it may publish first, and then has done nothing else
        yield state.ended(deed._replace(refused=False, calls=()), *((each, "raised") for each in calls))


def _called_again(deed: Deed, deviations: Names) -> Deed:
    again = "a call acts again" in deviations or ("acts again as unheard" in deviations and deed.excused and not deed.came)
    more = "published twice" in deviations
    return deed._replace(again=deed.again or again, published=deed.published + more)


def _come(state: State, deed: Deed, deviations: Names) -> State:
    if state.deaf or "no effect by events" in deviations or deed.dead:
        return state.put(deed if deed.effects else deed._replace(came=True))
    if deed.effects:
        acts = "the event acts again" if deed.came else "the event of a call acts"
        return state.put(deed._replace(again=deed.again or acts in deviations))
    at_once = "both act at once" in deviations and bool(deed.calls)
    return state.put(deed._replace(asked=True, came=True, double=deed.double or ("event" if at_once else "")))


def _cancel(state: State, number: int, deviations: Names) -> Iterator[State]:
    deed = next((each for each in state.deeds if number in each.calls), None)
    if deed is not None:
        left = deed._replace(calls=tuple([each for each in deed.calls if each != number]))
        left = left._replace(excused=True)
        if deed.effects:
            yield state.ended(left, (number, "cancelled"))
            return
        if "lost by a cancellation" in deviations:
            yield state.ended(left._replace(dead=True), (number, "cancelled"))
            return
        yield state.ended(left._replace(orphan=True), (number, "cancelled"))
        yield state.ended(left, (number, "cancelled"))
        return
    yield state
    ended = next((call for call in state.over if call.number == number and call.phase != "cancelled"), None)
    if ended is not None:  # it overtakes the end of the call, and not that of the action
        for each in state.deeds:
            yield state.ended(each._replace(excused=True), (number, "cancelled"))


def _settled(state: State, deviations: Names) -> Iterator[State]:
    """What follows of itself; while the direct way is busy with one action, others may have to wait."""
    ready = [deed for deed in state.deeds if deed.wanted and (deed.is_done or deed.decided)]
    for deed in ready:
        for after in _returned(state, deed) if deed.is_done else _over(state, deed, deviations):
            yield from _settled(after, deviations)
    if all(_busy(state, deed) for deed in ready):
        yield state


def _busy(state: State, deed: Deed) -> bool:
    """Whether the direct way may be at another action, and not come to this one."""
    others = [each for each in state.deeds if each.number != deed.number]
    return any(each.wanted and not each.decided and not each.is_done for each in others)


def _returned(state: State, deed: Deed) -> Iterator[State]:
    after = deed._replace(calls=(), asked=False, orphan=False)
    yield state.ended(after, *((number, "returned") for number in deed.calls))
    if _busy(state, deed):
        yield from _first_returned(state, after, deed.calls, range(1, len(deed.calls)))
    if deed.refused or deed.refusing:  # nobody was there to publish it before, or that is under way
        yield from _refused(state, after._replace(refused=False, refusing=True), deed.calls)


def _first_returned(state: State, deed: Deed, calls: tuple[int, ...], counts: Iterable[int]) -> Iterator[State]:
    """Of the calls of an action that has taken effect the first return; the others wait for their turn after another action."""
    for count in counts:
        yield state.ended(deed._replace(calls=calls[count:]), *((number, "returned") for number in calls[:count]))


def _refused(state: State, deed: Deed, calls: tuple[int, ...]) -> Iterator[State]:
    """The bus has refused the event of an action that has taken effect: of these calls all are told, or one."""
    if calls:
        yield state.ended(deed, *((number, "raised") for number in calls))
    for unlucky in calls if len(calls) > 1 else ():
        yield state.ended(deed, *((number, "raised" if number == unlucky else "returned") for number in calls))


def _over(state: State, deed: Deed, deviations: Names) -> Iterator[State]:
    """The direct way ends with an action."""
    if deed.decided == "ok":
        yield from _took_effect(state, deed._replace(decided=""), deviations)
        return
    failed = deed._replace(decided="", again=False)
    if "lost by a failure" in deviations:
        failed = failed._replace(dead=True)
    if "deaf after a failure" in deviations and deed.asked:
        state = state._replace(deaf=True)
    claims = [*deed.calls, *(["event"] if deed.asked else [])]
    for survivors in chain.from_iterable(combinations(claims, size) for size in range(len(claims) + 1)):
        calls = tuple([number for number in deed.calls if number in survivors])
        left = failed._replace(calls=calls, asked="event" in survivors, orphan=False)
        yield state.ended(left, *((number, "raised") for number in deed.calls if number not in survivors))


def _took_effect(state: State, deed: Deed, deviations: Names) -> Iterator[State]:
    called = bool(deed.calls or deed.orphan)
    first = not deed.effects
    published = first and not deed.refused and "not published" not in deviations
    published = published and (not deed.came or "events are published" in deviations)
    after = deed._replace(
        effects=deed.effects + 1,
        called=called or deed.called,
        published=deed.published + published,
        asked=False,
        orphan=False,
        double="",
        refused=deed.refused and deed.orphan and not (deed.calls or deed.came),
        refusing=deed.refused and bool(deed.calls),
        again=bool(deed.double) or ("echo acts" in deviations and first and published),
        calls=(),
    )
    if deed.double == "call":  # what came first has taken effect, and the other is still to do so
        first_call = 0 if deed.asked or deed.orphan else 1
        left = after._replace(calls=deed.calls[first_call:])
        yield state.ended(left, *((number, "returned") for number in deed.calls[:first_call]))
        return
    yield state.ended(after, *((number, "returned") for number in deed.calls))
    if _busy(state, deed):
        yield from _first_returned(state, after, deed.calls, range(len(deed.calls)))
    if deed.refused:
        yield from _refused(state, after, deed.calls)


def _effects_fit(plain: tuple[tuple[int, int], ...], seen: tuple[tuple[int, int], ...], deviations: Names) -> bool:
    if plain == seen:
        return True
    wanted, counts = dict(plain), dict(seen)
    differences = [counts.get(action, 0) - wanted.get(action, 0) for action in {*wanted, *counts}]
    return all(
        each == 0 or (each > 0 and "twice by a race" in deviations) or (each < 0 and "never by a race" in deviations)
        for each in differences
    )


def _published_fits(deed: Deed, count: int, deviations: Names) -> bool:
    if "not published" in deviations:
        return count == 0
    if "published twice" in deviations and not deed.excused:
        return count == deed.published
    if "events are published" in deviations and deed.came and deed.effects:
        return count >= 1
    least = int(bool(deed.effects and deed.called and not deed.came and not deed.excused))
    most = deed.attempts + int(deed.excused)
    return least <= count <= most
