"""Short concurrent programs over workflows."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.exploration import Program, ThreadProgram

from .events import (
    CORE,
    GUARD,
    LOCAL,
    SYSTEM,
    UI,
    Act,
    ActionEnds,
    Answer,
    Cancel,
    Change,
    ClosePool,
    Publish,
    Query,
    Reply,
    Send,
    ShutDown,
    Synchronise,
    Tell,
    Update,
    Wait,
    Work,
    WorkEnds,
    WorkflowSettings,
)
from .model import WorkflowsModel

_CORE, _UI, _GUARD, _LOCAL, _SYSTEM = map(WorkflowSettings, (CORE, UI, GUARD, LOCAL, SYSTEM))
_OPEN = (Query(0), Reply(0, "fail"), Query(1), Reply(1, "fail"))
_PROGRAMS = (
    Program("messages come as others update the state", _CORE, (), (Tell(0), Update(1), Tell(2))),
    Program("commands are answered together", _CORE, (Send(0), Send(1)), (Answer(1), Answer(0, "fault"))),
    Program("a command is cancelled as it is answered", _CORE, (Send(0),), (Answer(0), Cancel(0)), (Send(1), Answer(1))),
    Program("a message comes as a command is cancelled", _CORE, (Send(0),), (Tell(1), Cancel(0)), (Send(2), Answer(2))),
    Program("actions end together", _UI, (Act(1), Act(2)), (ActionEnds(1), ActionEnds(2, "fail"))),
    Program("an action is cancelled as it succeeds", _UI, (Act(1),), (ActionEnds(1), Cancel(1))),
    Program("an action is cancelled as it fails", _UI, (Act(1),), (ActionEnds(1, "fail"), Cancel(1))),
    Program("events come as a user acts", _UI, (Act(1),), (Publish(2, "context"), ActionEnds(1), Publish(3, "tool a"))),
    Program("contexts come together", _UI, (), (Publish(1, "contexts"), Publish(2, "state")), (Publish(3, "context"),)),
    Program(
        "a query is cancelled as the dependency fails",
        _GUARD,
        (Query(0),),
        (Reply(0, "fail"), Cancel(0)),
        (ClosePool(),),
    ),
    Program("a query is cancelled as another fails", _GUARD, (Query(0), Query(1)), (Cancel(0), Reply(1, "break"))),
    Program("queries fail together", _GUARD, (Query(0), Query(1)), (Reply(0, "fail"), Reply(1, "break")), (Query(2),)),
    Program("a probe is cancelled as it succeeds", _GUARD, (*_OPEN, Wait(), Query(2)), (Reply(2), Cancel(2)), (Wait(), Query(3))),
    Program("queries come as the dependency recovers", _GUARD, (*_OPEN, Wait()), (Query(2), Query(3)), (Reply(2),)),
    Program(
        "both change and synchronise",
        _LOCAL,
        (),
        (Change(0, 0), Synchronise(0), Synchronise(1)),
        (Synchronise(0), Synchronise(1)),
    ),
    Program(
        "both synchronise what both have changed",
        _LOCAL,
        (Change(0, 0), Change(1, 1)),
        (Synchronise(0), Synchronise(1)),
        (Synchronise(0), Synchronise(1), Synchronise(0)),
    ),
    Program(
        "a change comes during a synchronisation",
        _LOCAL,
        (Change(0, 0), Synchronise(0), Synchronise(1), Change(1, 1)),
        (Synchronise(1), Change(2, 1)),
        (Synchronise(1), Synchronise(0)),
    ),
    *(
        Program(f"work that {how} begins as the system is shut down", _SYSTEM, (), (Work(0, by), ShutDown()), (WorkEnds(0),))
        for how, by in (("is a job", "job"), ("is a message", "message"), ("is an event", "event"))
    ),
    *(
        Program(
            f"work that {how} ends as the system is shut down", _SYSTEM, (Work(0, by),), (WorkEnds(0), ShutDown()), (Work(1),)
        )
        for how, by in (("is a job", "job"), ("is a message", "message"), ("is an event", "event"))
    ),
    Program(
        "work of all kinds is under way as the system is shut down",
        _SYSTEM,
        (Work(0, "message"), Work(1, "event")),
        (WorkEnds(0), ShutDown(), Work(2)),
        (WorkEnds(1), WorkEnds(2)),
    ),
    Program("the system is shut down twice", _SYSTEM, (Work(0),), (ShutDown(), ShutDown(), WorkEnds(0))),
)
_THREADS = (
    ThreadProgram(
        "threads fail together",
        _GUARD,
        ((Query(0), Reply(0, "fail")), (Query(1), Reply(1, "break"))),
        after=((Query(2), Reply(2)),),
    ),
    ThreadProgram(
        "one thread fails as another succeeds",
        _GUARD,
        ((Query(0), Reply(0, "fail")), (Query(1), Reply(1))),
        after=((ClosePool(),),),
    ),
)
"""Only where nothing of the parts has threads of its own: the exploration knows those of the program."""


def programs(model: WorkflowsModel) -> Iterator[Program]:
    """The programs that the implementation and its driver can run."""
    for program in _PROGRAMS:
        if model.cancels or not any(isinstance(event, Cancel) for event in program.together):
            yield program


def thread_programs(model: WorkflowsModel) -> Iterator[ThreadProgram]:
    """The programs for implementations that are called from threads."""
    return iter(_THREADS)
