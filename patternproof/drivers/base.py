"""The interface of drivers, and what passes through it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Returned:
    """The call returned `value`."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised `error`."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The call ended as cancelled, because the kit cancelled it."""


Outcome = Returned | Raised | Cancelled


def deliver(outcome: Outcome) -> Any:
    """Return or raise what an outcome says."""
    if isinstance(outcome, Raised):
        raise outcome.error
    return outcome.value if isinstance(outcome, Returned) else None


class Hang(BaseException):
    """The implementation spins or stands still where it must not.

    Not an Exception, so that neither an implementation nor Hypothesis takes it for an ordinary failure.

    Args:
        message: what hangs.
        stacks: where each blocked task or thread stands, one line each.
    """

    def __init__(self, message: str, stacks: list[str] | None = None) -> None:
        super().__init__(message)
        self.stacks = stacks or []

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {line}" for line in self.stacks)])


class Pending:
    """A call in flight; `outcome` is None until it is over."""

    __slots__ = ("handle", "outcome")

    def __init__(self) -> None:
        self.outcome: Outcome | None = None
        self.handle: Any = None

    def __repr__(self) -> str:
        return f"<Pending {self.outcome or 'in flight'}>"


class Operation:
    """What is passed into an implementation: it returns, raises, or is held until released; it counts its runs.

    Args:
        driver: the driver that holds it.
        preset: the outcome of every run; None holds each run until `release`.
    """

    def __init__(self, driver: Driver, preset: Outcome | None = None) -> None:
        self.runs = 0
        self.held: deque[Any] = deque()
        self.preset = preset
        self._driver = driver
        self.function: Callable[[], Any] = driver.callable(self)
        """The coroutine function, or under threads the plain function, that the implementation is given."""

    def release(self, outcome: Outcome) -> None:
        """Let the run that has been held longest end with `outcome`; the next runs wait for their own release.

        Raises:
            LookupError: no run is held.
        """
        if not self.held:
            raise LookupError(f"no run of this operation is held (runs so far: {self.runs})")
        self._driver.free(self.held.popleft(), outcome)


class Driver(ABC):
    """How the kit holds an implementation; a context manager, one for each example.

    Durations are the example's own seconds: a driver in real time scales them.
    """

    name: str
    can_cancel = True
    """Whether a call can be cancelled at the point where it stands."""
    holds = True
    """Whether operations can be held; otherwise each ends, as it was preset to, within the call that runs it."""
    has_turns = False
    """Whether events can share a turn of the loop, or be a counted number of turns apart."""
    moves_clocks = True
    """Whether the wall clock and the monotonic clock can be moved apart from each other."""
    scale = 1.0
    """Real seconds in a second of the example, for the settings that an implementation is made with."""

    tasks = False
    """Whether calls are tasks of a loop, so that functions which are handed in are coroutine functions."""
    shares_objects = True
    """Whether what an implementation hands out is its own, and no copy of it."""
    patience = 0
    """How often to settle again for an answer that is still to come: one from outside may take longer than most."""

    @property
    def ahead(self) -> float:
        """Seconds of the example that have gone by beyond those that it let pass; none in virtual time."""
        return 0.0

    @abstractmethod
    def callable(self, operation: Operation) -> Callable[[], Any]:
        """A function, in the flavour of the implementation, that runs the operation."""

    @abstractmethod
    def free(self, held: Any, outcome: Outcome) -> None:
        """End a held run."""

    @abstractmethod
    def begin(self, call: Callable[[], Any]) -> Pending:
        """Begin ``call()``, a coroutine function or under threads a plain one, without waiting for anything."""

    @abstractmethod
    def now(self, function: Callable[[], Any]) -> Any:
        """Call a plain function of the implementation where its own code runs, and return what it returns."""

    @abstractmethod
    def cancel(self, pending: Pending) -> None:
        """Ask for the cancellation of a call at the point where it stands."""

    @abstractmethod
    def settle(self) -> None:
        """Run until nothing can move without a release, a cancel or time.

        Raises:
            Hang: the implementation spins.
        """

    @abstractmethod
    def pass_time(self, seconds: float) -> None:
        """Let time pass, timers firing in order, without settling after the last."""

    def pass_until(self, seconds: float, enough: Callable[[], bool]) -> float:
        """Let time pass until it is enough after a timer has fired, where it is virtual; the seconds that are left."""
        self.pass_time(seconds)
        return 0.0

    @abstractmethod
    def move_wall_clock(self, seconds: float) -> None:
        """Set the wall clock forward or back, and leave the monotonic one alone."""

    @abstractmethod
    def time(self) -> float:
        """The monotonic time of the example, in its own seconds."""

    def watch(self) -> AbstractContextManager[None]:
        """A scope in which code of the implementation may run for a limited real time."""
        return nullcontext()

    def turn(self, count: int = 1) -> None:
        """Let that many turns of the loop pass; only where `has_turns`."""
        raise NotImplementedError(f"the {self.name} driver has no turns")

    def forget(self) -> None:
        """Let go of what is over, so that whatever still stands is held on to by the implementation."""
        return  # most hold on to nothing

    def start(self, call: Callable[[], Any]) -> Pending:
        """Begin a call and go on until nothing can move by itself."""
        pending = self.begin(call)
        self.settle()
        return pending

    def advance(self, seconds: float) -> None:
        """Let time pass and settle."""
        self.pass_time(seconds)
        self.settle()

    def complete(self, call: Callable[[], Any]) -> Any:
        """Run a call that nothing holds to its end, and return or raise what it did.

        Raises:
            Hang: it did not end.
        """
        pending = self.start(call)
        if pending.outcome is None:
            raise Hang("a call that nothing holds did not end", self.stacks())
        return deliver(pending.outcome)

    def stacks(self) -> list[str]:
        """Where each task or thread of the implementation stands, one line each."""
        return []

    def waiting(self) -> list[str]:
        """Of these the ones that wait for something else than what the kit holds."""
        return []

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...
