"""Whether what was seen fits what a state shows."""

from __future__ import annotations

from collections.abc import Sequence

from .events import Seen
from .state import CHANGED, State

WAYS = ("fails", "gets ", "is answered otherwise", "has ")
"""How a phase begins of which the rest may be anything, or the other way round."""


def fits(expected: Seen, seen: Seen, state: State) -> bool:
    """Whether an observation is one of this state."""
    return (
        len(expected.found) == len(seen.found)
        and all(bool(want) == bool(got) for want, got in zip(expected.found, seen.found, strict=True))
        and _alike(expected.arrived, seen.arrived)
        and _alike(expected.calls, seen.calls)
        and _alike(expected.heard, seen.heard)
        and (state.lost or (_alike(expected.received, seen.received) and _told(expected, seen, state)))
        and _alike(expected.standing, seen.standing)
    )


def _told(expected: Seen, seen: Seen, state: State) -> bool:
    """That all is well may be said or not, but not of what has failed."""
    wanted = {each.message for each in expected.told}
    failed = {each.number for each in state.incoming if each.failed}
    got = [each for each in seen.told if each.what != "ok" or each.message in wanted | failed]
    doubtful = [each for each in state.doubtful if each.message not in wanted]
    return _alike(expected.told, [each for each in got if not any(_alike([may], [each]) for may in doubtful)])


def _alike(expected: Sequence[tuple[int, str]], seen: Sequence[tuple[int, str]]) -> bool:
    if len(expected) != len(seen) or expected == seen:
        return len(expected) == len(seen)
    return all(
        want[0] == got[0] and (want[1] == got[1] or _begins(want[1], got[1])) for want, got in zip(expected, seen, strict=True)
    )


def _begins(want: str, got: str) -> bool:
    if CHANGED.strip() in want:
        return got.startswith(want)
    return want.startswith(WAYS) and got.startswith(want)
