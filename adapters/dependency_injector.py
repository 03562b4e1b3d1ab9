"""dependency-injector: a container of resource providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dependency_injector.containers import DynamicContainer
from dependency_injector.providers import Resource
from dependency_injector.resources import AsyncResource

from patternproof.ports.resource_lifecycle import ManagedResource, ResourceLifecycleSettings, ResourceNotFoundError

from ._settings import offer_only

RUNTIME = "asyncio"
CLAIMS = {"dependencies"}
ADAPTS = {"dependency-injector"}


class Managed(AsyncResource[ManagedResource]):
    """What a provider calls to start and to stop one of the kit's resources."""

    async def init(self, resource: ManagedResource, *needs: Any) -> ManagedResource:
        try:
            await resource.initialize()
        except BaseException:
            await resource.cleanup()
            raise
        return resource

    async def shutdown(self, resource: ManagedResource | None) -> None:
        if resource is not None:
            await resource.cleanup()


class Manager:
    """The port over one container; a dependency is an argument that the provider injects."""

    def __init__(self) -> None:
        self._container = DynamicContainer()

    async def register(self, id: str, resource: ManagedResource, depends_on: Sequence[str] = ()) -> None:
        needs = [self._provider(need) for need in depends_on]
        self._container.set_provider(id, Resource(Managed, resource, *needs))
        await self._provider(id).async_()

    def _provider(self, id: str) -> Any:
        if id not in self._container.providers:
            raise ResourceNotFoundError(id)
        return self._container.providers[id]

    async def get(self, id: str) -> Any:
        return await self._provider(id).async_()

    async def cleanup_all(self) -> None:
        shutdown = self._container.shutdown_resources()
        if shutdown is not None:  # nothing was awaited yet
            await shutdown


def resource_lifecycle(settings: ResourceLifecycleSettings) -> Manager:
    offer_only(settings)
    return Manager()
