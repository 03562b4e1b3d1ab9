"""Codes of all kinds, compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from patternproof.drivers import Pending, Raised
from patternproof.ports.error_propagation import ComponentError

from .reading import members, word

SAMPLES = ("not_found", "denied", "failed", "failure", "foreign")
"""How calls of the dependency end of which one error of each kind comes."""


def fault_of_codes(samples: Iterable[tuple[str, Pending | None]]) -> str:
    """What is wrong with the codes of errors; empty where nothing is.

    Args:
        samples: how the dependency's call ended, and the request that raised.
    """
    codes: dict[str, set[str]] = {}
    for _, pending in samples:
        error = _raised(pending)
        if error is not None:
            codes.setdefault(word(error.kind), set()).add("" if error.code is None else word(error.code))
    if any(len(each) > 1 for each in codes.values()):
        return "one kind has several codes"
    single = [next(iter(each)) for each in codes.values()]
    if "" in single:
        return "a kind has no code"
    return "several kinds share a code" if len(set(single)) < len(single) else ""


def _raised(pending: Any) -> ComponentError | None:
    found = members(pending.outcome.error) if pending is not None and isinstance(pending.outcome, Raised) else []
    return found[0] if found else None
