"""contextlib's AsyncExitStack, on which every resource is a scope."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any, Self

from patternproof.ports import Unsupported
from patternproof.ports.resource_lifecycle import ManagedResource, ResourceLifecycleSettings

from ._resource_scopes import scope
from ._settings import offer_only

RUNTIME = "asyncio"


class Manager:
    """The port over a stack, which knows no ids."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()

    async def register(self, id: str, resource: ManagedResource) -> None:
        await self._stack.enter_async_context(scope(resource))

    async def get(self, id: str) -> Any:
        raise Unsupported("get")

    async def cleanup_all(self) -> None:
        await self._stack.aclose()

    async def __aenter__(self) -> Self:
        await self._stack.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._stack.__aexit__(*error)


def resource_lifecycle(settings: ResourceLifecycleSettings) -> Manager:
    offer_only(settings)
    return Manager()
