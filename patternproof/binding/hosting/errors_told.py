"""Errors told with all that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from patternproof.binding.errors import Errors
from patternproof.binding.messages.common import Known, Layer, ToldError
from patternproof.binding.values import plain
from patternproof.ports.error_propagation import ComponentError
from patternproof.ports.service_interface import ServiceError

MOST = 200
"""Errors that one is told to come from."""


class Teller:
    """Tells of errors, and knows them again.

    Args:
        errors: those of the kit's.
    """

    def __init__(self, errors: Errors) -> None:
        self._errors = errors
        self._named: dict[str, BaseException] = {}
        self._names: dict[int, str] = {}

    def error(self, name: str) -> BaseException | None:
        """The error of an id; None: there is none."""
        return self._named.get(name) or self._errors.known(name)

    def told(self, error: BaseException) -> list[ToldError]:
        """An error and all that it comes from."""
        found: list[ToldError] = []
        waiting, seen = [error], {id(error)}
        while waiting and len(found) < MOST:
            each = waiting.pop(0)
            told, linked = self._told(each)
            found.append(told)
            fresh = [other for other in linked if id(other) not in seen]
            seen.update(map(id, fresh))
            waiting += fresh
        return found

    def _name(self, error: BaseException) -> str:
        name = self._errors.name(error) or self._names.get(id(error))
        if not name:
            name = self._names[id(error)] = f"x{len(self._names) + 1}"
            self._named[name] = error
        return name

    def _told(self, error: BaseException) -> tuple[ToldError, list[BaseException]]:
        """One error as it is told, and those that it leads to."""
        told = ToldError(error=self._name(error), notes=[*map(str, getattr(error, "__notes__", ()))])
        cause = error.__cause__
        if self._errors.name(error):
            links = [cause] if cause is not None and self._errors.is_recaused(error) else []
            told.cause = self._name(links[0]) if links else None
            return told, links
        context = None if cause is not None or error.__suppress_context__ else error.__context__
        members = [*error.exceptions] if isinstance(error, BaseExceptionGroup) else []
        kept = [*_kept(error)]
        told.type, told.text = type(error).__name__, _text(error)
        told.known = _known(error)
        told.cause = None if cause is None else self._name(cause)
        told.context = None if context is None else self._name(context)
        told.members, told.kept = [*map(self._name, members)], [*map(self._name, kept)]
        return told, [each for each in (cause, context, *members, *kept) if each is not None]


def _kept(error: BaseException) -> Iterator[BaseException]:
    """The errors in arguments and attributes."""
    for value in (*error.args, *vars(error).values()):
        values = list(value.values()) if isinstance(value, dict) else value
        for each in values if isinstance(values, list | tuple | set | frozenset) else (values,):
            if isinstance(each, BaseException):
                yield each


def _known(error: BaseException) -> Known | None:
    if isinstance(error, ServiceError):
        layer = Layer(component=plain(error.component), operation=plain(error.operation), resource=plain(error.resource))
        return Known(kind=_word(error.kind), message=plain(error.message), contexts=[layer], retryable=plain(error.retryable))
    if not isinstance(error, ComponentError):
        return None
    return Known(
        kind=_word(error.kind),
        message=plain(error.message),
        contexts=[Layer(component=plain(c), operation=plain(o), resource=plain(r)) for c, o, r in map(tuple, error.contexts)],
        retryable=plain(error.retryable),
        code=_word(error.code),
        codes=[*map(_word, error.codes)],
    )


def _word(value: Any) -> Any:
    return plain(value.value if isinstance(value, Enum) else value)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # a str of the implementation's may do anything
        return ""
