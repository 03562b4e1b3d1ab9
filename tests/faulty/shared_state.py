"""Shared states that are wrong, each in one way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from copy import deepcopy
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from patternproof.reference.shared_state import SharedState
from patternproof.reference.shared_state.listeners import Line
from patternproof.reference.shared_state.versions import frozen

from patternproof.ports import Unsupported
from patternproof.ports.shared_state import Listener, Remove, SharedStateSettings, Snapshot, VersionConflictError
from tests.faulty import Registry

FAULTY = Registry()
faulty = FAULTY.add
Updater = Callable[[dict[str, Any]], Any]


async def turns(count: int) -> None:
    """Give way to the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


class State(SharedState):
    """A state that is right, over copies of plain data, in steps that a subclass replaces; its listeners are the reference's."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        if settings.store is not None:
            raise Unsupported("store")
        super().__init__(initial)
        self.data = deepcopy(dict(initial))
        self.version = 0
        self.stamp = datetime.now(UTC)

    async def get(self) -> Snapshot:
        return self.snapshot()

    def snapshot(self) -> Snapshot:
        return Snapshot(frozen(self.data, "data"), self.version, self.stamp)

    async def update(self, function: Updater) -> Any:
        return await self.change(function)

    async def update_if(self, version: int, function: Updater) -> Any:
        self.compare(version)
        return await State.change(self, function)

    def compare(self, version: int) -> None:
        if version != self.version:
            raise VersionConflictError(version, self.version)

    async def change(self, function: Updater) -> Any:
        draft = deepcopy(self.data)
        result = function(draft)
        self.commit(draft)
        return result

    def commit(self, data: dict[str, Any]) -> None:
        self.data = data
        self.version += 1
        self.touch()
        self.tell(self.snapshot())

    def touch(self) -> None:
        self.stamp = max(self.stamp, datetime.now(UTC))

    def tell(self, snapshot: Snapshot) -> None:
        for line in self._listeners.append(snapshot):
            self._tell(line)


# SS-01: version and result


@faulty("SS-01", "an update does not raise the version")
class ForgetsVersion(State):
    """A version that only a migration raises."""

    def commit(self, data: dict[str, Any]) -> None:
        self.version -= 1
        super().commit(data)


@faulty("SS-01", "an update raises the version by two")
class CountsLockAndUnlock(State):
    """A sequence lock: odd while somebody writes, even afterwards."""

    def commit(self, data: dict[str, Any]) -> None:
        self.version += 1
        super().commit(data)


@faulty("SS-01", "an update returns something else than its function")
class ReturnsNothing(State):
    """The result is thrown away, as where an update is a message to somebody else."""

    async def change(self, function: Updater) -> Any:
        await super().change(function)


@faulty("SS-01", "returns as if it had succeeded")
class SwallowsErrors(State):
    """The error of the function is logged, and that is all."""

    async def change(self, function: Updater) -> Any:
        try:
            return await super().change(function)
        except Exception:
            return None


@faulty("SS-01", "expected")
class TakesTheTimeForAVersion(State):
    """Nanoseconds: always more than before, and nobody can tell how many were missed."""

    def commit(self, data: dict[str, Any]) -> None:
        self.version = max(self.version, time.time_ns())
        super().commit(data)


@faulty("SS-01", "an update whose function changes nothing does not raise the version")
class SkipsWhatChangesNothing(State):
    """Where the data are equal to those before there is nothing to do."""

    def commit(self, data: dict[str, Any]) -> None:
        if data != self.data:
            super().commit(data)


# SS-02: functions that fail


@faulty("SS-02", "what a function changed before it failed stays in the data")
class MutatesInPlace(State):
    """The function is given the state itself, as in the pattern document's sample."""

    async def change(self, function: Updater) -> Any:
        result = function(self.data)
        self.commit(self.data)
        return result


@faulty("SS-02", "what a function changed inside of the data before it failed stays")
class ShallowDraft(State):
    """The function is given a copy of the outermost mapping alone."""

    async def change(self, function: Updater) -> Any:
        draft = dict(self.data)
        result = function(draft)
        self.commit(draft)
        return result


@faulty("SS-02", "an update whose function fails raises the version")
class CountsFirst(State):
    """The version is taken before the function runs, as ids are from a sequence."""

    async def change(self, function: Updater) -> Any:
        self.version += 1
        draft = deepcopy(self.data)
        result = function(draft)
        self.version -= 1
        self.commit(draft)
        return result


@faulty("SS-02", "listeners hear of an update whose function failed")
class TellsInFinally(State):
    """Whatever happens, somebody may want to know."""

    async def change(self, function: Updater) -> Any:
        try:
            return await super().change(function)
        except Exception:
            self.tell(self.snapshot())
            raise


@faulty("SS-02", "an update whose function fails", "histories feature")
class StampsFirst(State):
    """The time is taken before the function runs, and kept."""

    async def change(self, function: Updater) -> Any:
        self.touch()
        return await super().change(function)


@faulty("SS-02", "expected")
class LosesAllByAFailure(State):
    """A rollback to the beginning and not to the version before."""

    async def change(self, function: Updater) -> Any:
        first = getattr(self, "first", None)
        if first is None:
            self.first = first = deepcopy(self.data)
        try:
            return await super().change(function)
        except Exception:
            self.data = deepcopy(first)
            raise


@faulty("SS-02", "what a function changed before it raised what is no Exception stays")
class RollsBackExceptionsAlone(State):
    """except Exception: put everything back."""

    async def change(self, function: Updater) -> Any:
        before = deepcopy(self.data)
        try:
            result = function(self.data)
        except Exception:
            self.data = before
            raise
        self.commit(self.data)
        return result


@faulty("SS-02", "what a function of update_if() changed before it failed stays", "histories machine")
class ComparesAndChangesInPlace(State):
    """The one update that is rare was written in a hurry."""

    async def update_if(self, version: int, function: Updater) -> Any:
        self.compare(version)
        result = function(self.data)
        self.commit(self.data)
        return result


# SS-03: concurrent updates


@faulty("SS-03", "an update starts from an older version")
class WorksOnOldCopy(State):
    """A copy for the next update that is made before the latest one is in."""

    async def change(self, function: Updater) -> Any:
        draft = deepcopy(getattr(self, "spare", self.data))
        self.spare = deepcopy(self.data)
        result = function(draft)
        self.commit(draft)
        return result


@faulty("SS-03", "updates that overlap start from one version", "feature interleavings")
class AwaitsBetweenReadAndWrite(State):
    """Reads, awaits a store, and writes: who comes in between is lost; their versions are both counted."""

    async def change(self, function: Updater) -> Any:
        draft = deepcopy(self.data)
        result = function(draft)
        await turns(2)
        self.commit(draft)
        return result


@faulty("SS-03", "updates that overlap start from one version", "feature interleavings")
class WritesTheVersionItRead(State):
    """The same, with a version that two of them have."""

    async def change(self, function: Updater) -> Any:
        draft, version = deepcopy(self.data), self.version
        result = function(draft)
        await turns(1)
        self.version = version
        self.commit(draft)
        return result


# SS-04: snapshots


@faulty("SS-04", "expected")
class HandsOutTheLiveDict(State):
    """What get() returns is the state itself; a function that fails is rolled back."""

    async def update_if(self, version: int, function: Updater) -> Any:
        self.compare(version)
        return await self.change(function)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.data, self.version, self.stamp)

    async def change(self, function: Updater) -> Any:
        before = deepcopy(self.data)
        try:
            result = function(self.data)
        except BaseException:
            self.data.clear()
            self.data.update(before)
            raise
        self.commit(self.data)
        return result


class View(Mapping[str, Any]):
    """What a state holds at the moment of looking."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __getitem__(self, key: str) -> Any:
        return frozen(self.state.data[key], key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.state.data)

    def __len__(self) -> int:
        return len(self.state.data)


@faulty("SS-04", "a snapshot that was taken changes with later updates")
class GivesReadOnlyViews(State):
    """Nobody can change what get() returns, but for those who update."""

    async def get(self) -> Snapshot:
        return super().snapshot()._replace(data=View(self))


@faulty("SS-04", "changing a snapshot")
class CopiesShallowly(State):
    """dict(data): the outermost mapping is a copy, and what is inside of it is not."""

    def snapshot(self) -> Snapshot:
        return Snapshot(dict(self.data), self.version, self.stamp)


@faulty("SS-04", "changing a snapshot")
class CopiesOnWriteOnly(State):
    """Updates make a new dict, and readers are given the one that there is."""

    def snapshot(self) -> Snapshot:
        return Snapshot(self.data, self.version, self.stamp)


@faulty("SS-04", "changing a snapshot", "histories feature interleavings")
class KeepsOneSnapshotPerVersion(State):
    """One copy for all readers of a version, which each of them may change."""

    kept: Snapshot | None = None

    async def get(self) -> Snapshot:
        if self.kept is None or self.kept.version != self.version:
            self.kept = Snapshot(deepcopy(self.data), self.version, self.stamp)
        return self.kept


@faulty("SS-04", "a listener that changes what it is told")
class TellsListenersTheState(State):
    """Listeners are given the state itself, for speed: one that changes what it is told changes it for all."""

    def tell(self, snapshot: Snapshot) -> None:
        super().tell(snapshot._replace(data=self.data))

    async def change(self, function: Updater) -> Any:
        draft = deepcopy(self.data)
        result = function(draft)
        self.commit(draft)
        return result


@faulty("SS-04", "get() gives the number of one version and the data of another", "interleavings")
class ReadsPartByPart(State):
    """The data now, and the version when the next row has come."""

    async def get(self) -> Snapshot:
        data = self.snapshot().data
        await turns(1)
        return Snapshot(data, self.version, self.stamp)


@faulty("SS-04", "changing a snapshot", "histories feature interleavings")
class SharesOneObjectPerVersion(State):
    """An object for each version, in which anybody may write."""

    kept: SimpleNamespace | None = None

    async def get(self) -> Any:
        if self.kept is None or self.kept.number != self.version:
            fields = self.snapshot()._asdict()
            self.kept = SimpleNamespace(**fields, number=self.version)
        return self.kept


# SS-05: linearizability


@faulty("SS-05", "get() gives a version that is not the latest")
class ReadsFromReplica(State):
    """A replica that is one update behind."""

    replica: Snapshot | None = None

    async def get(self) -> Snapshot:
        return self.replica or self.snapshot()

    def commit(self, data: dict[str, Any]) -> None:
        self.replica = self.snapshot()
        super().commit(data)


@faulty("SS-05", "no order of the calls explains", "feature interleavings")
class CachesForATurn(State):
    """A cache that is refreshed in the background, a little after the update was acknowledged."""

    cached: Snapshot | None = None

    async def get(self) -> Snapshot:
        return self.cached or self.snapshot()

    def commit(self, data: dict[str, Any]) -> None:
        self.cached = self.cached or self.snapshot()
        super().commit(data)
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self.refresh)

    def refresh(self) -> None:
        self.cached = None


@faulty("SS-05", "expected", "feature machine")
class CachesForASecond(State):
    """A cache with a time to live."""

    cached: Snapshot | None = None
    until = 0.0

    async def get(self) -> Snapshot:
        now = time.monotonic()
        if self.cached is None or now >= self.until:
            self.cached, self.until = self.snapshot(), now + 1.0
        return self.cached


# SS-06: time


@faulty("SS-06", "last_updated goes back with the wall clock")
class FollowsTheWallClock(State):
    """The time as it is, as in the pattern document's sample."""

    def touch(self) -> None:
        self.stamp = datetime.now(UTC)


@faulty("SS-06", "last_updated is when the state was read")
class StampsWhenRead(State):
    """The time of the reading, as it is."""

    def snapshot(self) -> Snapshot:
        return super().snapshot()._replace(last_updated=datetime.now(UTC))


# SS-07: telling


@faulty("SS-07", "a version is told to nobody")
class TellsNobody(State):
    """Listeners are kept, and forgotten."""

    def tell(self, snapshot: Snapshot) -> None:
        pass


@faulty("SS-07", "a version is told twice")
class TellsTwice(State):
    """Once by the update, and once by the one who saw that something had changed."""

    def tell(self, snapshot: Snapshot) -> None:
        super().tell(snapshot)
        super().tell(snapshot)


@faulty("SS-07", "a listener is told of a version that get() does not give yet")
class TellsBeforeTheCommit(State):
    """Tells what is going to be, and then makes it so, in a task that no cancellation reaches."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lock = asyncio.Lock()

    async def change(self, function: Updater) -> Any:
        return await asyncio.shield(asyncio.ensure_future(self.changed(function, None)))

    async def update_if(self, version: int, function: Updater) -> Any:
        return await asyncio.shield(asyncio.ensure_future(self.changed(function, version)))

    async def changed(self, function: Updater, version: int | None) -> Any:
        async with self.lock:
            if version is not None:
                self.compare(version)
            draft = deepcopy(self.data)
            result = function(draft)
            super().tell(Snapshot(frozen(draft, "data"), self.version + 1, max(self.stamp, datetime.now(UTC))))
            await turns(4)
            self.commit(draft)
            return result

    def tell(self, snapshot: Snapshot) -> None:
        pass


@faulty("SS-07", "versions that wait for a slow listener are not told", "feature interleavings")
class TellsTheLatestOnly(State):
    """While a listener is slow what waits for it is replaced by the latest, as a screen would have it."""

    def _next(self, line: Line) -> Snapshot | None:
        found = super()._next(line)
        while found is not None and line._waiting:
            found = line._waiting.popleft()
        return found


@faulty("SS-07", "versions are not told once each")
class TellsTheVersionBefore(State):
    """Tells what there was, since what there is is being written."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.before = self.snapshot()

    def tell(self, snapshot: Snapshot) -> None:
        before, self.before = self.before, snapshot
        super().tell(before)


@faulty("SS-07", "told out of order", "feature interleavings")
class TellsInTasksThatOvertake(State):
    """Each version is told by a task of its own; every other one has more to do before."""

    def tell(self, snapshot: Snapshot) -> None:
        task = asyncio.get_running_loop().create_task(self.later(snapshot))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def later(self, snapshot: Snapshot) -> None:
        await turns(4 * (snapshot.version % 2))
        super().tell(snapshot)


@faulty("SS-07", "a version that an update makes whose function changes nothing is not told", "histories")
class TellsOfChangesAlone(State):
    """Who is told is told of something."""

    def commit(self, data: dict[str, Any]) -> None:
        self.is_idle = data == self.data
        super().commit(data)

    def tell(self, snapshot: Snapshot) -> None:
        if not self.is_idle:
            super().tell(snapshot)


@faulty("SS-07", "a listener that removes itself keeps the next one from hearing", "histories")
class IteratesOverTheList(State):
    """for listener in self.listeners: a list that a listener may shorten meanwhile."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lines: list[Line] = []

    def add_listener(self, listener: Listener) -> Remove:
        remove = super().add_listener(listener)
        line = self._listeners._lines[-1]
        self.lines.append(line)

        def removing() -> None:
            if line in self.lines:
                self.lines.remove(line)
            remove()

        return removing

    def tell(self, snapshot: Snapshot) -> None:
        due = self._listeners.append(snapshot)
        for line in self.lines:
            if line in due:
                due.remove(line)
                self._tell(line)
        for line in due:
            self._next(line)
            line.is_served = False


@faulty("SS-07", "expected", "feature interleavings")
class TellsOnceATurn(State):
    """What happens in one turn of the loop is told once, as a screen would have it."""

    due = False

    def tell(self, snapshot: Snapshot) -> None:
        if not self.due:
            self.due = True
            asyncio.get_running_loop().call_soon(self.tell_latest)

    def tell_latest(self) -> None:
        self.due = False
        super().tell(self.snapshot())


@faulty("SS-07", "expected", "feature interleavings")
class TellsWhatThereIsByThen(State):
    """Each version is told, with the data and the number of the latest."""

    def tell(self, snapshot: Snapshot) -> None:
        asyncio.get_running_loop().call_soon(self.tell_latest)

    def tell_latest(self) -> None:
        super().tell(self.snapshot())


@faulty("SS-07", "a version that update_if() made is told to nobody", "histories")
class TellsNobodyOfComparedUpdates(State):
    """update_if() came later, and nobody thought of listeners."""

    compares = False

    async def update_if(self, version: int, function: Updater) -> Any:
        self.compares = True
        try:
            return await super().update_if(version, function)
        finally:
            self.compares = False

    def tell(self, snapshot: Snapshot) -> None:
        if not self.compares:
            super().tell(snapshot)


# SS-08: calling back

TELLING: ContextVar[bool] = ContextVar("telling", default=False)


@faulty("SS-08", "a listener that calls get() or update() does harm")
class RefusesToBeCalledBack(State):
    """A guard against endless recursion that lets nothing through."""

    async def get(self) -> Snapshot:
        self.guard()
        return await super().get()

    async def change(self, function: Updater) -> Any:
        self.guard()
        return await super().change(function)

    def guard(self) -> None:
        if TELLING.get():
            raise RuntimeError("a listener must not call the state")

    def tell(self, snapshot: Snapshot) -> None:
        token = TELLING.set(True)
        super().tell(snapshot)
        TELLING.reset(token)


@faulty("SS-08", "an update by a listener never ends")
class UpdatesWaitForListeners(State):
    """The next update begins only when everybody has been told of the one before, unless that takes too long."""

    telling = 0

    async def change(self, function: Updater) -> Any:
        if TELLING.get():
            await asyncio.get_running_loop().create_future()
        return await super().change(function)

    def tell(self, snapshot: Snapshot) -> None:
        token = TELLING.set(True)
        super().tell(snapshot)
        TELLING.reset(token)


# SS-09: slow and failing listeners


@faulty("SS-09", "an update ends only once a slow listener is done")
class WaitsForListeners(State):
    """An update is over when everybody has heard of it."""

    async def change(self, function: Updater) -> Any:
        result = await super().change(function)
        if self._tasks and asyncio.current_task() not in self._tasks:
            await asyncio.shield(asyncio.wait(set(self._tasks)))
        return result


class Dispatching(State):
    """One task tells everybody, in a loop that a subclass writes."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.audience: list[Listener] = []
        self.news: list[Snapshot] = []
        self.dispatcher: asyncio.Task[None] | None = None

    def add_listener(self, listener: Listener) -> Remove:
        self.audience.append(listener)

        def remove() -> None:
            if listener in self.audience:
                self.audience.remove(listener)

        return remove

    def tell(self, snapshot: Snapshot) -> None:
        self.news.append(snapshot)
        if self.dispatcher is None or self.dispatcher.done():
            self.dispatcher = asyncio.get_running_loop().create_task(self.dispatch())

    async def dispatch(self) -> None:
        raise NotImplementedError

    async def told(self, listener: Listener, snapshot: Snapshot) -> None:
        heard = listener(snapshot)
        if hasattr(heard, "__await__"):
            await heard


@faulty("SS-09", "a listener hears nothing until a slow one is done")
class TellsOneAfterAnother(Dispatching):
    """for listener in listeners: await listener(snapshot)."""

    async def dispatch(self) -> None:
        while self.news:
            snapshot = self.news.pop(0)
            for listener in [*self.audience]:
                if listener not in self.audience:
                    continue
                try:
                    await self.told(listener, snapshot)
                except Exception as error:
                    self._listeners.report(error, snapshot)
                except asyncio.CancelledError:
                    pass  # of what a listener awaits: nobody cancels the dispatcher


@faulty("SS-09", "listeners added after a failing one do not hear")
class StopsAtTheFirstFailure(State):
    """One try around the loop, and not one in it."""

    def tell(self, snapshot: Snapshot) -> None:
        failed = False
        report = self._listeners.report

        def remember(error: Exception, snapshot: Snapshot) -> None:
            nonlocal failed
            failed = True
            report(error, snapshot)

        self._listeners.report = remember  # type: ignore[method-assign]  # for a scope
        for line in self._listeners.append(snapshot):
            if failed:
                self._next(line)
                line.is_served = False
            else:
                self._tell(line)
        self._listeners.report = report  # type: ignore[method-assign]  # back again


@faulty("SS-09", "the error of a listener comes out of the update")
class RaisesTheErrorsOfListeners(State):
    """The caller is told that something was wrong with somebody whom it does not know."""

    def tell(self, snapshot: Snapshot) -> None:
        errors: list[Exception] = []
        report = self._listeners.report

        def remember(error: Exception, snapshot: Snapshot) -> None:
            errors.append(error)
            report(error, snapshot)

        self._listeners.report = remember  # type: ignore[method-assign]  # for a scope
        super().tell(snapshot)
        self._listeners.report = report  # type: ignore[method-assign]  # back again
        if errors:
            raise errors[0]


@faulty("SS-09", "the error of a listener is not reported")
class KeepsErrorsToItself(State):
    """except Exception: pass."""

    def add_error_listener(self, listener: Any) -> None:
        pass


@faulty("SS-09", "a listener that has failed is not told again")
class DropsFailingListeners(State):
    """Who fails once is not told again."""

    def add_listener(self, listener: Listener) -> Remove:
        def told(snapshot: Snapshot) -> Any:
            try:
                return listener(snapshot)
            except Exception:
                remove()
                raise

        told = told if not asyncio.iscoroutinefunction(listener) else listener
        remove = super().add_listener(told)
        return remove


@faulty("SS-07", "versions that wait for a slow listener are not told", "histories feature machine")
class DropsWhatSlowListenersMiss(State):
    """A listener that is still busy misses what comes meanwhile."""

    def tell(self, snapshot: Snapshot) -> None:
        for line in self._listeners.append(snapshot):
            self._tell(line)
        for line in self._listeners._lines:
            if line.is_served and line._waiting and line.listener.__name__ == "_listen":
                line._waiting.clear()


@faulty("SS-09", "a failing listener does harm", "feature machine")
class StopsForGood(State):
    """Once a listener has failed nothing can be relied on, and nobody reads any more."""

    async def get(self) -> Snapshot:
        if getattr(self, "stopped", False):
            raise RuntimeError("a listener has failed")
        return await super().get()

    def tell(self, snapshot: Snapshot) -> None:
        report = self._listeners.report

        def stop(error: Exception, snapshot: Snapshot) -> None:
            self.stopped = True
            report(error, snapshot)

        self._listeners.report = stop  # type: ignore[method-assign]  # for good
        super().tell(snapshot)


@faulty("SS-09", "a slow listener does harm", "feature machine")
class ReadersWaitForListeners(State):
    """Nobody reads a version before everybody has been told of it, but for those who are told."""

    async def get(self) -> Snapshot:
        while self._tasks and asyncio.current_task() not in self._tasks:
            await asyncio.wait(set(self._tasks), return_when=asyncio.FIRST_COMPLETED)
        return await super().get()


@faulty("SS-09", "a slow listener that ends as cancelled is not told again", "histories interleavings")
class EndsWithACancelledListener(State):
    """A task for each listener that reads its queue, and ends with whatever is no Exception."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.queues: dict[Listener, asyncio.Queue[Snapshot]] = {}

    def add_listener(self, listener: Listener) -> Remove:
        self.queues[listener] = asyncio.Queue()
        task = asyncio.get_running_loop().create_task(self.serve(listener, self.queues[listener]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return lambda: self.queues.pop(listener, None) and None

    def tell(self, snapshot: Snapshot) -> None:
        for queue in self.queues.values():
            queue.put_nowait(snapshot)

    async def serve(self, listener: Listener, queue: asyncio.Queue[Snapshot]) -> None:
        while True:
            snapshot = await queue.get()
            if listener not in self.queues:
                return
            try:
                heard = listener(snapshot)
                if hasattr(heard, "__await__"):
                    await heard
            except Exception as error:
                self._listeners.report(error, snapshot)


@faulty("SS-09", "an error of a listener of errors comes out of the update", "histories")
class TrustsListenersOfErrors(State):
    """Whoever is told of errors makes none."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.of_errors: list[Callable[[Exception], Any]] = []
        self.failure: Exception | None = None
        self._listeners.report = self.report  # type: ignore[method-assign]  # for good

    def add_error_listener(self, listener: Callable[[Exception], Any]) -> None:
        self.of_errors.append(listener)

    def report(self, error: Exception, snapshot: Snapshot) -> None:
        for listener in self.of_errors:
            try:
                listener(error)
            except Exception as another:
                self.failure = another

    def tell(self, snapshot: Snapshot) -> None:
        super().tell(snapshot)
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure


# SS-10: cancellation


@faulty("SS-10", "an update that is cancelled after its commit is not told", "feature interleavings")
class TellsAfterAnAwait(State):
    """The update is written, acknowledged by the store, and then told, if anybody still waits for it."""

    async def change(self, function: Updater) -> Any:
        draft = deepcopy(self.data)
        result = function(draft)
        self.data = draft
        self.version += 1
        self.touch()
        snapshot = self.snapshot()
        await turns(1)
        self.tell(snapshot)
        return result


@faulty("SS-10", "an update that is cancelled does harm", "feature interleavings")
class KeepsTheLock(State):
    """A lock that is given back after success and after an error, and not after a cancellation."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lock = asyncio.Lock()

    async def change(self, function: Updater) -> Any:
        return await self.locked(function, None)

    async def update_if(self, version: int, function: Updater) -> Any:
        return await self.locked(function, version)

    async def locked(self, function: Updater, version: int | None) -> Any:
        await self.lock.acquire()
        await turns(1)
        try:
            if version is not None:
                self.compare(version)
            return await super().change(function)
        finally:
            self.lock.release()


class Mutex:
    """A lock that hands itself on to the first who waits; one who has been cancelled meanwhile keeps it for good."""

    def __init__(self) -> None:
        self.is_held = False
        self.waiting: list[asyncio.Future[None]] = []

    async def __aenter__(self) -> None:
        if self.is_held:
            self.waiting.append(asyncio.get_running_loop().create_future())
            await self.waiting[-1]
        self.is_held = True

    async def __aexit__(self, *_: object) -> None:
        waiting = [future for future in self.waiting if not future.cancelled()]
        self.is_held = bool(waiting)
        self.waiting = waiting[1:]
        if waiting:
            waiting[0].set_result(None)


@faulty("SS-10", "an update that is cancelled does harm", "interleavings")
class LosesTheLockToTheCancelled(State):
    """A lock of its own, which nobody gives back who is cancelled as it is handed over."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lock = Mutex()

    async def change(self, function: Updater) -> Any:
        async with self.lock:
            await turns(2)
            return await super().change(function)

    async def update_if(self, version: int, function: Updater) -> Any:
        async with self.lock:
            self.compare(version)
            return await State.change(self, function)


@faulty("SS-10", "an update that is cancelled does harm", "interleavings")
class WritesDataAndThenTheVersion(State):
    """Two writes with a turn of the loop between them, which a cancellation separates for good."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lock = asyncio.Lock()

    async def get(self) -> Snapshot:
        async with self.lock:
            return self.snapshot()

    async def change(self, function: Updater) -> Any:
        return await self.written(function, None)

    async def update_if(self, version: int, function: Updater) -> Any:
        return await self.written(function, version)

    async def written(self, function: Updater, version: int | None) -> Any:
        async with self.lock:
            if version is not None:
                self.compare(version)
            draft = deepcopy(self.data)
            result = function(draft)
            self.data = draft
            await turns(1)
            self.commit(draft)
            return result


# SS-11: adding and removing


@faulty("SS-11", "a listener that was removed still hears")
class RemovesNobody(State):
    """What add_listener() gives back does nothing."""

    def add_listener(self, listener: Listener) -> Remove:
        super().add_listener(listener)
        return lambda: None


@faulty("SS-11", "hears of the version that is there already")
class ReplaysToNewcomers(State):
    """As a behaviour subject does: whoever comes is told where things stand."""

    def add_listener(self, listener: Listener) -> Remove:
        remove = super().add_listener(listener)
        line = self._listeners._lines[-1]
        line.add(self.snapshot())
        line.is_served = True
        self._tell(line)
        return remove


@faulty("SS-11", "does not hear of the next version")
class CopiesTheListEarly(State):
    """Tells those who were there when the version before was made."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.latecomers: list[Line] = []

    def add_listener(self, listener: Listener) -> Remove:
        remove = super().add_listener(listener)
        self.latecomers.append(self._listeners._lines[-1])
        return remove

    def tell(self, snapshot: Snapshot) -> None:
        late, self.latecomers = self.latecomers, []
        for line in self._listeners.append(snapshot):
            if line in late:
                self._next(line)
                line.is_served = False
            else:
                self._tell(line)


@faulty("SS-11", "hears what had waited for it", "feature interleavings")
class EmptiesTheQueueAfterRemoval(State):
    """What was accepted for a listener is delivered, gone or not."""

    def add_listener(self, listener: Listener) -> Remove:
        remove = super().add_listener(listener)
        line = self._listeners._lines[-1]

        def remove_later() -> None:
            waiting = line._waiting
            remove()
            line._waiting = waiting

        return remove_later


@faulty("SS-11", "a listener that another adds hears of the version that is being told", "histories interleavings")
class TellsWhoeverComesMeanwhile(State):
    """A list that a listener may lengthen while it is gone through."""

    def tell(self, snapshot: Snapshot) -> None:
        told: list[Line] = []
        before = {id(line) for line in self._listeners._lines}
        super().tell(snapshot)
        for line in self._listeners._lines:
            if id(line) not in before and line not in told:
                told.append(line)
                line.add(snapshot)
                line.is_served = True
                self._tell(line)


@faulty("SS-11", "a listener that adds or removes one while it is told does harm", "histories interleavings")
class IteratesOverADict(State):
    """RuntimeError: dictionary changed size during iteration."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lines: dict[int, Line] = {}

    def add_listener(self, listener: Listener) -> Remove:
        remove = super().add_listener(listener)
        line = self._listeners._lines[-1]
        self.lines[id(line)] = line

        def removing() -> None:
            self.lines.pop(id(line), None)
            remove()

        return removing

    def tell(self, snapshot: Snapshot) -> None:
        due = self._listeners.append(snapshot)
        for line in self.lines.values():
            if line in due:
                self._tell(line)


@faulty("SS-11", "removing one listener removes another", "interleavings")
class RemovesByPlace(State):
    """del listeners[index]: right for as long as nobody who came before has gone."""

    def add_listener(self, listener: Listener) -> Remove:
        super().add_listener(listener)
        place = len(self._listeners._lines) - 1

        def remove() -> None:
            lines = self._listeners._lines
            if lines:
                self._listeners.remove(lines[min(place, len(lines) - 1)])

        return remove


# SS-12: readers


@faulty("SS-12", "readers wait for one another", "histories interleavings")
class OneReaderAtATime(State):
    """One lock for all."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lock = asyncio.Lock()

    async def get(self) -> Snapshot:
        async with self.lock:
            await turns(1)
            return self.snapshot()


@faulty("SS-12", "an update waits for as long as readers keep coming", "histories interleavings")
class PrefersReaders(State):
    """A lock for many readers or one writer, in which a writer waits until there is no reader."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.readers = 0
        self.nobody_reads = asyncio.Event()
        self.nobody_reads.set()

    async def get(self) -> Snapshot:
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
        while self.readers:
            await self.nobody_reads.wait()
        return await self.change(function)


# SS-13: compare and set


@faulty("SS-13", "update_if() succeeds whatever the version")
class IgnoresTheVersion(State):
    """The version is a hint."""

    def compare(self, version: int) -> None:
        pass


@faulty("SS-13", "update_if() fails though the version is the latest")
class ComparesANumberWithText(State):
    """The version has come out of the store as text, and is never equal to a number."""

    def compare(self, version: int) -> None:
        if str(self.version) != version:
            raise VersionConflictError(version, self.version)


@faulty("SS-13", "update_if() succeeds for several rivals", "feature interleavings")
class ComparesThenAwaits(State):
    """Compares, and then waits for its turn."""

    async def update_if(self, version: int, function: Updater) -> Any:
        self.compare(version)
        await turns(1)
        return await self.change(function)


@faulty("SS-13", "in no version conflict")
class ReturnsFalse(State):
    """A return value for those who look at it."""

    async def update_if(self, version: int, function: Updater) -> Any:
        try:
            return await super().update_if(version, function)
        except VersionConflictError:
            return False


@faulty("SS-13", "update_if() succeeds for a version that is still to come")
class RefusesOldVersionsAlone(State):
    """if version < self.version: raise."""

    def compare(self, version: int) -> None:
        if version < self.version:
            raise VersionConflictError(version, self.version)


@faulty("SS-13", "update_if() with another version is a conflict, and changes the data")
class ChangesAndThenCompares(State):
    """The conflict is noticed when all is written."""

    async def update_if(self, version: int, function: Updater) -> Any:
        draft = deepcopy(self.data)
        result = function(draft)
        before = self.version
        self.data = draft
        if version != before:
            raise VersionConflictError(version, before)
        self.commit(draft)
        return result


# As the pattern document has it


@faulty("SS-02 SS-06 SS-08 SS-09", "expected")
class AsWritten(State):
    """The pattern document's sample, line by line: one write lock around the function, which changes the state itself, the time
    as it is, and all listeners, one by one, whose first error comes out.

    It breaks SS-10 too, where a cancellation comes while a listener takes its time. That is told under SS-09: once a listener
    holds everything up, nobody can say what else follows from what.
    """

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial, settings)
        self.lock = asyncio.Lock()
        self.audience: list[Listener] = []

    async def get(self) -> Snapshot:
        async with self.lock:
            return self.snapshot()

    async def update(self, function: Updater) -> Any:
        return await self.written(function, None)

    async def update_if(self, version: int, function: Updater) -> Any:
        return await self.written(function, version)

    async def written(self, function: Updater, version: int | None) -> Any:
        async with self.lock:
            if version is not None:
                self.compare(version)
            result = function(self.data)
            self.version += 1
            self.stamp = datetime.now(UTC)
            for listener in [*self.audience]:
                heard = listener(self.snapshot())
                if hasattr(heard, "__await__"):
                    await heard
            return result

    def add_listener(self, listener: Listener) -> Remove:
        self.audience.append(listener)
        return lambda: self.audience.remove(listener)
