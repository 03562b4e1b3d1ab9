"""What is done to components, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

RESOURCES = ("alpha", "beta", "gamma")
"""What requests name; no name is part of another."""
RELEASE = -1
"""Stands for the cleaning up, where resources are numbered."""
FAILURES = ("failure", "outage")
KNOWN = ("not_found", "denied", "failed")
FOREIGN = ("foreign", "puzzling", "group")
INTERRUPTS = {"interrupt": "interrupted", "exit": "exited"}
"""What passes through, and the phase that a request is in then."""
HOWS = {
    "ok": ("", "succeeds"),
    "failure": ("", "fails"),
    "outage": ("", "is unavailable for a while"),
    "not_found": ("known", "says that the resource is not found"),
    "denied": ("known", "denies permission"),
    "failed": ("known", "says that the operation has failed"),
    "invalid": ("validation", "gives a result that is not valid"),
    "puzzling": ("puzzle", "gives a result over which the validation itself fails"),
    "foreign": ("foreign", "raises an error of a type that nobody knows"),
    "group": ("foreign", "raises a group of its failures"),
    "interrupt": ("interrupt", "raises KeyboardInterrupt"),
    "exit": ("interrupt", "raises SystemExit"),
}
"""How a call of the dependency may end: the kind of the event, and how it is said."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Have a component perform a request for some resources; release says how the cleaning up will end: ok or failure."""

    call: int
    resources: int = 1
    release: str = "ok"

    @property
    def kind(self) -> str:
        return "" if self.release == "ok" else "release"

    def __str__(self) -> str:
        names = ", ".join(RESOURCES[: self.resources])
        failing = "" if self.release == "ok" else "; cleaning up will fail"
        return f"request {self.call} is made for {names}{failing}"


@dataclass(frozen=True, slots=True)
class End:
    """Let the dependency's call for one resource of a request end."""

    call: int
    resource: int
    how: str

    @property
    def kind(self) -> str:
        return HOWS[self.how][0]

    def __str__(self) -> str:
        return f"the dependency {HOWS[self.how][1]} for {RESOURCES[self.resource]} of request {self.call}"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a request."""

    call: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"request {self.call} is cancelled"


ASPECTS = {
    "context": "is asked for what it concerns",
    "chain": "is asked for the contexts of all layers",
    "sentence": "is asked for its sentence",
    "hint": "is asked whether a retry can help",
    "survival": "crosses a process boundary and back",
    "leaks": "is searched for insides as it crosses a process boundary",
    "status": "is asked for its HTTP status",
}
"""What of an error can be looked at, and how it is said."""
CROSSING = ("survival", "leaks", "status", "document")
"""What takes a component whose errors cross a process boundary."""


@dataclass(frozen=True, slots=True)
class Inspect:
    """Look at the error that a request has raised."""

    call: int
    aspect: str

    @property
    def kind(self) -> str:
        return self.aspect

    def __str__(self) -> str:
        return f"the error of request {self.call} {ASPECTS[self.aspect]}"


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """Have a document restored whose code nobody knows."""

    kind: ClassVar[str] = "document"

    def __str__(self) -> str:
        return "a problem document of an unknown code comes in"


@dataclass(frozen=True, slots=True)
class CompareCodes:
    """Have errors of every kind made, each twice, and compare their codes."""

    kind: ClassVar[str] = "codes"

    def __str__(self) -> str:
        return "errors of every kind are made twice, and their codes compared"


class Failure(NamedTuple):
    """What the error of a request is, and what it comes from."""

    kinds: tuple[str, ...] = ()
    """Its kind; of a group those of its members."""
    origins: tuple[int, ...] = ()
    """The resources whose errors can be reached from it."""
    lost: tuple[int, ...] = ()
    """The resources whose errors cannot."""

    def __str__(self) -> str:
        parts = [" and ".join(self.kinds)]
        parts += [f"from {', '.join(map(name_of, self.origins))}"] if self.origins else []
        parts += [f"with the error of {', '.join(map(name_of, self.lost))} lost"] if self.lost else []
        return ", ".join(parts)


def name_of(resource: int) -> str:
    """How a numbered resource is called."""
    return "the cleaning up" if resource == RELEASE else RESOURCES[resource]


class Call(NamedTuple):
    """A request as seen: under way, or over since the last look."""

    number: int
    phase: str
    """waiting, returned, raised, cancelled, interrupted, exited, or what it did instead."""
    failure: Failure | None = None

    def __str__(self) -> str:
        return f"request {self.number} {self.phase}" + (f" {self.failure}" if self.failure is not None else "")


class Seen(NamedTuple):
    """Everything observable after a batch of events."""

    calls: tuple[Call, ...] = ()
    late: tuple[tuple[int, int], ...] = ()
    """Requests and resources whose errors came once the request was over, and are reported nowhere."""
    released: bool = True
    """Whether what is over was cleaned up after, where that was asked for."""
    found: tuple[str | int | bool | None, ...] = ()
    """What was looked at: the fault, empty for none; of a hint the hint, of a status the status."""
    told: str = ""
    """More of what was looked at, for people."""
    failed: str = ""
    """What the dependency was asked for that there is not, or an error where none may be."""

    def __str__(self) -> str:
        parts = [str(call) for call in self.calls]
        parts += [f"the error of {name_of(resource)} of request {call} is lost" for call, resource in self.late]
        parts += [] if self.released else ["nothing was cleaned up"]
        parts += [_in_words(each) + (f" ({self.told})" if self.told else "") for each in self.found]
        return "; ".join(parts + ([self.failed] if self.failed else [])) or "nothing to see"


def _in_words(found: str | int | bool | None) -> str:
    if isinstance(found, str):
        return found or "all of it is there"
    if isinstance(found, bool):
        return "a retry can help" if found else "a retry cannot help"
    return "it does not say" if found is None else f"status {found}"


LIFELINES = {"call": "request {}".format, "Call.number": "request {}".format}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {event.__name__: event for event in (Perform, End, Cancel, Inspect, ReadDocument, CompareCodes)}
"""By name, for tokens that replay a history."""
