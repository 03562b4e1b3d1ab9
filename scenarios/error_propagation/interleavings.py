"""Short concurrent programs over a component."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.exploration import Program, ThreadProgram

from .events import Cancel, End, Perform
from .model import VARIANTS, ErrorPropagationModel

_PLAIN, _LAYERED, _SEVERAL, _CLEANED, _, _LAYERED_SEVERAL = VARIANTS
_PROGRAMS = (
    Program("a request is cancelled as the dependency fails", _PLAIN, (Perform(0),), (End(0, 0, "failure"), Cancel(0))),
    Program("a request is cancelled as the dependency succeeds", _PLAIN, (Perform(0),), (End(0, 0, "ok"), Cancel(0))),
    Program("a request is cancelled as it begins", _PLAIN, (), (Perform(0), Cancel(0))),
    Program("a request is cancelled as another fails", _PLAIN, (Perform(0), Perform(1)), (Cancel(0), End(1, 0, "failure"))),
    Program("a request is cancelled in its layers", _LAYERED, (Perform(0),), (End(0, 0, "not_found"), Cancel(0))),
    Program("two fail together", _SEVERAL, (Perform(0, 2),), (End(0, 0, "failure"), End(0, 1, "outage"))),
    Program("two of several kinds fail together", _SEVERAL, (Perform(0, 2),), (End(0, 0, "not_found"), End(0, 1, "failure"))),
    Program("one fails as the other succeeds", _SEVERAL, (Perform(0, 2),), (End(0, 0, "failure"), End(0, 1, "ok"))),
    Program(
        "two fail as the request is cancelled",
        _SEVERAL,
        (Perform(0, 2),),
        (End(0, 0, "failure"), End(0, 1, "foreign"), Cancel(0)),
    ),
    Program("two fail together in layers", _LAYERED_SEVERAL, (Perform(0, 2),), (End(0, 0, "failure"), End(0, 1, "invalid"))),
    Program(
        "two requests fail together",
        _PLAIN,
        (Perform(0), Perform(1)),
        (End(0, 0, "failure"), End(1, 0, "not_found")),
    ),
    Program(
        "cleaning up fails as a request is cancelled",
        _CLEANED,
        (Perform(0, 1, "failure"),),
        (End(0, 0, "not_found"), Cancel(0)),
    ),
    Program(
        "cleaning up fails for two requests",
        _CLEANED,
        (Perform(0, 1, "failure"), Perform(1, 1, "failure")),
        (End(0, 0, "not_found"), End(1, 0, "denied")),
    ),
)
_THREADS = (
    ThreadProgram(
        "threads fail together",
        _PLAIN,
        ((Perform(0), End(0, 0, "failure")), (Perform(1), End(1, 0, "not_found"))),
    ),
    ThreadProgram(
        "threads fail in the same layers",
        _LAYERED,
        ((Perform(0), End(0, 0, "denied")), (Perform(1), End(1, 0, "foreign"))),
    ),
)


def programs(model: ErrorPropagationModel) -> Iterator[Program]:
    """The programs that the implementation and its driver can run."""
    for program in _PROGRAMS:
        if model.capabilities.cancels or not any(isinstance(event, Cancel) for event in program.together):
            yield program


def thread_programs(model: ErrorPropagationModel) -> Iterator[ThreadProgram]:
    """The programs for implementations that are called from threads."""
    return iter(_THREADS)
