"""Experiments beyond what a history of one system shows.

Any deterministic rule for conflicts is right, so that a single run says nothing about it: the same writes are synced in several
orders, and must come to the same. A rule may go by identifiers that are drawn anew for each replica; only what follows the order
in every repetition is taken to be decided by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import permutations
from typing import TYPE_CHECKING, Any

from .calling import values_in
from .events import REPLICAS

if TYPE_CHECKING:
    from .rig import StateSyncRig

REPETITIONS = 16
"""Pairs of runs; by chance alone every one follows the order once in 2 ** 15 times."""
KEY = "x"
SMALL, LARGE = 25, 200
"""Keys in the two states that a change is made to."""
MOST_GROWTH = 2.0
"""By how much the transfer of one change may grow while the state grows eightfold: identifiers get longer, trees deeper."""


class Stopped(Exception):
    """A call of an experiment did not do what it should; other checks say what is wrong with it."""


def contest(rig: StateSyncRig) -> str:
    """Whether who syncs first, or last, wins a conflict of two."""
    orders = ((0, 1), (1, 0))
    try:
        winners = [_winner(rig, order) for order in orders * REPETITIONS]
    except Stopped:
        return ""
    for place in (0, 1):
        if all(winner == (order[place],) for winner, order in zip(winners, orders * REPETITIONS, strict=True)):
            return "the order of syncs decides the conflict"
    return ""


def _winner(rig: StateSyncRig, order: Sequence[int]) -> tuple[int, ...]:
    names = REPLICAS[:2]
    with rig.beside(names) as (_, system, replicas):
        for name, replica in zip(names, replicas, strict=True):
            _done(rig, partial(replica.write, KEY, name))
        for number in (*order, *order):
            _done(rig, replicas[number].sync)
        return _numbers(_done(rig, system.central))


def _numbers(contents: Any) -> tuple[int, ...]:
    return tuple(sorted(REPLICAS.index(each) for each in values_in(contents.get(KEY)) if each in REPLICAS))


def order(rig: StateSyncRig) -> str:
    """Whether three conflicting values come to the same in every order, and stay so."""
    try:
        outcomes = {}
        for syncs in permutations(range(3)):
            outcomes[syncs], again = _merged(rig, syncs)
            if outcomes[syncs] != again:
                return "merging what is known already changes the value"
        if len(set(outcomes.values())) > 1 and all(_merged(rig, syncs)[0] == outcomes[syncs] for syncs in outcomes):
            pairs = {_winner(rig, each) for each in ((0, 1), (1, 0))}
            return "the order in which three values meet decides the outcome" if len(pairs) == 1 else ""
    except Stopped:
        pass
    return ""


def _merged(rig: StateSyncRig, syncs: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What three values come to, and what they are after everybody has synced once more."""
    with rig.beside(REPLICAS) as (_, system, replicas):
        for name, replica in zip(REPLICAS, replicas, strict=True):
            _done(rig, partial(replica.write, KEY, name))
        found = []
        for _ in range(2):
            for number in (*syncs, *syncs):
                _done(rig, replicas[number].sync)
            found.append(_numbers(_done(rig, system.central)))
        return found[0], found[1]


def volume(rig: StateSyncRig) -> str:
    """Whether one change of a large state takes much more to sync than one of a small state."""
    try:
        small, large = (_transferred(rig, count) for count in (SMALL, LARGE))
    except Stopped:
        return ""
    return "what is transferred grows with the state" if large > MOST_GROWTH * small else ""


def _transferred(rig: StateSyncRig, count: int) -> int:
    """Bytes of a sync that pushes one change, and of one that pulls it."""
    names = REPLICAS[:2]
    with rig.beside(names) as (network, _, (one, other)):
        for number in range(count):
            _done(rig, partial(one.write, f"k{number}", f"v{number}"))
        for replica in (one, other, one):
            _done(rig, replica.sync)
        before = network.traffic
        _done(rig, partial(one.write, "k0", "changed"))
        for replica in (one, other):
            _done(rig, replica.sync)
        return network.traffic - before


def _done(rig: StateSyncRig, call: Callable[[], Any]) -> Any:
    answer = rig.caller.call(call)
    if isinstance(answer, Exception):
        raise Stopped(str(answer))
    return answer


EXPERIMENTS: dict[str, Callable[[Any], str]] = {"contest": contest, "order": order, "volume": volume}
"""By name; each returns what is wrong, or nothing."""
