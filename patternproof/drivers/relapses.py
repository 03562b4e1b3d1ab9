"""Where an implementation has hung before."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FrameType

_PASSED_OVER = {"asyncio", "concurrent", "detangle", "frontrun", "queue", "threading"}
"""Modules through which right code runs as well."""
_hung: set[CodeType] = set()
"""The functions of implementations that hung in this process: it need not be proved again at such length."""


def remember(frame: FrameType | None) -> None:
    """Keep in mind the functions that stood on a stack when the implementation hung."""
    _hung.update(_own(frame))


def has_hung() -> bool:
    """Whether any function has hung so far."""
    return bool(_hung)


def is_relapse(frame: FrameType | None) -> bool:
    """Whether any function on a stack has hung before."""
    return bool(_hung) and not _hung.isdisjoint(_own(frame))


def _own(frame: FrameType | None) -> Iterator[CodeType]:
    """The functions of the implementation on a stack, from the innermost to the driver that called them."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("patternproof.drivers"):
            return
        if module.partition(".")[0] not in _PASSED_OVER:
            yield frame.f_code
        frame = frame.f_back
