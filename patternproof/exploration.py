"""Schedules of short concurrent programs, explored turn by turn.

A program performs some events one by one, then a few *together*: in every order, with every number of turns of the loop between
them up to a bound. The model accepts whatever some order of taking effect explains. detangle's strategies choose: delay-bounded
DFS says when it has covered every schedule of its bound, a random walk looks beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from detangle import DFS, Decision, RandomWalk, Strategy, decode_token, encode_token

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


@dataclass(frozen=True, slots=True)
class Schedule:
    """One way to run a program, and the token that replays it."""

    batches: tuple[Batch, ...]
    token: str


@dataclass(slots=True)
class Coverage:
    """How far an exploration got."""

    schedules: int = 0
    exhausted: bool = False
    seen: set[tuple[Any, ...]] = field(default_factory=set)


def schedules(program: Program, most: int, seed: int, coverage: Coverage) -> Iterator[Schedule]:
    """Distinct schedules of a program: first all within the bound, then random ones; `coverage` is kept up to date."""
    for strategy in (DFS(max_delays=BOUND, max_branch=24), RandomWalk(seed)):
        for index in range(2 * most):
            if coverage.schedules >= most or strategy.exhausted:
                break
            schedule = _drawn(program, strategy, index)
            if schedule.batches not in coverage.seen:
                coverage.seen.add(schedule.batches)
                coverage.schedules += 1
                yield schedule
        coverage.exhausted = coverage.exhausted or strategy.exhausted


def replayed(program: Program, token: str) -> Schedule:
    """The schedule that a token stands for.

    Raises:
        ValueError: it is no token.
    """
    values = iter(decode_token(token))
    return _scheduled(program, lambda count: min(next(values, 0), count - 1))


def _drawn(program: Program, strategy: Strategy, index: int) -> Schedule:
    decisions: list[Decision] = []

    def choose(count: int) -> int:
        value = min(strategy.choose(count, "data"), count - 1)
        decisions.append(Decision("data", count, value))
        return value

    strategy.start(index)
    schedule = _scheduled(program, choose)
    strategy.finish(decisions, False)
    return schedule


def _scheduled(program: Program, choose: Callable[[int], int]) -> Schedule:
    orders = list(permutations(program.together))
    order = choose(len(orders))
    turns = [choose(MOST_TURNS + 1) for _ in program.together[1:]]
    batches = (*map(alone, program.prefix), Batch(orders[order], tuple(turns)), *map(alone, program.after))
    return Schedule(batches, encode_token([order, *turns]))
