"""Shared states that are unusual and right."""

from __future__ import annotations

import asyncio
import time
from collections import UserDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any
from weakref import ref

from patternproof.reference.shared_state import SharedState
from patternproof.reference.shared_state.versions import frozen

from patternproof.ports import Unsupported
from patternproof.ports.shared_state import Listener, Remove, SharedStateSettings, Snapshot, VersionConflictError
from tests.odd import Registry

ODD = Registry()
odd = ODD.add
Updater = Callable[[dict[str, Any]], Any]


async def turns(count: int) -> None:
    """Give way to the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


class State(SharedState):
    """The reference, made as the kit makes states."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        if settings.store is not None:
            raise Unsupported("store")
        super().__init__(initial)


# Versions, snapshots and time


@odd
class VersionsFromAThousand(State):
    """Goes on from where a store before it stood."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self._snapshot = self._snapshot._replace(version=1_000)


@odd
class VersionsBelowZero(State):
    """Counts from the far end of what fits."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self._snapshot = self._snapshot._replace(version=-(2**63))


@odd
class SecondsForTime(State):
    """last_updated in seconds, and never back."""

    latest = 0.0

    async def get(self) -> Snapshot:
        return self._in_seconds(await super().get())

    def add_listener(self, listener: Listener) -> Remove:
        return super().add_listener(lambda snapshot: listener(self._in_seconds(snapshot)))

    @staticmethod
    def _in_seconds(snapshot: Snapshot) -> Snapshot:
        return snapshot._replace(last_updated=int(snapshot.last_updated.timestamp()))


@odd
class NoTime(State):
    """Keeps no last_updated."""

    async def get(self) -> Snapshot:
        return (await super().get())._replace(last_updated=None)

    def add_listener(self, listener: Listener) -> Remove:
        return super().add_listener(lambda snapshot: listener(snapshot._replace(last_updated=None)))


class Version(int):
    """A number with a name."""


@dataclass(frozen=True)
class Given:
    """What is returned by a function, and when it was."""

    value: Any


class Plain:
    """A state in plain data, with copies made where a subclass likes, and listeners told at once; it shares nothing else."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        if settings.store is not None:
            raise Unsupported("store")
        self.data: Any = deepcopy(dict(initial))
        self.version = 0
        self.stamp = time.time()
        self.listeners: list[Listener] = []

    async def get(self) -> Any:
        return self.snapshot()

    def snapshot(self) -> Any:
        return Snapshot(deepcopy(self.data), self.version, self.stamp)

    async def update(self, function: Updater) -> Any:
        draft = deepcopy(self.data)
        result = function(draft)
        self.commit(draft)
        return result

    def commit(self, draft: Any) -> None:
        self.data = draft
        self.version += 1
        self.stamp = max(self.stamp, time.time())
        for listener in [*self.listeners]:
            if listener in self.listeners:
                self.tell(listener, self.snapshot())

    def tell(self, listener: Listener, snapshot: Any) -> None:
        try:
            listener(snapshot)
        except Exception as error:  # noqa: BLE001  # whatever it raises is handed on
            self.report(error)

    def report(self, error: Exception) -> None:
        """Nobody is told."""

    async def update_if(self, version: int, function: Updater) -> Any:
        if version != self.version:
            raise VersionConflictError(version)
        return await self.update(function)

    def add_listener(self, listener: Listener) -> Any:
        if asyncio.iscoroutinefunction(listener):
            raise Unsupported("async listeners")
        self.listeners.append(listener)

        def remove() -> None:
            if listener in self.listeners:
                self.listeners.remove(listener)

        return remove


@odd
class CopiesOnRead(Plain):
    """A deep copy for every reader and listener; plain listeners only, and their errors are nobody's."""


@odd
class OwnTypes(Plain):
    """Snapshots are objects of its own, and the data in them a mapping of its own."""

    def snapshot(self) -> Any:
        return SimpleNamespace(data=UserDict(deepcopy(self.data)), version=Version(self.version), last_updated=self.stamp)


@odd
class ReadOnlyViews(Plain):
    """Copies on write, and gives out read-only views."""

    def snapshot(self) -> Any:
        return Snapshot(MappingProxyType(frozen(self.data, "data")), self.version, self.stamp)


@odd
class WithoutListeners(Plain):
    """There is nobody to be told."""

    add_listener = None  # type: ignore[assignment]  # a member that is not there

    def __getattribute__(self, name: str) -> Any:
        if name == "add_listener":
            raise AttributeError(name)
        return super().__getattribute__(name)


@odd
class WrapsErrors(Plain):
    """The error of a function comes in one of the state's own."""

    async def update(self, function: Updater) -> Any:
        try:
            return await super().update(function)
        except Exception as error:  # whatever it raises is handed on
            raise RuntimeError("the update was not made") from error


@odd
class ReportsGroups(Plain):
    """Errors of listeners are reported as a group, and more than once."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.told: list[Callable[[Exception], Any]] = []

    def add_error_listener(self, listener: Callable[[Exception], Any]) -> None:
        self.told.append(listener)

    def report(self, error: Exception) -> None:
        for listener in self.told * 2:
            with suppress(Exception):
                listener(ExceptionGroup("listeners", [error]))


# Concurrency


@odd
class LocksAndYields(State):
    """A lock around each update, and turns of the loop wherever there may be some; cancelled before the commit or not at all."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lock = asyncio.Lock()

    async def get(self) -> Snapshot:
        await turns(2)
        snapshot = self._snapshot
        await turns(1)
        return snapshot

    async def update(self, function: Updater) -> Any:
        async with self.lock:
            await turns(2)
            result = await super().update(function)
            await turns(1)
        await turns(1)
        return result

    async def update_if(self, version: int, function: Updater) -> Any:
        async with self.lock:
            await turns(2)
            return await super().update_if(version, function)


@odd
class Optimistic(State):
    """Runs the function on what there is, and runs it again where somebody was faster."""

    async def update(self, function: Updater) -> Any:
        return await self.attempted(function, None)

    async def update_if(self, version: int, function: Updater) -> Any:
        return await self.attempted(function, version)

    async def attempted(self, function: Updater, version: int | None) -> Any:
        while True:
            before = self._snapshot
            if version is not None and before.version != version:
                raise VersionConflictError(version, before.version)
            function(deepcopy({"count": before.data["count"], "history": {"updates": [*before.data["history"]["updates"]]}}))
            await turns(2)
            if self._snapshot is before:
                return self._commit(function)


class Acting(State):
    """One task does all that is asked for, one after the other."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.orders: asyncio.Queue[tuple[asyncio.Future[Any], Callable[[], Any]]] = asyncio.Queue()
        self.actor = asyncio.get_running_loop().create_task(self.act())

    async def act(self) -> None:
        while True:
            answer, order = await self.orders.get()
            if answer.cancelled():
                continue
            try:
                answer.set_result(order())
            except BaseException as error:  # noqa: BLE001  # whatever it raises is handed on, or the actor ends with it
                answer.set_exception(error)

    async def asked(self, order: Callable[[], Any]) -> Any:
        answer = asyncio.get_running_loop().create_future()
        self.orders.put_nowait((answer, order))
        return await answer

    async def get(self) -> Snapshot:
        return await self.asked(lambda: self._snapshot)

    async def update(self, function: Updater) -> Any:
        return await self.asked(lambda: self._commit(function))

    async def update_if(self, version: int, function: Updater) -> Any:
        return await self.asked(lambda: self._commit(function, version))


@odd
async def ActsInATask(initial: Mapping[str, Any], settings: SharedStateSettings) -> AsyncIterator[Acting]:  # noqa: N802  # as a class
    """An actor with a queue, which ends with the state."""
    state = Acting(initial, settings)
    yield state
    state.actor.cancel()


@odd
class GoesOnWhenCancelled(State):
    """An update is a task of its own, which its caller's cancellation does not reach."""

    async def update(self, function: Updater) -> Any:
        return await asyncio.shield(asyncio.ensure_future(self.later(function, None)))

    async def update_if(self, version: int, function: Updater) -> Any:
        return await asyncio.shield(asyncio.ensure_future(self.later(function, version)))

    async def later(self, function: Updater, version: int | None) -> Any:
        await turns(1)
        result = self._commit(function, version)
        await turns(2)
        return result


@odd
class UndoesWhenCancelled(State):
    """Waits for a store before the commit, with nothing of the update to be seen until then."""

    async def update(self, function: Updater) -> Any:
        await turns(3)
        return self._commit(function)

    async def update_if(self, version: int, function: Updater) -> Any:
        await turns(3)
        return self._commit(function, version)


# Telling


@odd
class TellsInTasks(State):
    """A task tells, a few turns of the loop after the commit, all that has come by then."""

    def _commit(self, function: Updater, version: int | None = None) -> Any:
        told, self._tell = self._tell, self._later  # type: ignore[method-assign]  # for a scope
        try:
            return super()._commit(function, version)
        finally:
            self._tell = told  # type: ignore[method-assign]  # back again

    def _later(self, line: Any) -> None:
        async def tell() -> None:
            await turns(3)
            State._tell(self, line)

        task = asyncio.get_running_loop().create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@odd
class TellsBackwards(State):
    """Listeners among themselves are told in no particular order: here the last first."""

    def add_listener(self, listener: Listener) -> Remove:
        remove = super().add_listener(listener)
        with self._lock:
            self._listeners._lines = (self._listeners._lines[-1], *self._listeners._lines[:-1])
        return remove


@odd
class CallsSlowListenersAgain(Plain):
    """Begins each call in its order, and does not wait for the one before."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.tasks: set[asyncio.Task[None]] = set()
        self.told: list[Callable[[Exception], Any]] = []

    def add_error_listener(self, listener: Callable[[Exception], Any]) -> None:
        self.told.append(listener)

    def report(self, error: Exception) -> None:
        for listener in self.told:
            listener(error)

    def add_listener(self, listener: Listener) -> Any:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener) if listener in self.listeners else None

    def tell(self, listener: Listener, snapshot: Any) -> None:
        task = asyncio.get_running_loop().create_task(self.told_of(listener, snapshot))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def told_of(self, listener: Listener, snapshot: Any) -> None:
        if listener not in self.listeners:
            return
        try:
            heard = listener(snapshot)
            if hasattr(heard, "__await__"):
                await heard
        except Exception as error:  # noqa: BLE001  # whatever it raises is handed on
            self.report(error)


@odd
class RemovesInATask(State):
    """remove() gives something to be awaited, as where a broker is told."""

    def add_listener(self, listener: Listener) -> Remove:
        remove = super().add_listener(listener)

        def removing() -> Any:
            remove()
            return turns(2)

        return removing


@odd
class HoldsListenersWeakly(Plain):
    """Whoever listens has to keep its listener; what is gone is told no more."""

    def add_listener(self, listener: Listener) -> Any:
        held = ref(listener)

        def told(snapshot: Any) -> Any:
            there = held()
            return there(snapshot) if there is not None else remove()

        if asyncio.iscoroutinefunction(listener):
            raise Unsupported("async listeners")
        remove = super().add_listener(told)
        self.kept = [*getattr(self, "kept", []), told]
        return remove


@odd
class TellsInALaterTurn(Plain):
    """Callbacks of the loop tell, each listener by itself."""

    def tell(self, listener: Listener, snapshot: Any) -> None:
        asyncio.get_running_loop().call_soon(self.told_now, listener, snapshot)

    def told_now(self, listener: Listener, snapshot: Any) -> None:
        if listener in self.listeners:
            super().tell(listener, snapshot)


@odd
class QueuePerListener(Plain):
    """A queue and a task for each listener; a listener that is removed takes its task along, unless it is that itself."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.queues: dict[Listener, asyncio.Queue[Any]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.told: list[Callable[[Exception], Any]] = []

    def add_error_listener(self, listener: Callable[[Exception], Any]) -> None:
        self.told.append(listener)

    def report(self, error: Exception) -> None:
        for listener in self.told:
            with suppress(Exception):
                listener(error)

    def add_listener(self, listener: Listener) -> Any:
        self.listeners.append(listener)
        self.queues[listener] = asyncio.Queue()
        task = asyncio.get_running_loop().create_task(self.serve(listener, self.queues[listener]))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

        def remove() -> None:
            if self.queues.pop(listener, None) is not None:
                self.listeners.remove(listener)

        return remove

    def tell(self, listener: Listener, snapshot: Any) -> None:
        self.queues[listener].put_nowait(snapshot)

    async def serve(self, listener: Listener, queue: asyncio.Queue[Any]) -> None:
        while True:
            snapshot = await queue.get()
            if listener not in self.queues:
                return
            try:
                heard = listener(snapshot)
                if hasattr(heard, "__await__"):
                    await heard
            except (Exception, asyncio.CancelledError) as error:  # whatever it raises is handed on
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                if isinstance(error, Exception):
                    self.report(error)


class Lazily:
    """A mapping that is copied when it is first looked at; what it is copied from is never changed."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self.source = source
        self.copy: Any = None

    def __getitem__(self, key: str) -> Any:
        if self.copy is None:
            self.copy = deepcopy(self.source)
        return self.copy[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self[key]
        self.copy[key] = value


@odd
class CopiesWhenLookedAt(Plain):
    """Snapshots copy late."""

    def snapshot(self) -> Any:
        return Snapshot(Lazily(self.data), self.version, self.stamp)


@odd
class LocksFairly(Plain):
    """Many readers or one writer, first come, first served, with turns of the loop in between."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.gate = asyncio.Lock()
        self.readers = 0
        self.nobody_reads = asyncio.Event()
        self.nobody_reads.set()

    async def get(self) -> Any:
        async with self.gate:
            self.readers += 1
            self.nobody_reads.clear()
        try:
            await turns(2)
            return self.snapshot()
        finally:
            self.readers -= 1
            if not self.readers:
                self.nobody_reads.set()

    async def update(self, function: Updater) -> Any:
        async with self.gate:
            await self.nobody_reads.wait()
            return await super().update(function)

    async def update_if(self, version: int, function: Updater) -> Any:
        async with self.gate:
            await self.nobody_reads.wait()
            if version != self.version:
                raise VersionConflictError(version)
            return await Plain.update(self, function)


@odd
class TellsInAnyOrder(Plain):
    """Another listener comes first each time."""

    def commit(self, draft: Any) -> None:
        self.listeners = [*self.listeners[1:], *self.listeners[:1]]
        super().commit(draft)


@odd
class UndoesInPlace(Plain):
    """Updates change the data in place, and whatever goes wrong is undone from a copy."""

    async def update(self, function: Updater) -> Any:
        before = deepcopy(self.data)
        try:
            result = function(self.data)
        except BaseException:
            self.data = before
            raise
        self.commit(self.data)
        return result


@odd
class MutableSnapshots(Plain):
    """Objects that their readers may do with as they like: each has one of its own."""

    def snapshot(self) -> Any:
        return SimpleNamespace(data=deepcopy(self.data), version=self.version, last_updated=self.stamp)
