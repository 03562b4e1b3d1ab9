"""Whether an error has become what it should."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from patternproof.history import shown
from patternproof.ports.error_propagation import ComponentError, beneath
from patternproof.ports.migration import LegacyError

from .deviations import ARGUMENTS, CAUSE, CHANGED, CODE, LOST, MIXED, NOT_NEW, NOT_RESTORED, TEXT, TYPE

Fault = tuple[str, str]
"""What is wrong, and more of it for people; two empty texts where nothing is."""
FINE: Fault = ("", "")
MOST_CAUSES = 20


class Before:
    """What an error was like before anything was done with it.

    Args:
        error: it.
    """

    def __init__(self, error: BaseException) -> None:
        self._error = error
        self._was = self._looks()

    def _looks(self) -> tuple[Any, ...]:
        error = self._error
        return type(error), error.args, error.__cause__, {**vars(error)}, text_of(error)

    @property
    def unchanged(self) -> bool:
        """Whether it is like that still."""
        return all(one is two or one == two for one, two in zip(self._was, self._looks(), strict=True))


def text_of(error: BaseException) -> str | None:
    """The text of an error; None where it cannot be had."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # an error may do anything there
        return None


def converted(before: Before, error: BaseException, new: Any) -> Fault:
    """What is wrong with what an old error was converted to."""
    if not _is_new(new) and not (new is error and not isinstance(error, Exception)):
        return NOT_NEW, f"it became {shown(new)}"
    if error.__cause__ is not None and not _reaches(new, error.__cause__):
        return LOST, f"{shown(error.__cause__)} is not reached from {shown(new)}"
    return FINE if before.unchanged else (CHANGED, shown(error))


def _is_new(error: Any) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_new, error.exceptions))
    return isinstance(error, ComponentError)


def _reaches(error: BaseException, wanted: BaseException) -> bool:
    return any(each is wanted for each in beneath(error))


def restored(error: BaseException, back: Any, others: Iterable[BaseException]) -> Fault:
    """What is wrong with what a new error was restored to.

    Args:
        error: the old error that it once was.
        back: what it was restored to.
        others: the other old errors.
    """
    if back is error:
        return FINE
    if not isinstance(back, BaseException):
        return NOT_RESTORED, f"it became {shown(back)}"
    if any(back is each or (back.args == each.args and back.args != error.args) for each in others):
        return MIXED, f"it became {shown(back)}"
    fault = _difference(error, back, 0)
    return (fault, f"it became {shown(back)}") if fault else FINE


def _difference(one: BaseException, two: BaseException, depth: int) -> str:
    """In what two errors differ, looking into their causes as well; empty where they do not."""
    if one is two or depth > MOST_CAUSES:
        return ""
    if not isinstance(two, type(one)):
        return TYPE
    if getattr(one, "code", None) != getattr(two, "code", None):
        return CODE
    if text_of(one) != text_of(two):
        return TEXT
    if not _same_arguments(one, two, depth):
        return ARGUMENTS
    return "" if _same_cause(one.__cause__, two.__cause__, depth) else CAUSE


def _same_arguments(one: BaseException, two: BaseException, depth: int) -> bool:
    if isinstance(one, BaseExceptionGroup) and isinstance(two, BaseExceptionGroup):
        pairs = list(zip(one.exceptions, two.exceptions, strict=False))
        alike = all(not _difference(mine, yours, depth + 1) for mine, yours in pairs)
        return alike and len(one.exceptions) == len(two.exceptions)
    return bool(one.args == two.args)


def _same_cause(one: BaseException | None, two: BaseException | None, depth: int) -> bool:
    if one is None or two is None:
        return one is two
    return not _difference(one, two, depth + 1)


def restored_new(new: ComponentError, back: Any) -> Fault:
    """What is wrong with what a new error was restored to that never was an old one."""
    told = f"it became {shown(back)}"
    if not isinstance(back, BaseException):
        return NOT_RESTORED, told
    if not isinstance(back, LegacyError):
        return TYPE, told
    if new.__cause__ is not None and not _reaches(back, new.__cause__):
        return CAUSE, told
    return FINE
