"""What is right of a core component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from patternproof.modelling import Names

from .events import Answer, Cancel, Send, Tell, Update, WorkflowSettings
from .seen import ELSE, Call, CoreSeen, all_fit

MOST = 2
"""Commands under way, at most; and messages or updates, which the state remembers for good."""


class Command(NamedTuple):
    """A command under way, or of which the peer still has to say something."""

    number: int
    phase: str = "waiting"
    """waiting, returned, raised, cancelled, or what it did instead."""
    sent: bool = True


class State(NamedTuple):
    """A core component, as far as it can be told."""

    settings: WorkflowSettings
    one_by_one: bool = False
    """Whether a command is sent once those before it are over: nothing says that it may not."""
    commands: tuple[Command, ...] = ()
    begun: int = 0
    over: tuple[int, ...] = ()
    arrived: tuple[int, ...] = ()
    data: tuple[tuple[str, int], ...] = ()
    added: tuple[str, ...] = ()
    """The keys that were added to since the last look."""

    def of(self, number: int) -> Command | None:
        """A command that is known still."""
        return next((each for each in self.commands if each.number == number), None)

    def with_command(self, command: Command) -> State:
        """With a command as it is now."""
        return self._replace(commands=tuple([command if each.number == command.number else each for each in self.commands]))


def initial(settings: WorkflowSettings) -> Iterable[State]:
    """A new component, of either kind."""
    return State(settings), State(settings, one_by_one=True)


def begin(state: State) -> State:
    """Forget what was observed."""
    commands = tuple([each for each in state.commands if each.phase in ("waiting", "cancelled")])
    return state._replace(commands=commands, over=(), arrived=(), added=())


def apply(state: State, event: Any, names: Names) -> Iterator[State]:
    """Every state that may be right after the event."""
    match event:
        case Send(number):
            command = Command(number, sent=False)
            after = state._replace(commands=tuple(sorted((*state.commands, command))), begun=max(state.begun, number + 1))
            yield _sending(after, names)
        case Answer(number, how):
            yield from _answered(state, number, how, names)
        case Cancel(number):
            yield from _cancelled(state, number, names)
        case Tell(number, meant):
            begun = state._replace(begun=max(state.begun, number + 1))
            yield from _told(begun, f"message {number}", names) if meant else (begun,)
        case Update(number):
            yield _added(state._replace(begun=max(state.begun, number + 1)), f"update {number}")
        case _:
            yield state


def _sending(state: State, names: Names) -> State:
    """Send what may be sent."""
    for command in state.commands:
        waits = any(each.phase == "waiting" and each.number != command.number and each.sent for each in state.commands)
        waits = waits and state.one_by_one and "answers are shifted" not in names
        if command.phase == "waiting" and not command.sent and not waits:
            times = 2 if "sent twice" in names else 1
            arrived = tuple(sorted((*state.arrived, *(command.number,) * times)))
            state = state.with_command(command._replace(sent=True))._replace(arrived=arrived)
    return state


def _answered(state: State, number: int, how: str, names: Names) -> Iterator[State]:
    command = state.of(number)
    if command is None or not command.sent:
        yield state  # it is no more known, or has not arrived: nothing to answer
        return
    if "answers are shifted" in names:
        waiting = [each for each in state.commands if each.phase == "waiting" and each.sent]
        first = waiting[0] if waiting else command
        yield from _ended(state, first, how, names, wrong=first.number != number)
        return
    yield from _ended(state, command, how, names)


def _ended(state: State, command: Command, how: str, names: Names, wrong: bool = False) -> Iterator[State]:
    if command.phase != "waiting":
        left = [each for each in state.commands if each != command or each.phase != "cancelled" or each.number in state.over]
        yield state._replace(commands=tuple(left))
        return
    phase = "returned" if how == "ok" else "raised"
    if wrong or (how == "fault" and "faults are responses" in names):
        phase = ELSE
    after = state.with_command(command._replace(phase=phase))
    yield _sending(after._replace(over=(*after.over, command.number)), names)


def _cancelled(state: State, number: int, names: Names) -> Iterator[State]:
    command = state.of(number)
    if command is None or command.phase == "cancelled":
        yield state
        return
    if command.phase != "waiting":
        yield state
    after = state.with_command(command._replace(phase="cancelled"))
    after = _sending(after._replace(over=tuple(sorted({*state.over, number}))), names)
    yield after
    if number in state.arrived:  # in the turn in which it was to be sent: it never was
        arrived = list(after.arrived)
        arrived.remove(number)
        without = tuple([each for each in after.commands if each.number != number])
        yield after._replace(arrived=tuple(arrived), commands=(*without, command._replace(phase="cancelled", sent=False)))


def _told(state: State, key: str, names: Names) -> Iterator[State]:
    if "no handler" in names:
        yield state
        return
    if "a copy of its own" in names:
        state = state._replace(data=tuple([each for each in state.data if not each[0].startswith("update")]))
    after = _added(state, key)
    yield _added(after, key) if "applied twice" in names else after
    if "updates get lost" in names:
        yield after._replace(data=tuple([each for each in after.data if each[0] == key or each[0] not in state.added]))


def _added(state: State, key: str) -> State:
    data = dict(state.data)
    data[key] = data.get(key, 0) + 1
    return state._replace(data=tuple(sorted(data.items())), added=(*state.added, key))


def observe(state: State, names: Names) -> CoreSeen:
    """What it plainly shows."""
    calls = [each for each in state.commands if each.phase == "waiting" or each.number in state.over]
    return CoreSeen(tuple([Call(each.number, each.phase) for each in calls]), state.arrived, state.data)


def matches(state: State, seen: CoreSeen, names: Names) -> bool:
    """Whether what was seen is right."""
    plain = observe(state, names)
    return all_fit(plain.calls, seen.calls) and plain[1:] == seen[1:]


def enabled(state: State, cancels: bool) -> Iterator[Any]:
    """The events worth trying next."""
    under_way = [each for each in state.commands if each.phase == "waiting"]
    if len(under_way) < MOST:
        yield Send(state.begun)
    for each in state.commands:
        if each.sent:
            yield from (Answer(each.number, how) for how in ("ok", "fault"))
    if len(state.data) < MOST + 1:
        yield Tell(state.begun)
        yield Update(state.begun)
    yield Tell(state.begun, False)
    if cancels:
        yield from (Cancel(each.number) for each in under_way)
