"""A resource of the kit's as a scope."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from patternproof.ports.resource_lifecycle import ManagedResource


@asynccontextmanager
async def scope(resource: ManagedResource) -> AsyncIterator[ManagedResource]:
    """What initialize() has begun is cleaned up, also where it fails."""
    try:
        await resource.initialize()
        yield resource
    finally:
        await resource.cleanup()


class PlainScope:
    """The same for threads; what is left behind is not cleaned up by the garbage collector, as a generator would be."""

    def __init__(self, resource: Any) -> None:
        self._resource = resource

    def __enter__(self) -> Any:
        try:
            self._resource.initialize()
        except BaseException:
            self._resource.cleanup()
            raise
        return self._resource

    def __exit__(self, *error: object) -> None:
        self._resource.cleanup()
