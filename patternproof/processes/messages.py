"""What passes between the kit and its neighbour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# From the kit. The first three are answered by one `Answer`, in order.


@dataclass(frozen=True, slots=True)
class Make:
    """Make an implementation."""

    number: int
    pattern: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """Read an attribute."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Close:
    """Clean an implementation up, and end its calls."""

    number: int


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a call of a method that takes an operation."""

    call: int
    number: int
    method: str


@dataclass(frozen=True, slots=True)
class Operated:
    """A run of an operation has returned, or raised this error."""

    run: int
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a call where it stands."""

    call: int


# From the neighbour.


@dataclass(frozen=True, slots=True)
class Answer:
    """The value asked for, or why there is none."""

    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The implementation runs the operation of a call; `run` is a number that no other run has."""

    call: int
    run: int


@dataclass(frozen=True, slots=True)
class Abandon:
    """The implementation has cancelled a run."""

    run: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A call is over.

    Either with what its operation gave in a run, the very object; or it was cancelled; or with a value or an error of the
    implementation's own.
    """

    call: int
    run: int | None = None
    cancelled: bool = False
    value: Any = None
    error: BaseException | None = None
