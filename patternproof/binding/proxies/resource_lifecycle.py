"""Resource managers behind a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from patternproof.binding.messages import Outcome
from patternproof.binding.messages import resource_lifecycle as messages
from patternproof.binding.messages.common import Circular, ClosedThere, Missing, Taken, TimedOut, Troubled, Uncleaned
from patternproof.binding.proxies.errors_restored import restored
from patternproof.binding.proxies.proxy import Proxy, settings_as, with_members
from patternproof.binding.tokens import RemoteFailure
from patternproof.drivers.remote import Remote
from patternproof.ports.resource_lifecycle import (
    CleanupError,
    DependencyCycleError,
    DuplicateResourceError,
    ManagedResource,
    ManagerClosedError,
    ResourceLifecycleSettings,
    ResourceNotFoundError,
)


class RemoteManager(Proxy):
    """A manager over there."""

    def __init__(self, driver: Remote, instance: str) -> None:
        super().__init__(driver, instance)
        self._resources: dict[str, ManagedResource] = {}
        self._scopes: dict[asyncio.Task[Any] | None, str] = {}
        """By the task that has entered one."""

    async def register(self, id: str, resource: ManagedResource, depends_on: Sequence[str] = ()) -> None:
        name = self._driver.number("r")
        self._resources[name] = resource
        for method in (resource.initialize, resource.is_healthy, resource.cleanup):
            self._driver.give(method, name, method.__name__)
        await self._follow(messages.RegisterResource, id=id, resource=name, depends_on=[*depends_on])

    async def get(self, id: str) -> Any:
        told = await self._follow(messages.GetResource, id=id)
        return self._resources.get(told.get("resource", ""), told) if isinstance(told, dict) else told

    async def cleanup_all(self) -> None:
        await self._follow(messages.CleanUpAll)

    def _delivered(self, outcome: Outcome) -> Any:
        match outcome:
            case Missing(what=id):
                raise ResourceNotFoundError(id)
            case Taken():
                raise DuplicateResourceError("over there")
            case Circular(ids=ids):
                raise DependencyCycleError(ids)
            case Uncleaned(ids=ids):
                raise CleanupError({id: RemoteFailure("Uncleaned", id) for id in ids})
            case TimedOut():
                raise TimeoutError("over there")
            case ClosedThere():
                raise ManagerClosedError("over there")
            case Troubled(errors=errors):
                raise restored(errors, self._driver.tokens)
        return super()._delivered(outcome)


class Checking(RemoteManager):
    """One that reports how its resources are."""

    async def health(self) -> Any:
        return await self._follow(messages.CheckHealth)


class Scoped(RemoteManager):
    """One that is a scope."""

    async def __aenter__(self) -> Scoped:
        call = self._scopes[asyncio.current_task()] = self._driver.number("c")
        await self._follow(messages.EnterManager, call=call)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        told = None if error is None else self._driver.tokens.of_error(error)
        scope = self._scopes.pop(asyncio.current_task())
        return bool(await self._follow(messages.LeaveManager, scope=scope, error=told))


MEMBERS = {"health": Checking, "enter": Scoped}


def make(driver: Remote, settings: ResourceLifecycleSettings) -> Iterator[RemoteManager]:
    """As an adapter's factory.

    Raises:
        Unsupported: it does not have one of the settings.
    """
    made = driver.make(messages.Make, settings=settings_as(messages.Settings, settings))
    kind = with_members(RemoteManager, tuple(MEMBERS[name] for name in MEMBERS if name in made.members))
    yield kind(driver, made.instance)
    driver.remove(made.instance)
