"""Connection pools that are unusual and right."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, NamedTuple

from patternproof.reference.connection_pool import ConnectionPool
from patternproof.reference.connection_pool.accounts import Accounts, Answer, Entry
from patternproof.reference.connection_pool.tasks import _AsyncHandle

from patternproof.ports import Unsupported
from patternproof.ports.connection_pool import (
    Connect,
    ConnectionPoolSettings,
    PoolClosedError,
    PoolStatistics,
    PoolTimeoutError,
)
from tests.odd import Registry

ODD = Registry()
odd = ODD.add
THREADED = Registry()
"""Those for threads."""


class Pool(ConnectionPool):
    """The reference, with accounts and a handle that a subclass replaces."""

    Accounts: type[Accounts] = Accounts
    Handle: type[_AsyncHandle] = _AsyncHandle
    _accounts: Any

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(connect, replace(settings, min_size=0), clock)
        self._settings = settings
        self._accounts = self.Accounts(settings)
        self._fill(clock())

    def acquire(self) -> _AsyncHandle:
        return self.Handle(self._borrow, self._give_back)


async def give_way(times: int = 1) -> None:
    """Let the loop turn."""
    for _ in range(times):
        await asyncio.sleep(0)


# How long a return may take


@odd
class GivesUpSlowResets(Pool):
    """Holds a reset to acquire_timeout too, and tells whoever leaves (asyncpg)."""

    async def _give_back(self, entry: Entry) -> None:
        async with asyncio.timeout(self._settings.acquire_timeout):
            await super()._give_back(entry)


# Which connection, and how many


@odd
class LongestIdleFirst(Pool):
    """Takes turns among the idle ones (a queue in place of a stack)."""

    class Accounts(Accounts):
        def take(self, now: float) -> Entry | Answer | None:
            self.idle.reverse()
            try:
                return super().take(now)
            finally:
                self.idle.reverse()


@odd
class FullFromTheStart(Pool):
    """Makes max_size connections in advance, whatever min_size says, and keeps as many."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, replace(settings, min_size=settings.max_size))


@odd
class FullFromTheStartOnly(Pool):
    """As before; what is lost later is made anew when somebody asks."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, replace(settings, min_size=settings.max_size))
        self._settings = settings
        self._accounts._settings = settings


@odd
class OneSpare(Pool):
    """Once it makes connections, it makes one more than is needed."""

    async def _make(self, deadline: float | None) -> Entry:
        if not self._accounts.closed and self._accounts.size < self._settings.max_size:
            self._accounts.size += 1
            task = asyncio.create_task(self._made_in_advance())
            self._filling.add(task)
            task.add_done_callback(lambda task: self._filled(self._clock(), task))
        return await super()._make(deadline)


@odd
class ClosesSurplus(Pool):
    """Keeps one idle connection, and closes what is returned beside it."""

    class Accounts(Accounts):
        def put(self, entry: Entry, now: float) -> None:
            if self.idle and self.size > self._settings.min_size:
                self.drop(entry)
            else:
                super().put(entry, now)


# Connecting


@odd
class ConnectsInBackground(Pool):
    """A connect goes on when its borrower is cancelled or gives up: the connection serves the next, or is idle."""

    async def _make(self, deadline: float | None) -> Entry:
        task = asyncio.create_task(self._made_in_advance())
        self._filling.add(task)
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.wait({task})
        except BaseException as error:
            task.add_done_callback(self._left)
            if isinstance(error, TimeoutError):
                raise PoolTimeoutError("connecting took too long") from error
            raise
        self._filling.discard(task)
        if task.cancelled() or task.exception() is not None:
            self._accounts.free()
            raise task.exception() if not task.cancelled() else PoolClosedError("the pool was closed while connecting")
        return await self._entered(task.result())

    def _left(self, task: asyncio.Task[Any]) -> None:
        self._filled(self._clock(), task)

    async def _entered(self, connection: Any) -> Entry:
        entry: Entry = self._accounts.made(connection, self._clock())
        if self._accounts.closed:
            self._accounts.drop(entry)
            await asyncio.wait(self._close_doomed())
            raise PoolClosedError("the pool was closed while connecting")
        return entry


class _Connecting(Pool):
    """Connects in a way of its own."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        self.connect = connect
        super().__init__(self.connected, settings)

    async def connected(self) -> Any:
        raise NotImplementedError


@odd
class TriesOnceMore(_Connecting):
    """Tries a failed connect once more, and tells the second error."""

    async def connected(self) -> Any:
        try:
            return await self.connect()
        except Exception:  # noqa: BLE001 - whatever it was, the next error is told
            return await self.connect()


@odd
class TriesOnceMoreLater(_Connecting):
    """Tries a failed connect once more after two seconds."""

    async def connected(self) -> Any:
        try:
            return await self.connect()
        except Exception:  # noqa: BLE001 - whatever it was, the next error is told
            await asyncio.sleep(2.0)
            return await self.connect()


@odd
class ConnectsInTask(_Connecting):
    """Each connect has a task of its own, which is cancelled with its borrower, and cleaned up where it was quicker."""

    async def connected(self) -> Any:
        async def apart() -> Any:
            return await self.connect()

        task = asyncio.create_task(apart())
        try:
            return await task
        except asyncio.CancelledError:
            if task.done() and not task.cancelled() and task.exception() is None:
                await task.result().close()
            raise


# Validating and resetting


class Returning(Pool):
    """A return in steps that a subclass replaces."""

    async def _give_back(self, entry: Entry) -> None:
        try:
            if not self._accounts.closed:
                await self.reset(entry)
        except Exception as error:  # noqa: BLE001 - as the reference
            await self.failed(entry, error)
        except BaseException:
            self._accounts.drop(entry)
            self._close_doomed()
            raise
        else:
            self._accounts.put(entry, self._clock())
        if self._accounts.doomed:
            await asyncio.wait(self._close_doomed())

    async def reset(self, entry: Entry) -> None:
        await entry.connection.reset()

    async def failed(self, entry: Entry, error: Exception) -> None:
        self._accounts.drop(entry)

    async def reset_at_checkout(self, entry: Entry) -> Entry:
        """Reset what is lent; where that fails make another in its slot, so that whoever was served keeps its turn."""
        while True:
            try:
                await entry.connection.reset()
            except Exception as error:
                if self._accounts.closed:
                    self._accounts.drop(entry)
                    self._close_doomed()
                    raise PoolClosedError("the pool was closed meanwhile") from error
                self._accounts.in_use -= 1
                await entry.connection.close()
                entry = await self._make(None)
            except BaseException:
                self._accounts.drop(entry)
                self._close_doomed()
                raise
            else:
                return entry


@odd
class ResetsAtCheckout(Returning):
    """A connection is reset as it is lent, and stays as it is while idle."""

    async def reset(self, entry: Entry) -> None:
        """Later."""

    async def _borrow(self) -> Entry:
        return await self.reset_at_checkout(await super()._borrow())


@odd
class ResetsTwice(Returning):
    """A connection is reset as it is returned, and as it is lent."""

    async def _borrow(self) -> Entry:
        return await self.reset_at_checkout(await super()._borrow())


@odd
class ResetsInBackground(Returning):
    """Whoever leaves does not wait for the reset."""

    async def _give_back(self, entry: Entry) -> None:
        task = asyncio.create_task(super()._give_back(entry))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


@odd
class ShieldsReset(Pool):
    """A cancellation does not reach the reset, and is told once it is over."""

    async def _give_back(self, entry: Entry) -> None:
        task = asyncio.create_task(super()._give_back(entry))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise


@odd
class ChecksAtCheckout(Returning):
    """A broken connection is put back like any other, and found as somebody asks for it."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        if settings.min_size:
            raise Unsupported("min_size")  # what broke counts as ready until somebody asks
        super().__init__(connect, settings)

    class Accounts(Accounts):
        def put(self, entry: Entry, now: float) -> None:
            if entry.is_alive() or self.closed or self.waiters:
                super().put(entry, now)
            else:
                self.in_use -= 1
                self.idle.append(entry)

    async def failed(self, entry: Entry, error: Exception) -> None:
        if entry.is_alive():
            await super().failed(entry, error)
        else:
            self._accounts.put(entry, self._clock())


@odd
class TellsFailedReset(Returning):
    """The error of a reset reaches who leaves the scope; the connection is discarded all the same."""

    async def failed(self, entry: Entry, error: Exception) -> None:
        await super().failed(entry, error)
        self._close_doomed()
        raise error


@odd
class TrustsNoError(Pool):
    """A connection whose borrower leaves by an error or a cancellation is closed, and not reset."""

    class Handle(_AsyncHandle):
        __slots__ = ()

        async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if kind is not None and self._entry is not None:
                await self._entry.connection.close()
            await super().__aexit__(kind, error, trace)


@odd
class LooksAfterIdle(Pool):
    """Looks every five seconds for idle connections that are broken or too old, and closes them."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        asyncio.get_running_loop().call_later(5.0, self._look)

    def _look(self) -> None:
        accounts = self._accounts
        if accounts.closed:
            return
        now = self._clock()
        accounts._retire(now)
        idle, accounts.idle = accounts.idle, []
        for entry in idle:
            (accounts.idle if entry.is_alive() else accounts.doomed).append(entry)
        self._tidy(now)
        asyncio.get_running_loop().call_later(5.0, self._look)


@odd
class SweepsAtReturn(Pool):
    """Closes what is too old as something is returned, too."""

    async def _give_back(self, entry: Entry) -> None:
        await super()._give_back(entry)
        self._accounts._retire(self._clock())
        self._tidy(self._clock())


# Turns of the loop, and who is told what


@odd
class YieldsEverywhere(Pool):
    """Gives way before and after whatever it does."""

    async def _borrow(self) -> Entry:
        await give_way(2)
        entry = await super()._borrow()
        try:
            await give_way(2)
        except BaseException:
            self._accounts.put(entry, self._clock())
            self._close_doomed()
            raise
        return entry

    async def _give_back(self, entry: Entry) -> None:
        returning = asyncio.create_task(self._given_back(entry))
        self._closing.add(returning)
        returning.add_done_callback(self._closing.discard)
        await asyncio.shield(returning)

    async def _given_back(self, entry: Entry) -> None:
        await give_way(2)
        await super()._give_back(entry)
        await give_way(2)

    async def close(self) -> None:
        await give_way(2)
        await super().close()


_PERMIT: Any = object()


@odd
class PermitsForWaiters(Pool):
    """A waiter is given a permit, and takes from those laid aside when it wakes."""

    class Accounts(Accounts):
        __slots__ = ("aside",)

        def __init__(self, settings: ConnectionPoolSettings) -> None:
            super().__init__(settings)
            self.aside: deque[Entry] = deque()

        def _hand(self, answer: Entry | Answer) -> bool:
            if not isinstance(answer, Entry):
                return super()._hand(answer)
            handed = super()._hand(_PERMIT)
            if handed:
                self.aside.append(answer)
            return handed

        def leave(self, place: Any, now: float) -> None:
            super().leave(self.aside.popleft() if place is _PERMIT else place, now)

        def accept(self, answer: Entry | Answer, now: float) -> Entry | None:
            return super().accept(self.aside.popleft() if answer is _PERMIT else answer, now)


class BusyError(PoolTimeoutError, TimeoutError):
    """Says more than asked."""


class GoneError(PoolClosedError, RuntimeError):
    """Says more than asked."""


@odd
class DetailedErrors(Pool):
    """Raises subclasses, with a cause."""

    async def _borrow(self) -> Entry:
        try:
            return await super()._borrow()
        except PoolTimeoutError as error:
            raise BusyError("all are busy") from error
        except PoolClosedError as error:
            raise GoneError("it is gone") from error


class Numbers(NamedTuple):
    """Statistics, and more of them."""

    size: int
    idle: int
    in_use: int
    waiting: int
    limit: int


@odd
class MoreStatistics(Pool):
    """Statistics of a type of its own."""

    def statistics(self) -> Any:
        now = super().statistics()
        return Numbers(now.size, now.idle, now.in_use, now.waiting, self._settings.max_size)


class Proxy:
    """Everything by way of the connection, until it is returned."""

    def __init__(self, handle: _AsyncHandle) -> None:
        self._handle = handle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle._connection(), name)


@odd
class GeneratorScope(Pool):
    """The scope is a generator's, and the handle is another object."""

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Proxy]:  # type: ignore[override]  # as the port has it
        async with super().acquire() as handle:
            yield Proxy(handle)


@odd
class CloseWaits(Pool):
    """close() ends when the last connection is returned."""

    class Accounts(Accounts):
        __slots__ = ("over",)

        def __init__(self, settings: ConnectionPoolSettings) -> None:
            super().__init__(settings)
            self.over = asyncio.Event()

        def free(self) -> None:
            super().free()
            if not self.size:
                self.over.set()

    async def close(self) -> None:
        await super().close()
        if self._accounts.size:
            self._accounts.over.clear()
            await self._accounts.over.wait()


@odd
class CloseReturnsAtOnce(Pool):
    """close() begins to close, and waits for nothing."""

    async def close(self) -> None:
        self._later = asyncio.create_task(super().close())


@odd
async def async_generator(connect: Connect, settings: ConnectionPoolSettings) -> AsyncIterator[ConnectionPool]:
    """A factory that cleans up."""
    pool = ConnectionPool(connect, settings)
    yield pool
    await pool.close()


# Written from scratch


class Guard:
    """What a borrower holds, as long as it may."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def request(self, payload: Any) -> Any:
        if self.connection is None:
            raise RuntimeError("it was returned")
        return self.connection.request(payload)


class Idle(NamedTuple):
    """An idle connection."""

    connection: Any
    made_at: float
    since: float

    def is_fit(self, settings: ConnectionPoolSettings) -> bool:
        """Whether it may be lent."""
        now = time.monotonic()
        young = settings.max_lifetime is None or now - self.made_at <= settings.max_lifetime
        return young and (settings.max_idle is None or now - self.since <= settings.max_idle) and self.connection.is_alive()


class _FromScratch:
    def __init__(self, connect: Callable[[], Any], settings: ConnectionPoolSettings) -> None:
        if settings.min_size:
            raise Unsupported("min_size")
        self._connect, self._settings = connect, settings
        self._idle: list[Idle] = []
        self._connecting = self._in_use = self._waiting = 0
        self._closed = False

    def statistics(self) -> PoolStatistics:
        idle = len(self._idle)
        return PoolStatistics(idle + self._in_use + self._connecting, idle, self._in_use, self._waiting)


@odd
class SemaphorePool(_FromScratch):
    """A semaphore and a list."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._slots = asyncio.Semaphore(settings.max_size)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Guard]:
        await self._slot()
        try:
            connection, made_at = await self._obtained()
            self._in_use += 1
            guard = Guard(connection)
            try:
                yield guard
            finally:
                guard.connection = None
                await self._returned(connection, made_at)
        finally:
            self._slots.release()

    async def _slot(self) -> None:
        if self._closed:
            raise PoolClosedError
        self._waiting += self._slots.locked()
        waited = self._slots.locked()
        try:
            async with asyncio.timeout(self._settings.acquire_timeout):
                await self._slots.acquire()
        except TimeoutError:
            raise PoolTimeoutError from None
        finally:
            self._waiting -= waited

    async def _obtained(self) -> tuple[Any, float]:
        while self._idle and not self._closed:
            idle = self._idle.pop()
            if idle.is_fit(self._settings):
                return idle.connection, idle.made_at
            await idle.connection.close()
        if self._closed:
            raise PoolClosedError
        self._connecting += 1
        try:
            connection = await self._connect()
        finally:
            self._connecting -= 1
        if self._closed:
            await connection.close()
            raise PoolClosedError
        return connection, time.monotonic()

    async def _returned(self, connection: Any, made_at: float) -> None:
        fresh = False
        try:
            if not self._closed:
                await connection.reset()
                fresh = not self._closed
        except ConnectionError:
            pass
        finally:
            self._in_use -= 1
            if fresh:
                self._idle.append(Idle(connection, made_at, time.monotonic()))
            else:
                await connection.close()

    async def close(self) -> None:
        self._closed = True
        while self._idle:
            await self._idle.pop().connection.close()
        for _ in range(self._waiting):
            self._slots.release()


@odd
class ConditionPool(SemaphorePool):
    """A condition that everybody who waits looks at, in turn."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._changed = asyncio.Condition()
        self._queue: deque[object] = deque()
        self._slots: Any = self  # it is its own semaphore
        self._taken = 0
        self._telling: set[asyncio.Task[None]] = set()

    async def _slot(self) -> None:
        me = object()
        self._queue.append(me)
        try:
            async with asyncio.timeout(self._settings.acquire_timeout), self._changed:
                await self._changed.wait_for(lambda: self._closed or self._is_next(me))
        except TimeoutError:
            raise PoolTimeoutError from None
        finally:
            self._queue.remove(me)
            self._tell()
        self._taken += 1

    def _is_next(self, me: object) -> bool:
        return self._queue[0] is me and self._taken < self._settings.max_size

    def release(self) -> None:
        self._taken -= 1
        self._tell()

    def _tell(self) -> None:
        """In a task of its own: the lock may have to be waited for, and whoever tells may be cancelled."""
        task = asyncio.create_task(self._told())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _told(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def statistics(self) -> PoolStatistics:
        return replace(super().statistics(), waiting=len(self._queue))

    async def close(self) -> None:
        await super().close()
        self._tell()


@odd
class ConnectsInWorkers(_FromScratch):
    """Borrowers only ever queue: connections are made in tasks of the pool's own, and go to whoever is first by then."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._queue: deque[asyncio.Future[Idle]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def decide(self, decision: Callable[..., None], *arguments: Any) -> None:
        """Everything that changes the pool comes by here."""
        decision(*arguments)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Guard]:
        connection, made_at, _ = await self._got()
        guard = Guard(connection)
        try:
            yield guard
        finally:
            guard.connection = None
            try:
                if not self._closed:
                    await connection.reset()
            except BaseException as error:
                await connection.close()
                if not isinstance(error, ConnectionError):
                    raise
            finally:
                self.decide(self._return, Idle(connection, made_at, time.monotonic()))

    async def _got(self) -> Idle:
        place: asyncio.Future[Idle] = asyncio.get_running_loop().create_future()
        self.decide(self._come, place)
        try:
            async with asyncio.timeout(self._settings.acquire_timeout):
                return await place
        except TimeoutError:
            self.decide(self._leave, place)
            raise PoolTimeoutError from None
        except asyncio.CancelledError:
            self.decide(self._leave, place)
            raise

    def _come(self, place: asyncio.Future[Idle]) -> None:
        self._queue.append(place)
        if self._closed:
            self._refuse()
        self._serve()

    def _leave(self, place: asyncio.Future[Idle]) -> None:
        if place in self._queue:
            self._queue.remove(place)
        elif place.done() and not place.cancelled() and place.exception() is None:
            self._return(place.result())

    def _return(self, idle: Idle) -> None:
        self._in_use -= 1
        self._idle.append(idle)
        self._serve()

    def _serve(self) -> None:
        """Hand out what is idle, and begin to make what is missing."""
        fit = [] if self._closed else [each for each in self._idle if each.is_fit(self._settings)]
        for idle in self._idle:
            if idle not in fit:
                self._begin(idle.connection.close())
        waiting = deque(place for place in self._queue if not place.done())
        while waiting and fit:
            self._in_use += 1
            waiting.popleft().set_result(fit.pop())
        self._idle, self._queue = fit, waiting
        room = self._settings.max_size - len(fit) - self._in_use - self._connecting
        for _ in range(min(room, len(waiting) - self._connecting)):
            self._connecting += 1
            self._begin(self._work())

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        try:
            connection = await self._connect()
        except Exception as error:  # noqa: BLE001 - it is for whoever waits to hear
            self.decide(self._fail, error)
        else:
            self.decide(self._make, connection)

    def _fail(self, error: Exception) -> None:
        self._connecting -= 1
        place = next((place for place in self._queue if not place.done()), None)
        if place is not None:
            place.set_exception(error)
        self._serve()

    def _make(self, connection: Any) -> None:
        self._connecting -= 1
        self._in_use += 1
        self._return(Idle(connection, time.monotonic(), time.monotonic()))

    def _refuse(self) -> None:
        self._closed = True
        for place in self._queue:
            if not place.done():
                place.set_exception(PoolClosedError())

    def _close(self) -> None:
        self._refuse()
        self._serve()

    def statistics(self) -> PoolStatistics:
        return replace(super().statistics(), waiting=len(self._queue))

    async def close(self) -> None:
        self.decide(self._close)


@odd
class DecidesInOneTask(ConnectsInWorkers):
    """Whatever is to be decided is posted, and one task decides it in turn (an actor)."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._posted: asyncio.Queue[Callable[[], None]] = asyncio.Queue()
        self._begin(self._decided())

    def decide(self, decision: Callable[..., None], *arguments: Any) -> None:
        self._posted.put_nowait(lambda: decision(*arguments))

    async def _decided(self) -> None:
        while True:
            (await self._posted.get())()


class Scope:
    """What acquire() gives: to be awaited or entered; the handle knows its connection by a method of it alone."""

    __slots__ = ("_lent", "_pool", "request")

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._lent: _AsyncHandle | None = None

    def __await__(self) -> Iterator[Any]:
        return self.__aenter__().__await__()

    async def __aenter__(self) -> Scope:
        lent = ConnectionPool.acquire(self._pool)
        await lent.__aenter__()
        self._lent, self.request = lent, lent.request
        return self

    async def __aexit__(self, *error: Any) -> None:
        lent, self._lent = self._lent, None
        if lent is None:
            raise RuntimeError("it was returned before")
        await lent.__aexit__(*error)


@odd
class AwaitableScope(Pool):
    """acquire() may be awaited as well as entered, and a second return is an error (asyncpg)."""

    def acquire(self) -> Any:
        return Scope(self)


@THREADED.add
class ThreadedPool(_FromScratch):
    """A condition and a list, for threads."""

    def __init__(self, connect: Callable[[], Any], settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def acquire(self) -> Iterator[Guard]:
        idle = self._turn()
        connection, made_at = idle[:2] if idle is not None else self._made()
        guard = Guard(connection)
        try:
            yield guard
        finally:
            guard.connection = None
            self._returned(connection, made_at)

    def _turn(self) -> Idle | None:
        me = object()
        with self._changed:
            self._queue.append(me)
            try:
                if not self._changed.wait_for(lambda: self._closed or self._is_next(me), self._settings.acquire_timeout):
                    raise PoolTimeoutError
                if self._closed:
                    raise PoolClosedError
                return self._taken()
            finally:
                self._queue.remove(me)
                self._changed.notify_all()

    def _is_next(self, me: object) -> bool:
        return self._queue[0] is me and self._in_use + self._connecting < self._settings.max_size

    def _taken(self) -> Idle | None:
        while self._idle:
            idle = self._idle.pop()
            if idle.is_fit(self._settings):
                self._in_use += 1
                return idle
            idle.connection.close()
        self._connecting += 1
        return None

    def _made(self) -> tuple[Any, float]:
        connection = None
        try:
            connection = self._connect()
        finally:
            with self._changed:
                self._connecting -= 1
                self._in_use += connection is not None and not self._closed
                self._changed.notify_all()
        if self._closed and connection is not None:
            connection.close()
            raise PoolClosedError
        return connection, time.monotonic()

    def _returned(self, connection: Any, made_at: float) -> None:
        try:
            connection.reset()
        except ConnectionError:
            connection.close()
        with self._changed:
            self._in_use -= 1
            if self._closed:
                connection.close()
            elif connection.is_alive():
                self._idle.append(Idle(connection, made_at, time.monotonic()))
            self._changed.notify_all()

    def statistics(self) -> PoolStatistics:
        with self._changed:
            return replace(super().statistics(), waiting=len(self._queue))

    def close(self) -> None:
        with self._changed:
            self._closed = True
            while self._idle:
                self._idle.pop().connection.close()
            self._changed.notify_all()
