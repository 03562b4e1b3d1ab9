"""What is right of a UI component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from patternproof.modelling import Names

from .events import HEARD, OTHERS, Act, ActionEnds, Cancel, Publish, WorkflowSettings
from .seen import Call, UiSeen

MOST = 2
"""Actions under way, at most."""
MOST_RECORDED = 3
AT_ONCE = "context 0"
"""What the context is as soon as the component is made."""
RECORDS = ("successes", "all", "first", "first and takes back")
"""When an action is recorded: once it has succeeded, or has ended in any way, or as it begins, for good or until it fails."""


class Action(NamedTuple):
    """An action under way, or just over."""

    number: int
    phase: str = "waiting"
    """waiting, returned, raised, cancelled; orphan: cancelled, and performed all the same; or what it did instead."""


class State(NamedTuple):
    """A UI component, as far as it can be told."""

    settings: WorkflowSettings
    records: str = RECORDS[0]
    actions: tuple[Action, ...] = ()
    begun: int = 1
    over: tuple[int, ...] = ()
    published: tuple[int, ...] = ()
    recorded: tuple[int, ...] = ()
    context: str | None = None
    tools: tuple[tuple[str, str], ...] = ()
    confused: bool = False
    """Whether it has heard what is nothing to it."""

    def of(self, number: int) -> Action | None:
        """An action that is known still."""
        return next((each for each in self.actions if each.number == number), None)

    def with_action(self, action: Action) -> State:
        """With an action as it is now."""
        return self._replace(actions=tuple([action if each.number == action.number else each for each in self.actions]))

    def ended(self, action: Action, phase: str) -> State:
        """With an action that has ended."""
        after = self.with_action(action._replace(phase=phase))
        return after._replace(over=tuple(sorted({*self.over, action.number})))

    def record(self, number: int) -> State:
        """With an action on record."""
        return self._replace(recorded=(*self.recorded, number))

    def take_back(self, number: int) -> State:
        """Without it."""
        return self._replace(recorded=tuple([each for each in self.recorded if each != number]))


def initial(settings: WorkflowSettings) -> Iterable[State]:
    """A new component, of each kind."""
    return [State(settings, records, context=AT_ONCE if settings.at_once else None) for records in RECORDS]


def begin(state: State) -> State:
    """Forget what was observed."""
    actions = tuple([each for each in state.actions if each.phase in ("waiting", "orphan")])
    return state._replace(actions=actions, over=(), published=())


def apply(state: State, event: Any, names: Names) -> Iterator[State]:
    """Every state that may be right after the event."""
    if names & {"subscribes late", "the context is ignored"} and state.context == AT_ONCE:
        state = state._replace(context=None)
    match event:
        case Act(number):
            after = state._replace(actions=tuple(sorted((*state.actions, Action(number)))), begun=max(state.begun, number + 1))
            yield after.record(number) if state.records.startswith("first") and "not recorded" not in names else after
        case ActionEnds(number, how):
            action = state.of(number)
            if action is None or action.phase not in ("waiting", "orphan"):
                yield state
            else:
                yield _performed(state, action, how, names)
        case Cancel(number):
            yield from _cancelled(state, number)
        case Publish(number, what):
            yield _heard(state._replace(begun=max(state.begun, number + 1)), number, what, names)
        case _:
            yield state


def _performed(state: State, action: Action, how: str, names: Names) -> State:
    number, orphan = action.number, action.phase == "orphan"
    swallowed = how == "fail" and "failures are swallowed" in names
    after = state.ended(action, "returned" if how == "ok" or swallowed else "raised")
    if orphan:
        after = after._replace(over=state.over)
    if how == "ok" and not state.records.startswith("first") and "not recorded" not in names:
        after = after.record(number)
    if how == "fail":
        after = _failed(after, number)
    if (how == "ok" and "not published" not in names) or (how == "fail" and "failures are published" in names):
        after = after._replace(published=tuple(sorted((*after.published, number))))
    return after


def _failed(state: State, number: int) -> State:
    """Put a failed action on record, or take it off, as the component does."""
    if state.records == "all":
        return state.record(number)
    return state.take_back(number) if state.records == "first and takes back" else state


def _cancelled(state: State, number: int) -> Iterator[State]:
    action = state.of(number)
    if action is None or action.phase in ("cancelled", "orphan"):
        yield state
        return
    after = state.ended(action, "cancelled")
    if action.phase == "waiting":
        yield _failed(after, number)
        if state.records == "all":
            yield after
        yield after.with_action(action._replace(phase="orphan"))
        return
    yield state
    published = [each for each in after.published if each != number]
    for recorded in {after, after.take_back(number)}:
        yield recorded
        yield recorded._replace(published=tuple(published))


def _heard(state: State, number: int, what: str, names: Names) -> State:
    if what in OTHERS:
        return state._replace(confused=True) if "hears others" in names else state
    if what.startswith("tool"):
        if "tools are ignored" in names:
            return state
        return state._replace(tools=tuple(sorted({**dict(state.tools), what: f"status {number}"}.items())))
    if "the context is ignored" in names:
        return state
    return state._replace(context=f"context {number}{' in the end' if what == 'contexts' else ''}")


def observe(state: State, names: Names) -> UiSeen:
    """What it plainly shows."""
    calls = [each for each in state.actions if each.phase == "waiting" or each.number in state.over]
    shown = [Call(each.number, "cancelled" if each.phase == "orphan" else each.phase) for each in calls]
    context = "something else" if state.confused else state.context
    return UiSeen(tuple(shown), state.published, state.recorded, context, state.tools)


def matches(state: State, seen: UiSeen, names: Names) -> bool:
    """Whether what was seen is right."""
    plain = observe(state, names)
    return plain == seen if not state.confused else plain[:3] == seen[:3]


def enabled(state: State, cancels: bool) -> Iterator[Any]:
    """The events worth trying next."""
    waiting = [each for each in state.actions if each.phase == "waiting"]
    if len(waiting) < MOST and len(state.recorded) < MOST_RECORDED:
        yield Act(state.begun)
    for each in state.actions:
        if each.phase in ("waiting", "orphan"):
            yield from (ActionEnds(each.number, how) for how in ("ok", "fail"))
    yield from (Publish(state.begun, what) for what in (*HEARD, *OTHERS))
    if cancels:
        yield from (Cancel(each.number) for each in waiting)
