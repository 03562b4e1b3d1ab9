"""What the words in steps about connection pools mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from patternproof.ports.connection_pool import ConnectionPoolSettings

T = TypeVar("T")

ABILITIES = {
    "waits at most 10 s for a connection": ("acquire_timeout", r"waits at most ([\d.]+) s for a connection"),
    "keeps a connection idle for at most 60 s": ("max_idle", r"keeps a connection idle for at most ([\d.]+) s"),
    "keeps a connection for at most 60 s": ("max_lifetime", r"keeps a connection for at most ([\d.]+) s"),
    "keeps at least 1 connection ready": ("min_size", r"keeps at least (\d+) connections? ready"),
}
"""What may be said of a pool: the setting that it stands for, and its pattern; joined by commas and ``and``."""


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


def settings_of(count: int, abilities: str) -> ConnectionPoolSettings:
    """The settings of a pool of at most that many connections that ...; those of which nothing is said have their defaults.

    Raises:
        LookupError: something is said that no setting stands for.
    """
    changes: dict[str, Any] = {}
    for ability in re.split(r", and |, | and ", abilities) if abilities else ():
        changes.update(_setting(ability))
    return ConnectionPoolSettings(max_size=count, **changes)


def _setting(ability: str) -> dict[str, Any]:
    for name, pattern in ABILITIES.values():
        found = re.fullmatch(pattern, ability)
        if found:
            return {name: int(found[1]) if name == "min_size" else float(found[1])}
    name, _ = meaning(ability, ABILITIES, "thing that a pool is known to do")
    raise LookupError(f"{ability!r} says no number for {name}")
