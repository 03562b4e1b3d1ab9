"""The errors and results of the dependency, with marked insides."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from patternproof.ports.error_propagation import ComponentError, DependencyFailure, Kind

KINDS = {
    "not_found": Kind.RESOURCE_NOT_FOUND,
    "denied": Kind.PERMISSION_DENIED,
    "failed": Kind.OPERATION_FAILED,
}
"""The known kinds that the dependency raises itself."""
STORE = "store"
"""The component that the dependency's own errors of known kinds name."""
SENTENCES = {
    "not_found": "There is no such {resource}.",
    "denied": "You may not see {resource}.",
    "failed": "{resource} cannot be read while it is being moved.",
}


E = TypeVar("E", bound=BaseException)


class NobodyKnowsError(Exception):
    """An error of a type that no component can know."""


class Interrupt(KeyboardInterrupt):
    """A KeyboardInterrupt of the dependency's, and not of whoever sits at the keyboard."""


class Exit(SystemExit):
    """A SystemExit of the dependency's."""


class Result:
    """What the dependency gives.

    Args:
        marks: what its repr holds and nobody outside may see.
        how: ok, invalid or puzzling.
        reason: why it is not valid.
    """

    def __init__(self, marks: Marks, how: str, reason: str) -> None:
        self.how, self.reason, self._marks = how, reason, marks

    def __repr__(self) -> str:
        return f"Result(token={self._marks.of('result')!r})"


class Marks:
    """Words that stand in nothing else, by the place in which they are hidden.

    Args:
        call: the number of the request.
        resource: the number of the resource.
    """

    def __init__(self, call: int, resource: int) -> None:
        self._suffix = f"{call}x{resource}z"

    def of(self, place: str) -> str:
        """The word that is hidden there: text, cause, attribute or result."""
        return f"hush-{place}-{self._suffix}"

    def address(self, place: str) -> str:
        """An internal address with a secret in it."""
        return f"postgres://app:{self.of(place)}@10.20.30.40:5432/orders"

    def path(self, place: str) -> str:
        """A file path."""
        return f"/srv/{self.of(place)}/driver.conf"

    def found_in(self, text: str) -> tuple[str, ...]:
        """The places whose words stand in a text."""
        return tuple(place for place in ("text", "cause", "attribute", "result") if self.of(place) in text)


def original(how: str, marks: Marks, operation: str, resource: str) -> BaseException | None:
    """What the dependency raises; None for what it returns."""
    if how in KINDS:
        return _of_known_kind(how, marks, operation, resource)
    text = f"no answer for {resource} from {marks.address('text')}, configured in {marks.path('text')}"
    error: BaseException
    match how:
        case "failure" | "outage":
            error = DependencyFailure(text, retryable=how == "outage")
        case "foreign" | "puzzling":
            error = NobodyKnowsError(text)
        case "group":
            error = ExceptionGroup(text, [DependencyFailure(f"{each}: {text}") for each in ("reading", "writing")])
        case "interrupt":
            return Interrupt()
        case "exit":
            return Exit(3)
        case "cancelled":
            return asyncio.CancelledError()
        case _:
            return None
    return _with_insides(error, marks)


def _of_known_kind(how: str, marks: Marks, operation: str, resource: str) -> ComponentError:
    sentence = SENTENCES[how].format(resource=resource)
    error = ComponentError(KINDS[how], sentence, STORE, operation, resource, retryable=False)
    return _with_insides(error, marks)


def _with_insides(error: E, marks: Marks) -> E:
    inside = {"password": marks.of("attribute"), "dsn": marks.address("attribute"), "file": marks.path("attribute")}
    vars(error).update(inside, config=inside)
    error.__cause__ = OSError(f"refused by {marks.address('cause')}, see {marks.path('cause')}")
    return error
