"""What is done to connection pools, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import ClassVar, NamedTuple

ACQUIRE_TIMEOUT = 10.0
MAX_IDLE = 60.0
MAX_LIFETIME = 60.0
ADVANCES = (4.3, 11.0, 61.0)
"""Seconds; no sum of them meets a limit above, since at the very instant either side is right."""


def name_of(borrower: int) -> str:
    """What people call a borrower: A, B, and so on."""
    letter = ascii_uppercase[borrower % 26]
    return letter if borrower < 26 else f"{letter}{borrower // 26}"


class ConnectFailure(Exception):
    """The error of a connect() that fails."""


class BorrowerFailure(Exception):
    """The error with which a borrower leaves its scope."""


@dataclass(frozen=True, slots=True)
class Acquire:
    """A new borrower asks for a connection; the next number that is free."""

    borrower: int

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"{name_of(self.borrower)} acquires"


@dataclass(frozen=True, slots=True)
class Return:
    """A borrower leaves its scope."""

    borrower: int

    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"{name_of(self.borrower)} leaves its scope"


@dataclass(frozen=True, slots=True)
class LeaveWithError:
    """An error takes a borrower out of its scope."""

    borrower: int

    kind: ClassVar[str] = "error"

    def __str__(self) -> str:
        return f"an error takes {name_of(self.borrower)} out of its scope"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a borrower where it stands: waiting, holding, in a request or leaving."""

    borrower: int

    kind: ClassVar[str] = "cancel"

    def __str__(self) -> str:
        return f"{name_of(self.borrower)} is cancelled"


@dataclass(frozen=True, slots=True)
class ConnectEnds:
    """Let a connect() end: ok or error.

    `attempt` is its place among those that were in flight when all had last settled, the oldest being 0.
    """

    attempt: int
    how: str

    @property
    def kind(self) -> str:
        return "" if self.how == "ok" else "refusal"

    def __str__(self) -> str:
        which = "the connect under way" if self.attempt == 0 else f"the connect under way with {self.attempt} before it"
        return f"{which} {'succeeds' if self.how == 'ok' else 'fails'}"


@dataclass(frozen=True, slots=True)
class Connecting:
    """From now on each connect() is held, succeeds at once or fails at once: held, ok or error; at first each is held."""

    how: str

    kind: ClassVar[str] = "connecting"

    def __str__(self) -> str:
        words = {"held": "connecting takes its time", "ok": "connecting succeeds at once", "error": "connecting fails at once"}
        return f"from now on {words[self.how]}"


@dataclass(frozen=True, slots=True)
class Break:
    """A connection breaks."""

    connection: int

    kind: ClassVar[str] = "break"

    def __str__(self) -> str:
        return f"connection {self.connection} breaks"


@dataclass(frozen=True, slots=True)
class Advance:
    """Let time pass."""

    seconds: float

    @property
    def kind(self) -> str:
        return "short" if self.seconds < ACQUIRE_TIMEOUT else "time"

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
class SetState:
    """A borrower changes the session of its connection, as an open transaction does."""

    borrower: int

    kind: ClassVar[str] = "session"

    def __str__(self) -> str:
        return f"{name_of(self.borrower)} begins a transaction"


@dataclass(frozen=True, slots=True)
class Request:
    """A borrower sends a request, of which the reply is held."""

    borrower: int

    kind: ClassVar[str] = "request"

    def __str__(self) -> str:
        return f"{name_of(self.borrower)} sends a request"


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a borrower's request comes."""

    borrower: int

    kind: ClassVar[str] = "request"

    def __str__(self) -> str:
        return f"the reply to {name_of(self.borrower)} comes"


@dataclass(frozen=True, slots=True)
class Execute:
    """A borrower executes a statement of SQL; only with the claim ``transactional``, and unknown to the model."""

    borrower: int
    statement: str

    kind: ClassVar[str] = "sql"

    def __str__(self) -> str:
        return f"{name_of(self.borrower)} executes {self.statement!r}"


@dataclass(frozen=True, slots=True)
class UseAfterReturn:
    """A borrower sends a request over the handle that it has returned."""

    borrower: int

    kind: ClassVar[str] = "late"

    def __str__(self) -> str:
        return f"{name_of(self.borrower)} uses the handle that it has returned"


@dataclass(frozen=True, slots=True)
class ReturnTwice:
    """A borrower leaves its scope once more."""

    borrower: int

    kind: ClassVar[str] = "twice"

    def __str__(self) -> str:
        return f"{name_of(self.borrower)} leaves its scope a second time"


@dataclass(frozen=True, slots=True)
class HoldResets:
    """From now on each reset() is held until it is let go."""

    kind: ClassVar[str] = "reset"

    def __str__(self) -> str:
        return "from now on resets take their time"


@dataclass(frozen=True, slots=True)
class ResetEnds:
    """Let a reset() end: ok or error; `reset` counts as `ConnectEnds.attempt` does."""

    reset: int
    how: str

    kind: ClassVar[str] = "reset"

    def __str__(self) -> str:
        which = "the reset under way" if self.reset == 0 else f"the reset under way with {self.reset} before it"
        return f"{which} {'succeeds' if self.how == 'ok' else 'fails'}"


@dataclass(frozen=True, slots=True)
class Close:
    """Close the pool."""

    kind: ClassVar[str] = "close"

    def __str__(self) -> str:
        return "the pool is closed"


@dataclass(frozen=True, slots=True)
class ReadStatistics:
    """Read the statistics."""

    kind: ClassVar[str] = "read"

    def __str__(self) -> str:
        return "the statistics are read"


class Borrower(NamedTuple):
    """A borrower as seen: in flight, or over since the last look."""

    number: int
    phase: str
    """waiting, holding, requesting, returning, returned, cancelled, timed out, refused, failed, or what it did instead."""
    connection: int = 0
    """The number of the connection that it reaches; 0: none."""
    found: str = ""
    """What it found at its first request that it should not have."""

    def __str__(self) -> str:
        words = {"failed": "gets the error of connect()", "refused": "is told that the pool is closed"}
        held = f" connection {self.connection}" if self.phase == "holding" else ""
        over = f" over connection {self.connection}" if self.phase == "requesting" else ""
        found = f", and finds {self.found}" if self.found else ""
        return f"{name_of(self.number)} {words.get(self.phase, self.phase)}{held}{over}{found}"


class Counts(NamedTuple):
    """The statistics as read."""

    size: int
    idle: int
    in_use: int
    waiting: int

    def __str__(self) -> str:
        return f"statistics: size {self.size}, idle {self.idle}, in use {self.in_use}, waiting {self.waiting}"


class Seen(NamedTuple):
    """Everything observable after a batch of events."""

    borrowers: tuple[Borrower, ...] = ()
    open: tuple[int, ...] = ()
    """The connections that exist: made, neither broken nor closed."""
    attempts: int = 0
    """Runs of connect() in flight."""
    resets: int = 0
    """Runs of reset() that are held."""
    closing: str = ""
    """What close() is about: nothing, "waits", "over", or how it failed."""
    late: tuple[str, ...] = ()
    """What came of each use after return: "refused", or what it reached."""
    counts: tuple[Counts | str, ...] = ()
    """The statistics, or the error in place of them."""
    misuse: tuple[str, ...] = ()
    """What was done to the connections that no pool may do."""
    plainly: bool = True
    """False only in the model's own words: it can behave so, but not plainly."""

    def __str__(self) -> str:
        parts = [str(borrower) for borrower in self.borrowers]
        parts.append("open: " + (" and ".join(map(str, self.open)) or "none"))
        parts += [f"{self.attempts} connecting"] if self.attempts else []
        parts += [f"{self.resets} being reset"] if self.resets else []
        parts += [f"close() {'is ' if self.closing == 'over' else ''}{self.closing}"] if self.closing else []
        parts += [f"the use after return {how}" for how in self.late]
        return "; ".join([*parts, *map(str, self.counts), *self.misuse])


LIFELINES = {"borrower": name_of, "Borrower.number": name_of}
"""Whose line in a picture an event or what is seen belongs to: the first of these fields that it has."""

EVENTS = {
    event.__name__: event
    for event in (
        Acquire,
        Return,
        LeaveWithError,
        Cancel,
        ConnectEnds,
        Connecting,
        Break,
        Advance,
        SetWallClock,
        SetState,
        Request,
        Reply,
        UseAfterReturn,
        ReturnTwice,
        HoldResets,
        ResetEnds,
        Close,
        ReadStatistics,
    )
}
"""By name, for tokens that replay a history."""
