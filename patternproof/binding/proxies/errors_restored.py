"""Errors from over there, as they are looked at here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patternproof.binding.messages.common import Known, ToldError
from patternproof.binding.tokens import RemoteFailure, Tokens
from patternproof.ports.error_propagation import ComponentError, Context

Make = Callable[[Known, str], BaseException]


class RemoteComponentError(ComponentError):
    """An error of a component over there.

    Args:
        told: what it says.
        text: what it shows as.
    """

    def __init__(self, told: Known, text: str) -> None:
        outermost = told.contexts[0] if told.contexts else None
        component, operation, resource = (
            (outermost.component, outermost.operation, outermost.resource) if outermost else ("", "", None)
        )
        super().__init__(told.kind, told.message, component, operation, resource, told.retryable, told.code)
        self.code = told.code
        self._told, self._shown = told, text

    def __str__(self) -> str:
        return self._shown

    @property
    def contexts(self) -> tuple[Context, ...]:
        return tuple(Context(each.component, each.operation, each.resource) for each in self._told.contexts)

    @property
    def codes(self) -> tuple[Any, ...]:
        return tuple(self._told.codes)


class _Restoring:
    """The errors of one answer, made one from another."""

    def __init__(self, told: list[ToldError], tokens: Tokens, make: Make) -> None:
        self._told = {each.error: each for each in told}
        self._tokens, self._make = tokens, make
        self._made: dict[str, BaseException] = {}

    def error(self, name: str) -> BaseException:
        """An error by its id."""
        if name not in self._made:
            told = self._told.get(name) or ToldError(error=name)
            made = self._made[name] = self._tokens.error(name) or self._new(told)
            self._link(made, told)
        return self._made[name]

    def _new(self, told: ToldError) -> BaseException:
        if told.members:
            return BaseExceptionGroup(told.text, [*map(self.error, told.members)])
        made = self._make(told.known, told.text) if told.known is not None else RemoteFailure(told.type, told.text)
        self._tokens.know(told.error, made)
        return made

    def _link(self, error: BaseException, told: ToldError) -> None:
        if told.notes:
            error.__notes__ = [*told.notes]
        if told.cause is not None:
            error.__cause__ = self.error(told.cause)
        if told.context is not None:
            error.__context__, error.__suppress_context__ = self.error(told.context), False
        if told.kept:
            error.args = (*error.args, *map(self.error, told.kept))


def restored(told: list[ToldError], tokens: Tokens, make: Make = RemoteComponentError) -> BaseException:
    """The first of the errors that were told of, with all that it comes from; those of the kit's are the very ones.

    Args:
        told: as they came; there is one at least.
        tokens: know the kit's errors, and are told of the others.
        make: makes an error that the pattern has a word for, of what it says and its text.
    """
    return _Restoring(told, tokens, make).error(told[0].error)
