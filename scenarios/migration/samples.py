"""Old errors and new ones, to be converted and restored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from patternproof.ports.error_propagation import ComponentError, Kind
from patternproof.ports.migration import LegacyCode, LegacyError

NOBODY_KNOWS = 9_731
"""A code that is none of the known ones."""


class LegacyTimeoutError(LegacyError):
    """A derived type, which is made of something else than its arguments."""

    def __init__(self, seconds: float) -> None:
        super().__init__(LegacyCode.DOWNSTREAM, f"no answer for {seconds:g} s", seconds)


class StrangerError(Exception):
    """A type that nobody knows."""


class ChoosyError(Exception):
    """A type that cannot be made of its arguments."""

    def __init__(self, *, number: int) -> None:
        super().__init__(number, f"choosy {number}")


class MuteError(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise ValueError("it has no text")


@dataclass(frozen=True)
class FrozenError(Exception):
    """An error in which nothing can be set."""

    number: int


@dataclass
class UnhashableError(Exception):
    """An error that equals others, and so has no hash."""

    number: int


class Interrupt(KeyboardInterrupt):
    """A KeyboardInterrupt of the kit's, and not of whoever sits at the keyboard."""


class BareError(BaseException):
    """A type that is no Exception."""


class DerivedError(ComponentError):
    """A derived new type."""


def _caused(number: int) -> BaseException:
    error = LegacyError(LegacyCode.FAILED, f"order {number} is being moved")
    error.__cause__ = OSError(f"disk {number} is full")
    return error


def _cyclic(number: int) -> BaseException:
    error, cause = LegacyError(LegacyCode.FAILED, f"order {number} waits for itself"), ValueError(f"circle {number}")
    error.__cause__, cause.__cause__ = cause, error
    return error


def _group(number: int) -> BaseException:
    members = [
        LegacyError(LegacyCode.NOT_FOUND, f"no order {number}"),
        LegacyError(LegacyCode.DENIED, f"order {number} is not yours"),
    ]
    return ExceptionGroup(f"several for order {number}", members)


def _component(kind: Kind | str, number: int, made: type[ComponentError] = ComponentError) -> ComponentError:
    return made(kind, f"Order {number} cannot be seen.", "orders", "read", str(number))


def old(sample: str, number: int) -> BaseException:
    """An old error, which differs in its words from those of other numbers."""
    made: dict[str, Callable[[], BaseException]] = {
        "plain": lambda: LegacyError(LegacyCode.NOT_FOUND, f"no order {number}"),
        "twin": lambda: LegacyError(LegacyCode.LOST, f"line {number} is lost"),
        "odd code": lambda: LegacyError(NOBODY_KNOWS + number, f"module {number} says no"),
        "detailed": lambda: LegacyError(LegacyCode.DENIED, f"order {number} is not yours", {"row": number}, "table 7"),
        "subclass": lambda: LegacyTimeoutError(10.0 + number),
        "caused": lambda: _caused(number),
        "cyclic": lambda: _cyclic(number),
        "foreign": lambda: StrangerError(f"stranger {number}", number),
        "choosy": lambda: ChoosyError(number=number),
        "mute": lambda: MuteError(number),
        "frozen": lambda: FrozenError(number),
        "unhashable": lambda: UnhashableError(number),
        "group": lambda: _group(number),
        "new": lambda: _component(Kind.PERMISSION_DENIED, number),
        "interrupt": lambda: Interrupt(f"key {number}"),
        "exit": lambda: SystemExit(3 + number),
        "cancelled": lambda: asyncio.CancelledError(f"by {number}"),
        "base": lambda: BareError(f"bare {number}"),
    }
    return made[sample]()


def new(sample: str) -> ComponentError:
    """A new error that never was an old one."""
    if sample == "known":
        return _component(Kind.PERMISSION_DENIED, 1)
    if sample == "unknown":
        return _component("quota_exceeded", 2)
    error = _component(Kind.DEPENDENCY_ERROR, 3, DerivedError)
    error.__cause__ = OSError("nobody answers")
    return error
