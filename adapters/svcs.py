"""svcs: factories, and a container that keeps what they make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Self

from svcs import Container, Registry
from svcs.exceptions import ServiceNotFoundError

from patternproof.ports.resource_lifecycle import ManagedResource, ResourceLifecycleSettings, ResourceNotFoundError

from ._resource_scopes import scope
from ._settings import offer_only

RUNTIME = "asyncio"
ADAPTS = {"svcs"}


class Manager:
    """The port over one registry and one container; an id stands where svcs has a type."""

    def __init__(self) -> None:
        self._registry = Registry()
        self._container = Container(self._registry)

    async def register(self, id: str, resource: ManagedResource) -> None:
        async def factory() -> AsyncIterator[ManagedResource]:
            async with scope(resource):
                yield resource

        self._registry.register_factory(id, factory)  # type: ignore[arg-type]  # any key will do
        await self._container.aget(id)  # type: ignore[call-overload]  # as above

    async def get(self, id: str) -> Any:
        try:
            return await self._container.aget(id)  # type: ignore[call-overload]  # as above
        except ServiceNotFoundError as error:
            raise ResourceNotFoundError(id) from error

    async def cleanup_all(self) -> None:
        await self._container.aclose()

    async def __aenter__(self) -> Self:
        await self._container.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._container.__aexit__(*error)


def resource_lifecycle(settings: ResourceLifecycleSettings) -> Manager:
    offer_only(settings)
    return Manager()
