"""What is done to workflows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

CORE, UI, GUARD, LOCAL, SYSTEM = "core_component", "ui_component", "guarded_client", "local_component", "working_system"
PARTS = (CORE, UI, GUARD, LOCAL, SYSTEM)
"""The factories, each of one requirement."""
NAMES = ("alpha", "beta")
"""The two components with local state."""


@dataclass(frozen=True, slots=True)
class WorkflowSettings:
    """Which part is made, and how."""

    part: str = ""
    at_once: bool = False
    """Of a UI component: whether the context changes as soon as it is made, before anything else can happen."""


# Commands, messages and a state that is shared.


@dataclass(frozen=True, slots=True)
class Send:
    """Have a command sent."""

    call: int
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"command {self.call} is sent"


@dataclass(frozen=True, slots=True)
class Answer:
    """Let the peer answer a command: ok or fault."""

    call: int
    how: str = "ok"
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"the peer answers command {self.call}{' with a fault' if self.how == 'fault' else ''}"


@dataclass(frozen=True, slots=True)
class Tell:
    """Let the peer send a message; meant says whether it is one that changes the state."""

    call: int
    meant: bool = True

    @property
    def kind(self) -> str:
        return "" if self.meant else "other"

    def __str__(self) -> str:
        return f"the peer reports message {self.call}{'' if self.meant else ', which is about something else'}"


@dataclass(frozen=True, slots=True)
class Update:
    """Have somebody else update the shared state."""

    call: int
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"somebody else makes update {self.call} of the state"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a command, an action or a query."""

    call: int
    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"call {self.call} is cancelled"


# Actions of a user, and what a user interface hears.


@dataclass(frozen=True, slots=True)
class Act:
    """Have a user act."""

    call: int
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"the user begins action {self.call}"


@dataclass(frozen=True, slots=True)
class ActionEnds:
    """Let what an action does end: ok or fail."""

    call: int
    how: str = "ok"
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"action {self.call} {'succeeds' if self.how == 'ok' else 'fails'}"


HEARD = {
    "context": "the context changes",
    "contexts": "the context changes twice in a row",
    "tool a": "tool a is executed",
    "tool b": "tool b is executed",
}
OTHERS = {
    "state": "a state changes",
    "resource": "a resource is updated",
    "error": "an error occurs",
    "user": "another user acts",
}
"""What can be published, and how it is said."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish something that a user interface may hear."""

    call: int
    what: str

    @property
    def kind(self) -> str:
        return "" if self.what in HEARD else "other"

    def __str__(self) -> str:
        return f"{HEARD.get(self.what) or OTHERS[self.what]} ({self.call})"


# Requests to a dependency that fails.


@dataclass(frozen=True, slots=True)
class Query:
    """Have a query made."""

    call: int
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"query {self.call} is made"


REPLIES = {"ok": "replies to", "fail": "fails", "break": "breaks the connection of"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Let the dependency end a query: ok, fail or break."""

    call: int
    how: str = "ok"
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"the dependency {REPLIES[self.how]} query {self.call}"


@dataclass(frozen=True, slots=True)
class Wait:
    """Let the time pass after which a dependency is tried again."""

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return "the reset timeout passes"


@dataclass(frozen=True, slots=True)
class ClosePool:
    """Close the pool; the last of its events."""

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return "the pool is closed"


# Changes of local states.


@dataclass(frozen=True, slots=True)
class Change:
    """Have a component change its local state."""

    call: int
    who: int
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"{NAMES[self.who]} makes change {self.call}"


@dataclass(frozen=True, slots=True)
class Synchronise:
    """Have a component synchronise."""

    who: int
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"{NAMES[self.who]} synchronises"


@dataclass(frozen=True, slots=True)
class Link:
    """Cut the way of a component, or mend it."""

    who: int
    up: bool
    kind: ClassVar[str] = "link"

    def __str__(self) -> str:
        return f"the way of {NAMES[self.who]} is {'mended' if self.up else 'cut'}"


# Work in a system, and its end.

WAYS = {"job": "is given as a job", "message": "comes as a message", "event": "comes as an event"}


@dataclass(frozen=True, slots=True)
class Work:
    """Give a system something to do: as a job, a message or an event."""

    call: int
    by: str = "job"
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"work {self.call} {WAYS[self.by]}"


@dataclass(frozen=True, slots=True)
class WorkEnds:
    """Let the dependency end what was to be done."""

    call: int
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"work {self.call} is done"


@dataclass(frozen=True, slots=True)
class ShutDown:
    """Have the manager clean up."""

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return "the manager cleans up"


_ALL: tuple[type[Any], ...] = (
    *(Send, Answer, Tell, Update, Cancel),
    *(Act, ActionEnds, Publish),
    *(Query, Reply, Wait, ClosePool),
    *(Change, Synchronise, Link),
    *(Work, WorkEnds, ShutDown),
)
LIFELINES = {"call": "call {}".format}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {event.__name__: event for event in _ALL}
"""By name, for tokens that replay a history."""
