"""Short concurrent programs over a shared state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from patternproof.exploration import Program, ThreadProgram

from .events import (
    AddListener,
    Cancel,
    Change,
    Get,
    ListenerEnds,
    ReadTogether,
    RemoveListener,
    Update,
    UpdateAmongReaders,
    UpdateIf,
)
from .model import NEEDS, PLAIN, SharedStateModel

_HEARD = (AddListener(0),)
_BOTH = (AddListener(0, "slow"), AddListener(1))
_AFTER = (Get(8), Update(9), Get(10))
"""Afterwards: what there is, and whether the state still works."""


def _program(name: str, prefix: tuple[Any, ...], together: tuple[Any, ...], after: tuple[Any, ...] = _AFTER) -> Program:
    return Program(name, PLAIN, prefix, together, after)


_PROGRAMS = (
    _program("two update at once", (), (Update(0), Update(1))),
    _program("three update at once", _HEARD, (Update(0), Update(1), Update(2))),
    _program("one reads as two update", (Update(3),), (Update(0), Update(1), Get(2))),
    _program("two read as one updates", (Update(3),), (Update(0), Get(1), Get(2))),
    _program("one changes what it has read as another updates", (Update(3),), (Change(0), Update(1))),
    _program("a function fails as another updates", _HEARD, (Update(0, "fail"), Update(1), Get(2))),
    _program("two are told of two updates", (AddListener(0), AddListener(1)), (Update(0), Update(1))),
    _program("a slow listener is told as others update", _BOTH, (Update(0), Update(1), Update(2)), (ListenerEnds(0), *_AFTER)),
    _program("a slow listener is done as others update", (*_BOTH, Update(3)), (ListenerEnds(0), Update(0), Update(1))),
    _program(
        "a failing listener is told as others update",
        (AddListener(0, "failing"), AddListener(1)),
        (Update(0), Update(1), Get(2)),
    ),
    _program("a listener reads as others update", (AddListener(0, "reading"), AddListener(1)), (Update(0), Update(1), Get(2))),
    _program("a listener updates as others do", (AddListener(0, "updating"), AddListener(1)), (Update(0), Update(1))),
    _program("a function aborts as another updates", _HEARD, (Update(0, "abort"), Update(1), Get(2))),
    _program("a listener leaves as others update", (AddListener(0, "leaving"), AddListener(1)), (Update(0), Update(1))),
    _program("a listener invites another as one updates", (AddListener(0, "inviting"), AddListener(1)), (Update(0), Get(1))),
    _program(
        "a slow listener ends cancelled as another updates",
        (*_BOTH, Update(3), Update(4)),
        (ListenerEnds(0, "cancel"), Update(0)),
        (ListenerEnds(0), *_AFTER),
    ),
    _program("an update that waits for another is cancelled", _HEARD, (Update(0), Update(1), Cancel(1))),
    _program("an update is cancelled", _HEARD, (Update(0), Cancel(0))),
    _program("an update is cancelled as another comes", _HEARD, (Update(0), Cancel(0), Update(1))),
    _program("an update is cancelled while a listener is slow", _BOTH, (Update(0), Cancel(0)), (ListenerEnds(0), *_AFTER)),
    _program("a reader is cancelled as another updates", _HEARD, (Get(0), Cancel(0), Update(1))),
    _program("a listener is added as others update", _HEARD, (AddListener(1), Update(0), Update(1))),
    _program(
        "a listener is removed as others update", (AddListener(0), AddListener(1)), (RemoveListener(0), Update(0), Update(1))
    ),
    _program(
        "a slow listener is removed while much waits for it",
        (AddListener(0, "slow"), Update(3), Update(4)),
        (RemoveListener(0), Update(0)),
        (ListenerEnds(0), *_AFTER),
    ),
    _program(
        "a slow listener is done as it is removed",
        (AddListener(0, "slow"), Update(3), Update(4)),
        (RemoveListener(0), ListenerEnds(0)),
    ),
    _program(
        "listeners come and go before others update",
        (AddListener(0), AddListener(1), RemoveListener(0), AddListener(2), RemoveListener(1)),
        (Update(0), Update(1)),
    ),
    _program("rivals for one version", (Update(3),), (UpdateIf(0, 1), UpdateIf(1, 1), UpdateIf(2, 1))),
    _program("a rival for a version and one that takes any", _HEARD, (UpdateIf(0, 0), Update(1), Get(2))),
    _program("a rival is cancelled", _HEARD, (UpdateIf(0, 0), Cancel(0), UpdateIf(1, 0))),
    _program("readers come together", (Update(0),), (ReadTogether(),)),
    _program("an update among readers", _HEARD, (UpdateAmongReaders(0),)),
)


def _thread_program(name: str, workers: tuple[tuple[Any, ...], ...], prefix: tuple[tuple[Any, ...], ...] = ()) -> ThreadProgram:
    return ThreadProgram(name, PLAIN, workers, prefix, ((Get(8),), (Update(9),), (Get(10),)))


_THREADS = (
    _thread_program("threads update together", ((Update(0),), (Update(1),))),
    _thread_program("a thread reads as another updates", ((Update(0),), (Get(1),)), ((Update(2),),)),
    _thread_program("a thread fails as another updates", ((Update(0, "fail"),), (Update(1),))),
    _thread_program("a thread changes what it has read as another updates", ((Change(0),), (Update(1),)), ((Update(2),),)),
    _thread_program("threads are rivals for one version", ((UpdateIf(0, 1),), (UpdateIf(1, 1),)), ((Update(2),),)),
)


def thread_programs(model: SharedStateModel) -> Iterator[ThreadProgram]:
    """The programs for states that are called from threads."""
    for program in _THREADS:
        if _possible(model, [event for events in program.workers for event in events]):
            yield program


def programs(model: SharedStateModel) -> Iterator[Program]:
    """The programs that the state and its driver can run."""
    for program in _PROGRAMS:
        if _possible(model, [*program.prefix, *program.together]):
            yield program


def _possible(model: SharedStateModel, events: list[Any]) -> bool:
    needed = {NEEDS[kind] for event in events if (kind := model.kind(event)) in NEEDS}
    return all(getattr(model.capabilities, name) for name in needed)
