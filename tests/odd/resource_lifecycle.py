"""Resource managers that are unusual and right."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any, Self

from patternproof.reference.resource_lifecycle import ResourceManager
from patternproof.reference.resource_lifecycle.book import Entry

from patternproof.ports import Unsupported
from patternproof.ports.resource_lifecycle import (
    CleanupError,
    DependencyCycleError,
    DuplicateResourceError,
    Health,
    ManagerClosedError,
    ResourceLifecycleSettings,
    ResourceNotFoundError,
)
from tests.odd import Odd, Registry

ODD = Registry()
odd = ODD.add
NOTHING: frozenset[str] = frozenset()


def claiming(*claims: str) -> Any:
    """Register an implementation that makes these claims alone."""

    def register(factory: Any) -> Any:
        ODD.append(Odd(factory, frozenset(claims)))
        return factory

    return register


async def turns(count: int) -> None:
    """Give way to the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


@odd
class GivesWay(ResourceManager):
    """Yields to the loop before and after everything."""

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        await turns(2)
        await super().register(id, resource, depends_on)

    async def _initialize(self, entry: Entry) -> None:
        await turns(1)
        await super()._initialize(entry)

    async def _clean(self, entry: Entry) -> None:
        await super()._clean(entry)
        await turns(2)

    async def get(self, id: str) -> Any:
        await turns(3)
        return await super().get(id)

    async def cleanup_all(self) -> None:
        await super().cleanup_all()
        await turns(2)

    async def health(self) -> dict[str, Health]:
        await turns(2)
        return await super().health()


@odd
class CleansInATask(ResourceManager):
    """The cleanup runs in a task of its own, which no cancellation of a caller reaches."""

    task: asyncio.Task[None] | None = None

    async def cleanup_all(self) -> None:
        if self.task is None:
            self.task = asyncio.create_task(super().cleanup_all())
            self.task.add_done_callback(lambda task: task.exception())
            await asyncio.shield(self.task)
        elif not self.task.done():
            await asyncio.wait([self.task])


@odd
class FinishesWhenCancelled(ResourceManager):
    """Whoever cleans up is told of a cancellation once all is done, and no cleanup is stopped by it."""

    task: asyncio.Task[None] | None = None

    async def cleanup_all(self) -> None:
        if self.task is None:
            self.task = asyncio.create_task(super().cleanup_all())
        cancelled = False
        while not self.task.done():
            try:
                await asyncio.wait([self.task])
            except asyncio.CancelledError:
                cancelled = True
        if cancelled:
            raise asyncio.CancelledError
        self.task.result()


@odd
class InterruptsRegistrations(ResourceManager):
    """A cleanup cancels the registrations that are under way, and waits for them."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.tasks: set[asyncio.Task[None]] = set()

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        task = asyncio.create_task(super().register(id, resource, depends_on))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not asyncio.current_task().cancelling():  # type: ignore[union-attr] # it runs in one
                raise ManagerClosedError("cleaned up meanwhile") from None
            task.cancel()
            await asyncio.wait([task])
            if task.cancelled() or task.exception() is not None:
                raise

    async def cleanup_all(self) -> None:
        for task in [*self.tasks]:
            task.cancel()
        while self.tasks:
            await asyncio.wait([*self.tasks])
        await super().cleanup_all()


@odd
class WaitsForRegistrations(ResourceManager):
    """A lock: who cleans up waits until nobody registers, and the other way round; then nothing more is taken."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.users = 0
        self.free = asyncio.Event()
        self.free.set()
        self.closing = False

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        if self.closing:
            raise ManagerClosedError("it cleans up")
        self.users += 1
        self.free.clear()
        try:
            await super().register(id, resource, depends_on)
        finally:
            self.users -= 1
            if not self.users:
                self.free.set()

    async def cleanup_all(self) -> None:
        self.closing = True
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.closing = False
            raise
        await super().cleanup_all()


class Plain:
    """A manager of its own make, without health, scope and limits; it can be used again after a cleanup."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        for name in ("initialize_timeout", "cleanup_timeout", "health_timeout", "restarts", "replace"):
            if getattr(settings, name):
                raise Unsupported(name)
        self.resources: dict[str, Any] = {}
        self.lock = asyncio.Lock()

    async def register(self, id: str, resource: Any) -> None:
        async with self.lock:
            if id in self.resources:
                raise DuplicateResourceError(id)
            try:
                await resource.initialize()
            except BaseException:
                await resource.cleanup()
                raise
            self.resources[id] = resource

    async def get(self, id: str) -> Any:
        if id not in self.resources:
            raise ResourceNotFoundError(id)
        return self.resources[id]

    async def cleanup_all(self) -> None:
        async with self.lock:
            failures: dict[str, Exception] = {}
            broken: list[BaseException] = []
            while self.resources:
                id, resource = self.resources.popitem()
                try:
                    await resource.cleanup()
                except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                    failures[id] = error
                except BaseException as error:  # noqa: BLE001 - as above
                    broken.append(error)
            if broken:
                raise broken[0]
            if failures:
                raise CleanupError(failures)


@claiming()
class LockedAndReusable(Plain):
    """One lock over everything: registrations wait for each other and for cleanups, and a new life begins after one."""


@odd
class OneLock(ResourceManager):
    """One lock over everything, checks of the health included: whatever comes meanwhile waits.

    A cleanup has its turn even if whoever has asked for it is gone.
    """

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.lock = asyncio.Lock()

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        async with self.lock:
            await super().register(id, resource, depends_on)

    async def get(self, id: str) -> Any:
        async with self.lock:
            return await super().get(id)

    async def health(self) -> dict[str, Health]:
        async with self.lock:
            return await super().health()

    async def cleanup_all(self) -> None:
        self.cleaning = asyncio.ensure_future(self._cleanup_all())
        await asyncio.shield(self.cleaning)

    async def _cleanup_all(self) -> None:
        async with self.lock:
            await super().cleanup_all()


@odd
class ChecksInTurn(ResourceManager):
    """Health is looked at one resource after the other, each with a limit of its own."""

    async def health(self) -> dict[str, Health]:
        return {entry.id: await self._check(entry) for entry in self._book.registered()}


@claiming()
class Optimistic(Plain):
    """Initialises first and looks afterwards: whoever is first to be done has the id, and the other cleans up."""

    async def register(self, id: str, resource: Any) -> None:
        if id in self.resources and not hasattr(resource, "initialize"):
            raise DuplicateResourceError(id)
        try:
            await resource.initialize()
            if self.closed:
                raise ManagerClosedError("cleaned up")
            if id in self.resources:
                raise DuplicateResourceError(id)
        except BaseException:
            await resource.cleanup()
            raise
        self.resources[id] = resource

    closed = False

    async def cleanup_all(self) -> None:
        self.closed = True
        await super().cleanup_all()


@claiming()
class OverAnExitStack:
    """An `AsyncExitStack`, with a dict for the ids; a failing cleanup() is caught in its own scope."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        for name in ("initialize_timeout", "cleanup_timeout", "health_timeout", "restarts", "replace"):
            if getattr(settings, name):
                raise Unsupported(name)
        self.stack = AsyncExitStack()
        self.resources: dict[str, Any] = {}
        self.begun: set[str] = set()
        self.failures: dict[str, Exception] = {}
        self.closed = False

    async def register(self, id: str, resource: Any) -> None:
        if self.closed:
            raise ManagerClosedError("closed")
        if id in self.resources or id in self.begun:
            raise DuplicateResourceError(id)
        self.begun.add(id)
        try:
            await resource.initialize()
            if self.closed:
                raise ManagerClosedError("closed")
        except BaseException:
            await resource.cleanup()
            raise
        finally:
            self.begun.discard(id)
        self.resources[id] = resource
        self.stack.push_async_callback(self.cleaned, id, resource)

    async def cleaned(self, id: str, resource: Any) -> None:
        try:
            await resource.cleanup()
        except Exception as error:  # noqa: BLE001 - as above
            self.failures[id] = error

    async def get(self, id: str) -> Any:
        if id not in self.resources:
            raise ResourceNotFoundError(id)
        return self.resources[id]

    async def cleanup_all(self) -> None:
        if self.closed:
            return
        self.closed = True
        self.resources.clear()
        await self.stack.aclose()
        if self.failures:
            raise CleanupError(self.failures)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.cleanup_all()


@claiming()
class Unnamed(Plain):
    """Resources have no ids: nothing can be got by one."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.count = 0

    async def register(self, id: str, resource: Any) -> None:
        self.count += 1
        await super().register(f"{id} {self.count}", resource)

    async def get(self, id: str) -> Any:
        raise Unsupported("get")

    async def cleanup_all(self) -> None:
        try:
            await super().cleanup_all()
        except CleanupError as error:
            raise CleanupError({id.partition(" ")[0]: each for id, each in error.failures.items()}) from None


@odd
class WaitsForNeeds(ResourceManager):
    """What a resource depends on may come later: until then its registration waits, unless they wait in a circle."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.waiting: dict[str, Sequence[str]] = {}
        self.changed = asyncio.Condition()

    def circle(self, id: str, needs: Sequence[str]) -> bool:
        left, seen = [*needs], set()
        while left:
            need = left.pop()
            if need not in seen:
                seen.add(need)
                left += self.waiting.get(need, ())
        return id in seen

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        if id in self.waiting:
            raise DuplicateResourceError(id)
        if self.circle(id, depends_on):
            raise DependencyCycleError((id, *depends_on))
        self.waiting[id] = depends_on
        try:
            while any(need not in self._book._registered for need in depends_on) and not self._book._closed:
                async with self.changed:
                    await self.changed.wait()
        finally:
            del self.waiting[id]
        await super().register(id, resource, depends_on)
        await self.tell()

    async def tell(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def cleanup_all(self) -> None:
        try:
            await super().cleanup_all()
        finally:
            await self.tell()


@odd
class GetWaits(ResourceManager):
    """Whoever wants a resource that is being initialised waits for it."""

    async def get(self, id: str) -> Any:
        entry = self._book._under_way.get(id)
        if entry is not None:
            await entry.settled.wait()
        return await super().get(id)


class Proxy:
    """Stands for a resource."""

    def __init__(self, resource: Any) -> None:
        self._resource = resource

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resource, name)


@odd
class GivesProxies(ResourceManager):
    """What is got is no more than like the resource."""

    async def get(self, id: str) -> Any:
        return Proxy(await super().get(id))


class Missing(ResourceNotFoundError):
    """There is none."""


class Failed(CleanupError):
    """Something was left open."""


@odd
class OwnErrors(ResourceManager):
    """Errors are subclasses, or wrap what they come from; failures of cleanup are grouped as they are told."""

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        try:
            await super().register(id, resource, depends_on)
        except Exception as error:
            raise ExceptionGroup("the registration has failed", [error]) from error

    async def get(self, id: str) -> Any:
        try:
            return await super().get(id)
        except ResourceNotFoundError:
            raise Missing(id) from None

    async def cleanup_all(self) -> None:
        try:
            await super().cleanup_all()
        except CleanupError as error:
            raise Failed({id: ValueError(str(each)) for id, each in error.failures.items()}) from error


@odd
class ReportsTruth(ResourceManager):
    """Health is a bool, and checked twice."""

    async def health(self) -> Any:
        await asyncio.gather(*map(self._look, self._book.registered()))
        return {id: health == Health.HEALTHY for id, health in (await super().health()).items()}

    async def _look(self, entry: Entry) -> None:
        with suppress(Exception):
            async with asyncio.timeout(self._settings.health_timeout):
                await entry.resource.is_healthy()


@odd
class RestartsByItself(ResourceManager):
    """A task checks and restarts every 20 s; health() does no more than report."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.supervisor = asyncio.create_task(self.supervise()) if settings.restarts else None

    async def supervise(self) -> None:
        while not self._book._closed:
            await asyncio.sleep(20)
            await super().health()

    async def health(self) -> dict[str, Health]:
        if self.supervisor is None:
            return await super().health()
        report = {}
        for entry in self._book.registered():
            report[entry.id] = Health.HEALTHY if await entry.resource.is_healthy() else Health.UNHEALTHY
        return report

    async def cleanup_all(self) -> None:
        if self.supervisor is not None:
            self.supervisor.cancel()
        await super().cleanup_all()


@claiming("dependencies", "replace")
class ReplacesAlways(ResourceManager):
    """A taken id is replaced, whether that was asked for or not."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        if settings.restarts:
            raise Unsupported("restarts")
        limits = (settings.initialize_timeout, settings.cleanup_timeout, settings.health_timeout)
        super().__init__(ResourceLifecycleSettings(*limits, replace=True))


@odd
class CleansConcurrentOnesTogether(FinishesWhenCancelled):
    """Resources whose registrations met are cleaned up side by side."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.now = 0
        self.spans: dict[Entry, list[int]] = {}

    async def _initialize(self, entry: Entry) -> None:
        self.now += 1
        span = self.spans.setdefault(entry, [self.now, self.now])
        await super()._initialize(entry)
        self.now += 1
        span[1] = self.now

    async def _clean_all(self, entries: list[Entry]) -> None:
        failures: dict[str, Exception] = {}
        broken: list[BaseException] = []
        for group in self.groups(entries):
            ended = await asyncio.gather(*(ResourceManager._clean_all(self, [entry]) for entry in group), return_exceptions=True)
            for error in ended:
                if isinstance(error, CleanupError):
                    failures.update(error.failures)
                elif isinstance(error, BaseException):
                    broken.append(error)
        if broken:
            raise broken[0]
        if failures:
            raise CleanupError(failures)

    def groups(self, entries: list[Entry]) -> list[list[Entry]]:
        groups: list[list[Entry]] = []
        for entry in entries:
            if groups and all(self.spans[entry][1] > self.spans[other][0] for other in groups[-1]):
                groups[-1].append(entry)
            else:
                groups.append([entry])
        return groups
