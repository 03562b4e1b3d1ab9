"""What stands on the wire for the kit's own."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from patternproof.binding.messages import Cancelled, Failed, NotHad, Outcome, Raised, Returned
from patternproof.binding.messages.common import ErrorKind, Inside
from patternproof.ports import Unsupported
from patternproof.ports.error_propagation import ComponentError, DependencyFailure
from patternproof.ports.service_interface import TransportError

_AS_THEY_ARE = (bool, int, float, str, type(None))
TOKEN = "token"  # no password
_KINDS: tuple[tuple[type[BaseException], ErrorKind], ...] = (
    (CancelledError, "cancellation"),
    (KeyboardInterrupt, "interrupt"),
    (SystemExit, "exit"),
    (DependencyFailure, "dependency"),
    (ComponentError, "component"),
    (TransportError, "transport"),
    (ConnectionError, "connection"),
    (ExceptionGroup, "group"),
    (Exception, "failure"),
    (BaseException, "interruption"),
)
"""By what an error is; the first that fits."""


class AsItIs(NamedTuple):
    """A value that passes as it is."""

    value: Any


class RemoteFailure(Exception):
    """An error of an implementation over there.

    Args:
        type: what it is called there.
        message: its own.
    """

    def __init__(self, type: str, message: str) -> None:  # noqa: A002  # as the message has it
        super().__init__(message)
        self.type, self._message = type, message

    def __str__(self) -> str:
        return self._message

    def __repr__(self) -> str:
        return f"{self.type}({str(self)!r})"


class Tokens:
    """Values and errors of one example, by the names that they have on the wire."""

    def __init__(self) -> None:
        self.ignored: tuple[type[Exception], ...] = ()
        """The errors that the settings declare as ignored."""
        self.look_inside: Callable[[BaseException, Callable[[BaseException], Raised]], Inside | UnsetType] = lambda *_: UNSET
        """What of an error goes with it; given what makes messages of others."""
        self._values: dict[str, Any] = {}
        self._errors: dict[str, BaseException] = {}

    def of(self, value: Any) -> Any:
        """What stands for a value."""
        if isinstance(value, _AS_THEY_ARE):
            return value
        if isinstance(value, AsItIs):
            return value.value
        self._values[token := f"t{len(self._values) + 1}"] = value
        return {TOKEN: token}

    def back(self, value: Any) -> Any:
        """The value again, the very object; of the implementation's own, what came."""
        if isinstance(value, dict) and value.keys() == {TOKEN}:
            return self._values.get(value[TOKEN], value)
        return value

    def of_error(self, error: BaseException) -> Raised:
        """What stands for an error."""
        known = self.name_of(error) or f"e{len(self._errors) + 1}"
        self._errors[known] = error
        return Raised(
            error=known, kind=self._kind(error), message=_words(error)[:1000], inside=self.look_inside(error, self.of_error)
        )

    def error(self, name: str) -> BaseException | None:
        """The error of a name; None: there is none."""
        return self._errors.get(name)

    def name_of(self, error: BaseException) -> str:
        """The name that an error goes by over there; empty: it has none."""
        return next((name for name, each in self._errors.items() if each is error), "")

    def know(self, name: str, error: BaseException) -> None:
        """Take in an error that has a name over there already."""
        self._errors[name] = error

    def _kind(self, error: BaseException) -> ErrorKind:
        if isinstance(error, self.ignored):
            return "ignored"
        return next((kind for type_, kind in _KINDS if isinstance(error, type_)), "failure")

    def delivered(self, outcome: Outcome) -> Any:
        """Return or raise what an outcome says."""
        match outcome:
            case Returned(value=value):
                return self.back(value)
            case Cancelled():
                raise CancelledError
            case NotHad(what=what):
                raise Unsupported(what)
            case Failed(type=type_, message=message):
                raise RemoteFailure(type_, message)
            case Raised(error=name, message=message) if name in self._errors:
                error = self._errors[name]
                if outcome.cause:
                    error.__cause__ = RemoteFailure("cause", outcome.cause)
                raise error
        raise RemoteFailure(type(outcome).__name__, f"an outcome that none asked for: {outcome}")


def _words(error: BaseException) -> str:
    """The text of an error; of a group without the count of its members."""
    return error.message if isinstance(error, BaseExceptionGroup) else str(error)
