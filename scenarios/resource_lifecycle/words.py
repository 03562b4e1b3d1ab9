"""What the words in steps about resources mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

T = TypeVar("T")

MANNERS = {
    "fails to initialise half-way": "fails",
    "fails to initialise before it has opened anything": "declines",
    "takes its time to initialise": "slow",
    "fails to clean up": "unclean",
    "takes its time to clean up": "lingers",
}
"""What may be said of a resource, and its manner."""
LIMITS = {"initialise": "initialize_timeout", "clean up": "cleanup_timeout"}
AILMENTS = {"ill": "ill", "ill for good": "lost"}


def meaning(word: str, words: Mapping[str, T], what: str) -> T:
    """What a word stands for.

    Raises:
        LookupError: it is not among the known words; the nearest, or all.
    """
    if word in words:
        return words[word]
    near = get_close_matches(word, words, n=2, cutoff=0.6) or list(words)
    raise LookupError(f"{word!r} is no {what}; write {' or '.join(map(repr, near))}")


def manner_of(words: str) -> tuple[str, str]:
    """The manner of a resource of which something is said, and the ids of what it needs, separated by spaces."""
    if words.startswith("needs "):
        return "ok", " ".join(names_of(words.removeprefix("needs ")))
    return meaning(words, MANNERS, "thing that a resource is known to do, and none of 'needs ...' either"), ""


def names_of(words: str) -> list[str]:
    """The names in ``"A, B and C"``."""
    return re.split(r", | and ", words)
