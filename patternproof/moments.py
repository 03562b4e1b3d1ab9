"""Moments of a history as data, for pictures of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from patternproof.history import History

IN_FLIGHT = frozenset({"running", "holding", "requesting", "returning", "is inside", "waiting", "waits", "in flight"})
"""The phases of a call that is not over; whatever else it shows it shows once, at its end."""


class Mark(StrEnum):
    """What a picture has to tell apart of what was done."""

    CLOCK = "clock"
    CANCEL = "cancel"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Done:
    """An event."""

    text: str
    lifeline: str
    """Of the call, borrower or subscription that it concerns, as people call it; empty where it concerns none."""
    mark: Mark
    turns: int | None = None
    """Turns of the loop since the event before it in the same moment; None where it is the first, or where threads run freely."""


@dataclass(frozen=True, slots=True)
class Phase:
    """How far a call was seen to be."""

    lifeline: str
    text: str
    in_flight: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A moment: what was done, and what was seen once nothing moved any more."""

    done: tuple[Done, ...]
    seen: str
    phases: tuple[Phase, ...]


def steps(history: History) -> tuple[Step, ...]:
    """The moments of a history as data."""
    return tuple(Step(tuple(_done(moment.batch)), str(moment.seen), tuple(_phases(moment.seen))) for moment in history)


def _done(batch: Any) -> Iterator[Done]:
    turns = (None, *batch.turns) if batch.turns else (None,) * len(batch.events)
    for event, since in zip(batch.events, turns, strict=True):
        yield Done(str(event), lifeline(event), _mark(event), since)


def _mark(event: Any) -> Mark:
    if hasattr(event, "seconds"):
        return Mark.CLOCK
    return Mark.CANCEL if type(event).__name__.startswith("Cancel") else Mark.OTHER


def _phases(seen: Any) -> Iterator[Phase]:
    """Of all that was seen, the calls: whatever has a phase."""
    for part in seen if isinstance(seen, tuple) else ():
        for each in part if isinstance(part, tuple) else ():
            if hasattr(each, "phase"):
                name = lifeline(each)
                text = str(each).removeprefix(name).removeprefix(name.rpartition(" ")[2])
                yield Phase(name, text.strip(), each.phase in IN_FLIGHT)


def lifeline(thing: Any) -> str:
    """Whose line in a picture an event, or something seen, belongs to; ``LIFELINES`` of the module of its class says so."""
    kind = type(thing)
    named: Mapping[str, Callable[[Any], str]] = getattr(sys.modules[kind.__module__], "LIFELINES", {})
    for name, called in named.items():
        of, _, field = name.rpartition(".")
        if of in ("", kind.__name__) and hasattr(thing, field):
            return called(getattr(thing, field))
    return ""
