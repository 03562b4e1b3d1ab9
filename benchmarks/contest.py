"""Side by side: rounds in which everybody takes a turn."""

from __future__ import annotations

import asyncio
import gc
import resource
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Work = Callable[[int], int | None]
"""Does the same thing so many times; returns how often it did, where that is not what it was asked for."""


def in_loop(body: Callable[[int], Coroutine[Any, Any, None]]) -> Work:
    """Work that is a coroutine function, in a loop of its own."""
    return lambda times: asyncio.run(body(times))


@dataclass(frozen=True, slots=True)
class Peer:
    """Whoever does the same as we do."""

    work: Work
    budget: float | None = None
    """Most that our time may be, in times of the peer's; None: it is measured, and nothing is asked."""


@dataclass(frozen=True, slots=True)
class Contest:
    """One thing, done by us and by peers."""

    what: str
    ours: Work
    times: int
    """How often the thing is done in a round, where nobody says otherwise."""
    rounds: int
    peers: Mapping[str, Peer] = field(default_factory=dict)
    budget: float | None = None
    """Most seconds that ours may take, whatever the machine; None: nothing is asked."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured; the times are seconds of the processor for doing the thing once."""

    what: str
    ours: float
    peer: str | None
    theirs: float | None
    ratio: float | None
    budget: float | None
    """Most that the ratio may be; without a peer, most seconds that ours may be."""
    within: bool | None


def measured(contest: Contest, times: int | None = None, rounds: int | None = None) -> list[Row]:
    """A row for each peer, and one for ours alone where it has a budget or no peers.

    Args:
        contest: what is done.
        times: how often in a round; as the contest says where None.
        rounds: as the contest says where None.
    """
    works = {"": contest.ours} | {name: peer.work for name, peer in contest.peers.items()}
    often = times or contest.times
    taken = [{name: _seconds(work, often) for name, work in works.items()} for _ in range(rounds or contest.rounds)]
    ours = median(each[""] for each in taken)
    rows = [] if contest.peers and contest.budget is None else [_row(contest.what, ours, None, None, None, contest.budget)]
    for name, peer in contest.peers.items():
        # Of the same round, so that whatever slows the machine down slows both.
        ratio = median(each[""] / each[name] for each in taken)
        rows.append(_row(contest.what, ours, name, median(each[name] for each in taken), ratio, peer.budget))
    return rows


def _row(what: str, ours: float, peer: str | None, theirs: float | None, ratio: float | None, budget: float | None) -> Row:
    within = None if budget is None else (ours if ratio is None else ratio) <= budget
    return Row(what, ours, peer, theirs, ratio, budget, within)


def _seconds(work: Work, times: int) -> float:
    gc.collect()  # nobody pays for what those before have left
    began = _processor_time()
    done = work(times) or times
    return (_processor_time() - began) / done


def _processor_time() -> float:
    """Seconds that this process and the ended ones below it have computed: waiting for others to compute does not count."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
