"""What the words in steps about message services mean."""

from __future__ import annotations

import re

PHASES = {
    "waits": "waits",
    "gets its response": "answered",
    "gets a typed error with the fault of the peer": "fault",
    "gets a typed error with that of the transport": "refused",
    "gets a typed error, as its deadline has come": "timeout",
    "ends as cancelled": "cancelled",
}
"""What becomes of a request."""


def names_of(words: str) -> list[str]:
    """The names in ``"A, B and C"``."""
    return re.split(r", | and ", words)


def numbers_of(words: str) -> list[int]:
    """The numbers in ``"1, 2 and 3"``.

    Raises:
        LookupError: one is none.
    """
    names = names_of(words)
    if not all(name.isdecimal() for name in names):
        raise LookupError(f"{words!r}: expected numbers, such as '1, 2 and 3'")
    return list(map(int, names))
