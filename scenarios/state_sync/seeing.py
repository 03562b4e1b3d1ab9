"""What may be seen of replicas in a state."""

from __future__ import annotations

from patternproof.modelling import RIGHT, Names

from .events import CENTRE, KEYS, REPLICAS, Seen, SyncSeen, View, token
from .state import ANY, NODES, Ended, Key, State, Written

UNREADABLE = "an error"
FAULTS = {
    "retries at once": "at once",
    "retries do not back off": "even",
    "waits grow beyond the bound": "beyond",
    "retries for ever": "for ever",
    "retries without jitter": "repeats",
}
"""What is wrong with the waits of a sync that retries, by deviation."""
CLOSE = 1e-6
"""Seconds within which two waits are the same."""


def observed(state: State, deviations: Names) -> Seen:
    """What an implementation in this state plainly shows."""
    views = tuple(_view(state, node, deviations) for node in NODES)
    syncs = [
        SyncSeen(each.number, each.phase, _result(each, deviations), *_waits(state, each, deviations)) for each in state.ended
    ]
    syncs += [SyncSeen(each.number, _phase(each.phase)) for each in state.flights if each.phase != "loose"]
    advanced = state.advanced or state.may_advance & sum(1 << each.replica for each in state.ended if each.phase == "returned")
    numbers = tuple(number for number in range(len(REPLICAS)) if advanced >> number & 1)
    return Seen(views, tuple(sorted(syncs)), numbers, state.found, state.failed)


def _phase(phase: str) -> str:
    return "stands still" if phase == "backing off" else phase


def _view(state: State, node: int, deviations: Names) -> View:
    if "reads fail offline" in deviations and node != CENTRE and state.lines[node] in ("down", "deaf"):
        return (UNREADABLE,) * len(state.keys)
    return tuple(_value(state, key, node, deviations) for key in state.keys)


def _value(state: State, key: Key, node: int, deviations: Names) -> tuple[str, ...]:
    found = possible(state, key, node, deviations)
    values = sorted(write.number for write in found if not write.deletes)
    names = {write.number: token(write.replica, write.number) for write in found}
    if not values or (key.least[node] == 0 and not key.most[node]):
        return ()
    if merges(state, deviations):
        return tuple(sorted(names[number] for number in values))
    own = [write.number for write in found if write.replica == node and not write.deletes]
    if "conflicts end differently" in deviations and own:
        return (names[own[-1]],)
    surely = [write for write in found if key.least[node] >> key.writes.index(write) & 1]
    latest = max(surely or found, key=lambda write: write.number)
    return () if latest.deletes else (names[latest.number],)


def merges(state: State, deviations: Names) -> bool:
    """Whether conflicts are merged by a function."""
    return state.settings.merge is not None and "conflicts are not merged" not in deviations


def possible(state: State, key: Key, node: int, deviations: Names) -> list[Written]:
    """The writes that may be seen at a node."""
    if "the wall clock decides" in deviations:
        return _by_wall_clock(key, node)
    return key.candidates(node)


def _by_wall_clock(key: Key, node: int) -> list[Written]:
    known = [(bit, write) for bit, write in enumerate(key.writes) if key.most[node] >> bit & 1]
    unpushed = [each for bit, each in known if node == each.replica and not key.most[CENTRE] >> bit & 1]
    if unpushed:
        return [max(unpushed, key=lambda each: each.number)]
    latest = max((each.wall for _, each in known), default=0.0)
    overwritten = key.overwritten(sum(1 << bit for bit, each in known if each.wall == latest))
    return [each for bit, each in known if each.wall == latest and not overwritten >> bit & 1]


def fits(state: State, seen: Seen, deviations: Names) -> bool:
    """Whether what was seen is right in this state."""
    if seen.failed != state.failed and not (seen.failed and state.failed):
        return False
    if seen.found != state.found:
        return False
    if not all(_is_seen(state, node, view, deviations) for node, view in zip(NODES, seen.views, strict=True)):
        return False
    if not _are_equal(state, seen, deviations):
        return False
    allowed = state.may_advance | state.advanced
    advanced = sum(1 << number for number in seen.advanced)
    return not advanced & ~allowed and not state.advanced & ~advanced and _syncs_fit(state, seen, deviations)


def _is_seen(state: State, node: int, view: View, deviations: Names) -> bool:
    if "reads fail offline" in deviations and node != CENTRE and state.lines[node] in ("down", "deaf"):
        return any(isinstance(value, str) for value in view)
    return all(may_be(state, key, node, value, deviations) for key, value in zip(state.keys, view, strict=True))


def may_be(state: State, key: Key, node: int, value: tuple[str, ...] | str, deviations: Names) -> bool:
    """Whether a value may be seen at a node."""
    if isinstance(value, str):
        return False
    found = possible(state, key, node, deviations)
    tokens = {token(write.replica, write.number) for write in found if not write.deletes}
    if not value:
        return key.least[node] == 0 or any(write.deletes for write in found)
    if not tokens.issuperset(value):
        return False
    if state.settings.merge is None:
        return True
    both = {token(write.replica, write.number) for write in key.surely_in_conflict(node) if not write.deletes}
    return both.issubset(value) if merges(state, deviations) else len(both) < 2 or len(value) == 1


def _are_equal(state: State, seen: Seen, deviations: Names) -> bool:
    for index, key in enumerate(state.keys):
        if "conflicts end differently" in deviations and len(key.candidates(CENTRE)) > 1:
            continue
        centre = seen.views[CENTRE][index]
        if any(key.equal >> node & 1 and seen.views[node][index] != centre for node in NODES if node != CENTRE):
            return "reads fail offline" in deviations
    return True


def _syncs_fit(state: State, seen: Seen, deviations: Names) -> bool:
    expected = observed(state, RIGHT).syncs
    if len(expected) != len(seen.syncs):
        return False
    ended = {each.number: each for each in state.ended}
    for want, got in zip(expected, seen.syncs, strict=True):
        otherwise = "reports otherwise" in deviations and want.phase == "returned" and got.phase.startswith("returned")
        if want.number != got.number or (want.phase != got.phase and not otherwise):
            return False
        if want.number in ended:
            if not _result_fits(ended[want.number], got, deviations):
                return False
            if not waits_fit(state, got, deviations):
                return False
    return True


def _result(ended: Ended, deviations: Names) -> tuple[tuple[str, ...], ...] | None:
    if ended.categories is None:
        return None
    if "reports otherwise" in deviations:
        return ((), (), (), ()) if any(each not in ("", ANY) for each in ended.categories) else (KEYS, (), (), ())
    named = list(zip(KEYS, ended.categories, strict=True))
    return tuple(tuple(key for key, category in named if category == wanted) for wanted in ("pushed", "pulled", "none", "both"))


def _result_fits(ended: Ended, seen: SyncSeen, deviations: Names) -> bool:
    if ended.categories is None:
        return True
    if seen.result is None:
        return "reports otherwise" in deviations
    if "reports otherwise" in deviations:
        return True
    pushed, pulled, merged, conflicts = seen.result
    if not set(KEYS).issuperset({*pushed, *pulled, *merged, *conflicts}):
        return False
    for key, category in zip(KEYS, ended.categories, strict=True):
        both = key in merged or key in conflicts
        told = (key in pushed, key in pulled, both)
        wanted = (category == "pushed", category == "pulled", False)
        if category == "both" and not both:
            return False
        if category not in ("both", ANY) and told != wanted:
            return False
    return True


def _waits(state: State, ended: Ended, deviations: Names) -> tuple[tuple[float, ...], bool]:
    settings = state.settings
    if not settings.retries or ended.phase != "failed":
        return (), False
    plain = tuple(
        min(settings.retry_max, settings.retry_delay * 2.0**number) * state.chance for number in range(settings.retries)
    )
    samples: dict[str, tuple[float, ...]] = {
        "retries at once": (0.0,) * settings.retries,
        "retries do not back off": (plain[0],) * settings.retries,
        "waits grow beyond the bound": tuple(settings.retry_max * (number + 1.5) for number in range(settings.retries)),
        "retries for ever": (*plain, plain[-1]),
        "retries without jitter": tuple(min(settings.retry_max, settings.retry_delay * 2.0**n) for n in range(settings.retries)),
    }
    for name, waits in samples.items():
        if name in deviations:
            return waits, name == "retries without jitter" and len(state.chances) > 1
    return plain, False


def waits_fit(state: State, seen: SyncSeen, deviations: Names) -> bool:
    """Whether a sync waited as it should before each retry."""
    if not state.settings.retries:
        return True
    expected = {fault for name, fault in FAULTS.items() if name in deviations}
    if len(state.chances) < 2:
        expected.discard("repeats")
    return faults_of(state, seen) == expected or not seen.waits


def faults_of(state: State, seen: SyncSeen) -> set[str]:
    """What is wrong with the waits of a sync."""
    settings, waits = state.settings, seen.waits
    found = set()
    if len(waits) > settings.retries:
        found.add("for ever")
    if any(wait > settings.retry_max + CLOSE for wait in waits):
        found.add("beyond")
    if waits and max(waits) <= CLOSE:
        found.add("at once")
    elif len(waits) > 1 and not (list(waits) == sorted(waits) and waits[-1] > waits[0] + CLOSE):
        found.add("even")
    if seen.repeats:
        found.add("repeats")
    return found
