"""What evidence says of a requirement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


class Said(NamedTuple):
    """What evidence says of one requirement."""

    requirement: str
    times: int
    """How often it could have been broken; 0: nothing is said."""
    message: str = ""
    """How it is broken: what was expected and what was seen; empty: it holds."""
    evidence: tuple[str, ...] = ()
    """The pieces of work that show it, in order, one line each."""


class Broken(Exception):
    """Raised inside a judgement by the first evidence against a requirement.

    Args:
        message: what was expected and what was seen.
        evidence: the pieces of work that show it.
    """

    def __init__(self, message: str, evidence: Iterable[Any] = ()) -> None:
        super().__init__(message)
        self.evidence = tuple(map(str, evidence))


def said(requirement: str, checks: Iterator[int]) -> Said:
    """What checks say of a requirement: each yields how often it could have been broken, or raises `Broken`."""
    times = 0
    try:
        for each in checks:
            times += each
    except Broken as broken:
        return Said(requirement, times + 1, str(broken), broken.evidence)
    return Said(requirement, times)
