"""A resource of the kit's as a scope."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
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


@contextmanager
def plain_scope(resource: Any) -> Iterator[Any]:
    """The same for threads."""
    try:
        resource.initialize()
        yield resource
    finally:
        resource.cleanup()
