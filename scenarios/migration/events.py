"""What is done to old and new; what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from patternproof.scenarios.service_interface.events import EVENTS as OF_SERVICES

SERVICE, BRIDGE, SWITCH, ERRORS = "legacy service", "event bridge", "state switch", "error conversion"
OLD, NEW = "old", "new"


@dataclass(frozen=True, slots=True)
class Given:
    """The settings of a history: what of a migration it is about."""

    about: str = BRIDGE


# The event bridge


@dataclass(frozen=True, slots=True)
class Act:
    """An action comes by a direct call; `unheard`: the bus refuses its event once."""

    call: int
    action: int
    how: str = ""

    @property
    def kind(self) -> str:
        return self.how

    def __str__(self) -> str:
        refused = ", whose event the bus will refuse" if self.how else ""
        return f"action {self.action} comes by direct call {self.call}{refused}"


@dataclass(frozen=True, slots=True)
class Come:
    """The event of an action comes, for the first time or again."""

    action: int

    kind: ClassVar[str] = "event"

    def __str__(self) -> str:
        return f"the event of action {self.action} comes"


@dataclass(frozen=True, slots=True)
class End:
    """The direct way ends with an action, which it is at or the next time that it is; `how` is ok or fails."""

    action: int
    how: str = "ok"

    @property
    def kind(self) -> str:
        return "" if self.how == "ok" else self.how

    def __str__(self) -> str:
        if self.how == "ok":
            return f"the direct way makes action {self.action} take effect"
        return f"the direct way fails with action {self.action}"


@dataclass(frozen=True, slots=True)
class CancelCall:
    """A direct call is cancelled by its caller."""

    call: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"direct call {self.call} is cancelled"


class Call(NamedTuple):
    """A direct call as seen: in flight, or over since the last look."""

    number: int
    phase: str
    """waits, returned, raised, cancelled, or what it did instead."""

    def __str__(self) -> str:
        return f"call {self.number} {_CALLS.get(self.phase, self.phase)}"


_CALLS = {
    "returned": "returns",
    "raised": "raises the error of what it was made over",
    "cancelled": "ends as cancelled",
}


class Bridged(NamedTuple):
    """Everything observable of a bridge after a batch of events."""

    calls: tuple[Call, ...] = ()
    effects: tuple[tuple[int, int], ...] = ()
    """Actions, and how often each has taken effect so far."""
    published: tuple[tuple[int, int], ...] = ()
    """Actions, and how often the bridge has published the event of each so far."""
    strange: str = ""
    """What else the bridge has done."""
    plainly: bool = True
    """False only in the model's own words: it can behave so, but not plainly."""

    def __str__(self) -> str:
        parts = [str(call) for call in self.calls]
        parts += [f"action {action} has taken effect {_times(count)}" for action, count in self.effects]
        parts += [f"the bridge has published action {action} {_times(count)}" for action, count in self.published]
        return "; ".join([*parts, *filter(None, [self.strange])]) or "nothing to see"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


# The state switch


@dataclass(frozen=True, slots=True)
class Update:
    """An update is begun, that adds its own number."""

    call: int

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"update {self.call} begins"


@dataclass(frozen=True, slots=True)
class Read:
    """A read is begun."""

    call: int

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"read {self.call} begins"


@dataclass(frozen=True, slots=True)
class CancelUse:
    """An update or a read is cancelled by its caller."""

    call: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"the call of {self.call} is cancelled"


@dataclass(frozen=True, slots=True)
class Turn:
    """The flag is turned: from the old store to the new one, or back."""

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return "the flag is turned"


@dataclass(frozen=True, slots=True)
class Stall:
    """The next call of a store, the old or the new one, will wait."""

    store: str

    kind: ClassVar[str] = "stall"

    def __str__(self) -> str:
        return f"the {self.store} store is slow with its next call"


@dataclass(frozen=True, slots=True)
class Resume:
    """A store goes on with the call that waits, if one does; `how` is ok or fails."""

    store: str
    how: str = "ok"

    @property
    def kind(self) -> str:
        return "stall" if self.how == "ok" else self.how

    def __str__(self) -> str:
        return f"the {self.store} store {'goes on' if self.how == 'ok' else 'fails'} with what waits"


@dataclass(frozen=True, slots=True)
class Inspect:
    """Somebody looks at what is in a store."""

    store: str

    kind: ClassVar[str] = "inspect"

    def __str__(self) -> str:
        return f"the {self.store} store is looked into"


class Use(NamedTuple):
    """An update or a read as seen: in flight, or over since the last look."""

    number: int
    phase: str
    """waits, returned, raised, cancelled, or what it did instead."""
    read: tuple[int, ...] = ()
    """What a read got: the numbers of updates, each as often as it was applied."""

    def __str__(self) -> str:
        got = f" with {_listed(self.read)}" if self.phase == "read" else ""
        return f"{self.number} {_USES.get(self.phase, self.phase)}{got}"


_USES = {
    "returned": "is acknowledged",
    "read": "returns",
    "raised": "raises the error of a store",
    "cancelled": "ends as cancelled",
}


def _listed(updates: tuple[int, ...]) -> str:
    return f"updates {', '.join(map(str, updates))}" if updates else "no update"


class Switched(NamedTuple):
    """Everything observable of a switch after a batch of events."""

    uses: tuple[Use, ...] = ()
    held: int = 0
    """Calls of stores that wait."""
    found: tuple[tuple[int, ...], ...] = ()
    """What was looked at in a store."""
    plainly: bool = True
    """As in `Bridged`."""

    def __str__(self) -> str:
        parts = [str(use) for use in self.uses] + [f"there: {_listed(each)}" for each in self.found]
        waiting = (
            [f"{self.held} call{'s' if self.held > 1 else ''} of a store wait{'s' if self.held == 1 else ''}"]
            if self.held
            else []
        )
        return "; ".join([*parts, *waiting]) or "nothing to see"


# The conversion of errors


@dataclass(frozen=True, slots=True)
class Convert:
    """An old error is converted; the call is its number in what follows."""

    call: int
    sample: str

    @property
    def kind(self) -> str:
        return KINDS.get(self.sample, "")

    def __str__(self) -> str:
        return f"error {self.call} ({SAMPLES[self.sample]}) is converted"


@dataclass(frozen=True, slots=True)
class Restore:
    """The new error that an old one has become is restored, and compared with the old one."""

    call: int

    kind: ClassVar[str] = "restore"

    def __str__(self) -> str:
        return f"error {self.call} is restored"


@dataclass(frozen=True, slots=True)
class RestoreNew:
    """A new error is restored that never was an old one: of a known kind, or of another."""

    sample: str

    kind: ClassVar[str] = "new"

    def __str__(self) -> str:
        return f"a new error that never was an old one, {NEW_SAMPLES[self.sample]}, is restored"


SAMPLES = {
    "plain": "of a known code",
    "twin": "of another known code",
    "odd code": "of a code that nobody knows",
    "detailed": "with more arguments",
    "subclass": "of a type that is derived from the old one",
    "caused": "with a cause",
    "cyclic": "whose cause has itself as its cause",
    "foreign": "of a type that nobody knows",
    "choosy": "of a type that is made of other arguments than it has",
    "mute": "whose text cannot be had",
    "frozen": "in which nothing can be set",
    "unhashable": "that cannot be a key",
    "group": "a group of old errors",
    "new": "a new one already",
    "interrupt": "a KeyboardInterrupt",
    "exit": "a SystemExit",
    "cancelled": "a cancellation",
    "base": "one of a type that is no Exception",
}
"""Old errors, and how each is described."""
KINDS = {
    **dict.fromkeys(("caused", "cyclic"), "cause"),
    **dict.fromkeys(("foreign", "choosy", "mute", "frozen", "unhashable"), "foreign"),
    "group": "group",
    "new": "new",
    **dict.fromkeys(("interrupt", "exit", "cancelled", "base"), "base"),
}
"""The kinds of those that are rarer."""
NEW_SAMPLES = {"known": "of a known kind", "unknown": "of a kind that nobody knows", "derived": "of a derived type, with a cause"}


class Converted(NamedTuple):
    """Everything observable of conversions after a batch of events."""

    found: tuple[str, ...] = ()
    """What is wrong with each conversion, in order; empty where nothing is."""
    told: str = ""
    """More of it, for people."""

    def __str__(self) -> str:
        parts = [each or "all is as it should be" for each in self.found]
        return "; ".join(parts + ([self.told] if self.told else [])) or "nothing to see"


LIFELINES = {
    "call": "call {}".format,
    "Call.number": "call {}".format,
    "Use.number": "call {}".format,
    "action": "action {}".format,
}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {
    event.__name__: event
    for event in (
        *OF_SERVICES.values(),
        Act,
        Come,
        End,
        CancelCall,
        Update,
        Read,
        CancelUse,
        Turn,
        Stall,
        Resume,
        Inspect,
        Convert,
        Restore,
        RestoreNew,
    )
}
"""By name, for tokens that replay a history; those of message services are what a legacy service is driven by."""
