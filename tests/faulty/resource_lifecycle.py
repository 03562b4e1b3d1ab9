"""Resource managers that are wrong, each in one way."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from patternproof.reference.resource_lifecycle import ResourceManager
from patternproof.reference.resource_lifecycle.book import Book, Entry

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
from tests.faulty import Registry

FAULTY = Registry()
faulty = FAULTY.add
_log = logging.getLogger(__name__)
T = TypeVar("T")


def without(*names: str) -> Callable[[type[T]], type[T]]:
    """Let a class refuse some of the settings."""

    def refusing(kind: type[T]) -> type[T]:
        make = kind.__init__

        def init(self: Any, settings: ResourceLifecycleSettings) -> None:
            for name in names:
                if getattr(settings, name):
                    raise Unsupported(name)
            make(self, settings)

        kind.__init__ = init  # type: ignore[method-assign] # as said
        return kind

    return refusing


async def turns(count: int) -> None:
    """Give way to the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


class Manager(ResourceManager):
    """The reference, with more to be replaced in it."""

    async def clean_and_tell(self, entries: list[Entry]) -> dict[str, Exception]:
        """Clean up what is given, in that order, and give the failures."""
        failures: dict[str, Exception] = {}
        for entry in entries:
            try:
                await self._clean(entry)
            except Exception as error:
                failures[entry.id] = error
        return failures


class Simple:
    """A manager that is right as far as it goes: it has no health, no scope and no timeouts."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        for name in ("initialize_timeout", "cleanup_timeout", "health_timeout", "restarts", "replace"):
            if getattr(settings, name):
                raise Unsupported(name)
        self.resources: dict[str, Any] = {}
        self.begun: set[str] = set()
        self.closed = False

    async def register(self, id: str, resource: Any) -> None:
        self.admit(id)
        self.begun.add(id)
        try:
            await self.initialize(id, resource)
        finally:
            self.begun.discard(id)

    def admit(self, id: str) -> None:
        if self.closed:
            raise ManagerClosedError("closed")
        if id in self.resources or id in self.begun:
            raise DuplicateResourceError(id)

    async def initialize(self, id: str, resource: Any) -> None:
        try:
            await resource.initialize()
            if self.closed:
                raise ManagerClosedError("closed")
        except BaseException:
            await resource.cleanup()
            raise
        self.resources[id] = resource

    async def get(self, id: str) -> Any:
        if id not in self.resources:
            raise ResourceNotFoundError(id)
        return self.resources[id]

    async def cleanup_all(self) -> None:
        if self.closed:
            return
        self.closed = True
        failures: dict[str, Exception] = {}
        broken: BaseException | None = None
        while self.resources:
            id, resource = self.resources.popitem()
            try:
                await resource.cleanup()
            except Exception as error:
                failures[id] = error
            except BaseException as error:
                broken = error
        if broken is not None:
            raise broken
        if failures:
            raise CleanupError(failures)


# The document's sample


@faulty(
    "RL-02 RL-04 RL-05 RL-06 RL-07 RL-08 RL-09 RL-10 RL-11",
    "a resource is replaced without being cleaned up",
    "histories feature machine interleavings",
    claims="",
)
class AsWritten:
    """The pattern document's `ResourceManager`, line by line; a `HashMap` is a dict, a warning in the log stays one."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        for name in ("initialize_timeout", "cleanup_timeout", "health_timeout", "restarts", "replace"):
            if getattr(settings, name):
                raise Unsupported(name)
        self.resources: dict[str, Any] = {}

    async def register(self, id: str, resource: Any) -> None:
        await resource.initialize()
        self.resources[id] = resource

    async def get(self, id: str) -> Any:
        if id not in self.resources:
            raise ResourceNotFoundError(id)
        return self.resources[id]

    async def cleanup_all(self) -> None:
        for id, resource in [*self.resources.items()]:
            try:
                await resource.cleanup()
            except Exception as error:
                _log.warning("Failed to clean up resource %s: %s", id, error)


# RL-01: initialised once, and got after that


@faulty("RL-01", "get() gives a resource that is not initialised yet", "histories feature")
class StoresFirst(Manager):
    """A registry that is filled before the resource is started, as in containers that build lazily."""

    async def get(self, id: str) -> Any:
        entry = self._book._under_way.get(id)
        return await super().get(id) if entry is None else entry.resource


@faulty("RL-01", "a resource is initialised twice")
@without("initialize_timeout")
class InitialisesTwice(Manager):
    """Once by the constructor of a wrapper, and once by the manager."""

    async def _initialize(self, entry: Entry) -> None:
        if entry.place < 0:
            try:
                await entry.resource.initialize()
            except BaseException:
                await entry.resource.cleanup()
                raise
        await super()._initialize(entry)


@faulty("RL-01", "a resource is registered without being initialised")
class InitialisesNever(Manager):
    """It is to be initialised at its first use, and nobody does."""

    async def _initialize(self, entry: Entry) -> None:
        if entry.place < 0:
            self._book.confirm(entry)
        else:
            await super()._initialize(entry)


@faulty("RL-01", "a resource that is registered cannot be got")
class LooksElsewhere(Manager):
    """Names are normalised where they are looked up, and not where they are stored."""

    async def get(self, id: str) -> Any:
        raise ResourceNotFoundError(id)


# RL-02: a failing initialise


@faulty("RL-02", "register() returns though initialize() has failed")
class LogsFailures(Manager):
    """A failing start is a line in the log."""

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        try:
            await super().register(id, resource, depends_on)
        except Exception as error:
            if type(error).__name__ != "InitializeFailure":
                raise


@faulty("RL-02", "register() raises something else than the error of initialize()")
class HidesFailures(Manager):
    """An error of the library's own, and no word of what it comes from."""

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        try:
            await super().register(id, resource, depends_on)
        except Exception as error:
            if type(error).__name__ != "InitializeFailure":
                raise
            raise RuntimeError("the registration has failed") from None


@faulty("RL-02", "keeps the id")
class KeepsFailedId(Manager):
    """The id is given back after the call that cannot fail."""

    async def _initialize(self, entry: Entry) -> None:
        try:
            await super()._initialize(entry)
        except Exception as error:
            if not isinstance(error, ManagerClosedError | TimeoutError):
                self._book._under_way[entry.id] = Entry(entry.id, None, None)
            raise


@faulty("RL-02", "a resource whose initialize() has failed is registered")
class KeepsFailedResource(Manager):
    """It was stored before it was started, and is not taken out again."""

    failed: dict[str, Any]

    async def _initialize(self, entry: Entry) -> None:
        try:
            await super()._initialize(entry)
        except Exception as error:
            if not isinstance(error, ManagerClosedError | TimeoutError):
                self.__dict__.setdefault("failed", {})[entry.id] = entry.resource
            raise

    async def get(self, id: str) -> Any:
        try:
            return await super().get(id)
        except ResourceNotFoundError:
            if id not in self.__dict__.get("failed", {}):
                raise
            return self.failed[id]


@faulty("RL-02", "what an initialize() that fails has begun is never cleaned up")
@without("initialize_timeout")
class LeavesHalfOpen(Manager):
    """As ``async with`` does it: what fails on entering is not left."""

    async def _initialize(self, entry: Entry) -> None:
        try:
            await entry.resource.initialize()
        except Exception:
            raise
        except BaseException:
            await self._clean(entry)
            raise
        try:
            self._book.confirm(entry)
        except ManagerClosedError:
            await self._clean(entry)
            raise


@faulty("RL-02", "is cleaned up with the others only", "histories feature")
class CleansFailedLate(Manager):
    """An exit stack on which the cleanup is pushed before the start."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        if settings.initialize_timeout is not None:
            raise Unsupported("initialize_timeout")
        super().__init__(settings)
        self.failed: list[Entry] = []

    async def _initialize(self, entry: Entry) -> None:
        try:
            await entry.resource.initialize()
        except Exception:
            entry.place = self._book._places
            self._book._places += 1
            self.failed.append(entry)
            raise
        except BaseException:
            await self._clean(entry)
            raise
        try:
            self._book.confirm(entry)
        except ManagerClosedError:
            await self._clean(entry)
            raise

    async def _clean_all(self, entries: list[Entry]) -> None:
        failed, self.failed = self.failed, []
        await super()._clean_all(sorted([*entries, *failed], key=lambda entry: -entry.place))


@faulty("RL-02", "what an initialize() that is given up has begun is never cleaned up", "histories")
class LeavesGivenUp(Manager):
    """The limit is put around the whole of it from outside, and its error handled there."""

    async def _clean(self, entry: Entry) -> None:
        if entry.place >= 0 or not isinstance(sys.exception(), TimeoutError):
            await super()._clean(entry)


# RL-03: unknown ids


@faulty("RL-03", "the error for an unknown id does not name it")
class NamesNothing(Manager):
    """Not found: what, and where?"""

    async def get(self, id: str) -> Any:
        try:
            return await super().get(id)
        except ResourceNotFoundError:
            raise ResourceNotFoundError("?") from None


@faulty("RL-03", "an unknown id is answered otherwise")
class GivesNone(Manager):
    """``dict.get`` of the registry."""

    async def get(self, id: str) -> Any:
        try:
            return await super().get(id)
        except ResourceNotFoundError:
            if id in self._book._under_way or self._book._closed:
                raise
            return None


@faulty("RL-03", "an unknown id is answered otherwise")
class RaisesKeyError(Manager):
    """The dict's own error."""

    async def get(self, id: str) -> Any:
        try:
            return await super().get(id)
        except ResourceNotFoundError:
            raise KeyError(id) from None


# RL-04: taken ids


class Doubling(Manager):
    """A manager to which a taken id comes as well."""

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        try:
            await super().register(id, resource, depends_on)
        except DuplicateResourceError:
            if id not in self._book._registered:
                raise
            await self.second(id, resource)

    async def second(self, id: str, resource: Any) -> None:
        """What is done with it."""

    async def start(self, id: str, resource: Any) -> Entry:
        """Initialise it, with a place of its own."""
        try:
            await resource.initialize()
        except BaseException:
            await resource.cleanup()
            raise
        self._book._places += 1
        return Entry(id, resource, None, place=self._book._places - 1)


@faulty("RL-04", "registering a taken id is ignored without an error", claims="dependencies restart")
class IgnoresSecond(Doubling):
    """``dict.setdefault``."""


@faulty("RL-04", "a resource is replaced without being cleaned up", claims="dependencies restart")
class Overwrites(Doubling):
    """``self._resources[id] = resource``, as in the pattern document's sample."""

    async def second(self, id: str, resource: Any) -> None:
        self._book._registered[id] = await self.start(id, resource)


@faulty("RL-04", "a second resource is registered beside the first of its id", claims="dependencies restart")
class Hides(Doubling):
    """A list to clean up by and a dict to find things in."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.hidden: list[Entry] = []

    async def second(self, id: str, resource: Any) -> None:
        entry = await self.start(id, resource)
        self.hidden.append(self._book._registered.pop(id))
        self._book._registered[id] = entry

    async def _clean_all(self, entries: list[Entry]) -> None:
        await super()._clean_all(sorted([*entries, *self.hidden], key=lambda entry: -entry.place))


@faulty("RL-04", "a resource that is refused is left initialised", claims="dependencies restart")
class LeavesSecond(Doubling):
    """It looks after the start, when it has something to store."""

    async def second(self, id: str, resource: Any) -> None:
        await self.start(id, resource)
        raise DuplicateResourceError(id)


@faulty("RL-04", "a second resource is refused, and the first cleaned up", claims="dependencies restart")
class CleansFirst(Doubling):
    """The way out of a failing registration cleans up by the id."""

    async def second(self, id: str, resource: Any) -> None:
        self.task = asyncio.create_task(self._clean(self._book._registered.pop(id)))
        await turns(2)
        raise DuplicateResourceError(id)


@faulty("RL-04", "a taken id goes to a second resource, and the first is cleaned up", claims="dependencies restart")
class ReplacesUnasked(Manager):
    """Registering once more is taken for a new version, as in containers that override what they were told before."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self._book.settings = replace(settings, replace=True)


@faulty("RL-04", "a resource is not replaced though it is to be", "histories feature")
class ReplacesNever(Manager):
    """The option is there, and is not looked at."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self._book.settings = ResourceLifecycleSettings()


@faulty("RL-04", "a resource that is to be replaced is not cleaned up", "histories feature")
class ReplacesWithoutCleanup(Manager):
    """What is replaced is left to the garbage collector."""

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        if self._settings.replace:
            self._book._registered.pop(id, None)
        await super().register(id, resource, depends_on)


# RL-05: every resource, once


@faulty("RL-05", "resources are not cleaned up")
class ForgetsToClean(Manager):
    """The registry is emptied, and that is all."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        return


@faulty("RL-05", "a resource is cleaned up twice")
class CleansTwice(Manager):
    """Once by the manager, once by a finaliser that it has registered as well."""

    async def _clean(self, entry: Entry) -> None:
        await super()._clean(entry)
        if self._book._closed and entry.place >= 0:
            await super()._clean(entry)


@faulty("RL-05", "after a cleanup that fails the others are not cleaned up")
@without("cleanup_timeout")
class StopsAtFailure(Manager):
    """A loop without a try."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        broken = None
        for entry in entries:
            try:
                await self._clean(entry)
            except Exception as error:
                raise CleanupError({entry.id: error}) from None
            except BaseException as error:
                broken = error
        if broken is not None:
            raise broken


@faulty("RL-05 RL-13", "after a cleanup that raises a BaseException the others are not")
class StopsAtBreak(Manager):
    """``except Exception``, which a CancelledError out of a resource gets past; so does the caller's own cancellation."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        failures = await self.clean_and_tell(entries)
        if failures:
            raise CleanupError(failures)


@faulty("RL-05", "a resource whose cleanup fails is registered still")
class TriesAgain(Manager):
    """What could not be closed is kept for the next time."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.failed: dict[str, Entry] = {}

    async def _clean_all(self, entries: list[Entry]) -> None:
        try:
            await super()._clean_all(entries)
        except CleanupError as error:
            self.failed = {entry.id: entry for entry in entries if entry.id in error.ids and not is_given_up(error, entry)}
            raise

    async def cleanup_all(self) -> None:
        if self._cleaned is not None and self._cleaned.is_set() and self.failed:
            await self._clean_all([*self.failed.values()])
        else:
            await super().cleanup_all()

    async def get(self, id: str) -> Any:
        return self.failed[id].resource if id in self.failed else await super().get(id)


def is_given_up(error: CleanupError, entry: Entry) -> bool:
    return isinstance(error.failures[entry.id], TimeoutError)


# RL-06: order


@faulty("RL-06", "resources are cleaned up in the order of registration", claims="restart replace")
class FirstFirst(Manager):
    """The order of a dict."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        await super()._clean_all(entries[::-1])


@faulty("RL-06", "a resource is cleaned up before a later one is done with it", claims="restart replace")
class AllAtOnce(Manager):
    """``asyncio.gather`` over all of them."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        clean_all = super()._clean_all
        ended = await asyncio.shield(asyncio.gather(*(clean_all([entry]) for entry in entries), return_exceptions=True))
        errors = [error for error in ended if isinstance(error, BaseException)]
        failures = {id: each for error in errors if isinstance(error, CleanupError) for id, each in error.failures.items()}
        for error in errors:
            if not isinstance(error, CleanupError):
                raise error
        if failures:
            raise CleanupError(failures)


@faulty("RL-06", "clean", "histories feature", claims="restart replace")
class ByName(Manager):
    """A sorted map."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        await super()._clean_all(sorted(entries, key=lambda entry: entry.id))


# RL-07: what is reported


@faulty("RL-07", "failures of cleanup are not told")
@without("cleanup_timeout")
class LogsOnly(Manager):
    """``log.warning``, as in the pattern document's sample."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        try:
            await super()._clean_all(entries)
        except CleanupError as error:
            _log.warning("%s", error)


@faulty("RL-07", "of several failures of cleanup one is told")
class TellsOne(Manager):
    """The last one replaces those before it."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        try:
            await super()._clean_all(entries)
        except CleanupError as error:
            id = error.ids[0]
            raise CleanupError({id: error.failures[id]}) from None


@faulty("RL-07", "failures of cleanup are told otherwise")
@without("cleanup_timeout")
class TellsWithoutIds(Manager):
    """The first error as it is, whoever's it may be."""

    async def _clean_all(self, entries: list[Entry]) -> None:
        try:
            await super()._clean_all(entries)
        except CleanupError as error:
            raise error.exceptions[0] from None


# RL-08: afterwards


@faulty("RL-08", "a resource can be got after the cleanup")
class StaysThere(Manager):
    """What is closed is still in the registry."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.left: dict[str, Any] = {}

    async def _clean_all(self, entries: list[Entry]) -> None:
        try:
            await super()._clean_all(entries)
        finally:
            self.left = {entry.id: entry.resource for entry in entries}

    async def get(self, id: str) -> Any:
        return self.left[id] if id in self.left else await super().get(id)


@faulty("RL-08", "a second cleanup cleans up again")
class CleansAgain(Manager):
    """An idempotent close that is none."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.left: list[Entry] = []

    async def _clean_all(self, entries: list[Entry]) -> None:
        try:
            await super()._clean_all(entries)
        finally:
            self.left = entries

    async def cleanup_all(self) -> None:
        if self._cleaned is not None and self._cleaned.is_set():
            await super()._clean_all(self.left)
        else:
            await super().cleanup_all()


@faulty("RL-08", "a second cleanup fails")
class FailsTheSecondTime(Manager):
    """Closed is closed."""

    async def cleanup_all(self) -> None:
        if self._cleaned is not None and self._cleaned.is_set():
            raise RuntimeError("the manager is closed")
        await super().cleanup_all()

    async def __aexit__(self, *error: Any) -> None:
        if self._cleaned is None or not self._cleaned.is_set():
            await super().__aexit__(*error)


@faulty("RL-08", "a resource that was cleaned up is initialised again when it is got")
@without("initialize_timeout")
class StartsAgain(Manager):
    """A container that makes whatever it is asked for, as often as it has to."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.ended: dict[str, Entry] = {}
        self.again: dict[str, Entry] = {}
        self.cleanups = 0
        self.starting: set[asyncio.Task[Any]] = set()

    async def _clean(self, entry: Entry) -> None:
        try:
            await super()._clean(entry)
        finally:
            if self._book._closed and entry.place >= 0:
                self.ended[entry.id] = entry

    async def cleanup_all(self) -> None:
        self.cleanups += 1
        if self.again:
            entries, self.again = sorted(self.again.values(), key=lambda entry: -entry.place), {}
            await self._clean_all(entries)
        else:
            await super().cleanup_all()

    async def get(self, id: str) -> Any:
        if id in self.again:
            return self.again[id].resource
        if id not in self.ended:
            return await super().get(id)
        starting = asyncio.ensure_future(self._start(self.ended.pop(id)))
        self.starting.add(starting)
        return await asyncio.shield(starting)

    async def _start(self, entry: Entry) -> Any:
        cleanups = self.cleanups
        try:
            await entry.resource.initialize()
            if cleanups < self.cleanups:
                raise ManagerClosedError("cleaned up meanwhile")
        except BaseException:
            await entry.resource.cleanup()
            raise
        self.again[entry.id] = entry
        return entry.resource


@faulty("RL-08", "a second cleanup at the same time cleans up again", "histories feature")
class CleansMeanwhile(Manager):
    """Two tasks walk through one list."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.entries: list[Entry] = []

    async def _clean_all(self, entries: list[Entry]) -> None:
        self.entries = entries
        await super()._clean_all(entries)

    async def cleanup_all(self) -> None:
        if self._cleaned is not None and not self._cleaned.is_set():
            await super()._clean_all(self.entries)
        else:
            await super().cleanup_all()


@faulty("RL-08", "a second cleanup at the same time goes on with what the first has not come to", "histories")
class PopsMeanwhile(Manager):
    """``while self._resources: self._resources.popitem()``, in two tasks."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.entries: list[Entry] = []

    async def _clean_all(self, entries: list[Entry]) -> None:
        self.entries = entries
        await self.pop()

    async def pop(self) -> None:
        await super()._clean_all(self)  # type: ignore[arg-type] # it is iterated, and no more

    def __iter__(self) -> Any:
        while self.entries:
            yield self.entries.pop(0)

    async def cleanup_all(self) -> None:
        if self._cleaned is not None and not self._cleaned.is_set():
            await self.pop()
        else:
            await super().cleanup_all()


# RL-09: a registration meets a cleanup


class Open(Book):
    """A book that is not closed by what is under way."""

    def confirm(self, entry: Entry) -> None:
        closed, self._closed = self._closed, False
        try:
            super().confirm(entry)
        finally:
            self._closed = closed


@faulty("RL-09", "a resource that is being registered as the cleanup begins is left", "histories interleavings")
class StoresTooLate(Manager):
    """The cleanup takes what is there, and what comes then is nobody's."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self._book = Open(settings)


@faulty("RL-09", "a resource that is registered during a cleanup is left", "histories", claims="dependencies replace")
class TakesMeanwhile(Manager):
    """Closed only once all is cleaned up."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.over = False

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        if self._cleaned is not None and not self._cleaned.is_set():
            self._book._closed = False
            try:
                await super().register(id, resource, depends_on)
            finally:
                self._book._closed = True
        else:
            await super().register(id, resource, depends_on)


# RL-10: cancelled registrations


@faulty("RL-10", "what a register() that is cancelled has begun is never cleaned up", "histories machine interleavings")
class ExceptException(Manager):
    """``except Exception``, which CancelledError is none of."""

    async def _clean(self, entry: Entry) -> None:
        if entry.place >= 0 or not isinstance(sys.exception(), asyncio.CancelledError):
            await super()._clean(entry)


@faulty("RL-10", "a register() that is cancelled keeps the id", "histories machine interleavings")
class KeepsCancelledId(Manager):
    """The id is given back where the call has failed, and a cancellation is no failure."""

    async def _initialize(self, entry: Entry) -> None:
        try:
            await super()._initialize(entry)
        except asyncio.CancelledError:
            self._book._under_way[entry.id] = Entry(entry.id, None, None)
            raise


@faulty("RL-10", "a register() that is cancelled goes on", "histories machine interleavings")
class ShieldsRegistration(Manager):
    """``asyncio.shield``, so that nothing is half-done."""

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        await asyncio.shield(super().register(id, resource, depends_on))


@faulty("RL-10", "expected", "interleavings")
class LeavesAtTheEnd(Manager):
    """Something is awaited between the start and the registration, outside of the try."""

    async def _initialize(self, entry: Entry) -> None:
        await super()._initialize(entry)
        self._book._under_way[entry.id] = self._book._registered.pop(entry.id)
        await turns(1)
        try:
            self._book.confirm(entry)
        except ManagerClosedError:
            await self._clean(entry)
            raise


# RL-11: rivals


@faulty("RL-11", "two concurrent registrations of one id both succeed", "histories feature interleavings", claims="")
class ChecksThenActs(Simple):
    """``if id not in self._resources``, an await, and then the assignment."""

    def admit(self, id: str) -> None:
        self.begun.discard(id)
        super().admit(id)


# RL-12: health


@faulty("RL-12", "a check that raises breaks the report")
class RaisesOfChecks(Manager):
    """``asyncio.gather`` without return_exceptions."""

    async def _check(self, entry: Entry) -> Health:
        health = await super()._check(entry)
        if self._settings.health_timeout is None:
            await entry.resource.is_healthy()
        return health


@faulty("RL-12", "a check that fails counts as healthy")
class BelievesInTheBest(Manager):
    """No answer is no bad news."""

    async def _check(self, entry: Entry) -> Health:
        try:
            async with asyncio.timeout(self._settings.health_timeout):
                await entry.resource.is_healthy()
        except Exception:
            return Health.HEALTHY
        return await super()._check(entry)


@faulty("RL-12", "a resource that is not healthy is reported as healthy")
class AlwaysWell(Manager):
    """A check that was begun and not awaited is true."""

    async def _check(self, entry: Entry) -> Health:
        await super()._check(entry)
        return Health.HEALTHY


@faulty("RL-12", "a resource that is not healthy is left out")
class LeavesOut(Manager):
    """Only what has passed is in the report."""

    async def health(self) -> dict[str, Health]:
        return {id: health for id, health in (await super().health()).items() if health == Health.HEALTHY}


@faulty("RL-12", "a check that takes too long holds up the report", "histories feature")
class WaitsForChecks(Manager):
    """The limit is a setting that nobody reads."""

    async def _check(self, entry: Entry) -> Health:
        if self._settings.health_timeout is not None:
            return Health.HEALTHY if await entry.resource.is_healthy() else Health.UNHEALTHY
        return await super()._check(entry)


@faulty("RL-12", "a check that takes too long breaks the report", "histories feature")
class TimesOutWhole(Manager):
    """One limit for the whole report, and its error comes out."""

    async def health(self) -> dict[str, Health]:
        limit = self._settings.health_timeout
        if limit is None:
            return await super().health()
        async with asyncio.timeout(limit / 2):
            return await super().health()


@faulty("RL-12", "the health of the resources is reported otherwise", "histories feature")
class ReportsByNumber(Manager):
    """By a number of its own, in place of the id."""

    async def health(self) -> dict[str, Health]:
        return {str(number): health for number, health in enumerate((await super().health()).values())}


# RL-13: scopes


@faulty("RL-13", "leaving the scope cleans up nothing", "histories feature")
class LeavesOpen(Manager):
    """A scope for the looks of it."""

    async def __aexit__(self, *error: Any) -> None:
        return


@faulty("RL-13", "leaving the scope by an error cleans up nothing", "histories feature")
class NotAfterErrors(Manager):
    """A generator whose clean-up stands after the yield, and not in a finally clause."""

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if not isinstance(error, Exception):
            await super().__aexit__(kind, error, trace)


@faulty("RL-13", "leaving the scope by cancellation cleans up nothing", "histories feature")
class NotAfterCancellation(Manager):
    """``except Exception``."""

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is None or isinstance(error, Exception):
            await super().__aexit__(kind, error, trace)


@faulty("RL-13", "an error in the scope is lost", "histories feature")
class SwallowsErrors(Manager):
    """``return True``."""

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> Any:
        await super().__aexit__(kind, error, trace)
        return isinstance(error, Exception)


@faulty("RL-13", "a cancellation while the scope is left ends the cleanup", "histories feature")
class EndsWhenCancelled(Manager):
    """The cleanup is a loop in the caller's task, and a second Ctrl-C ends it."""

    leaving = False

    async def _clean(self, entry: Entry) -> None:
        if not self.leaving or not asyncio.current_task().cancelling() or entry.place < 0:  # type: ignore[union-attr] # it runs in one
            await super()._clean(entry)

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.leaving = not isinstance(error, asyncio.CancelledError)
        await super().__aexit__(kind, error, trace)


@faulty("RL-13", "a cancellation while the scope waits to be left leaves all of it", "machine")
class GivesUpItsTurn(Manager):
    """One lock over everything; who is cancelled while waiting for it has done nothing."""

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
        async with self.lock:
            await super().cleanup_all()


# RL-14: hangs


@faulty("RL-14", "an initialize() that hangs is not given up", "histories feature")
class WaitsToInitialise(Manager):
    """The setting is there, and is not looked at."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self._settings = ResourceLifecycleSettings(None, settings.cleanup_timeout, settings.health_timeout, settings.restarts)


@faulty("RL-14", "a cleanup that hangs is not given up", "histories feature")
class WaitsToCleanUp(Manager):
    """The setting is there, and is not looked at."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self._settings = ResourceLifecycleSettings(settings.initialize_timeout, None, settings.health_timeout, settings.restarts)


@faulty("RL-14", "a cleanup that was given up is not told", "histories feature")
class GivesUpInSilence(Manager):
    """``contextlib.suppress(TimeoutError)``."""

    async def _clean(self, entry: Entry) -> None:
        try:
            await super()._clean(entry)
        except TimeoutError:
            return


@faulty("RL-14", "after a cleanup that was given up the others are not cleaned up", "histories feature")
class GivesUpAll(Manager):
    """One limit for the whole of the cleanup, which the first that hangs uses up."""

    given_up = False

    async def _clean(self, entry: Entry) -> None:
        if self.given_up:
            return
        try:
            await super()._clean(entry)
        except TimeoutError:
            self.given_up = entry.place >= 0
            raise


# RL-15: dependencies


@faulty("RL-15", "a resource is initialised though what it depends on is not there", "histories feature")
class NotesNeeds(Manager):
    """Dependencies are drawn in the documentation, and nowhere else."""

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        await super().register(id, resource)


@faulty("RL-15", "a circle of dependencies is not refused", "histories feature")
class WaitsInCircles(Manager):
    """What a resource depends on is waited for, whatever that is."""

    def __init__(self, settings: ResourceLifecycleSettings) -> None:
        super().__init__(settings)
        self.waiting: set[str] = set()
        self.changed = asyncio.Condition()

    async def register(self, id: str, resource: Any, depends_on: Sequence[str] = ()) -> None:
        while any(need not in self._book._registered for need in depends_on):
            if id in self.waiting or id in self._book._registered or self._book._closed:
                raise DependencyCycleError((id,))
            self.waiting.add(id)
            try:
                async with self.changed:
                    await self.changed.wait()
            finally:
                self.waiting.discard(id)
        if id in self.waiting:
            raise DuplicateResourceError(id)
        await super().register(id, resource, depends_on)
        async with self.changed:
            self.changed.notify_all()


# RL-16: restarts


@faulty("RL-16", "an unhealthy resource is not restarted", "histories feature")
class RestartsNever(Manager):
    """Reported, and left to others."""

    async def _restart(self, entry: Entry) -> None:
        entry.restarts += 1
        self._book.confirm(entry)


@faulty("RL-16", "an unhealthy resource is initialised again without a cleanup", "histories feature")
class InitialisesOver(Manager):
    """A reconnect that leaves the old connection open."""

    async def _restart(self, entry: Entry) -> None:
        entry.restarts += 1
        await self._initialize(entry)


@faulty("RL-16", "an unhealthy resource is cleaned up and not initialised again", "histories feature")
class OnlyCleans(Manager):
    """It will be made again when it is needed."""

    async def _restart(self, entry: Entry) -> None:
        await self._clean(entry)
        self._book.release(entry)


@faulty("RL-16", "an unhealthy resource is restarted without end", "histories feature")
class RestartsForEver(Manager):
    """A supervisor that does not count."""

    async def _check(self, entry: Entry) -> Health:
        entry.restarts = 0
        return await super()._check(entry)
