"""Schedules of short concurrent programs, explored turn by turn.

A program performs some events one by one, then a few *together*: in every order, with every number of turns of the loop between
them up to a bound. The model accepts whatever some order of taking effect explains. detangle's strategies choose: delay-bounded
DFS says when it has covered every schedule of its bound, a random walk looks beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, permutations, product
from math import factorial, prod
from typing import Any

from detangle import DFS, Decision, RandomWalk

from patternproof.history import Batch, alone

MOST_TURNS = 5
"""Turns of the loop between two events of a program; a loop turns once for each await that does not wait."""
BOUND = 8
"""Sum of the choices that the exhaustive search covers first."""


@dataclass(frozen=True, slots=True)
class Program:
    """A short concurrent program."""

    name: str
    settings: Any
    prefix: tuple[Any, ...]
    """Performed one by one, to get to where it is interesting."""
    together: tuple[Any, ...]
    """Performed in every order, at every distance in turns of the loop."""
    after: tuple[Any, ...] = ()
    """Performed one by one, to show what is damaged."""


@dataclass(frozen=True, slots=True)
class ThreadProgram:
    """A short program of several threads; each group of events is one call from its begin to its end."""

    name: str
    settings: Any
    workers: tuple[tuple[Any, ...], ...]
    """What each thread does."""
    prefix: tuple[tuple[Any, ...], ...] = ()
    after: tuple[tuple[Any, ...], ...] = ()
    own: int = 0
    """How many threads the implementation has of its own, at most at a time; 0: what it starts runs as it likes."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One way to run a program."""

    batches: tuple[Batch, ...]


@dataclass(slots=True)
class Coverage:
    """How far an exploration got."""

    schedules: int = 0
    exhausted: bool = False
    seen: set[tuple[Any, ...]] = field(default_factory=set)


def schedules(program: Program, most: int, seed: int, coverage: Coverage, turns: int = MOST_TURNS) -> Iterator[Schedule]:
    """Distinct schedules of a program, at most `most`; `coverage` is kept up to date.

    Every one where there are no more; else all within the bound first, then random ones. Of a driver that has no turns, events
    are at no distance: with `turns` 0 there are just their orders.
    """
    ranges = _ranges(program, turns)
    for choices in product(*map(range, ranges)) if prod(ranges) <= most else _some(ranges, most, seed, coverage):
        schedule = _scheduled(program, choices)
        if schedule.batches not in coverage.seen:
            coverage.seen.add(schedule.batches)
            coverage.schedules += 1
            yield schedule
            if coverage.schedules >= most:
                break
    coverage.exhausted = coverage.exhausted or prod(ranges) <= most


def _ranges(program: Program, turns: int) -> list[int]:
    """How many choices there are of the order, and of each distance."""
    return [factorial(len(program.together)), *(turns + 1 for _ in program.together[1:])]


def _some(ranges: Sequence[int], most: int, seed: int, coverage: Coverage) -> Iterator[Sequence[int]]:
    """The choices that detangle's strategies make; some come twice."""
    for strategy in (DFS(max_delays=BOUND, max_branch=24), RandomWalk(seed)):
        for index in range(2 * most):
            if strategy.exhausted:
                coverage.exhausted = True
                break
            strategy.start(index)
            choices = [min(strategy.choose(count, "data"), count - 1) for count in ranges]
            strategy.finish([Decision("data", *each) for each in zip(ranges, choices, strict=True)], False)
            yield choices


def _scheduled(program: Program, choices: Sequence[int]) -> Schedule:
    order, *turns = choices
    events = next(islice(permutations(program.together), order, None))
    return Schedule((*map(alone, program.prefix), Batch(events, tuple(turns)), *map(alone, program.after)))
