"""Components behind a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from patternproof.binding.messages import Outcome, Raised
from patternproof.binding.messages import error_propagation as messages
from patternproof.binding.messages.common import Inside, Known, Layer, ToldError, Troubled
from patternproof.binding.proxies.errors_restored import restored
from patternproof.binding.proxies.proxy import Proxy, settings_as, with_members
from patternproof.binding.tokens import TOKEN, AsItIs
from patternproof.drivers.remote import Remote
from patternproof.ports.error_propagation import ComponentError, Dependency, DependencyFailure, ErrorPropagationSettings, Request


class RemoteComponent(Proxy):
    """A component over there."""

    async def perform(self, request: Request) -> Any:
        given = await self._follow(messages.Perform, operation=request.operation, resources=[*request.resources])
        return [*map(self._driver.tokens.back, given)] if isinstance(given, list) else given

    def _delivered(self, outcome: Outcome) -> Any:
        if isinstance(outcome, Troubled):
            raise restored(outcome.errors, self._driver.tokens)
        return super()._delivered(outcome)


class Writing(RemoteComponent):
    """One whose errors become documents."""

    def to_problem(self, error: ComponentError) -> Any:
        return self._plainly(messages.ToProblem, error=self._driver.tokens.name_of(error))


class Reading(RemoteComponent):
    """One whose documents become errors."""

    def from_problem(self, document: Mapping[str, Any]) -> Any:
        told = self._plainly(messages.FromProblem, document=dict(document))
        if not isinstance(told, dict) or "errors" not in told:
            return told
        return restored(msgspec.convert(told["errors"], list[ToldError]), self._driver.tokens)


MEMBERS = {"to_problem": Writing, "from_problem": Reading}


class Office:
    """The kit's dependency, as the server knows it.

    Args:
        driver: tells of it.
        dependency: the kit's.
    """

    def __init__(self, driver: Remote, dependency: Any) -> None:
        self._dependency, self._tokens = dependency, driver.tokens
        self.identifier = driver.listen(self._object, driver.number("n"))
        driver.give(self._call, self.identifier, "call")
        driver.give(dependency.release, self.identifier, "release")

    async def _call(self, operation: str, resource: str) -> AsItIs:
        result = await self._dependency.call(operation, resource)
        objection, error = self._dependency.foreseen(result)
        raises = None if error is None else msgspec.to_builtins(self._tokens.of_error(error))
        token = self._tokens.of(result)[TOKEN]
        return AsItIs({"result": token, "shown": repr(result), "objection": objection, "raises": raises})

    def _object(self, result: Any) -> None:
        """Hold a result against the dependency's objections, as was done over there."""
        try:
            self._dependency.objection(result)
        except Exception:  # noqa: BLE001  # it was raised over there
            return


def make(driver: Remote, dependency: Dependency, settings: ErrorPropagationSettings) -> Iterator[RemoteComponent]:
    """As an adapter's factory.

    Raises:
        Unsupported: it does not have one of the settings.
    """
    driver.tokens.look_inside = inside
    office = Office(driver, dependency)
    made = driver.make(messages.Make, dependency=office.identifier, settings=settings_as(messages.Settings, settings))
    kind = with_members(RemoteComponent, tuple(MEMBERS[name] for name in MEMBERS if name in made.members))
    yield kind(driver, made.instance)
    driver.remove(made.instance)


def inside(error: BaseException, tell: Any) -> Inside | UnsetType:
    """What an error bears, for another like it to be made.

    Args:
        error: one of the kit's.
        tell: makes the messages of its members.
    """
    attributes = {name: value for name, value in vars(error).items() if isinstance(value, str | dict) and name in error.__dict__}
    members: list[Raised] = [*map(tell, error.exceptions)] if isinstance(error, BaseExceptionGroup) else []
    known = None
    if isinstance(error, ComponentError):
        layers = [Layer(component=each.component, operation=each.operation, resource=each.resource) for each in error.contexts]
        known = Known(kind=str(error.kind), message=error.message, contexts=layers, retryable=error.retryable)
        attributes = {name: value for name, value in attributes.items() if name not in known_fields}
    if not (attributes or members or known or error.__cause__ or isinstance(error, DependencyFailure)):
        return UNSET
    return Inside(
        attributes=attributes,
        cause=None if error.__cause__ is None else str(error.__cause__),
        retryable=bool(getattr(error, "retryable", False)),
        known=known,
        members=members,
    )


known_fields = frozenset(vars(ComponentError("", "", "", "")))
"""What an error of a component has of its own."""
