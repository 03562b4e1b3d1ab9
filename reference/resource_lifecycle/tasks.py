"""The resource manager for asyncio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from patternproof.ports.resource_lifecycle import (
    CleanupError,
    Health,
    ManagedResource,
    ResourceId,
    ResourceLifecycleSettings,
)

from .book import Book, Entry

T = TypeVar("T")
_log = logging.getLogger(__name__)


class ResourceManager:
    """A resource manager for asyncio, bound to no loop; an async context manager that cleans up when it is left.

    A resource is initialised by the task that registers it. What does not come to be registered is cleaned up by that task, also
    where the manager closes meanwhile: cleaning up never waits for a registration. Once cleaned up a manager takes nothing more.

    Args:
        settings: see `ResourceLifecycleSettings`.

    Raises:
        ValueError: a setting is out of its range; the message names it.
    """

    def __init__(self, settings: ResourceLifecycleSettings | None = None) -> None:
        self._settings = settings or ResourceLifecycleSettings()
        self._book = Book(self._settings)
        # Set by the first cleanup: its task, and whether it is over.
        self._cleaner: asyncio.Task[Any] | None = None
        self._cleaned: asyncio.Event | None = None

    async def register(
        self,
        id: ResourceId,
        resource: ManagedResource,
        depends_on: Sequence[ResourceId] = (),
    ) -> None:
        """Initialise a resource, after what it depends on, and keep it from then on.

        Raises:
            InvalidResourceError: the id, the resource or the dependencies are not what they should be.
            DuplicateResourceError: the id is taken, or about to be.
            DependencyCycleError: the resource depends on itself.
            ResourceNotFoundError: it depends on something that is neither registered nor about to be.
            ManagerClosedError: the manager has begun to clean up.
            TimeoutError: initialize() took longer than initialize_timeout.
            Exception: whatever initialize() raised, the very same object; the resource was cleaned up.
        """
        needs = depends_on if isinstance(depends_on, str) else tuple(depends_on)
        reservation = self._book.reserve(id, resource, needs, asyncio.Event())
        entry = reservation.entry
        try:
            for each in reservation.awaited:
                await each.settled.wait()
            self._book.require(needs)
            if reservation.replaced is not None:
                await self._clean(reservation.replaced)
            await self._initialize(entry)
        finally:
            self._book.release(entry)
            entry.settled.set()

    async def _initialize(self, entry: Entry) -> None:
        """Initialise and register; what fails on the way, or comes too late, is cleaned up."""
        try:
            await _within(self._settings.initialize_timeout, entry.resource.initialize, f"to initialise {entry.id!r}")
            self._book.confirm(entry)
        except BaseException as error:
            try:
                await self._clean(entry)
            except Exception as failure:  # noqa: BLE001 - the error that came first is the one to raise
                error.add_note(f"nor could {entry.id!r} be cleaned up: {failure!r}")
            raise

    async def _clean(self, entry: Entry) -> None:
        await _within(self._settings.cleanup_timeout, entry.resource.cleanup, f"to clean up {entry.id!r}")

    async def get(self, id: ResourceId) -> Any:
        """The resource that is registered under an id.

        Raises:
            ResourceNotFoundError: there is none, or it is still being initialised.
        """
        return self._book.find(id)

    async def cleanup_all(self) -> None:
        """Clean up every resource, the one registered last first; a second call waits until the first is over.

        A cancellation ends the cleanup() that it meets, and none of the others.

        Raises:
            CleanupError: some could not be cleaned up.
            BaseException: what one raised that is no Exception, with the failures of others as its cause.
        """
        if self._cleaned is not None:
            if self._cleaner is not asyncio.current_task():  # a cleanup() that calls this would wait for itself
                await self._cleaned.wait()
            return
        self._cleaner, self._cleaned = asyncio.current_task(), asyncio.Event()
        try:
            await self._clean_all(self._book.close())
        finally:
            self._cleaned.set()

    async def _clean_all(self, entries: list[Entry]) -> None:
        failures: dict[ResourceId, Exception] = {}
        fatal: BaseException | None = None
        for entry in entries:
            try:
                await self._clean(entry)
            except Exception as error:  # noqa: BLE001 - whatever it raises, the others are to be cleaned up
                failures[entry.id] = error
            except BaseException as error:  # noqa: BLE001 - the same, and it is raised in the end
                fatal = fatal or error
        failed = CleanupError(failures) if failures else None
        if fatal is not None:
            raise fatal from failed
        if failed is not None:
            raise failed

    async def health(self) -> dict[ResourceId, Health]:
        """Check every resource, all at once, and report what was found; restart what is unhealthy, within the limit.

        A resource is not registered while it is restarted; one that cannot be is no more.
        """
        entries = self._book.registered()
        found = await asyncio.gather(*map(self._check, entries))
        return {entry.id: health for entry, health in zip(entries, found, strict=True)}

    async def _check(self, entry: Entry) -> Health:
        try:
            healthy = await _within(self._settings.health_timeout, entry.resource.is_healthy, f"to check {entry.id!r}")
        except Exception as error:  # noqa: BLE001 - it is no more than unhealthy
            _log.warning("the check of resource %r failed: %r", entry.id, error)
            healthy = False
        if healthy:
            entry.restarts = 0
            return Health.HEALTHY
        if entry.restarts < self._settings.restarts and self._book.withdraw(entry):
            await self._restart(entry)
        return Health.UNHEALTHY

    async def _restart(self, entry: Entry) -> None:
        try:
            with suppress(Exception):  # it was unhealthy
                await self._clean(entry)
            while entry.restarts < self._settings.restarts:
                entry.restarts += 1
                try:
                    await self._initialize(entry)
                    return
                except Exception as error:  # noqa: BLE001 - it is no more than unhealthy
                    _log.warning("resource %r could not be initialised again: %r", entry.id, error)
        finally:
            self._book.release(entry)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            await self.cleanup_all()
        except CleanupError as failed:
            if error is None or isinstance(error, Exception):
                raise
            error.add_note(str(failed))  # a cancellation has to get through

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._book}>"


async def _within(limit: float | None, function: Callable[[], Awaitable[T]], what: str) -> T:
    """Await ``function()`` for so many seconds at most."""
    if limit is None:
        return await function()
    timeout = asyncio.timeout(limit)
    try:
        async with timeout:
            return await function()
    except TimeoutError as error:
        if not timeout.expired():
            raise  # of the resource's own
        raise TimeoutError(f"it took longer than {limit:g} s {what}") from error
