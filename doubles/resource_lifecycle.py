"""The double of a resource manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from patternproof.reference.resource_lifecycle import ResourceManager

from patternproof.ports.resource_lifecycle import Health, ManagedResource, ResourceId, ResourceLifecycleSettings

from .script import Script


class ResourceManagerDouble:
    """A resource manager that can be scripted; leaving its scope is a call of ``"cleanup_all"`` too.

    Args:
        settings: None: the defaults.
    """

    def __init__(self, settings: ResourceLifecycleSettings | None = None) -> None:
        self.script = Script("register", "get", "health", "cleanup_all")
        self._manager = ResourceManager(settings)

    async def register(self, id: ResourceId, resource: ManagedResource, depends_on: Sequence[ResourceId] = ()) -> None:
        await self.script.play("register", id=id, resource=resource, depends_on=depends_on)
        await self._manager.register(id, resource, depends_on)

    async def get(self, id: ResourceId) -> Any:
        await self.script.play("get", id=id)
        return await self._manager.get(id)

    async def health(self) -> Mapping[ResourceId, Health]:
        await self.script.play("health")
        return await self._manager.health()

    async def cleanup_all(self) -> None:
        await self.script.play("cleanup_all")
        await self._manager.cleanup_all()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.script.play("cleanup_all")
        await self._manager.__aexit__(*error)
