"""What is done to resource managers, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

MANNERS = {
    "ok": ("", ""),
    "fails": ("failing", ", which fails to initialise half-way"),
    "declines": ("failing", ", which fails to initialise before it has opened anything"),
    "slow": ("slow", ", which takes its time to initialise"),
    "unclean": ("unclean", ", which fails to clean up"),
    "breaks": ("unclean", ", whose cleanup raises a BaseException"),
    "lingers": ("lingers", ", which takes its time to clean up"),
}
"""How resources behave: the kind of the events that hand them in, and what is said of them."""
AILMENTS = {
    "ill": "is not healthy any more",
    "lost": "is not healthy any more, however often it is initialised",
    "raises": "fails each check of its health",
    "hangs": "does not answer to checks of its health",
}


class InitializeFailure(Exception):
    """The error of an initialize()."""


class CleanupFailure(Exception):
    """The error of a cleanup()."""


class CleanupBreak(BaseException):
    """The error of a cleanup() that is none of the ordinary ones."""


class CheckFailure(Exception):
    """The error of an is_healthy()."""


class ScopeFailure(Exception):
    """The error of what runs in the scope of a manager."""


@dataclass(frozen=True, slots=True)
class Register:
    """Call register() with a new resource, which has the number of the call."""

    call: int
    id: str
    manner: str = "ok"
    needs: str = ""
    """Ids of the resources that it depends on, separated by spaces."""

    @property
    def kind(self) -> str:
        return "needs" if self.needs else MANNERS[self.manner][0]

    def __str__(self) -> str:
        needs = f", which needs {' and '.join(self.needs.split())}" if self.needs else ""
        return f"call {self.call} registers resource {self.call} as {self.id}{MANNERS[self.manner][1]}{needs}"


@dataclass(frozen=True, slots=True)
class InitializeEnds:
    """Let the initialize() of a resource that takes its time end: ok or fail."""

    call: int
    how: str = "ok"

    kind: ClassVar[str] = "slow"

    def __str__(self) -> str:
        return f"resource {self.call} {'is initialised' if self.how == 'ok' else 'fails to initialise'}"


@dataclass(frozen=True, slots=True)
class CleanupEnds:
    """Let the cleanup() of a resource that takes its time end: ok or fail."""

    call: int
    how: str = "ok"

    kind: ClassVar[str] = "lingers"

    def __str__(self) -> str:
        return f"resource {self.call} {'is done with cleaning up' if self.how == 'ok' else 'fails to clean up'}"


@dataclass(frozen=True, slots=True)
class Get:
    """Call get()."""

    call: int
    id: str

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"call {self.call} gets {self.id}"


@dataclass(frozen=True, slots=True)
class Ail:
    """A resource falls ill."""

    call: int
    """The call that registered it."""
    how: str = "ill"

    @property
    def kind(self) -> str:
        return "hangs" if self.how == "hangs" else "health"

    def __str__(self) -> str:
        return f"resource {self.call} {AILMENTS[self.how]}"


@dataclass(frozen=True, slots=True)
class CheckHealth:
    """Call health()."""

    call: int

    kind: ClassVar[str] = "health"

    def __str__(self) -> str:
        return f"call {self.call} asks for the health"


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Call cleanup_all()."""

    call: int

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"call {self.call} cleans up"


@dataclass(frozen=True, slots=True)
class Enter:
    """Enter the manager's scope, and stay in it."""

    call: int

    kind: ClassVar[str] = "scope"

    def __str__(self) -> str:
        return f"call {self.call} enters the scope"


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the manager's scope: ok, or fail with an error."""

    call: int
    how: str = "ok"

    kind: ClassVar[str] = "scope"

    def __str__(self) -> str:
        return f"call {self.call} leaves the scope{'' if self.how == 'ok' else ' with an error'}"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a call."""

    call: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"call {self.call} is cancelled"


@dataclass(frozen=True, slots=True)
class Advance:
    """Let time pass."""

    seconds: float

    kind: ClassVar[str] = "time"

    def __str__(self) -> str:
        return f"{self.seconds:g} s pass"


BEGINS = "begins to initialise"
UP = "is up"
FAILS = "fails to initialise"
STOPS = "is stopped while it initialises"
CLEANS = "begins to clean up"
DOWN = "is down"
UNCLEAN = "fails to clean up"
QUITS = "is stopped while it cleans up"


class Acts(NamedTuple):
    """What a resource has been through since the last look."""

    resource: int
    acts: tuple[str, ...]

    def __str__(self) -> str:
        return f"resource {self.resource} {', '.join(self.acts)}"


WAITING = "waiting"
INSIDE = "is inside"
RETURNED = "returned"
GIVES = "gives resource"
RAISED = "raised its error"
"""That of the resource, or of what runs in the scope, if wrapped."""
DUPLICATE = "is told that the id is taken"
MISSING = "is told that there is none"
CYCLE = "is told of a circle"
UNCLEANED = "is told what could not be cleaned up"
TIMEOUT = "is told of a timeout"
REFUSED = "is refused"
"""With some error that is none of the above."""
CANCELLED = "cancelled"
ENDS = (RETURNED, RAISED, DUPLICATE, MISSING, CYCLE, UNCLEANED, TIMEOUT, REFUSED, CANCELLED)


class Call(NamedTuple):
    """A call as seen: in flight, or over since the last look."""

    number: int
    phase: str
    about: tuple[str, ...] = ()
    """Of one that is told something: the ids that this names; of one that gives a resource: its number."""
    report: tuple[tuple[str, bool], ...] | None = None
    """By id, whether a resource is healthy."""
    what: str = ""
    """The error, for people."""

    def __str__(self) -> str:
        text = f"call {self.number} {self.phase}"
        if self.about or self.phase == UNCLEANED:
            text += f" {', '.join(self.about) or 'without ids'}"
        if self.report is not None:
            each = [f"{id} {'healthy' if healthy else 'unhealthy'}" for id, healthy in self.report]
            text += f": {', '.join(each) or 'nothing is registered'}"
        return text + (f" ({self.what})" if self.what else "")


class Seen(NamedTuple):
    """Everything observable after a batch of events."""

    calls: tuple[Call, ...] = ()
    resources: tuple[Acts, ...] = ()
    order: str = ""
    """Why the order of the cleanups is not that of the registrations reversed."""
    needs: str = ""
    """Why a resource that another depends on was not there for it."""
    leaked: tuple[int, ...] = ()
    """Resources that were being registered when the manager cleaned up, and are still there."""
    failed: str = ""
    """What is wrong beyond all that."""
    plainly: bool = True
    """False of what no implementation can show: something is still under way."""

    def __str__(self) -> str:
        parts = [*map(str, self.calls), *map(str, self.resources)]
        parts += [f"resource {number} is left behind by the cleanup that it met" for number in self.leaked]
        return "; ".join(parts + [each for each in (self.order, self.needs, self.failed) if each]) or "nothing to see"


LIFELINES = {"call": "call {}".format, "Call.number": "call {}".format}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {
    event.__name__: event
    for event in (
        Register,
        InitializeEnds,
        CleanupEnds,
        Get,
        Ail,
        CheckHealth,
        CleanUp,
        Enter,
        Leave,
        Cancel,
        Advance,
    )
}
"""By name, for tokens that replay a history."""
