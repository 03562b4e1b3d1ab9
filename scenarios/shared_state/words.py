"""What the words in steps about shared states mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

T = TypeVar("T")

MANNERS = {
    "takes its time": "slow",
    "fails": "failing",
    "reads the state": "reading",
    "updates the state once": "updating",
    "changes what it is told": "changing",
}
"""What may be said of a listener, and its kind."""


def meaning(word: str, words: Mapping[str, T], what: str) -> T:
    """What a word stands for.

    Raises:
        LookupError: it is not among the known words; the nearest, or all.
    """
    if word in words:
        return words[word]
    near = get_close_matches(word, words, n=2, cutoff=0.6) or list(words)
    raise LookupError(f"{word!r} is no {what}; write {' or '.join(map(repr, near))}")


def kind_of(manner: str) -> str:
    """The kind of a listener of which something is said."""
    return meaning(manner, MANNERS, "thing that a listener is known to do")


def names_of(words: str) -> list[str]:
    """The names in ``"A, B and C"``."""
    return re.split(r", | and ", words)


def numbers_of(words: str) -> list[int]:
    """The numbers in ``"1, 2 and 3"``.

    Raises:
        LookupError: one is no number.
    """
    names = names_of(words)
    wrong = [name for name in names if not name.isdecimal()]
    if wrong:
        raise LookupError(f"{wrong[0]!r} is no number of a version; write '1, 2 and 3' or the like")
    return [int(name) for name in names]
