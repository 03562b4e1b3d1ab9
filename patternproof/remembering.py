"""What an event made of a state, remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from patternproof.modelling import Names

MOST_REMEMBERED = 30_000
"""Pairs of a state and an event of which it is known what may follow."""


class Asking(frozenset[str]):
    """Names of deviations that remember which of them anybody asked for."""

    asked: set[str]

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)

    def __and__(self, others: Iterable[object]) -> frozenset[str]:
        return self.intersection(others)

    def intersection(self, *others: Iterable[object]) -> frozenset[str]:
        for each in others:
            self.asked.update(map(str, each))
        return super().intersection(*others)

    def __iter__(self) -> Iterator[str]:
        raise TypeError("which were looked for, and are not there, would not be noticed; ask for each by its name")


Known = list[tuple[Names, Names, tuple[Any, ...]]]
"""What was asked for, what of it there was, and what followed."""


class Memory:
    """What the events of one pattern make of its states.

    The same few events happen to the same few states in hundreds of histories, and are judged with dozens of deviations.
    """

    def __init__(self) -> None:
        self._known = lru_cache(maxsize=MOST_REMEMBERED)(_nothing)

    def remembered(
        self, compute: Callable[[Any, Any, Names], tuple[Any, ...]], state: Any, event: Any, deviations: Names
    ) -> tuple[Any, ...]:
        """As ``compute(state, event, deviations)``, but once for all deviations that make no difference to it."""
        known = self._known(state, event, bool(deviations))
        for asked, present, after in known:
            if deviations & asked == present:
                return after
        asking = Asking(deviations)
        asking.asked = set()
        after = compute(state, event, asking)
        asked = frozenset(asking.asked)
        known.append((asked, deviations & asked, after))
        return after


def _nothing(state: Any, event: Any, deviant: bool) -> Known:
    return []
