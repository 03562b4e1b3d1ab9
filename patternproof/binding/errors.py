"""Errors on the side of a server."""

from __future__ import annotations

from asyncio import CancelledError

from msgspec import UNSET, to_builtins
from msgspec.structs import replace

from patternproof.binding.messages.common import ErrorKind, Inside, Known, Layer, Raised
from patternproof.ports.error_propagation import ComponentError, DependencyFailure
from patternproof.ports.service_interface import TransportError


class OperationFailure(Exception):
    """An ordinary error."""


class IgnoredFailure(Exception):
    """An error of the kind that ``ignored_errors`` names."""


class Interruption(BaseException):
    """An error that is no Exception."""


class Interrupt(KeyboardInterrupt):
    """One of the kit's, and not of whoever sits at the keyboard."""


class Exit(SystemExit):
    """One of the kit's."""


class LostConnection(ConnectionError):
    """An error of a connection."""


_KINDS: dict[str, type[BaseException]] = {
    "failure": OperationFailure,
    "ignored": IgnoredFailure,
    "interruption": Interruption,
    "interrupt": Interrupt,
    "exit": Exit,
    "connection": LostConnection,
    "cancellation": CancelledError,
    "dependency": DependencyFailure,
    "component": ComponentError,
    "group": ExceptionGroup,
    "transport": TransportError,
}


class Errors:
    """Those that were made, each known again by what it is."""

    def __init__(self) -> None:
        self.passing = False
        """Whether some may be of a kind that ends a loop; otherwise these are mere interruptions."""
        self._made: dict[str, BaseException] = {}
        self._sent: dict[int, Raised] = {}
        self._causes: dict[int, BaseException | None] = {}

    @staticmethod
    def kind(name: ErrorKind) -> type[BaseException]:
        """The class of a kind."""
        return _KINDS[name]

    def of(self, message: Raised) -> BaseException:
        """The error of a message; the same for the same id."""
        if message.error not in self._made:
            error = self._made[message.error] = self._new(message)
            self._sent[id(error)] = message
            self._causes[id(error)] = error.__cause__
        return self._made[message.error]

    def _new(self, message: Raised) -> BaseException:
        kind, inside = self.kind(message.kind), message.inside or Inside()
        if issubclass(kind, Interrupt | Exit) and not self.passing:
            kind = Interruption
        match message.kind, inside:
            case "dependency", _:
                error: BaseException = DependencyFailure(message.message, inside.retryable)
            case "component", Inside(known=Known(contexts=[Layer() as layer, *_]) as known):
                error = ComponentError(known.kind, known.message, **to_builtins(layer), retryable=known.retryable)
            case "group", Inside(members=[_, *_] as members):
                error = ExceptionGroup(message.message, [each for each in map(self.of, members) if isinstance(each, Exception)])
            case "component" | "group", _:
                error = OperationFailure(message.message)
            case _:
                error = kind(message.message)
        vars(error).update(inside.attributes)
        error.__cause__ = None if inside.cause is None else OSError(inside.cause)
        return error

    def name(self, error: BaseException) -> str:
        """The id of an error of the kit's; empty: it is none."""
        sent = self._sent.get(id(error))
        return "" if sent is None else sent.error

    def known(self, name: str) -> BaseException | None:
        """The error of an id; None: there is none."""
        return self._made.get(name)

    def is_recaused(self, error: BaseException) -> bool:
        """Whether an error of the kit's was given another cause than the kit has made it with."""
        return self._causes.get(id(error)) is not error.__cause__

    def told(self, error: BaseException) -> Raised | None:
        """The message that an error was made of; None: it is none of the kit's."""
        sent = self._sent.get(id(error))
        cause = error.__cause__ if self.is_recaused(error) else None
        return sent and replace(sent, inside=UNSET, cause=repr(cause) if cause is not None else "")


class Fault(Exception):
    """A request that is answered by a problem.

    Args:
        status: of HTTP.
        kind: the last part of the problem's type.
        title: what all of this kind have in common.
        detail: what was expected, and seen.
        **more: members of the problem's own.
    """

    def __init__(self, status: int, kind: str, title: str, detail: str, **more: object) -> None:
        super().__init__(f"{title}: {detail}")
        self.status, self.kind, self.title, self.detail, self.more = status, kind, title, detail, more
