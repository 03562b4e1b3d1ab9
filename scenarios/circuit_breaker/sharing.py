"""Breakers of two processes over one store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import uuid4

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.processes import Remote, neighbour

from .rig import CircuitBreakerRig


class StoreName(str):
    """A name that no other example has, in this run or another; it looks the same in all, so that reports do."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<one store>"


def new_store() -> StoreName:
    """The name of a store that nobody has used."""
    return StoreName(f"patternproof-{uuid4().hex}")


class RemoteBreaker:
    """A breaker of another process, as the port has it."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    @property
    def state(self) -> Any:
        """What the state reads over there."""
        return self._remote.read("state")

    async def call(self, operation: Callable[[], Any]) -> Any:
        """Call over there, with the operation of this side."""
        return await self._remote.call("call", operation)


@contextmanager
def shared_rig(adapter: Adapter, driver: Driver, settings: CircuitBreakerSettings) -> Iterator[CircuitBreakerRig]:
    """Two of the adapter's breakers over one store, in a driver that is entered already.

    Raises:
        NotOffered: the implementation shares nothing.
        Unavailable: there is no store.
    """
    held = CircuitBreakerRig(driver, _makers(adapter), settings)
    try:
        yield held
    finally:
        held.close()


def _makers(adapter: Adapter) -> Callable[..., AbstractContextManager[Any]]:
    """Makes the first breaker here, so that the factory looks for its store, and the next ones elsewhere."""
    made: list[None] = []

    @contextmanager
    def make(driver: Driver, settings: CircuitBreakerSettings) -> Iterator[Any]:
        made.append(None)
        house = neighbour(adapter, driver) if len(made) > 1 else None
        if house is None:
            with adapter.make("circuit_breaker", driver, settings) as breaker:
                yield breaker
        else:
            with house.make("circuit_breaker", settings) as remote:
                yield RemoteBreaker(remote)

    return make
