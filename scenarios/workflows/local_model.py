"""What is right of two components with local state.

No winner is predicted: whatever a component may have heard of, and does not surely know to be overwritten, it may show. Two that
surely know the same changes show the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from patternproof.modelling import Names

from .events import Change, Link, Synchronise, WorkflowSettings
from .seen import LocalSeen

MOST_CHANGES = 3
NOBODY: frozenset[int] = frozenset()
CENTRE = 2


class Made(NamedTuple):
    """A change."""

    number: int
    who: int
    over: frozenset[int] = NOBODY
    """The changes that whoever made it surely knew."""


class State(NamedTuple):
    """Two components and their centre, as far as they can be told."""

    settings: WorkflowSettings
    changes: tuple[Made, ...] = ()
    sure: tuple[frozenset[int], ...] = (NOBODY, NOBODY, NOBODY)
    """The changes that each, and the centre, surely knows."""
    up: tuple[bool, bool] = (True, True)
    ended: tuple[str, ...] = ()
    hidden: frozenset[int] = NOBODY
    """Changes that are not to be seen yet where they were made."""
    again: frozenset[int] = NOBODY
    """Changes that are announced once more."""
    stale: int = -1
    """Who has come by what was overwritten; -1: nobody."""

    @property
    def begun(self) -> int:
        """The number of the next change."""
        return len(self.changes)

    def knowing(self, who: int, more: frozenset[int]) -> State:
        """With somebody who surely knows more."""
        return self._replace(sure=tuple([each | more if index == who else each for index, each in enumerate(self.sure)]))

    def latest(self, who: int) -> list[int]:
        """The changes that somebody may show: all but those surely overwritten by what is surely known there."""
        over = frozenset().union(*(each.over for each in self.changes if each.number in self.sure[who]))
        return [each.number for each in self.changes if each.number not in over]


def initial(settings: WorkflowSettings) -> Iterable[State]:
    """Two new components."""
    return (State(settings),)


def begin(state: State) -> State:
    """Forget what was observed."""
    return state._replace(ended=(), stale=-1)


def apply(state: State, event: Any, names: Names) -> Iterator[State]:
    """Every state that may be right after the event."""
    match event:
        case Change(number, who):
            if any(each.number == number for each in state.changes):
                yield state
                return
            made = Made(number, who, state.sure[who])
            after = state._replace(changes=tuple(sorted((*state.changes, made)))).knowing(who, frozenset({number}))
            hidden = state.hidden | {number} if "changes are not local" in names else state.hidden
            yield after._replace(ended=tuple(sorted((*after.ended, f"change {number} returned"))), hidden=hidden)
        case Synchronise(who):
            yield from _synchronised(state, who, names)
        case Link(who, up):
            yield state._replace(up=(up, state.up[1]) if who == 0 else (state.up[0], up))
        case _:
            yield state


def _synchronised(state: State, who: int, names: Names) -> Iterator[State]:
    outcome = "returned" if state.up[who] else "raised"
    after = state._replace(ended=tuple(sorted((*state.ended, f"synchronising {who} {outcome}"))))
    if not state.up[who]:
        yield after
        return
    news = after.sure[who] - after.sure[CENTRE]
    if "announced twice" in names:
        after = after._replace(again=after.again | news)
    after = after.knowing(CENTRE, after.sure[who])
    pulled = after.sure[CENTRE] - after.sure[who]
    if "what was pulled is announced" in names:
        after = after._replace(again=after.again | pulled)
    if "overwritten values come back" in names and any(each.over & state.sure[who] for each in _made(state, pulled)):
        after = after._replace(stale=who)
    if "never arrives" not in names:
        after = after.knowing(who, after.sure[CENTRE])
    yield after._replace(hidden=NOBODY)


def _made(state: State, numbers: frozenset[int]) -> Iterator[Made]:
    return (each for each in state.changes if each.number in numbers)


def observe(state: State, names: Names) -> LocalSeen:
    """What it plainly shows."""
    counts = tuple([0 if "never announced" in names else 1 + (each.number in state.again) for each in state.changes])
    return LocalSeen(state.ended, (_plain(state, 0), _plain(state, 1)), counts)


def _plain(state: State, who: int) -> int | None:
    sure = sorted(state.sure[who] - state.hidden)
    if state.stale == who:
        return sure[0]
    known = [number for number in state.latest(who) if number in sure]
    return max(known, default=sure[-1] if sure else None)


def matches(state: State, seen: LocalSeen, names: Names) -> bool:
    """Whether what was seen is right."""
    plain = observe(state, names)
    return (
        plain.calls == seen.calls
        and len(plain.announced) == len(seen.announced)
        and all(_announced_fits(state, *each) for each in zip(state.changes, plain.announced, seen.announced, strict=True))
        and all(_value_fits(state, who, value, names) for who, value in enumerate(seen.values))
        and (state.sure[0] != state.sure[1] or seen.values[0] == seen.values[1] or bool(state.hidden) or state.stale >= 0)
    )


def _announced_fits(state: State, made: Made, plain: int, seen: int) -> bool:
    """Until a change is synchronised it may wait to be announced."""
    return plain == seen or (seen == 0 and plain == 1 and made.number not in state.sure[CENTRE])


def _value_fits(state: State, who: int, value: int | None, names: Names) -> bool:
    sure = state.sure[who] - state.hidden
    if state.stale == who or state.hidden:
        return value is None or value in [each.number for each in state.changes]
    if "never arrives" in names:
        return value == _plain(state, who)
    return value in state.latest(who) if sure else value is None or value in state.latest(who)


def enabled(state: State, cancels: bool) -> Iterator[Any]:
    """The events worth trying next."""
    if len(state.changes) < MOST_CHANGES:
        yield from (Change(len(state.changes), who) for who in (0, 1))
    yield from (Synchronise(who) for who in (0, 1))
    yield from (Link(who, not state.up[who]) for who in (0, 1))
