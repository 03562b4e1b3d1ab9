"""What the words in steps about replicas mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from patternproof.ports.state_sync import StateSyncSettings

from .events import CENTRE, REPLICAS
from .merging import Union

T = TypeVar("T")
STORE = "the store"
LINES = {
    "works again": "up",
    "is cut": "down",
    "loses replies": "deaf",
    "is slow": "slow",
    "breaks after one more call": "once",
}
"""What a line may do from now on."""
PHASES = {"succeeds": "returned", "fails": "failed", "ends as cancelled": "cancelled"}
"""How a sync may end."""
PARTS = {"pushed": (0,), "pulled": (1,), "merged": (2,), "in conflict": (3,), "merged or in conflict": (2, 3)}
"""What a sync may report of a key, as places in its result."""
ABILITIES = {
    "push every 10 s": r"push every (?P<sync_interval>[\d.]+) s",
    "retry 3 times, waiting 1 s at first and 4 s at most": (
        r"retry (?P<retries>\d+) times, waiting (?P<retry_delay>[\d.]+) s at first and (?P<retry_max>[\d.]+) s at most"
    ),
    "keep what both sides added": r"keep what both sides added",
}
"""What may be said of replicas, with its pattern."""


def meaning(word: str, words: Mapping[str, T], what: str) -> T:
    """What a word stands for.

    Raises:
        LookupError: it is not among the known words; the nearest, or all.
    """
    if word in words:
        return words[word]
    near = get_close_matches(word, words, n=2, cutoff=0.6) or list(words)
    raise LookupError(f"{word!r} is no {what}; write {' or '.join(map(repr, near))}")


def names_of(words: str) -> list[str]:
    """The names in ``"red, blue or green"`` or ``"A, B and the store"``."""
    return re.split(r", | and | or ", words)


def replica_of(name: str) -> int:
    """The number of a replica."""
    return meaning(name, {each: number for number, each in enumerate(REPLICAS)}, "replica")


def nodes_of(words: str) -> list[int]:
    """The numbers of replicas and of the store."""
    known = {**{each: number for number, each in enumerate(REPLICAS)}, STORE: CENTRE}
    return [meaning(name, known, "replica or store") for name in names_of(words)]


def settings_of(ability: str) -> StateSyncSettings:
    """The settings of replicas that ...; those of which nothing is said have their defaults.

    Raises:
        LookupError: something is said that no setting stands for.
    """
    for example, pattern in ABILITIES.items():
        found = re.fullmatch(pattern, ability)
        if found:
            return StateSyncSettings(**_values(example, found.groupdict()))
    near = get_close_matches(ability, ABILITIES, n=2, cutoff=0.5) or list(ABILITIES)
    raise LookupError(f"{ability!r} is nothing that replicas are known to do; write {' or '.join(map(repr, near))}")


def _values(example: str, found: dict[str, str]) -> dict[str, Any]:
    if example == "keep what both sides added":
        return {"merge": Union()}
    return {name: int(value) if name == "retries" else float(value) for name, value in found.items()}


def enumerated(words: Sequence[str]) -> str:
    """The opposite of `names_of`; nothing where there are none."""
    return " and ".join(words) or "nothing"
