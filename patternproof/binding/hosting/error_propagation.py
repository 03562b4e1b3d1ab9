"""Components as a server has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from patternproof.binding.errors import Errors, Exit, Fault, Interrupt
from patternproof.binding.hosting.errors_told import Teller
from patternproof.binding.hosting.host import Host
from patternproof.binding.messages import Outcome, Raised
from patternproof.binding.messages import error_propagation as messages
from patternproof.binding.messages.common import Message, Troubled
from patternproof.binding.messages.settings import settings_of
from patternproof.binding.tokens import TOKEN
from patternproof.binding.values import plain
from patternproof.flavour import resolved
from patternproof.ports.error_propagation import ErrorPropagationSettings, Request

if TYPE_CHECKING:
    from patternproof.binding.world import World


class Result(Message):
    """What the dependency gives."""

    result: str
    shown: str = ""
    objection: str | None = None
    raises: Raised | None = None

    def __repr__(self) -> str:
        return self.shown


class ServedDependency:
    """The kit's dependency.

    Args:
        world: tells the kit of its calls.
        identifier: the dependency's.
    """

    def __init__(self, world: World, identifier: str) -> None:
        self._tell, self._errors = partial(world.tell, identifier), world.errors
        self.call = world.function(identifier, "call", result=partial(msgspec.convert, type=Result))
        self.release = world.function(identifier, "release")

    def objection(self, result: Any) -> str | None:
        """Why a result is not valid."""
        if not isinstance(result, Result):
            self._tell([None])
            return None
        self._tell([{TOKEN: result.result}])
        if result.raises is not None:
            raise self._errors.of(result.raises)
        return result.objection


class Carried(Exception):
    """Carries out of a task what would end the loop.

    Args:
        error: it.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(repr(error))
        self.error = error


class ErrorPropagationHost(Host):
    """A component."""

    plain = messages.PLAIN

    def __init__(self, world: World, made: Any, *_: Any) -> None:
        super().__init__(world, made)
        errors: Errors = world.errors
        self._teller = Teller(errors)

    @staticmethod
    def arguments(world: World, message: messages.MakeComponent) -> tuple[Any, ...]:
        world.errors.passing = True
        return ServedDependency(world, message.dependency), settings_of(ErrorPropagationSettings, message.settings)

    def method(self, message: Any) -> Callable[[], Any]:
        match message:
            case messages.Perform(operation=operation, resources=resources):
                return self.flavoured(partial(self._perform, Request(operation, tuple(resources))))
            case messages.ToProblem(error=name):
                error = self._teller.error(name)
                if error is None:
                    raise Fault(404, "unknown", "no such error", f"no error {name!r} was told of")
                return lambda: json.loads(json.dumps(_mapping(self.made.to_problem(error))))
        return partial(self._restore, message.document)

    def _restore(self, document: dict[str, Any]) -> Any:
        error = self.made.from_problem(document)
        return {"errors": plain(self._teller.told(error))} if isinstance(error, BaseException) else {"value": plain(error)}

    async def _perform(self, request: Request) -> Any:
        try:
            given = await resolved(self.made.perform(request))
        except (Interrupt, Exit) as error:
            raise Carried(error) from error
        try:
            return [{TOKEN: each.result} if isinstance(each, Result) else plain(each) for each in given]
        except Exception:  # noqa: BLE001  # it may be anything
            return given

    def outcome(self, error: BaseException) -> Outcome | None:
        if isinstance(error, Carried):
            return self.world.errors.told(error.error)
        return Troubled(errors=self._teller.told(error)) if isinstance(error, Exception) else None


def _mapping(document: Any) -> Any:
    return dict(document) if isinstance(document, Mapping) else document
