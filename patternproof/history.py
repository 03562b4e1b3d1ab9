"""What was done to an implementation and what was seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

_NUMBER = re.compile(r"\bcall \d+")
"""The name that a driver gives to a call; it counts the making of the implementation too."""


class Event(Hashable, Protocol):
    """One thing that the kit does to an implementation; ``str(event)`` is how people read it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that happen without a settling between them.

    `turns` holds, for each event after the first, how many turns of the loop pass before it; it is empty for a single event, and
    for the events of threads that run side by side.
    """

    events: tuple[Any, ...]
    turns: tuple[int, ...] = ()

    def __str__(self) -> str:
        if not self.turns:
            return "; ".join(map(str, self.events))
        parts = [str(self.events[0])]
        for event, turns in zip(self.events[1:], self.turns, strict=True):
            parts.append({0: "in the same turn, ", 1: "one turn later, "}.get(turns, f"{turns} turns later, ") + str(event))
        return "; ".join(parts)


def alone(event: Any) -> Batch:
    """A batch of one event."""
    return Batch((event,))


@dataclass(slots=True)
class Moment:
    """A batch and everything observable once all had settled."""

    batch: Batch
    seen: Any


@dataclass(frozen=True, slots=True)
class Hung:
    """Seen in place of everything observable: the implementation gave control back no more."""

    message: str

    def __str__(self) -> str:
        return f"hangs: {self.message}"


@dataclass(slots=True)
class History:
    """The settings that an implementation was made with, and the moments since."""

    settings: Any
    moments: list[Moment] = field(default_factory=list)
    stacks: Callable[[], list[str]] = field(default=list, repr=False, compare=False)
    """Where the tasks or threads stand that wait for something else than the kit, while the example is not over."""

    def __iter__(self) -> Iterator[Moment]:
        return iter(self.moments)

    def __len__(self) -> int:
        return len(self.moments)

    def add(self, batch: Batch, seen: Any) -> None:
        """Append a moment."""
        self.moments.append(Moment(batch, seen))

    def lines(self) -> list[str]:
        """One line for each moment, for people."""
        first = f"given {differing(self.settings)}"
        moments = (f"{number}. {moment.batch}  ->  {moment.seen}" for number, moment in enumerate(self.moments, 1))
        return [first, *moments, *self.waiting()]

    def waiting(self) -> list[str]:
        """What of the implementation waits now for something else than the kit, and where; one line each."""
        return [f"waiting: {_NUMBER.sub('call', stack)}" for stack in self.stacks()]


def shown(value: Any, most: int = 120) -> str:
    """The repr of a value of the implementation, without addresses, so that two runs read the same; at most `most` characters."""
    try:
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    except Exception as error:  # noqa: BLE001  # a repr of the implementation's may do anything
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return text if len(text) <= most else text[: most - 3] + "..."


def differing(settings: Any) -> str:
    """The settings that differ from their defaults, as ``name=value``."""
    fields: Sequence[str] = list(getattr(settings, "__dataclass_fields__", {}))
    shown = [
        f"{name}={_short(getattr(settings, name))}"
        for name in fields
        if getattr(settings, name) != getattr(type(settings)(), name)
    ]
    return ", ".join(shown) or "the default settings"


def _short(value: Any) -> str:
    """The repr of a setting, with classes by their names alone."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_short, value))}{',' if len(value) == 1 else ''})"
    return value.__name__ if isinstance(value, type) else repr(value)
