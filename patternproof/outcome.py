"""What one exercise of one requirement came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from patternproof.moments import Step


class Way(StrEnum):
    """The four ways to exercise a requirement."""

    FEATURE = "feature"
    MACHINE = "machine"
    INTERLEAVINGS = "interleavings"
    LOAD = "load"


class Status(StrEnum):
    """How one exercise ended; `patternproof.verdict` makes verdicts of these and of nothing else."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_OFFERED = "not offered"
    NOT_APPLICABLE = "not applicable"
    NOT_EXERCISED = "not exercised"
    UNAVAILABLE = "unavailable"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One exercise of one requirement in one way."""

    requirement: str
    way: Way
    status: Status
    message: str = ""
    """What was expected and seen, or why there is no verdict."""
    history: tuple[str, ...] = ()
    """The shortest history or schedule, one line a moment."""
    exercised: int = 0
    """In how many examples, histories or schedules the check had its premise."""
    replay: str = ""
    """The command that replays exactly this."""
    steps: tuple[Step, ...] = ()
    """The same history as data, where it is one."""


class Violation(AssertionError):
    """A requirement does not hold.

    Args:
        requirement: its id.
        message: what was expected and what was seen.
        history: the moments that led to it, one line each.
        steps: the same as data.
    """

    def __init__(self, requirement: str, message: str, history: Iterable[str] = (), steps: Iterable[Step] = ()) -> None:
        super().__init__(message)
        self.requirement = requirement
        self.message = message
        self.history = tuple(history)
        self.steps = tuple(steps)

    def __str__(self) -> str:
        return "\n".join([f"{self.requirement}: {self.message}", *self.history])


class NoVerdict(Exception):
    """An exercise that neither passed nor failed; `status` says how it is reported."""

    status = Status.NOT_EXERCISED


class NotOffered(NoVerdict):
    """The implementation has no such member, setting or factory."""

    status = Status.NOT_OFFERED


class NotApplicable(NoVerdict):
    """The driver cannot exercise this."""

    status = Status.NOT_APPLICABLE


class Unavailable(NoVerdict):
    """A server is missing."""

    status = Status.UNAVAILABLE


class PremiseMissing(NoVerdict):
    """The implementation never got to where the requirement speaks; another requirement failed on the way."""


class AdapterError(Exception):
    """The adapter, not the implementation, is at fault; what was expected, what was seen, what to do."""


class KitError(Exception):
    """The kit itself is at fault."""


@dataclass(slots=True)
class Recorder:
    """Which checks were reached with their premise true while it was current."""

    reached: dict[str, int] = field(default_factory=dict)

    def count(self, requirement: str, times: int = 1) -> None:
        self.reached[requirement] = self.reached.get(requirement, 0) + times


_current: ContextVar[Recorder | None] = ContextVar("patternproof_recorder", default=None)


@contextmanager
def recording() -> Iterator[Recorder]:
    """Make a new recorder current for a scope."""
    recorder = Recorder()
    token = _current.set(recorder)
    try:
        yield recorder
    finally:
        _current.reset(token)


def check(requirement: str, condition: object, message: str, history: Iterable[str] = ()) -> None:
    """Hold an implementation to a requirement.

    Args:
        requirement: id, such as ``"CB-07"``.
        condition: what must be true; a check that is reached counts as exercised, so make sure of its premise first.
        message: what was expected and what was seen.
        history: the moments that led here, one line each.

    Raises:
        Violation: the condition is false.
    """
    recorder = _current.get()
    if recorder is not None:
        recorder.count(requirement)
    if not condition:
        raise Violation(requirement, message, history)


def premise(condition: object, message: str) -> None:
    """Go on only where the situation that a requirement speaks of was reached.

    Raises:
        PremiseMissing: it was not; reported as not exercised, never as passed.
    """
    if not condition:
        raise PremiseMissing(message)
