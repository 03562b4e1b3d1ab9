"""What is done to circuit breakers, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

RESET_TIMEOUT = 30.0
"""Seconds in every example; no sum of the advances below meets it, since at the very instant either side is right."""
ADVANCES = (11.0, 20.0, 31.0)
WINDOW_SECONDS = 60.0


class IgnoredError(Exception):
    """An error of the kind that the settings declare as ignored."""


class DependencyFailure(Exception):
    """An error of the operation that counts as a failure."""


class Interruption(BaseException):
    """A BaseException of the operation, which is no Exception."""


class ListenerFailure(Exception):
    """The error of a listener."""


@dataclass(frozen=True, slots=True)
class Start:
    """Call a breaker with an operation that is held."""

    call: int
    breaker: int = 0

    @property
    def kind(self) -> str:
        return "other" if self.breaker else ""

    def __str__(self) -> str:
        return f"call {self.call} begins" + (f" on breaker {self.breaker}" if self.breaker else "")


@dataclass(frozen=True, slots=True)
class Finish:
    """Let the operation of a call end: ok, failure, ignored or interruption."""

    call: int
    how: str

    @property
    def kind(self) -> str:
        return "" if self.how in ("ok", "failure") else self.how

    def __str__(self) -> str:
        words = {
            "ok": "succeeds",
            "failure": "fails",
            "ignored": "raises an ignored error",
            "interruption": "raises a BaseException",
        }
        return f"the operation of call {self.call} {words[self.how]}"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a call in flight."""

    call: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"call {self.call} is cancelled"


@dataclass(frozen=True, slots=True)
class Advance:
    """Let time pass."""

    seconds: float

    @property
    def kind(self) -> str:
        return "" if self.seconds > RESET_TIMEOUT else "short"

    def __str__(self) -> str:
        return f"{self.seconds:g} s pass"


@dataclass(frozen=True, slots=True)
class SetWallClock:
    """Set the wall clock forward or back; no time passes."""

    seconds: float

    kind: ClassVar[str] = "wall"

    def __str__(self) -> str:
        return f"the wall clock is set {'forward' if self.seconds > 0 else 'back'} by {abs(self.seconds):g} s"


@dataclass(frozen=True, slots=True)
class Read:
    """Read the state."""

    breaker: int = 0

    kind: ClassVar[str] = "read"

    def __str__(self) -> str:
        return "the state is read" + (f" of breaker {self.breaker}" if self.breaker else "")


@dataclass(frozen=True, slots=True)
class Trip:
    """Open the circuit by hand."""

    kind: ClassVar[str] = "hand"

    def __str__(self) -> str:
        return "trip()"


@dataclass(frozen=True, slots=True)
class Reset:
    """Close the circuit by hand."""

    kind: ClassVar[str] = "hand"

    def __str__(self) -> str:
        return "reset()"


@dataclass(frozen=True, slots=True)
class AddFailingListener:
    """Add a listener that raises at every transition, and after it another that listens."""

    kind: ClassVar[str] = "listener"

    def __str__(self) -> str:
        return "a listener that raises is added, then another"


class Call(NamedTuple):
    """A call as seen: in flight, or over since the last look."""

    number: int
    phase: str
    """running, waiting, returned, raised, rejected, cancelled, or what it did instead."""
    runs: int
    hint: float | None = None

    def __str__(self) -> str:
        runs = "" if self.runs == (0 if self.phase in ("rejected", "waiting") else 1) else f" (operation run {self.runs} times)"
        hint = f", retry after {self.hint:g} s" if self.hint is not None else ""
        return f"call {self.number} {self.phase}{hint}{runs}"


class Announcement(NamedTuple):
    """A transition as a listener heard of it."""

    breaker: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"announced {self.old} to {self.new}" + (f" by breaker {self.breaker}" if self.breaker else "")


class Seen(NamedTuple):
    """Everything observable after a batch of events."""

    calls: tuple[Call, ...] = ()
    reads: tuple[str, ...] = ()
    announced: tuple[Announcement, ...] = ()
    heard_second: tuple[Announcement, ...] = ()
    """What the listener after the failing one heard."""
    failed: str = ""
    """An error of trip(), reset(), the state or add_listener(), where none may be."""

    def __str__(self) -> str:
        parts = [str(call) for call in self.calls] + [f"reads {state}" for state in self.reads]
        parts += [str(announcement) for announcement in self.announced]
        if self.heard_second != self.announced and self.heard_second:
            parts.append("the other listener heard " + ", ".join(map(str, self.heard_second)))
        return "; ".join(parts + ([self.failed] if self.failed else [])) or "nothing to see"


LIFELINES = {"call": "call {}".format, "Call.number": "call {}".format}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {
    event.__name__: event for event in (Start, Finish, Cancel, Advance, SetWallClock, Read, Trip, Reset, AddFailingListener)
}
"""By name, for tokens that replay a history."""
