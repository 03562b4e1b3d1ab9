"""What is done to shared states, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

NESTED = 1000
"""The number of the update that listener 0 makes, of listener 1 the next, and so on."""
INVITED = 1000
"""The number of the listener that listener 0 adds, of the one that listener 1 adds the next, and so on."""
KINDS = {
    "plain": "listen",
    "slow": "slow",
    "failing": "failing",
    "reading": "reentrant",
    "updating": "reentrant",
    "changing": "changing",
    "leaving": "leaving",
    "inviting": "inviting",
}
"""The kinds of listeners, and of the events that add them: one that just listens, takes its time, fails each time, calls get(),
calls update() once, changes what it is told, removes itself when it is told, or then adds another one, once.
"""
UPDATES = {
    "ok": "",
    "fail": " with a function that changes the data and then fails",
    "abort": " with a function that changes the data and then raises what is no Exception",
    "idle": " with a function that changes nothing",
    "held": " with a function that is held",
}
"""How the function of an update may go about it, and the words for it."""


class UpdaterFailure(Exception):
    """The error of a function that changes the data and then fails."""


class UpdaterAbort(BaseException):
    """What a function raises that is interrupted after it has changed the data; no Exception, as what signals raise is none."""


class ListenerFailure(Exception):
    """The error of a listener.

    Args:
        listener: its number.
        version: the one that it was told.
    """

    def __init__(self, listener: int, version: int) -> None:
        super().__init__(f"of listener {listener} at version {version}")
        self.listener = listener
        self.version = version


@dataclass(frozen=True, slots=True)
class Update:
    """Call update() with a function that adds the number of the call to the data, or goes about it otherwise: `UPDATES`."""

    call: int
    how: str = "ok"

    @property
    def kind(self) -> str:
        return "" if self.how == "ok" else self.how

    def __str__(self) -> str:
        return f"call {self.call} updates{UPDATES[self.how]}"


@dataclass(frozen=True, slots=True)
class UpdateEnds:
    """Let the function that is held end: ok or fail."""

    call: int
    how: str = "ok"

    kind: ClassVar[str] = "held"

    def __str__(self) -> str:
        return f"the function of call {self.call} {'returns' if self.how == 'ok' else 'fails'}"


@dataclass(frozen=True, slots=True)
class UpdateIf:
    """Call update_if() for a version, counted from the first: ok or fail, as `Update`."""

    call: int
    version: int
    how: str = "ok"

    @property
    def kind(self) -> str:
        return "compare" if self.how == "ok" else "compare_fail"

    def __str__(self) -> str:
        return f"call {self.call} updates if the version is {self.version}{UPDATES[self.how]}"


@dataclass(frozen=True, slots=True)
class Get:
    """Call get()."""

    call: int

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"call {self.call} gets the state"


@dataclass(frozen=True, slots=True)
class Change:
    """Call get(), and then try to change the snapshot."""

    call: int

    kind: ClassVar[str] = "change"

    def __str__(self) -> str:
        return f"call {self.call} gets the state and changes the snapshot"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a call."""

    call: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"call {self.call} is cancelled"


@dataclass(frozen=True, slots=True)
class AddListener:
    """Add a listener."""

    listener: int
    how: str = "plain"

    @property
    def kind(self) -> str:
        return KINDS[self.how]

    def __str__(self) -> str:
        words = {
            "plain": "",
            "slow": ", which takes its time",
            "failing": ", which fails each time",
            "reading": ", which calls get()",
            "updating": ", which calls update() once",
            "changing": ", which changes what it is told",
            "leaving": ", which removes itself when it is told",
            "inviting": ", which adds another one when it is told",
        }
        return f"listener {self.listener} is added{words[self.how]}"


@dataclass(frozen=True, slots=True)
class RemoveListener:
    """Remove a listener."""

    listener: int

    kind: ClassVar[str] = "remove"

    def __str__(self) -> str:
        return f"listener {self.listener} is removed"


@dataclass(frozen=True, slots=True)
class ListenerEnds:
    """Let the call that a slow listener has been in for longest end: ok, fail, or cancel: what it awaits was cancelled."""

    listener: int
    how: str = "ok"

    @property
    def kind(self) -> str:
        return "abandon" if self.how == "cancel" else "slow"

    def __str__(self) -> str:
        words = {"ok": "is done", "fail": "fails", "cancel": "ends, since what it awaits was cancelled"}
        return f"listener {self.listener} {words[self.how]}"


@dataclass(frozen=True, slots=True)
class BreakReports:
    """Add a listener of errors that fails each time."""

    kind: ClassVar[str] = "reports"

    def __str__(self) -> str:
        return "a listener of errors is added, which fails each time"


@dataclass(frozen=True, slots=True)
class Advance:
    """Let time pass."""

    seconds: float

    kind: ClassVar[str] = "time"

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
class ReadTogether:
    """Let one reader read by itself and then several at once, counting the turns of the loop."""

    kind: ClassVar[str] = "readers"

    def __str__(self) -> str:
        return "one reads by itself, then several at once"


@dataclass(frozen=True, slots=True)
class UpdateAmongReaders:
    """Call update() while a new reader comes at every turn of the loop."""

    call: int

    kind: ClassVar[str] = "readers"

    def __str__(self) -> str:
        return f"call {self.call} updates while a new reader comes at every turn"


class Version(NamedTuple):
    """A snapshot as seen."""

    number: int
    """Counted from the first."""
    updates: tuple[int, ...] = ()
    """The calls whose updates are in it, in their order."""
    fault: str = ""
    """What is wrong with it by itself, or beside others of the same state."""

    def __str__(self) -> str:
        holds = f"with the updates {', '.join(map(str, self.updates))}" if self.updates else "without updates"
        return f"version {self.number} {holds}" + (f" ({self.fault})" if self.fault else "")


MIXED = "the parts of its data do not fit"
BACK = "last_updated went back"
RESTAMPED = "last_updated has changed since it was seen first"


class Call(NamedTuple):
    """A call as seen: in flight, or over since the last look."""

    number: int
    phase: str
    """waiting, held, returned, raised, conflict, cancelled, or what it did instead."""
    version: Version | None = None
    """What get() returned."""
    found: tuple[int, ...] | None = None
    """Of an update that returned: the updates that its function found."""

    def __str__(self) -> str:
        text = f"call {self.number} {self.phase}"
        if self.version is not None:
            text += f" {self.version}"
        if self.found is not None:
            text += f" (having found {', '.join(map(str, self.found)) or 'nothing'})"
        return text


class Hearing(NamedTuple):
    """What a listener was told since the last look."""

    listener: int
    versions: tuple[Version, ...]

    def __str__(self) -> str:
        return f"listener {self.listener} hears {', '.join(map(str, self.versions))}"


class Seen(NamedTuple):
    """Everything observable after a batch of events."""

    calls: tuple[Call, ...] = ()
    heard: tuple[Hearing, ...] = ()
    nested: tuple[tuple[int, str], ...] = ()
    """By listener, what became of the calls that it made: returned, waiting, or what they did instead."""
    reported: tuple[tuple[int, int], ...] = ()
    """Listeners and versions whose errors were reported."""
    altered: bool = False
    """Whether a snapshot reads otherwise than when it was taken, though nobody changed it."""
    order: str = ""
    """Why no order of the calls explains what they saw."""
    readers: str = ""
    """What readers suffered from one another, or a writer from them."""
    failed: str = ""
    """An error of add_listener() and its kin, where none may be."""
    plainly: bool = True
    """False of what no implementation can show: something is still under way."""

    def __str__(self) -> str:
        parts = [str(call) for call in self.calls] + [str(hearing) for hearing in self.heard]
        parts += [f"the call of listener {listener} {phase}" for listener, phase in self.nested]
        parts += [f"the error of listener {listener} at version {version} is reported" for listener, version in self.reported]
        parts += ["an earlier snapshot reads otherwise than before"] if self.altered else []
        return "; ".join(parts + [each for each in (self.order, self.readers, self.failed) if each]) or "nothing to see"


LIFELINES = {"call": "call {}".format, "Call.number": "call {}".format, "listener": "listener {}".format}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {
    event.__name__: event
    for event in (
        Update,
        UpdateEnds,
        UpdateIf,
        Get,
        Change,
        Cancel,
        AddListener,
        RemoveListener,
        ListenerEnds,
        BreakReports,
        Advance,
        SetWallClock,
        ReadTogether,
        UpdateAmongReaders,
    )
}
"""By name, for tokens that replay a history."""
