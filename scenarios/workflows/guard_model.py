"""What is right of a guarded client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from patternproof.modelling import Names

from .events import Cancel, ClosePool, Query, Reply, Wait, WorkflowSettings
from .seen import ELSE, LOST, RAW, Call, GuardSeen, all_fit

MOST = 2
"""Queries under way that are looked for."""
ROOM = 8
"""Connections of the pool; queries beyond these are not made, so that none waits for one."""
THRESHOLD = 2
"""Failures in a row that open the circuit."""


class Sent(NamedTuple):
    """A query under way, or just over."""

    number: int
    phase: str
    """waiting, returned, raised, rejected, cancelled, or what it did instead."""
    epoch: int = 0
    """That of the circuit as it was admitted."""


class State(NamedTuple):
    """A client, as far as it can be told."""

    settings: WorkflowSettings
    queries: tuple[Sent, ...] = ()
    begun: int = 0
    over: tuple[int, ...] = ()
    circuit: str = "closed"
    """closed, open, ready (open, and the timeout has passed) or half open."""
    failures: int = 0
    epoch: int = 0
    errors: int = 0
    """Events of errors since the last look, at least."""
    most_errors: int = 0
    leaked: int = 0
    """Connections that do not come back."""
    closed: bool = False

    def of(self, number: int) -> Sent | None:
        """A query that is known still."""
        return next((each for each in self.queries if each.number == number), None)

    def ended(self, sent: Sent, phase: str) -> State:
        """With a query that has ended."""
        queries = tuple([each._replace(phase=phase) if each.number == sent.number else each for each in self.queries])
        return self._replace(queries=queries, over=tuple(sorted({*self.over, sent.number})))

    def to(self, circuit: str) -> State:
        """With a circuit that has changed; that it opens may be an event of its own."""
        most = self.most_errors + (circuit == "open")
        return self._replace(circuit=circuit, failures=0, epoch=self.epoch + 1, most_errors=most)


def initial(settings: WorkflowSettings) -> Iterable[State]:
    """A new client."""
    return (State(settings),)


def begin(state: State) -> State:
    """Forget what was observed."""
    queries = tuple([each for each in state.queries if each.phase == "waiting"])
    return state._replace(queries=queries, over=(), errors=0, most_errors=0)


def apply(state: State, event: Any, names: Names) -> Iterator[State]:
    """Every state that may be right after the event."""
    match event:
        case Query(number):
            yield from _asked(state._replace(begun=max(state.begun, number + 1)), number, names)
        case Reply(number, how):
            sent = state.of(number)
            if sent is None or sent.phase != "waiting":
                yield state
            else:
                yield from _replied(state, sent, how, names)
        case Cancel(number):
            yield from _cancelled(state, number, names)
        case Wait():
            yield state._replace(circuit="ready") if state.circuit == "open" and "never recovers" not in names else state
        case ClosePool():
            yield state._replace(closed=True)
        case _:
            yield state


def _asked(state: State, number: int, names: Names) -> Iterator[State]:
    if state.closed or sum(each.phase == "waiting" for each in state.queries) >= ROOM - state.leaked:
        yield state
        return
    probing = state.circuit == "half open" and any(each.epoch == state.epoch for each in state.queries)
    if state.circuit == "open" or probing:
        rejected = Sent(number, ELSE if "rejections return" in names else "rejected")
        after = state._replace(queries=tuple(sorted((*state.queries, rejected))), over=(*state.over, number))
        yield after._replace(most_errors=after.most_errors + 1)
        if not probing:
            return
    after = state.to("half open") if state.circuit == "ready" else state
    yield after._replace(queries=tuple(sorted((*after.queries, Sent(number, "waiting", after.epoch)))))


def _replied(state: State, sent: Sent, how: str, names: Names) -> Iterator[State]:
    if how == "ok":
        after = state.ended(sent, "returned")
        yield from _counted(after, sent, True, names)
        return
    phase = next((phase for name, phase in _WRONG.items() if name in names), "raised")
    after = state.ended(sent, phase)._replace(leaked=state.leaked + ("failures leak" in names))
    if "failures are not told" not in names:
        after = after._replace(errors=after.errors + 1, most_errors=after.most_errors + 1)
    yield from _counted(after, sent, False, names)


_WRONG = {"failures come out raw": RAW, "causes are lost": LOST, "failures are swallowed by the client": ELSE}
"""By deviation, what becomes of a query that the dependency fails."""


def _counted(state: State, sent: Sent, success: bool, names: Names) -> Iterator[State]:
    """What the breaker may make of an outcome; one that comes late may count or not: nothing is said of it here."""
    if sent.epoch != state.epoch:
        yield state
    if success:
        yield state.to("closed") if state.circuit != "closed" else state._replace(failures=0)
    elif state.circuit != "closed" or (state.failures + 1 >= THRESHOLD and "never opens" not in names):
        yield state.to("open")
    else:
        yield state._replace(failures=min(state.failures + 1, THRESHOLD))


def _cancelled(state: State, number: int, names: Names) -> Iterator[State]:
    sent = state.of(number)
    if sent is None or sent.phase == "cancelled":
        yield state
        return
    if sent.phase != "waiting":
        yield state  # it may overtake the end
        yield state.ended(sent, "cancelled")._replace(errors=0)
        return
    after = state.ended(sent, "cancelled")._replace(leaked=state.leaked + ("cancellations leak" in names))
    after = after._replace(most_errors=after.most_errors + 1)
    yield after
    yield from _counted(after, sent, False, names)  # whether it counts as a failure is the breaker's affair


def observe(state: State, names: Names) -> GuardSeen:
    """What it plainly shows."""
    calls = [each for each in state.queries if each.phase == "waiting" or each.number in state.over]
    reached = tuple([each.number for each in calls if each.phase == "waiting"])
    shown = tuple([Call(each.number, each.phase) for each in calls])
    return GuardSeen(shown, reached, state.errors, state.leaked + len(reached) if state.closed else None)


def matches(state: State, seen: GuardSeen, names: Names) -> bool:
    """Whether what was seen is right."""
    plain = observe(state, names)
    return (
        all_fit(plain.calls, seen.calls)
        and plain.reached == seen.reached
        and (seen.errors is None or state.errors <= seen.errors <= state.most_errors)
        and plain.open == seen.open
    )


def enabled(state: State, cancels: bool) -> Iterator[Any]:
    """The events worth trying next."""
    yield Wait()
    if state.closed:
        return
    waiting = [each for each in state.queries if each.phase == "waiting"]
    if len(waiting) < MOST and state.leaked < MOST:
        yield Query(state.begun)
    for each in waiting:
        yield from (Reply(each.number, how) for how in ("ok", "fail", "break"))
    if cancels:
        yield from (Cancel(each.number) for each in waiting)
    if not waiting:
        yield ClosePool()
