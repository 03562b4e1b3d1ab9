"""Short concurrent programs over a bridge and a switch."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.exploration import Program, ThreadProgram

from .events import (
    BRIDGE,
    NEW,
    OLD,
    SWITCH,
    Act,
    CancelCall,
    CancelUse,
    Come,
    End,
    Given,
    Read,
    Resume,
    Stall,
    Turn,
    Update,
)
from .model import MigrationModel

_BRIDGE, _SWITCH = Given(BRIDGE), Given(SWITCH)
_PROGRAMS = (
    Program("a call and its event come together", _BRIDGE, (), (Act(0, 0), Come(0)), (End(0), End(0))),
    Program("a call is made twice at once", _BRIDGE, (), (Act(0, 0), Act(1, 0)), (End(0), End(0))),
    Program("the event comes as the call ends", _BRIDGE, (Act(0, 0),), (End(0), Come(0)), (End(0),)),
    Program("the event comes again as it ends", _BRIDGE, (Come(0),), (End(0), Come(0)), (End(0),)),
    Program("a call is cancelled as it ends", _BRIDGE, (Act(0, 0),), (End(0), CancelCall(0)), (Act(1, 0), End(0), End(0))),
    Program("a call is cancelled as it begins", _BRIDGE, (), (Act(0, 0), CancelCall(0)), (Act(1, 0), End(0), End(0))),
    Program(
        "a call is cancelled as another asks for the same",
        _BRIDGE,
        (Act(0, 0),),
        (CancelCall(0), Act(1, 0)),
        (End(0), End(0)),
    ),
    Program("a call fails as its event comes", _BRIDGE, (Act(0, 0),), (End(0, "fails"), Come(0)), (Come(0), End(0), End(0))),
    Program("a call fails as it is made again", _BRIDGE, (Act(0, 0),), (End(0, "fails"), Act(1, 0)), (End(0), Act(2, 0))),
    Program("two actions come together", _BRIDGE, (), (Act(0, 0), Come(1)), (End(1), End(0))),
    Program(
        "a call is cancelled as its event is published and comes",
        _BRIDGE,
        (Act(0, 0),),
        (End(0), CancelCall(0), Come(0)),
        (Act(1, 0), End(0)),
    ),
    Program("the flag is turned as an update begins", _SWITCH, (Update(0),), (Turn(), Update(1)), (Read(2), Update(3), Read(4))),
    Program("the flag is turned between two updates", _SWITCH, (), (Update(0), Turn(), Update(1)), (Read(2), Turn(), Read(3))),
    Program("the flag is turned there and back", _SWITCH, (Update(0),), (Turn(), Update(1), Turn()), (Read(2), Turn(), Read(3))),
    Program("two bring the data over at once", _SWITCH, (Update(0), Turn()), (Update(1), Update(2)), (Read(3),)),
    Program(
        "whoever brings the data over is cancelled",
        _SWITCH,
        (Update(0), Turn()),
        (Update(1), CancelUse(1)),
        (Update(2), Read(3)),
    ),
    Program(
        "whoever brings the data over is cancelled as another waits",
        _SWITCH,
        (Update(0), Turn(), Stall(NEW), Update(1)),
        (Update(2), CancelUse(1)),
        (Resume(NEW), Read(3)),
    ),
    Program(
        "whoever brings the data over is cancelled as the store goes on",
        _SWITCH,
        (Update(0), Turn(), Stall(NEW), Update(1)),
        (Resume(NEW), CancelUse(1)),
        (Update(2), Read(3)),
    ),
    Program(
        "an update ends as the flag is turned",
        _SWITCH,
        (Stall(OLD), Update(0)),
        (Resume(OLD), Turn(), Update(1)),
        (Read(2), Turn(), Read(3)),
    ),
    Program(
        "the flag is turned back as the data is brought over",
        _SWITCH,
        (Update(0), Turn(), Stall(NEW), Update(1)),
        (Resume(NEW), Turn(), Update(2)),
        (Read(3), Turn(), Read(4)),
    ),
)
_THREADS = (
    ThreadProgram("threads ask for one action", _BRIDGE, ((End(0), Act(0, 0)), (Act(1, 0),)), after=((Act(2, 0),),)),
    ThreadProgram("a thread asks as the event comes", _BRIDGE, ((End(0), Act(0, 0)), (Come(0),)), after=((Act(2, 0),),)),
    ThreadProgram(
        "threads update as the flag is turned", _SWITCH, ((Update(0), Turn(), Update(1)), (Update(2),)), after=((Read(3),),)
    ),
    ThreadProgram(
        "threads bring the data over",
        _SWITCH,
        ((Update(1),), (Update(2),)),
        prefix=((Update(0), Turn()),),
        after=((Read(3),), (Turn(), Read(4))),
    ),
)


def programs(model: MigrationModel) -> Iterator[Program]:
    """The programs that the parts which are offered, and their driver, can run."""
    parts = dict(model.parts)
    for program in _PROGRAMS:
        part = parts.get(program.settings.about)
        cancels = any(isinstance(event, CancelCall | CancelUse) for event in program.together)
        if part is not None and (part.cancels or not cancels):
            yield program


def thread_programs(model: MigrationModel) -> Iterator[ThreadProgram]:
    """The programs for parts that are called from threads."""
    return iter(_THREADS)
