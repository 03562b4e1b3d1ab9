"""Short concurrent programs over replicas."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.exploration import Program, ThreadProgram

from .events import Cancel, Delete, DeliverAgain, LetThrough, Line, Sync, Write
from .model import MERGING, PLAIN, StateSyncModel

_ROUND = (Sync(10, 0), Sync(11, 1), Sync(12, 0), Sync(13, 1))
"""All have synced: whatever was lost shows."""
_SLOW = (Write(0, 0, 0), Line(0, "slow"), Sync(0, 0))
_FREE = (Line(0, "up"),)

_PROGRAMS = (
    Program("a write during a sync", PLAIN, (Write(0, 0, 0),), (Sync(0, 0), Write(0, 0, 1)), _ROUND),
    Program("a write to another key during a sync", PLAIN, (Write(0, 0, 0),), (Sync(0, 0), Write(0, 1, 1)), _ROUND),
    Program("a write as the reply arrives", PLAIN, (*_SLOW, LetThrough(0)), (LetThrough(0), Write(0, 0, 1)), (*_FREE, *_ROUND)),
    Program(
        "a write as a reply with news arrives",
        PLAIN,
        (Write(1, 0, 0), Sync(1, 1), Write(0, 1, 1), Line(0, "slow"), Sync(0, 0), LetThrough(0)),
        (LetThrough(0), Write(0, 0, 2)),
        (*_FREE, *_ROUND),
    ),
    Program("a deletion during a sync", PLAIN, (Write(0, 0, 0), Sync(0, 0)), (Sync(1, 0), Delete(0, 0, 1)), _ROUND),
    Program("two replicas sync together", PLAIN, (Write(0, 0, 0), Write(1, 0, 1)), (Sync(0, 0), Sync(1, 1)), _ROUND),
    Program("two syncs of one replica", PLAIN, (Write(0, 0, 0),), (Sync(0, 0), Sync(1, 0), Write(0, 0, 1)), _ROUND),
    Program(
        "two syncs of one replica with news",
        PLAIN,
        (Write(1, 0, 0), Sync(0, 1), Write(0, 1, 1)),
        (Sync(1, 0), Sync(2, 0), Write(0, 0, 2)),
        _ROUND,
    ),
    Program("a sync is cancelled as it begins", PLAIN, (Write(0, 0, 0),), (Sync(0, 0), Cancel(0)), _ROUND),
    Program("a sync is cancelled as the reply arrives", PLAIN, _SLOW, (LetThrough(0), Cancel(0)), (*_FREE, *_ROUND)),
    Program(
        "one of two syncs is cancelled",
        PLAIN,
        (*_SLOW, Write(0, 1, 1)),
        (Sync(1, 0), Cancel(0), LetThrough(0)),
        (*_FREE, *_ROUND),
    ),
    Program(
        "the later of two syncs is cancelled",
        PLAIN,
        (*_SLOW, Write(0, 0, 1), Sync(1, 0)),
        (Cancel(1), LetThrough(0)),
        (*_FREE, *_ROUND),
    ),
    Program(
        "a push is delivered again during a sync",
        PLAIN,
        (Write(0, 0, 0), Sync(0, 0), Write(0, 0, 1)),
        (Sync(1, 0), DeliverAgain(0)),
        _ROUND,
    ),
    Program("a write as a sync fails", PLAIN, (Write(0, 0, 0), Line(0, "down")), (Sync(0, 0), Write(0, 0, 1)), (*_FREE, *_ROUND)),
    Program(
        "two syncs fail together",
        PLAIN,
        (Write(1, 0, 0), Sync(2, 1), Write(0, 0, 1), Line(0, "deaf")),
        (Sync(0, 0), Sync(1, 0)),
        (*_FREE, *_ROUND),
    ),
    Program("replicas merge together", MERGING, (Write(0, 0, 0), Write(1, 0, 1)), (Sync(0, 0), Sync(1, 1)), _ROUND),
    Program(
        "a write during a merge",
        MERGING,
        (Write(0, 0, 0), Sync(0, 0), Write(1, 0, 1)),
        (Sync(1, 1), Write(1, 0, 2)),
        _ROUND,
    ),
)

_THREADS = (
    ThreadProgram(
        "a write beside a sync of another thread",
        PLAIN,
        ((Write(0, 0, 1),), (Sync(0, 0),)),
        prefix=((Write(0, 0, 0),),),
        after=((Sync(10, 0),), (Sync(11, 1),)),
    ),
    ThreadProgram(
        "two threads sync one replica",
        PLAIN,
        ((Sync(0, 0),), (Sync(1, 0),)),
        prefix=((Write(0, 0, 0),),),
        after=((Sync(10, 0),), (Sync(11, 1),)),
    ),
    ThreadProgram(
        "two replicas sync in two threads",
        PLAIN,
        ((Sync(0, 0),), (Sync(1, 1),)),
        prefix=((Write(0, 0, 0),), (Write(1, 0, 1),)),
        after=((Sync(10, 0),), (Sync(11, 1),), (Sync(12, 0),)),
    ),
)


def thread_programs(model: StateSyncModel) -> Iterator[ThreadProgram]:
    """The programs for implementations that are called from threads."""
    return iter(_THREADS)


def programs(model: StateSyncModel) -> Iterator[Program]:
    """The programs that the implementation and its driver can run."""
    for program in _PROGRAMS:
        if model.capabilities.cancels or not any(isinstance(event, Cancel) for event in program.together):
            yield program
