"""The double of a component whose errors keep their context."""

from __future__ import annotations

from typing import Any

from patternproof.reference.error_propagation import Component

from patternproof.ports.error_propagation import (
    ComponentError,
    Dependency,
    ErrorPropagationSettings,
    ProblemDetails,
    Request,
)

from .script import Script


class EchoDependency:
    """A dependency that gives the name of each resource, and objects to nothing."""

    async def call(self, operation: str, resource: str) -> str:
        return resource

    def objection(self, result: Any) -> None:
        return None

    async def release(self, operation: str) -> None:
        return None


class _Scripted:
    """A dependency that a script is about."""

    def __init__(self, dependency: Dependency, script: Script) -> None:
        self._script = script
        self._call = dependency.call
        self.objection = dependency.objection
        self.release = dependency.release

    async def call(self, operation: str, resource: str) -> Any:
        await self._script.play("call", operation=operation, resource=resource)
        return await self._call(operation, resource)


class ComponentDouble:
    """A component that can be scripted; what is scripted for ``"call"`` happens in the dependency.

    Args:
        dependency: what it calls; None: one that gives the name of each resource.
        settings: None: the defaults.
    """

    def __init__(self, dependency: Dependency | None = None, settings: ErrorPropagationSettings | None = None) -> None:
        self.script = Script("perform", "call")
        beneath = _Scripted(dependency or EchoDependency(), self.script)
        self._component = Component(beneath, settings or ErrorPropagationSettings())

    async def perform(self, request: Request) -> list[Any]:
        await self.script.play("perform", request=request)
        return await self._component.perform(request)

    def to_problem(self, error: ComponentError) -> ProblemDetails:
        return self._component.to_problem(error)

    def from_problem(self, document: ProblemDetails) -> ComponentError:
        return self._component.from_problem(document)
