"""Registering and cleaning up resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from patternproof.adapters import exit_stack, svcs
from patternproof.reference.resource_lifecycle import ResourceManager

from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings

from .contest import Contest, Peer, Work, in_loop

TIMES = 2_000
ROUNDS = 9
RESOURCES = 10
IDS = [f"resource {number}" for number in range(RESOURCES)]


class Nothing:
    """A resource that has nothing to open or to close."""

    async def initialize(self) -> None:
        """Open nothing."""

    async def is_healthy(self) -> bool:
        """Whether nothing is there still."""
        return True

    async def cleanup(self) -> None:
        """Close nothing."""


def contests() -> Iterator[Contest]:
    """A stack of scopes knows no ids, so that nothing can be got of it."""
    yield Contest(
        "resource manager for asyncio, a life",
        _living(ResourceManager),
        TIMES,
        ROUNDS,
        {"AsyncExitStack": Peer(_living(_made(exit_stack))), "svcs": Peer(_living(_made(svcs)))},
    )
    yield Contest(
        "resource manager for asyncio, a get",
        _getting(ResourceManager),
        TIMES,
        ROUNDS,
        {"svcs": Peer(_getting(_made(svcs)))},
    )


def _made(adapter: ModuleType) -> Callable[[], Any]:
    return lambda: adapter.resource_lifecycle(ResourceLifecycleSettings())


def _living(make: Callable[[], Any]) -> Work:
    """Ten resources are registered and cleaned up; the figure is for one of them."""

    async def work(times: int) -> None:
        for _ in range(times // RESOURCES):
            manager = make()
            for id in IDS:
                await manager.register(id, Nothing())
            await manager.cleanup_all()

    return in_loop(work)


def _getting(make: Callable[[], Any]) -> Work:
    async def work(times: int) -> None:
        manager = make()
        await manager.register(IDS[0], Nothing())
        for _ in range(times):
            await manager.get(IDS[0])
        await manager.cleanup_all()

    return in_loop(work)
