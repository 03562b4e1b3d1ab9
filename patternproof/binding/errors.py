"""Errors on the side of a server."""

from __future__ import annotations

from asyncio import CancelledError

from msgspec.structs import replace

from patternproof.binding.messages.common import ErrorKind, Raised


class OperationFailure(Exception):
    """An ordinary error."""


class IgnoredFailure(Exception):
    """An error of the kind that ``ignored_errors`` names."""


class Interruption(BaseException):
    """An error that is no Exception."""


class LostConnection(ConnectionError):
    """An error of a connection."""


_KINDS: dict[str, type[BaseException]] = {
    "failure": OperationFailure,
    "ignored": IgnoredFailure,
    "interruption": Interruption,
    "connection": LostConnection,
    "cancellation": CancelledError,
}


class Errors:
    """Those that were made, each known again by what it is."""

    def __init__(self) -> None:
        self._made: dict[str, BaseException] = {}
        self._sent: dict[int, Raised] = {}

    @staticmethod
    def kind(name: ErrorKind) -> type[BaseException]:
        """The class of a kind."""
        return _KINDS[name]

    def of(self, message: Raised) -> BaseException:
        """The error of a message; the same for the same id."""
        if message.error not in self._made:
            error = self._made[message.error] = self.kind(message.kind)(message.message)
            self._sent[id(error)] = message
        return self._made[message.error]

    def told(self, error: BaseException) -> Raised | None:
        """The message that an error was made of; None: it is none of the kit's."""
        sent = self._sent.get(id(error))
        return sent and replace(sent, cause=repr(error.__cause__) if error.__cause__ is not None else "")


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
