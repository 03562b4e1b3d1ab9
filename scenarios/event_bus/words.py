"""What the words in steps about event buses mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from patternproof.ports.event_bus import OverflowPolicy

T = TypeVar("T")

TOPICS = {"state": "X", "resource": "Y"}
POLICIES: dict[str, OverflowPolicy] = {
    "lets publishers wait": "block",
    "drops the oldest": "drop_oldest",
    "drops the newest": "drop_newest",
    "disconnects who is full": "disconnect",
}


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
    """The names in ``"A, B and C"``."""
    return re.split(r", | and ", words)


def topics_of(words: str) -> str:
    """The topics in ``"state and resource"``, as a history has them."""
    return "".join(meaning(word, TOPICS, "topic") for word in names_of(words))


def policy_of(words: str) -> OverflowPolicy:
    """The overflow policy that ``"drops the oldest"`` and the like stand for."""
    return meaning(words, POLICIES, "way to go on where there is no room")


def told(got: Sequence[str]) -> str:
    """Events by number, or what else was got, for people."""
    return ", ".join(f"event {each}" if each.isdecimal() else each for each in got) or "nothing"
