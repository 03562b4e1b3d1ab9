"""What is done to replicas, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

REPLICAS = ("A", "B", "C")
KEYS = ("x", "y")
CENTRE = len(REPLICAS)
"""The number of the centre, after those of the replicas."""
SYNC_INTERVAL = 10.0
ADVANCES = (4.0, 11.0)
"""Seconds; no sum of them meets SYNC_INTERVAL, since at the very instant either side is right."""
LONG = 61.0
"""Seconds after which every retry that the settings ask for is over."""
MODES = {
    "up": "works again",
    "down": "is cut: requests are lost",
    "deaf": "loses replies",
    "slow": "is slow: requests and replies wait",
    "once": "breaks after one more call",
}


@dataclass(frozen=True, slots=True)
class Write:
    """Set a key at a replica to a value that no other write has; the next number that is free."""

    replica: int
    key: int
    number: int

    @property
    def kind(self) -> str:
        return joined("third" * (self.replica == 2), "key" * (self.key == 1))

    def __str__(self) -> str:
        return f"{REPLICAS[self.replica]} writes {token(self.replica, self.number)} to {KEYS[self.key]}"


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a key at a replica; numbered as a write."""

    replica: int
    key: int
    number: int

    kind: ClassVar[str] = "delete"

    def __str__(self) -> str:
        return f"{REPLICAS[self.replica]} deletes {KEYS[self.key]}"


@dataclass(frozen=True, slots=True)
class Sync:
    """Begin a sync() of a replica; the next number that is free."""

    number: int
    replica: int

    @property
    def kind(self) -> str:
        return "third" if self.replica == 2 else ""

    def __str__(self) -> str:
        return f"sync {self.number} of {REPLICAS[self.replica]} begins"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a sync() in flight."""

    number: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"sync {self.number} is cancelled"


@dataclass(frozen=True, slots=True)
class Line:
    """Change the way between a replica and the centre; what waits on a slow one goes on, as far as the new one lets it."""

    replica: int
    mode: str

    @property
    def kind(self) -> str:
        return {"up": "", "slow": "hold", "down": "line"}.get(self.mode, self.mode) if self.replica == 0 else "other line"

    def __str__(self) -> str:
        return f"the line of {REPLICAS[self.replica]} {MODES[self.mode]}"


@dataclass(frozen=True, slots=True)
class LetThrough:
    """Let the requests and replies through that wait on the line of a replica; it stays slow."""

    replica: int

    @property
    def kind(self) -> str:
        return "other line" if self.replica else "hold"

    def __str__(self) -> str:
        return f"what waits on the line of {REPLICAS[self.replica]} goes through"


@dataclass(frozen=True, slots=True)
class DeliverAgain:
    """Deliver every request that a replica ever sent once more, the latest first."""

    replica: int

    kind: ClassVar[str] = "again"

    def __str__(self) -> str:
        return f"all that {REPLICAS[self.replica]} ever sent is delivered again, the latest first"


@dataclass(frozen=True, slots=True)
class Advance:
    """Let time pass."""

    seconds: float

    @property
    def kind(self) -> str:
        return "" if self.seconds > SYNC_INTERVAL else "short"

    def __str__(self) -> str:
        return f"{self.seconds:g} s pass"


@dataclass(frozen=True, slots=True)
class SetWallClock:
    """Set the wall clock forward or back; no time passes."""

    seconds: float

    @property
    def kind(self) -> str:
        return "wall" if self.seconds < 0.0 else "wall forward"

    def __str__(self) -> str:
        return f"the wall clock is set {'forward' if self.seconds > 0 else 'back'} by {abs(self.seconds):g} s"


@dataclass(frozen=True, slots=True)
class SetChance:
    """From now on the injected source of randomness always gives this number."""

    value: float

    @property
    def kind(self) -> str:
        return "chance" if self.value > 0.5 else "other chance"

    def __str__(self) -> str:
        return f"chance gives {self.value:g} from now on"


@dataclass(frozen=True, slots=True)
class Try:
    """An experiment on new replicas beside the others: contest, order, volume."""

    what: str

    kind: ClassVar[str] = "experiment"

    def __str__(self) -> str:
        words = {
            "contest": "two new replicas write the same key and sync, in either order",
            "order": "three new replicas write the same key and sync, in every order, and once more",
            "volume": "new replicas sync one change of a small state and of a large one",
        }
        return words[self.what]


class SyncSeen(NamedTuple):
    """A sync() as seen: in flight, or over since the last look."""

    number: int
    phase: str
    """in flight, stands still (with nothing that holds it), returned, failed, cancelled, or what it did instead."""
    result: tuple[tuple[str, ...], ...] | None = None
    """The keys of pushed, pulled, merged and conflicts."""
    waits: tuple[float, ...] = ()
    """Seconds between one attempt and the next."""
    repeats: bool = False
    """Whether it waited exactly as one before it did, with another number from the source of randomness."""

    def __str__(self) -> str:
        told = f"sync {self.number} {self.phase}"
        if self.result is not None:
            names = ("pushed", "pulled", "merged", "in conflict")
            parts = [f"{name} {'+'.join(keys)}" for name, keys in zip(names, self.result, strict=True) if keys]
            told += f" ({', '.join(parts) or 'nothing to report'})"
        if self.waits:
            told += f" after waiting {', '.join(f'{seconds:g}' for seconds in self.waits)} s"
        return told + " as before" * self.repeats


View = tuple[tuple[str, ...] | str, ...]
"""For each key the values seen, sorted; empty where it is not there; a text where it is anything else."""


class Seen(NamedTuple):
    """Everything observable after a batch of events."""

    views: tuple[View, ...] = ()
    """Of each replica, and of the centre."""
    syncs: tuple[SyncSeen, ...] = ()
    advanced: tuple[int, ...] = ()
    """Replicas whose last_sync has changed."""
    found: str = ""
    """What came of an experiment, where anything did."""
    failed: str = ""
    """An error of writing, deleting or reading, or a wait, where none may be."""

    def __str__(self) -> str:
        parts = [str(sync) for sync in self.syncs]
        parts += [f"last_sync of {REPLICAS[number]} changed" for number in self.advanced]
        names = (*REPLICAS, "the store")
        parts += [f"{name} has {shown_view(view)}" for name, view in zip(names, self.views, strict=False) if any(view)]
        return "; ".join(parts + [self.found] * bool(self.found) + [self.failed] * bool(self.failed)) or "nothing to see"


def shown_view(view: View) -> str:
    """A view for people."""
    parts = [
        f"{key}={value if isinstance(value, str) else '+'.join(value)}" for key, value in zip(KEYS, view, strict=True) if value
    ]
    return ", ".join(parts) or "nothing"


def token(replica: int, number: int) -> str:
    """The value of a write."""
    return f"{REPLICAS[replica].lower()}{number}"


def joined(*kinds: str) -> str:
    """The first kind that is any."""
    return next(filter(None, kinds), "")


_ALL: tuple[type[Any], ...] = (
    Write,
    Delete,
    Sync,
    Cancel,
    Line,
    LetThrough,
    DeliverAgain,
    Advance,
    SetWallClock,
    SetChance,
    Try,
)
LIFELINES = {
    "Sync.number": "sync {}".format,
    "Cancel.number": "sync {}".format,
    "SyncSeen.number": "sync {}".format,
    "replica": REPLICAS.__getitem__,
}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {event.__name__: event for event in _ALL}
"""By name, for tokens that replay a history."""
