"""The events that the kit publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from patternproof.history import shown
from patternproof.ports.event_bus import EVENTS, Event, Topic

from .state import CHANGED

TOPIC_OF = {"X": Topic.STATE, "Y": Topic.RESOURCE}
HARD: dict[str, Any] = {
    "": {},
    "nothing": None,
    "truth": [True, False],
    "numbers": [0, -1, 2**53 + 1, 2**64, -(10**40), 0.1, -1.5e300, 5e-324],
    "text": ["", "\x00\x1f\x7f", '"\\/', "\u00e9 e\u0301", "\ufeff\u2028", "\U0001f600", "a" * 2000],
    "b\u00e4r \U0001f43b": [[[]], {"a": {"b": [{}]}}],
}
"""Data that has gone wrong on wires: big integers, tiny floats, controls, combining marks, emoji, empty keys, nested nothing."""


def sample(number: int, topic: str = "X", special: bool = False) -> Event:
    """An event of a number; `special` ones have data that is hard on a wire."""
    kind = EVENTS[TOPIC_OF[topic]]
    data = {"number": number, "nested": {"list": [number]}, **(HARD if special else {})}
    return kind(f"event {number}", data)  # type: ignore[call-arg]  # of these two topics: a name, and data


def labelled(event: Any, samples: Mapping[int, Event]) -> str:
    """The number of an event that is one of the samples; of one that is nearly so, how it is; or what else it is."""
    for number, wanted in samples.items():
        if isinstance(event, type(wanted)) and all(
            getattr(event, field.name, None) == getattr(wanted, field.name)
            for field in fields(wanted)  # type: ignore[arg-type]  # each kind of events is a dataclass
        ):
            return str(number)
    name = next((getattr(event, field.name, None) for field in fields(event)), None) if _is_dataclass(event) else None
    for number in samples:
        if name == f"event {number}":
            return f"{number}{CHANGED}: {shown(event)}"
    changed = [number for number in samples if isinstance(event, Event)]
    if len(changed) == 1:
        return f"{changed[0]}{CHANGED}: {shown(event)}"
    return f"gets something else: {shown(event)}"


def _is_dataclass(event: Any) -> bool:
    return hasattr(event, "__dataclass_fields__")
