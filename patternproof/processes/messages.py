"""What passes between the kit and its neighbour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Placeholder(Enum):
    """What stands for an argument that stays with the kit."""

    OPERATION = "an operation of the kit's"


@dataclass(frozen=True, slots=True)
class MadeThere:
    """What stands for an argument that the other process makes for itself.

    Args:
        function: makes it, given the driver over there; a module's own, since it is sent by name.
    """

    function: Callable[[Any], Any]


# From the kit. The first three are answered by one `Answer`, in order.


@dataclass(frozen=True, slots=True)
class Make:
    """Make an implementation."""

    number: int
    pattern: str
    arguments: tuple[Any, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """The servers that the kit has, as environment variables."""


@dataclass(frozen=True, slots=True)
class Read:
    """Read an attribute."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Close:
    """Clean an implementation up, and end its calls; or let go of what a call returned."""

    number: int


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a call of a method; an operation of the kit's is a placeholder among the arguments."""

    call: int
    number: int
    method: str
    arguments: tuple[Any, ...] = ()
    keep: int | None = None
    """The number that what it returns is to have, where that stays over there."""


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
    arguments: tuple[Any, ...] = ()


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
