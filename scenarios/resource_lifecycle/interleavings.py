"""Short concurrent programs over a resource manager."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from patternproof.exploration import Program, ThreadProgram

from .events import (
    Cancel,
    CheckHealth,
    CleanUp,
    CleanupEnds,
    Enter,
    Get,
    InitializeEnds,
    Leave,
    Register,
)
from .model import PLAIN, REPLACING, ResourceLifecycleModel

_AFTER = (Get(10, "a"), CleanUp(11), Get(12, "a"), CleanUp(13))
"""Afterwards: what there is, and whether all of it is cleaned up once."""
_SLOW = Register(0, "a", "slow")
_ENDS = InitializeEnds(0)


def _program(
    name: str, prefix: tuple[Any, ...], together: tuple[Any, ...], after: tuple[Any, ...] = _AFTER, settings: Any = PLAIN
) -> Program:
    return Program(name, settings, prefix, together, after)


_PROGRAMS = (
    _program("two register one id", (), (Register(0, "a"), Register(1, "a"))),
    _program("two register one id, one of them slowly", (), (_SLOW, Register(1, "a")), (_ENDS, *_AFTER)),
    _program("one id is registered as the first is done", (_SLOW,), (_ENDS, Register(1, "a"))),
    _program("one id is registered as the first fails", (_SLOW,), (InitializeEnds(0, "fail"), Register(1, "a"))),
    _program("three register one id", (), (Register(0, "a"), Register(1, "a"), Register(2, "a"))),
    _program("one gets what another registers", (), (Register(0, "a"), Get(1, "a"), Get(2, "a"))),
    _program("one gets what is just initialised", (_SLOW,), (_ENDS, Get(1, "a"))),
    _program("a register is cancelled", (), (Register(0, "a"), Cancel(0)), (Register(9, "a"), *_AFTER)),
    _program("a slow register is cancelled", (), (_SLOW, Cancel(0)), (_ENDS, Register(9, "a"), *_AFTER)),
    _program("a register is cancelled as its resource is done", (_SLOW,), (_ENDS, Cancel(0))),
    _program("a register is cancelled as its resource fails", (_SLOW,), (InitializeEnds(0, "fail"), Cancel(0))),
    _program("a register is cancelled as another comes for the id", (_SLOW,), (Cancel(0), Register(1, "a")), (_ENDS, *_AFTER)),
    _program("a register fails as another comes for the id", (), (Register(0, "a", "fails"), Register(1, "a"))),
    _program("a register meets a cleanup", (Register(1, "b"),), (Register(0, "a"), CleanUp(2))),
    _program("a slow register meets a cleanup", (Register(1, "b"),), (_SLOW, CleanUp(2)), (_ENDS, *_AFTER)),
    _program("a register is done as a cleanup comes", (Register(1, "b"), _SLOW), (_ENDS, CleanUp(2))),
    _program("a register is cancelled as a cleanup comes", (Register(1, "b"), _SLOW), (Cancel(0), CleanUp(2)), (_ENDS, *_AFTER)),
    _program(
        "a register meets the end of a cleanup", (Register(1, "b", "lingers"), CleanUp(2)), (CleanupEnds(1), Register(0, "a"))
    ),
    _program("two clean up at once", (Register(0, "a"), Register(1, "b")), (CleanUp(2), CleanUp(3))),
    _program("two clean up what fails", (Register(0, "a"), Register(1, "b", "unclean")), (CleanUp(2), CleanUp(3))),
    _program("a cleanup is cancelled", (Register(0, "a"), Register(1, "b")), (CleanUp(2), Cancel(2))),
    _program(
        "a cleanup is cancelled as it is done",
        (Register(0, "a"), Register(1, "b", "lingers"), CleanUp(2)),
        (CleanupEnds(1), Cancel(2)),
    ),
    _program("one is got as all are cleaned up", (Register(0, "a"),), (CleanUp(1), Get(2, "a"))),
    _program("resources are registered together", (), (Register(0, "a"), Register(1, "b"), Register(2, "c"))),
    _program("the health is asked for as all are cleaned up", (Register(0, "a"), Register(1, "b")), (CheckHealth(2), CleanUp(3))),
    _program("the health is asked for as one registers", (Register(0, "a"),), (CheckHealth(2), Register(1, "b"))),
    _program("the scope is left as one registers", (Register(1, "b"), Enter(2)), (Leave(2), Register(0, "a"))),
    _program(
        "the scope is left with an error as one registers", (Register(1, "b"), Enter(2)), (Leave(2, "fail"), Register(0, "a"))
    ),
    _program("the scope is cancelled as one registers", (Register(1, "b"), Enter(2)), (Cancel(2), Register(0, "a"))),
    _program("the scope is cancelled as it is left", (Register(0, "a"), Register(1, "b"), Enter(2)), (Leave(2), Cancel(2))),
    _program("one registers what another needs", (), (Register(0, "a", "slow"), Register(1, "b", "ok", "a")), (_ENDS, *_AFTER)),
    _program("one id is replaced by two", (Register(0, "a"),), (Register(1, "a"), Register(2, "a")), settings=REPLACING),
    _program("one is replaced as all are cleaned up", (Register(0, "a"),), (Register(1, "a"), CleanUp(2)), settings=REPLACING),
)


def _thread_program(name: str, workers: tuple[tuple[Any, ...], ...], prefix: tuple[tuple[Any, ...], ...] = ()) -> ThreadProgram:
    return ThreadProgram(name, PLAIN, workers, prefix, ((Get(10, "a"),), (CleanUp(11),), (Get(12, "a"),), (CleanUp(13),)))


_BOTH = ((Register(2, "a"),), (Register(3, "b"),))
_THREADS = (
    _thread_program("threads register one id", ((Register(0, "a"),), (Register(1, "a"),))),
    _thread_program("a thread registers as another cleans up", ((Register(0, "a"),), (CleanUp(1),)), _BOTH[1:]),
    _thread_program("threads clean up together", ((CleanUp(0),), (CleanUp(1),)), _BOTH),
    _thread_program("a thread gets what another registers", ((Register(0, "a"),), (Get(1, "a"),))),
    _thread_program("a thread fails as another registers", ((Register(0, "a", "fails"),), (Register(1, "a"),))),
    _thread_program("a thread asks for the health as another cleans up", ((CheckHealth(0),), (CleanUp(1),)), _BOTH),
)


def thread_programs(model: ResourceLifecycleModel) -> Iterator[ThreadProgram]:
    """The programs for managers that are called from threads."""
    for program in _THREADS:
        after = tuple(events for events in program.after if model.capabilities.gets or not isinstance(events[0], Get))
        if model.possible([event for events in (*program.workers, *after) for event in events]) and _has_ids(model, program):
            yield replace(program, after=after)


def _has_ids(model: ResourceLifecycleModel, program: ThreadProgram) -> bool:
    """Whether resources have ids, or the program is not about these."""
    ids = [event.id for events in (*program.prefix, *program.workers) for event in events if isinstance(event, Register)]
    return model.capabilities.gets or len(ids) == len(set(ids))


def programs(model: ResourceLifecycleModel) -> Iterator[Program]:
    """The programs that the manager and its driver can run."""
    for program in _PROGRAMS:
        offered = program if model.capabilities.gets else _without_ids(program)
        if offered is not None and model.possible([*offered.prefix, *offered.together, *offered.after]):
            yield offered


def _without_ids(program: Program) -> Program | None:
    """The same for resources that have no ids; None where it is about these."""
    ids = [event.id for event in (*program.prefix, *program.together) if isinstance(event, Register | Get)]
    after = tuple(event for event in program.after if not isinstance(event, Register | Get))
    return replace(program, after=after) if len(ids) == len(set(ids)) and program.settings == PLAIN else None
