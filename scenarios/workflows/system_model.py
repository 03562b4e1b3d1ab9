"""What is right of a system that is shut down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

from patternproof.modelling import Names

from .events import ShutDown, Work, WorkEnds, WorkflowSettings
from .seen import Call, SystemSeen

MOST = 2
"""Works under way that are looked for."""
ROOM = 100
"""Connections of the pool: more than there is ever work, so that none waits for one."""
LEFT = {
    "connections remain": "a connection",
    "the subscription remains": "a subscription",
    "the handler remains": "a handler",
    "a task remains": "a task",
}
"""By deviation, what is left."""
TOO_EARLY = "the pool was closed before what works with it"


class Task(NamedTuple):
    """Something that is to be done, or that was just done."""

    number: int
    by: str
    phase: str
    """queued, waiting, returned, raised; done: of what is no job; or lost: it never ends."""


class State(NamedTuple):
    """A system, as far as it can be told."""

    settings: WorkflowSettings
    tasks: tuple[Task, ...] = ()
    begun: int = 0
    over: tuple[int, ...] = ()
    down: str = ""
    """waiting or over; empty: it works."""
    worked: bool = False
    """Whether anything was ever to be done."""
    was_busy: bool = False
    """Whether there was work under way as cleaning up began."""

    def of(self, number: int) -> Task | None:
        """What is known still of something to be done."""
        return next((each for each in self.tasks if each.number == number), None)

    def with_task(self, task: Task) -> State:
        """With something as it is now."""
        return self._replace(tasks=tuple([task if each.number == task.number else each for each in self.tasks]))

    def ended(self, task: Task, phase: str) -> State:
        """With something that has ended."""
        after = self.with_task(task._replace(phase=phase if task.by == "job" else "done"))
        return after._replace(over=tuple(sorted({*self.over, task.number})))

    def is_busy(self) -> bool:
        """Whether anything is to be done."""
        return any(each.phase in ("waiting", "queued") for each in self.tasks)


def initial(settings: WorkflowSettings) -> Iterable[State]:
    """A new system."""
    return (State(settings),)


def begin(state: State) -> State:
    """Forget what was observed."""
    return state._replace(tasks=tuple([each for each in state.tasks if each.phase in ("waiting", "queued", "lost")]), over=())


def apply(state: State, event: Any, names: Names) -> Iterator[State]:
    """Every state that may be right after the event."""
    match event:
        case Work(number, by):
            yield from _given(
                state._replace(begun=max(state.begun, number + 1), worked=state.worked or not state.down),
                Task(number, by, "waiting"),
            )
        case WorkEnds(number):
            task = state.of(number)
            if task is None or task.phase != "waiting":
                yield state
            else:
                yield from _settled(_next(state.ended(task, "returned"), task.by), names)
        case ShutDown():
            yield from _shut_down(state, names)
        case _:
            yield state


def _given(state: State, task: Task) -> Iterator[State]:
    after = state._replace(tasks=tuple(sorted((*state.tasks, task))))
    if state.down:
        yield after.ended(task, "raised") if task.by == "job" else state
        if state.down == "over":
            return
    same = task.by != "job" and any(each.by == task.by and each.phase in ("waiting", "queued") for each in state.tasks)
    if same:
        yield after.with_task(task._replace(phase="queued"))
    yield after


def _next(state: State, by: str) -> State:
    """With the next of one kind begun, where they come one by one."""
    queued = next((each for each in state.tasks if each.by == by and each.phase == "queued"), None)
    return state if queued is None else state.with_task(queued._replace(phase="waiting"))


def _settled(state: State, names: Names) -> Iterator[State]:
    """Cleaning up is over once there is nothing more to be done."""
    stuck = "cleaning up hangs" in names and state.was_busy
    yield state._replace(down="over") if state.down == "waiting" and not state.is_busy() and not stuck else state


def _shut_down(state: State, names: Names) -> Iterator[State]:
    if state.down:
        yield state
        return
    busy = [each for each in state.tasks if each.phase in ("waiting", "queued")]
    down = state._replace(down="waiting", was_busy=bool(busy))
    # Each may be finished first, or be given up; what has not begun more likely so.
    choices = ("give up",) if "work is left hanging" in names else ("finish", "give up")
    for choice in product(choices, repeat=len(busy)):
        after = down
        for task, what in zip(busy, choice, strict=True):
            if what == "give up":
                after = _given_up(after, task, names)
        yield from _settled(after, names)


def _given_up(state: State, task: Task, names: Names) -> State:
    if "work is left hanging" in names and task.by == "job":
        return state.with_task(task._replace(phase="lost"))
    return _next(state.ended(task, "raised"), task.by)


def observe(state: State, names: Names) -> SystemSeen:
    """What it plainly shows."""
    jobs = [each for each in state.tasks if each.by == "job" and (each.phase in ("waiting", "lost") or each.number in state.over)]
    shown = tuple([Call(each.number, "waiting" if each.phase == "lost" else each.phase) for each in jobs])
    reached = tuple([each.number for each in state.tasks if each.phase == "waiting"])
    over = state.down == "over"
    left = [what for name, what in LEFT.items() if over and name in names and (state.worked or name != "connections remain")]
    order = TOO_EARLY if over and "the pool goes first" in names else ""
    return SystemSeen(shown, reached, state.down, tuple(sorted(left)), order)


def matches(state: State, seen: SystemSeen, names: Names) -> bool:
    """Whether what was seen is right."""
    if names & {"the subscription remains", "the handler remains"}:  # there may be a task that serves it
        seen = seen._replace(left=tuple([each for each in seen.left if each != "a task" or "a task remains" in names]))
    return observe(state, names) == seen


def enabled(state: State, cancels: bool) -> Iterator[Any]:
    """The events worth trying next."""
    if sum(each.phase in ("waiting", "queued") for each in state.tasks) < MOST:
        yield from (Work(state.begun, by) for by in ("job", "message", "event"))
    yield from (WorkEnds(each.number) for each in state.tasks if each.phase == "waiting")
    yield ShutDown()
