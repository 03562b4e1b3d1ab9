"""Connection pools that are wrong, each in one way.

The machine has to find only those that it finds with whatever seed: its few examples leave the others to chance.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

from patternproof.reference.connection_pool import ConnectionPool
from patternproof.reference.connection_pool.accounts import Accounts, Answer, Entry, Waiter
from patternproof.reference.connection_pool.tasks import _AsyncHandle

from patternproof.ports import Unsupported
from patternproof.ports.connection_pool import (
    Connect,
    ConnectionPoolSettings,
    PoolClosedError,
    PoolStatistics,
    PoolTimeoutError,
)
from tests.faulty import Registry

FAULTY = Registry()
faulty = FAULTY.add
_AGAIN: Any = object()


class Slots(Accounts):
    """The reference's accounts, with slots that come and go."""

    __slots__ = ()

    def lose_slot(self) -> None:
        """A slot that was taken is gone, and nobody is told."""
        self.size -= 1
        self._settings = replace(self._settings, max_size=self._settings.max_size - 1)

    def gain_slot(self) -> None:
        """A slot more than there should be is free."""
        self._settings = replace(self._settings, max_size=self._settings.max_size + 1)
        self.size += 1
        self.free()


class Pool(ConnectionPool):
    """The reference, with accounts and a handle that a subclass replaces."""

    Accounts: type[Slots] = Slots
    Handle: type[_AsyncHandle] = _AsyncHandle
    _accounts: Any

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(connect, replace(settings, min_size=0), clock)
        self._settings = settings
        self._accounts = self.Accounts(settings)
        self._fill(clock())

    def acquire(self) -> _AsyncHandle:
        return self.Handle(self._borrow, self._give_back)

    def _deadline(self) -> float | None:
        timeout = self._settings.acquire_timeout
        return None if timeout is None else asyncio.get_running_loop().time() + timeout


class Returning(Pool):
    """A return in steps that a subclass replaces."""

    async def _give_back(self, entry: Entry) -> None:
        try:
            if not self._accounts.closed:
                await self.reset(entry)
        except Exception:
            self.failed(entry)
        except BaseException:
            self.interrupted(entry)
            self._close_doomed()
            raise
        else:
            self._accounts.put(entry, self._clock())
        if self._accounts.doomed:
            await asyncio.wait(self._close_doomed())

    async def reset(self, entry: Entry) -> None:
        await entry.connection.reset()

    def failed(self, entry: Entry) -> None:
        self._accounts.drop(entry)

    def interrupted(self, entry: Entry) -> None:
        self._accounts.drop(entry)

    def discard(self, entry: Entry) -> None:
        """Close a connection, and free its slot; nobody who waits is told."""
        self._accounts.in_use -= 1
        self._accounts.size -= 1
        closing = asyncio.ensure_future(entry.connection.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


class Making(Pool):
    """Connects in steps that a subclass replaces."""

    async def _make(self, deadline: float | None) -> Entry:
        accounts, limit = self._accounts, asyncio.timeout_at(deadline)
        try:
            async with limit:
                connection = await self.connected()
        except Exception as error:
            if limit.expired():
                accounts.free()
                raise PoolTimeoutError("connecting took too long") from error
            self.failed()
            raise self.told(error) from error.__cause__
        except BaseException:
            self.cancelled()
            raise
        entry: Entry = accounts.made(connection, self._clock())
        if accounts.closed:
            await self.too_late(entry)
            raise PoolClosedError("the pool was closed while connecting")
        return entry

    async def connected(self) -> Any:
        return await self._connect()

    def failed(self) -> None:
        self._accounts.free()

    def told(self, error: Exception) -> Exception:
        return error

    def cancelled(self) -> None:
        self._accounts.free()

    async def too_late(self, entry: Entry) -> None:
        self._accounts.drop(entry)
        await asyncio.wait(self._close_doomed())


# CP-01: reuse


@faulty("CP-01", "a new connection is made though one is idle", "histories feature")
class NewForEachCall(Pool):
    """Makes connections until the pool is full, and reuses only then."""

    class Accounts(Slots):
        def take(self, now: float) -> Entry | Answer | None:
            if not self.closed and self.size < self._settings.max_size:
                self.size += 1
                return Answer.SLOT
            return super().take(now)


@faulty("CP-01", "connections are closed at their return")
class ClosesAtReturn(Returning):
    """A limit of connections and no pool (a semaphore around connect; SQLAlchemy's NullPool)."""

    async def reset(self, entry: Entry) -> None:
        await entry.connection.close()
        await super().reset(entry)


# CP-02: max_size


@faulty("CP-02", "one connection more than max_size")
class OneTooMany(Pool):
    """Compares with <= in place of <."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._accounts.gain_slot()


@faulty("CP-02", "connections are made for as many borrowers as come")
class NoLimit(Pool):
    """The setting max_size is how many are kept (HikariCP's minimumIdle, taken for its maximumPoolSize)."""

    class Accounts(Slots):
        def take(self, now: float) -> Entry | Answer | None:
            taken = super().take(now)
            if taken is not None:
                return taken
            self.size += 1
            return Answer.SLOT


@faulty("CP-02", "expected")
class CountsIdleOnly(Pool):
    """Compares the idle connections with max_size, as the pattern document's sample does: all in use, there is no limit."""

    class Accounts(Slots):
        def take(self, now: float) -> Entry | Answer | None:
            taken = super().take(now)
            if taken is None and len(self.idle) < self._settings.max_size:
                self.size += 1
                return Answer.SLOT
            return taken


@faulty("CP-02", "expected")
class CountsAfterConnecting(Pool):
    """A connection counts once it is made: until then each newcomer finds the slot free."""

    class Accounts(Slots):
        def take(self, now: float) -> Entry | Answer | None:
            taken = super().take(now)
            if taken is None and self.in_use + len(self.idle) < self._settings.max_size:
                self.size += 1
                return Answer.SLOT
            return taken


@faulty("CP-02", "borrowers that come at once make more than max_size connections", "interleavings")
class FactoriesRace(Pool):
    """Looks at the count, does something slow, and counts itself in then."""

    async def _borrow(self) -> Entry:
        accounts = self._accounts
        if accounts.closed or accounts.idle or accounts.size >= self._settings.max_size:
            return await super()._borrow()
        await asyncio.sleep(0)
        if accounts.closed:
            raise PoolClosedError("the pool is closed")
        accounts.size += 1
        return await self._make(self._deadline())


# CP-03: one borrower at a time


class _Sharing(Pool):
    """Knows connections that two borrowers hold: who leaves first returns it."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        self.used: list[Entry] = []
        super().__init__(connect, settings)

    async def _borrow(self) -> Entry:
        entry = await super()._borrow()
        self.used.append(entry)
        return entry

    async def _give_back(self, entry: Entry) -> None:
        if entry in self.used:
            self.used.remove(entry)
            await super()._give_back(entry)


@faulty("CP-03", "a borrower is given the connection of another", "histories feature")
class SharesWhenFull(_Sharing):
    """Multiplexes over a busy connection when the pool is full, whether the protocol can do that or not."""

    async def _borrow(self) -> Entry:
        accounts = self._accounts
        full = not accounts.idle and accounts.size >= self._settings.max_size
        if self.used and full and not accounts.closed:
            return self.used[0]
        return await super()._borrow()


@faulty("CP-03", "one connection is handed to two borrowers that come at once", "interleavings")
class LooksThenTakes(_Sharing):
    """Finds an idle connection, checks it over the wire, and takes it from the list then."""

    async def _borrow(self) -> Entry:
        accounts = self._accounts
        if accounts.closed or not accounts.idle or self._ages():
            return await super()._borrow()
        entry: Entry = accounts.idle[-1]
        await asyncio.sleep(0)
        if entry in self.used and not accounts.closed:
            return entry
        return await super()._borrow()

    def _ages(self) -> bool:
        return self._settings.max_idle is not None or self._settings.max_lifetime is not None


# CP-04: leaving the scope


class _Leaving(Pool):
    """Its handle is left without a return where `forgets` says so."""

    class Handle(_AsyncHandle):
        __slots__ = ()

        async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if self.forgets(kind):
                self._entry = None
            await super().__aexit__(kind, error, trace)

        def forgets(self, kind: type[BaseException] | None) -> bool:
            raise NotImplementedError


@faulty("CP-04", "a borrower that is cancelled does not return its connection", "histories feature")
class CancellationIsNoException(_Leaving):
    """`except Exception` around the scope, written when CancelledError was an Exception."""

    class Handle(_Leaving.Handle):
        def forgets(self, kind: type[BaseException] | None) -> bool:
            return kind is asyncio.CancelledError


@faulty("CP-04", "a borrower that leaves by an error does not return its connection", "histories feature")
class GeneratorWithoutFinally(_Leaving):
    """An @asynccontextmanager that yields outside of any try: neither an error nor a cancellation gets to the return."""

    class Handle(_Leaving.Handle):
        def forgets(self, kind: type[BaseException] | None) -> bool:
            return kind is not None


@faulty("CP-04", "a connection is never used again")
class LeavesReturnToBorrower(_Leaving):
    """The scope ends and nothing happens: there is a release() for that."""

    class Handle(_Leaving.Handle):
        def forgets(self, kind: type[BaseException] | None) -> bool:
            return True


@faulty("CP-04", "the error of a borrower ends at the scope", "histories machine")
class SwallowsError(Pool):
    """`__aexit__` returns what the return of the connection returned, and that is true."""

    class Handle(_AsyncHandle):
        __slots__ = ()

        async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> Any:
            await super().__aexit__(kind, error, trace)
            return isinstance(error, Exception)


@faulty("CP-04", "a borrower that is cancelled while it returns its connection loses it")
class CancelledResetLoses(Returning):
    """The connection is put back after its reset, and a cancellation during the reset is not thought of."""

    def interrupted(self, entry: Entry) -> None:
        """Neither put back nor closed."""


# CP-05: waiting


@faulty("CP-05", "with all in use acquire() does not wait")
class FailsAtOnce(Pool):
    """Exhausted means an error, as in the pattern document's sample, whose comment says wait."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        if self._accounts.doomed or self._closing:
            return await super()._wait(deadline)
        raise PoolTimeoutError("no connection is available")


@faulty("CP-05", "with all in use acquire() does not wait")
class FailsAtOnceWithAnotherError(Pool):
    """get_nowait(), and its error as it comes."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        if self._accounts.doomed or self._closing:
            return await super()._wait(deadline)
        raise asyncio.QueueEmpty


@faulty("CP-05", "who waits does not get the connection that is returned", "histories feature")
class WakesNobody(Pool):
    """A returned connection is put in the list, and nobody who waits is told."""

    class Accounts(Slots):
        def put(self, entry: Entry, now: float) -> None:
            waiters, self.waiters = self.waiters, deque()
            super().put(entry, now)
            self.waiters = waiters


@faulty("CP-05", "who waits does not get a connection that is there as long as another is being made", "histories")
class ConnectsUnderLock(Making):
    """Connects under the lock that whoever wants a connection has to take (aiomysql's condition)."""

    class Accounts(Slots):
        __slots__ = ("connecting",)

        def __init__(self, settings: ConnectionPoolSettings) -> None:
            super().__init__(settings)
            self.connecting = 0

        def take(self, now: float) -> Entry | Answer | None:
            idle, self.idle = (self.idle, []) if self.connecting and not self.closed else ([], self.idle)
            taken = super().take(now)
            self.idle += idle
            return taken

        def put(self, entry: Entry, now: float) -> None:
            waiters, self.waiters = (self.waiters, deque()) if self.connecting and not self.closed else (deque(), self.waiters)
            super().put(entry, now)
            self.waiters += waiters

        def unlock(self, now: float) -> None:
            """Let those have what is idle who wait for it."""
            self.connecting -= 1
            idle, self.idle = ([], self.idle) if self.connecting or self.closed else (self.idle, [])
            for entry in idle:
                self.in_use += 1
                self.put(entry, now)

    async def connected(self) -> Any:
        self._accounts.connecting += 1
        try:
            return await super().connected()
        finally:
            self._accounts.unlock(self._clock())


# CP-06: acquire_timeout


@faulty("CP-06", "a waiter gives up before acquire_timeout", "histories feature")
class TakesMilliseconds(Pool):
    """Takes the seconds for milliseconds."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        soon = asyncio.get_running_loop().time() + (self._settings.acquire_timeout or 0.0) / 1000.0
        return await super()._wait(None if deadline is None else soon)


@faulty("CP-06", "expected", "feature interleavings")
class GivesUpHalfWay(Pool):
    """Half of the timeout is kept for connecting, whether one connects or not."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        half = asyncio.get_running_loop().time() + (self._settings.acquire_timeout or 0.0) / 2.0
        return await super()._wait(None if deadline is None else half)


@faulty("CP-06", "a waiter waits beyond acquire_timeout", "histories feature")
class WaitsForEver(Pool):
    """The setting acquire_timeout is read by nobody."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, replace(settings, acquire_timeout=None))


@faulty("CP-06", "expected", "feature")
class WaitsForEverInQueue(Pool):
    """The setting limits connecting, and nobody limits the queue (redis-py's timeouts of the socket)."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        return await super()._wait(None)


@faulty("CP-06", "how long one has waited is taken from the wall clock", "histories")
class WaitsByTheWall(Pool):
    """Looks at time.time() when its timer is due, and waits for the rest (the queue of SQLAlchemy)."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        if deadline is None:
            return await super()._wait(None)
        loop, accounts = asyncio.get_running_loop(), self._accounts
        end = time.time() + (self._settings.acquire_timeout or 0.0)
        waiter: asyncio.Future[Entry | Answer] = loop.create_future()
        accounts.waiters.append(waiter)
        self._tidy(self._clock())
        try:
            while not waiter.done() and (left := end - time.time()) > 0.0:
                await asyncio.wait([waiter], timeout=left)
            accounts.time_out(waiter)
            return await waiter
        except BaseException:
            accounts.leave(waiter, self._clock())
            self._tidy(self._clock())
            raise


@faulty("CP-06", "after acquire_timeout comes something else than a pool-timeout error", "histories feature")
class PlainTimeoutError(Pool):
    """The error of wait_for() as it comes (asyncpg)."""

    class Accounts(Slots):
        def accept(self, answer: Entry | Answer, now: float) -> Entry | None:
            try:
                return super().accept(answer, now)
            except PoolTimeoutError:
                raise TimeoutError from None


class _Haunted(Slots):
    """What comes to a waiter that is gone is lost."""

    def is_ghost(self, waiter: Waiter) -> bool:
        raise NotImplementedError

    def _hand(self, answer: Entry | Answer) -> bool:
        while self.waiters and self.waiters[0].done() and not self.is_ghost(self.waiters[0]):
            self.waiters.popleft()
        if answer is Answer.CLOSED or not self.waiters or not self.waiters[0].done():
            return super()._hand(answer)
        self.waiters.popleft()
        if answer is Answer.SLOT:
            self.lose_slot()
        return True


@faulty("CP-06", "a connection is kept for a waiter that is gone", "histories feature")
class TimedOutStaysInQueue(Pool):
    """Whoever gives up is not taken out of the queue (wait_for() around a future that the pool knows for ever)."""

    class Accounts(_Haunted):
        def is_ghost(self, waiter: Waiter) -> bool:
            return not waiter.cancelled() and waiter.result() is Answer.TIMED_OUT

        def time_out(self, waiter: Waiter) -> None:
            if not waiter.done():
                waiter.set_result(Answer.TIMED_OUT)


@faulty("CP-06", "handed to a waiter as it gives up is lost", "interleavings")
class LostAtTimeout(Pool):
    """wait_for() that cancels whatever the future says by now (asyncio's own, before 3.12, and aiopg's)."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        accounts, limit = self._accounts, asyncio.timeout_at(deadline)
        waiter: asyncio.Future[Entry | Answer] = asyncio.get_running_loop().create_future()
        accounts.waiters.append(waiter)
        self._tidy(self._clock())
        try:
            async with limit:
                return await waiter
        except TimeoutError:
            if waiter.cancelled():
                accounts.leave(waiter, self._clock())
            return Answer.TIMED_OUT
        except BaseException:
            accounts.leave(waiter, self._clock())
            self._tidy(self._clock())
            raise


# CP-07: cancellation


@faulty("CP-07", "a connection is kept for a waiter that was cancelled", "histories feature")
class CancelledStaysInQueue(Pool):
    """A waiter that is cancelled is not taken out of the queue: the wake-up is lost on it."""

    class Accounts(_Haunted):
        def is_ghost(self, waiter: Waiter) -> bool:
            return waiter.cancelled()

        def leave(self, place: Any, now: float) -> None:
            if not isinstance(place, asyncio.Future) or not place.cancelled():
                super().leave(place, now)


@faulty("CP-07", "handed to a waiter as it is cancelled is lost", "interleavings")
class WakesTheCancelled(Pool):
    """Takes the first of the queue, which may have been cancelled in this very turn."""

    class Accounts(_Haunted):
        def is_ghost(self, waiter: Waiter) -> bool:
            return waiter.cancelled()


@faulty("CP-07", "handed to a waiter as it is cancelled is lost", "interleavings")
class ForgetsWhatItWasHanded(Pool):
    """A waiter that is cancelled takes itself out of the queue, and does not look whether it was served by then."""

    class Accounts(Slots):
        def leave(self, place: Any, now: float) -> None:
            if not isinstance(place, asyncio.Future) or not place.done() or place.cancelled():
                super().leave(place, now)
            elif place.result() is Answer.SLOT:
                self.lose_slot()


@faulty("CP-02", "expected", "interleavings")
class LeaksAsItIsMade(Making):
    """connect() in a task: cancelled in the turn in which that ends, nobody closes what it made, and the slot is free."""

    async def connected(self) -> Any:
        async def apart() -> Any:
            return await self._connect()

        return await asyncio.create_task(apart())


@faulty("CP-07", "a borrower that is cancelled while its connection is being made takes the slot with it")
class CancelledConnectKeepsSlot(Making):
    """`except Exception` around connect(): a cancellation passes it by, and the count stays."""

    def cancelled(self) -> None:
        self._accounts.lose_slot()


@faulty(
    "CP-07", "a borrower that is cancelled while its connection is being made leaves the next one waiting", "histories feature"
)
class CancelledConnectWakesNobody(Making):
    """The count is right again, and who waits for it is not told."""

    def cancelled(self) -> None:
        self._accounts.size -= 1


@faulty("CP-07", "a connection that is made as its borrower is cancelled is lost", "interleavings")
class LostAsItIsMade(Pool):
    """Something else is awaited between the making of a connection and its handing out."""

    async def _make(self, deadline: float | None) -> Entry:
        entry = await super()._make(deadline)
        await asyncio.sleep(0)
        return entry


# CP-08: a failing connect()


@faulty("CP-08", "each failure of connect() takes a slot for good")
class FailedConnectKeepsSlot(Making):
    """Counts before connect() and takes nothing back where that fails: after ten bad seconds the pool is empty for ever."""

    def failed(self) -> None:
        self._accounts.lose_slot()


@faulty("CP-08", "after a failure of connect() the next one goes on waiting", "histories feature")
class FailedConnectWakesNobody(Making):
    """Takes its count back, and does not tell those who wait for it (aiomysql, asyncio-connection-pool)."""

    def failed(self) -> None:
        self._accounts.size -= 1


@faulty("CP-08", "the error that comes back is not that of connect()")
class WrapsConnectError(Making):
    """One error for all that can go wrong, of which the cause is in the log."""

    def told(self, error: Exception) -> Exception:
        return RuntimeError("could not get a connection")


@faulty("CP-08", "a failing connect() is tried again for ever, and nobody is told", "histories")
class ConnectsForEver(Making):
    """Tries again until it works."""

    async def connected(self) -> Any:
        while True:
            try:
                return await super().connected()
            except Exception:
                await asyncio.sleep(0)


@faulty("CP-08", "expected", "feature")
class ConnectsForEverSlowly(Making):
    """Tries again each second until it works."""

    async def connected(self) -> Any:
        while True:
            try:
                return await super().connected()
            except Exception:
                await asyncio.sleep(1.0)


# CP-09: broken connections


@faulty("CP-09", "a connection that broke while idle is handed out")
class NoCheckAtCheckout(Pool):
    """Looks at connections as they are returned, and idle ones die unseen (firewalls, restarts of the server)."""

    class Accounts(Slots):
        def take(self, now: float) -> Entry | Answer | None:
            if self._ages:
                self._retire(now)
            if self.closed or not self.idle:
                return super().take(now)
            self.in_use += 1
            return self.idle.pop()


class _Unchecked(Slots):
    def put(self, entry: Entry, now: float) -> None:
        if self.closed or entry.is_alive() or not self.waiters:
            super().put(entry, now)
        elif not self._hand(entry):
            self.drop(entry)


@faulty("CP-09", "expected", "histories feature")
class HandedOnUnchecked(Returning):
    """The list is checked as it is looked into, and what goes straight to a waiter is not."""

    Accounts = _Unchecked

    def failed(self, entry: Entry) -> None:
        if entry.is_alive():
            super().failed(entry)
        else:
            self._accounts.put(entry, self._clock())


class _PutBackBroken(Slots):
    def put(self, entry: Entry, now: float) -> None:
        if self.closed or entry.is_alive() or (self._ages and self._is_old(entry, now)):
            super().put(entry, now)
            return
        self.in_use -= 1
        entry.idle_since = now
        if self._hand(entry):
            self.in_use += 1
        else:
            self.idle.append(entry)


class _ReturnsBroken(Returning):
    """Puts back what cannot be reset because it is broken."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        if settings.min_size:
            raise Unsupported("min_size")  # what is broken counts as ready
        super().__init__(connect, settings)

    def failed(self, entry: Entry) -> None:
        if entry.is_alive():
            super().failed(entry)
        else:
            self._accounts.put(entry, self._clock())


@faulty("CP-09", "a connection that broke in use is handed out again", "histories feature", claims="")
class WatchesIdleOnly(_ReturnsBroken):
    """Reads the end of the stream while a connection is idle, and does not ask at the return."""

    class Accounts(_PutBackBroken):
        __slots__ = ("unseen",)

        def __init__(self, settings: ConnectionPoolSettings) -> None:
            super().__init__(settings)
            self.unseen: list[Entry] = []

        def put(self, entry: Entry, now: float) -> None:
            super().put(entry, now)
            if entry in self.idle and not entry.is_alive():
                self.unseen.append(entry)

        def take(self, now: float) -> Entry | Answer | None:
            while not self.closed and self.idle and self.idle[-1] in self.unseen:
                entry = self.idle.pop()
                self.unseen.remove(entry)
                if not self._ages or not self._is_old(entry, now):
                    self.in_use += 1
                    return entry
                self.doomed.append(entry)
            return super().take(now)


@faulty("CP-09", "a connection that broke", claims="")
class NeverChecked(_ReturnsBroken):
    """Broken connections are handed out for ever: no check anywhere, as in the pattern document's sample."""

    class Accounts(NoCheckAtCheckout.Accounts, _PutBackBroken):
        pass


@faulty("CP-09", "each broken connection takes a slot for good")
class DiscardedKeepsSlot(Returning):
    """Closes what is broken, wherever it is found, and counts it for ever."""

    class Accounts(Slots):
        def take(self, now: float) -> Entry | Answer | None:
            for entry in [] if self.closed else [entry for entry in self.idle if not entry.is_alive()]:
                self.idle.remove(entry)
                self.lose_slot()
            return super().take(now)

    def discard(self, entry: Entry) -> None:
        self._accounts.lose_slot()
        self._accounts.size += 1
        super().discard(entry)
        self._fill(self._clock())

    failed = interrupted = discard


@faulty("CP-09", "who waits goes on waiting when a broken connection is returned", "histories feature")
class DiscardedWakesNobody(Returning):
    """The slot of a broken connection is free again, and nobody who waits for one is told."""

    def discard(self, entry: Entry) -> None:
        super().discard(entry)
        self._fill(self._clock())

    failed = interrupted = discard


class _Probed(Slots):
    """Sends something over an idle connection before it is lent, and lets the error through."""

    def take(self, now: float) -> Entry | Answer | None:
        broken = [] if self.closed else [entry for entry in self.idle if not entry.is_alive()]
        if broken:
            self.found(broken[-1])
            raise ConnectionError("the server closed the connection")
        return super().take(now)

    def found(self, entry: Entry) -> None:
        raise NotImplementedError


_TOLD = "a broken connection that is found at checkout is not discarded: its error comes to the borrower"


@faulty("CP-09", _TOLD)
class ProbesInVain(Pool):
    """The check before lending raises, and nobody catches it; the connection is closed (aiosqlitepool loses it with its slot)."""

    class Accounts(_Probed):
        def found(self, entry: Entry) -> None:
            self.idle.remove(entry)
            self.lose_slot()
            self.doomed.append(entry)
            self.size += 1


@faulty("CP-09", _TOLD)
class ProbesAgainAndAgain(Pool):
    """As before, and the connection stays where it is: every borrower is told."""

    class Accounts(_Probed):
        def found(self, entry: Entry) -> None:
            """It stays in the list."""


@faulty("CP-09", "a connection whose reset fails is neither closed nor lent again", "histories")
class FailedResetForgets(Returning):
    """The error of the reset is logged, and that is all that is done about it."""

    def failed(self, entry: Entry) -> None:
        """Neither put back nor closed."""


# CP-10: what is carried over


@faulty("CP-10", "connections are not reset", "histories feature")
class NeverResets(Returning):
    """Relies on borrowers to commit or roll back."""

    async def reset(self, entry: Entry) -> None:
        if not entry.is_alive():
            raise ConnectionError("it is broken")


@faulty("CP-10", "a connection whose reset fails is handed out as it is", "histories")
class IgnoresFailedReset(Returning):
    """The reset is done as well as it can be; what still lives is put back."""

    def failed(self, entry: Entry) -> None:
        if entry.is_alive():
            self._accounts.put(entry, self._clock())
        else:
            super().failed(entry)


@faulty("CP-10", "a connection is handed out though its reset was cancelled", "histories")
class PutsBackInFinally(Returning):
    """The return stands in `finally`, and so happens after a reset that was cancelled, too."""

    def interrupted(self, entry: Entry) -> None:
        self._accounts.put(entry, self._clock())


class _Noting(Pool):
    """Its handle notes how its scope is left, for a reset that is not always done."""

    class Handle(_AsyncHandle):
        is_asking = False

        async def request(self, payload: Any) -> Any:
            self.is_asking = True
            answer = await super().request(payload)
            self.is_asking = False
            return answer

        async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if self._entry is not None and self.skips(kind):
                self._entry.connection = Unreset(self._entry.connection)
            await super().__aexit__(kind, error, trace)

        def skips(self, kind: type[BaseException] | None) -> bool:
            raise NotImplementedError


class Unreset:
    """A connection of which the next reset is left out."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._is_skipped = False

    async def reset(self) -> None:
        if self._is_skipped or not self.is_alive():
            await self._connection.reset()
        self._is_skipped = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@faulty("CP-10", "a borrower gets the reply to a request that was cancelled", "histories feature")
class ReplyLeftUnread(_Noting):
    """Rolls back and does not drain: cancelled between request and response, the response is read by the next (redis-py 4.5)."""

    class Handle(_Noting.Handle):
        def skips(self, kind: type[BaseException] | None) -> bool:
            return kind is asyncio.CancelledError and self.is_asking


@faulty("CP-10", "a connection is not reset after an error", "histories feature")
class ResetsAfterSuccess(_Noting):
    """The reset is the last line of the try block."""

    class Handle(_Noting.Handle):
        def skips(self, kind: type[BaseException] | None) -> bool:
            return kind is not None and issubclass(kind, Exception)


@faulty("CP-10", "expected", "histories feature")
class ResetsNotAfterCancellation(_Noting):
    """The reset is left out where the borrower was cancelled, since nothing may be awaited then."""

    class Handle(_Noting.Handle):
        def skips(self, kind: type[BaseException] | None) -> bool:
            return kind is asyncio.CancelledError


# CP-11, CP-12: after the return


@faulty("CP-11", "a handle that was returned still reaches its connection", "histories feature")
class RawHandle(Pool):
    """Gives the connection itself (asyncio-connection-pool, SQLAlchemy's dbapi_connection)."""

    class Handle(_AsyncHandle):
        __slots__ = ()

        async def __aenter__(self) -> Any:
            await super().__aenter__()
            return self._connection()


@faulty("CP-11", "a handle that was returned still reaches its connection", "histories feature")
class HandleKeepsConnection(Pool):
    """The handle knows that it was returned, and asks nobody."""

    class Handle(_AsyncHandle):
        __slots__ = ("_kept",)

        async def request(self, payload: Any) -> Any:
            if self._entry is not None:
                self._kept = self._entry.connection
            return await self._kept.request(payload)


class _Again(Pool):
    """Its handle returns a second time."""

    class Handle(_AsyncHandle):
        __slots__ = ("_pool", "_returned")
        _pool: Any
        _returned: Entry

        async def __aexit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            if self._entry is None:
                self._pool.returned_again(self._returned)
            else:
                self._returned = self._entry
            await super().__aexit__(kind, error, trace)

    def acquire(self) -> _AsyncHandle:
        handle: Any = super().acquire()
        handle._pool = self
        return handle  # type: ignore[no-any-return]  # it is given a pool

    def returned_again(self, entry: Entry) -> None:
        raise NotImplementedError


@faulty("CP-12", "a second return makes room for one connection too many", "histories feature")
class SecondReturnFreesSlot(_Again):
    """A semaphore that is released once for each return, and not once for each acquire."""

    def returned_again(self, entry: Entry) -> None:
        self._accounts.gain_slot()


@faulty("CP-12", "a connection that is returned twice is handed out twice", "histories feature")
class SecondReturnPutsInTwice(_Again):
    """Appends whatever is returned to the list."""

    class Accounts(Slots):
        __slots__ = ("twice",)

        def __init__(self, settings: ConnectionPoolSettings) -> None:
            super().__init__(settings)
            self.twice: list[Entry] = []

        def take(self, now: float) -> Entry | Answer | None:
            taken = super().take(now)
            if isinstance(taken, Entry) and taken in self.twice:
                self.twice.remove(taken)
                self.append(taken)
            return taken

        def append(self, entry: Entry) -> None:
            """What is idle counts as idle, whoever holds it."""
            self.idle.append(entry)
            self.in_use -= 1

        def put(self, entry: Entry, now: float) -> None:
            if entry not in self.idle:
                super().put(entry, now)

    def returned_again(self, entry: Entry) -> None:
        accounts = self._accounts
        if accounts.closed or not entry.is_alive():
            return
        if entry in accounts.idle:
            accounts.twice.append(entry)
        elif not accounts._hand(entry):
            accounts.append(entry)


# CP-13: close()


@faulty("CP-13", "expected", "histories feature")
class LeavesIdleOpen(Pool):
    """close() sets a flag, and what is idle then stays open."""

    class Accounts(Slots):
        def close(self) -> None:
            idle, self.idle = self.idle, []
            super().close()
            self.idle = idle


@faulty("CP-13", "expected")
class ClosesIdleOnly(Pool):
    """close() clears the list, and the pool goes on (a pool that is emptied, and not closed)."""

    class Accounts(Slots):
        def close(self) -> None:
            for entry in self.idle:
                self.doomed.append(entry)
            self.idle.clear()


@faulty("CP-13", "a pool that is closed goes on serving")
class ServesAfterClose(Pool):
    """Closed or not is looked at on the return alone: each acquire connects anew."""

    async def _borrow(self) -> Entry:
        if not self._accounts.closed:
            return await super()._borrow()
        self._accounts.size += 1
        try:
            return self._accounts.made(await self._connect(), self._clock())  # type: ignore[no-any-return]  # as above
        except BaseException:
            self._accounts.free()
            raise


@faulty("CP-13", "who waits is not told that the pool is closed", "histories feature")
class ForgetsWaiters(Pool):
    """close() refuses those who come, and those who wait are told when something is returned, if ever."""

    class Accounts(Slots):
        def close(self) -> None:
            waiters, self.waiters = self.waiters, deque()
            super().close()
            self.waiters = waiters


@faulty("CP-13", "a connection that is returned after close() stays open")
class ForgetsConnectionsInUse(Pool):
    """What is returned to a closed pool is dropped on the floor."""

    async def _give_back(self, entry: Entry) -> None:
        if not self._accounts.closed:
            await super()._give_back(entry)


@faulty("CP-13", "close() closes connections that borrowers hold, before they return them")
class ClosesWhatIsInUse(Pool):
    """One list of all that was made, closed from end to end (aiosqlitepool)."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._lent: list[Any] = []

    async def _borrow(self) -> Entry:
        entry = await super()._borrow()
        self._lent.append(entry)
        return entry

    async def _give_back(self, entry: Entry) -> None:
        self._lent.remove(entry)
        await super()._give_back(entry)

    async def close(self) -> None:
        for entry in self._lent:
            await entry.connection.close()
        await super().close()


@faulty("CP-13", "a connection whose making ends after close() stays open", "histories feature")
class ForgetsConnectsUnderWay(Making):
    """Whoever connects finds the pool closed, and goes away as it came."""

    async def too_late(self, entry: Entry) -> None:
        """Left open."""


@faulty("CP-13", "a connection that is returned as the pool is closed stays open", "interleavings")
class ClosedWhileResetting(Returning):
    """Looks whether the pool is closed before the reset, and puts the connection back after it."""

    async def _give_back(self, entry: Entry) -> None:
        closed = self._accounts.closed
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        if closed or not self._accounts.closed or not entry.is_alive():
            await super()._give_back(entry)


@faulty("CP-13", "close()")
class CloseWaitsForEver(Pool):
    """Waits for a return, although all is returned."""

    async def close(self) -> None:
        await super().close()
        await asyncio.get_running_loop().create_future()


# CP-14, CP-15: accounting and order


@faulty("CP-14", "a connection is lost at its second return", "histories feature")
class RetiresWithoutReplacing(Pool):
    """Connections serve a number of times, and are forgotten then: each takes a slot with it."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._uses: dict[Entry, int] = {}

    async def _give_back(self, entry: Entry) -> None:
        self._uses[entry] = self._uses.get(entry, 0) + 1
        if self._uses[entry] < 2 or self._accounts.closed or not entry.is_alive():
            await super()._give_back(entry)


@faulty("CP-15", "who came last is served first", "histories feature")
class LastComeFirstServed(Pool):
    """Takes the waiter from the wrong end of the list."""

    class Accounts(Slots):
        def _hand(self, answer: Entry | Answer) -> bool:
            self.waiters.reverse()
            try:
                return super()._hand(answer)
            finally:
                self.waiters.reverse()


@faulty("CP-15", "who came last is served first", "histories feature")
class LastOrFirst(Pool):
    """Waiters in a set: whoever comes to hand is served."""

    class Accounts(Slots):
        __slots__ = ("turns",)

        def __init__(self, settings: ConnectionPoolSettings) -> None:
            super().__init__(settings)
            self.turns = 0

        def _hand(self, answer: Entry | Answer) -> bool:
            self.turns += len(self.waiters) > 1
            if self.turns % 2:
                self.waiters.rotate(1)
            return super()._hand(answer)


@faulty("CP-15", "who comes as a connection is returned gets it before those who wait", "interleavings")
class WokenLooksAgain(Pool):
    """Wakes the first waiter, which looks for itself, and a newcomer is quicker (asyncio.Condition)."""

    class Accounts(Slots):
        def put(self, entry: Entry, now: float) -> None:
            waiters, self.waiters = self.waiters, deque()
            super().put(entry, now)
            self.waiters = waiters
            if entry in self.idle:
                self._hand(_AGAIN)

        def leave(self, place: Any, now: float) -> None:
            if place is _AGAIN and self.idle:
                self._hand(_AGAIN)
            elif place is not _AGAIN:
                super().leave(place, now)

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        heard = await super()._wait(deadline)
        while heard is _AGAIN:
            taken = self._accounts.take(self._clock())
            heard = await super()._wait(deadline) if taken is None else taken
        return heard


# CP-16: ages


@faulty("CP-16", "a connection idle for longer than max_idle is handed out", "histories feature")
class IgnoresIdleTime(Pool):
    """The setting max_idle is read by nobody."""

    class Accounts(Slots):
        def _is_old(self, entry: Entry, now: float) -> bool:
            entry.idle_since = now
            return super()._is_old(entry, now)


@faulty("CP-16", "a connection older than max_lifetime is handed out", "histories feature")
class LooksAtLifetimeAtReturn(Pool):
    """Closes what is too old as it is returned, and lends what grew old while it was idle."""

    class Accounts(Slots):
        def _retire(self, now: float) -> None:
            settings, self._settings = self._settings, replace(self._settings, max_lifetime=None)
            super()._retire(now)
            self._settings = settings


@faulty("CP-16", "a connection older than max_lifetime is handed", "histories feature")
class IgnoresLifetime(Pool):
    """Any use makes a connection young again."""

    class Accounts(Slots):
        def _is_old(self, entry: Entry, now: float) -> bool:
            entry.made_at = now
            return super()._is_old(entry, now)


@faulty("CP-16", "a connection older than max_lifetime is handed on as it is returned", "histories feature")
class HandedOnTooOld(Pool):
    """The list is swept as it is looked into, and what goes straight to a waiter is not: under load nothing ever gets too old."""

    class Accounts(Slots):
        def put(self, entry: Entry, now: float) -> None:
            ages, self._ages = self._ages, False
            super().put(entry, now)
            self._ages = ages


@faulty("CP-16", "ages are taken from the wall clock", "histories feature")
class WallClock(Pool):
    """time.time()."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings, time.time)


# CP-17: statistics


class _Counted(Pool):
    def statistics(self) -> PoolStatistics:
        return self.counted(super().statistics())

    def counted(self, now: PoolStatistics) -> PoolStatistics:
        raise NotImplementedError


@faulty("CP-17", "idle connections are counted as in use", "histories feature")
class MadeIsInUse(_Counted):
    """Counts what was made, and calls it in use."""

    def counted(self, now: PoolStatistics) -> PoolStatistics:
        return replace(now, in_use=now.in_use + now.idle)


@faulty("CP-17", "borrowers that wait are not counted", "histories feature")
class NobodyWaits(_Counted):
    """Nobody counts who waits (a semaphore that does not tell)."""

    def counted(self, now: PoolStatistics) -> PoolStatistics:
        return replace(now, waiting=0)


@faulty("CP-17", "a connection that is being made is not counted", "histories machine")
class SizeWithoutConnecting(_Counted):
    """Connections that are being made are not in the size."""

    def counted(self, now: PoolStatistics) -> PoolStatistics:
        return replace(now, size=now.idle + now.in_use)


@faulty("CP-17", "what close() has closed still counts as idle", "histories")
class ClosedStayIdle(_Counted):
    """close() closes whatever is idle, and leaves it in the list (generic-pool)."""

    left = 0

    async def close(self) -> None:
        if not self._accounts.closed:
            self.left = len(self._accounts.idle)
        await super().close()

    def counted(self, now: PoolStatistics) -> PoolStatistics:
        return replace(now, idle=now.idle + self.left)


@faulty("CP-17", "the statistics are not what they count", "histories machine")
class FreeSlotsAreIdle(_Counted):
    """Idle is what is not in use, whether it was made or not."""

    def counted(self, now: PoolStatistics) -> PoolStatistics:
        return replace(now, idle=self._settings.max_size - now.in_use)


@faulty("CP-17", "expected", "feature")
class WaitersOnlyAdd(_Counted):
    """Counts who begins to wait, and not who stops by giving up."""

    gone = 0

    def counted(self, now: PoolStatistics) -> PoolStatistics:
        return replace(now, waiting=now.waiting + self.gone)

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        try:
            answer = await super()._wait(deadline)
        except asyncio.CancelledError:
            self.gone += 1
            raise
        self.gone += answer is Answer.TIMED_OUT
        return answer


# CP-19: min_size


@faulty("CP-19", "no connection is made in advance")
class MakesNothingInAdvance(Pool):
    """The setting min_size is read by nobody."""

    def _fill(self, now: float) -> None:
        """Nothing."""


@faulty("CP-19", "what min_size promises is not made anew once it is lost", "histories feature")
class MakesInAdvanceOnce(Pool):
    """Makes connections at the start, and never again."""

    is_filled = False

    def _fill(self, now: float) -> None:
        if self._settings.min_size and not self.is_filled:
            self.is_filled = True
            super()._fill(now)


# As one writes them in an afternoon


class _Afternoon:
    """What the following have in common: no ages, nothing in advance."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        if settings.max_idle or settings.max_lifetime or settings.min_size:
            raise Unsupported("max_idle", "max_lifetime", "min_size")
        self._connect, self._settings = connect, settings
        self._idle: list[Any] = []
        self._size = 0
        self._closed = False

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        if self._closed:
            raise PoolClosedError
        connection = await self.get()
        handle = _Lent(connection)
        try:
            yield handle
        finally:
            handle.connection = None
            await self.put(connection)

    async def get(self) -> Any:
        raise NotImplementedError

    async def put(self, connection: Any) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        self._closed = True
        while self._idle:
            await self._idle.pop().close()


class _Lent:
    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def request(self, payload: Any) -> Any:
        if self.connection is None:
            raise RuntimeError("it was returned")
        return self.connection.request(payload)


@faulty("CP-07 CP-08 CP-09 CP-10 CP-13 CP-15", "expected", claims="")
class QueueOfConnections(_Afternoon):
    """An asyncio.Queue, and a count of what was made."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    async def get(self) -> Any:
        with suppress(asyncio.QueueEmpty):
            return self._queue.get_nowait()
        if self._size < self._settings.max_size:
            self._size += 1
            return await self._connect()
        try:
            return await asyncio.wait_for(self._queue.get(), self._settings.acquire_timeout)
        except TimeoutError:
            raise PoolTimeoutError from None

    async def put(self, connection: Any) -> None:
        if self._closed:
            await connection.close()
        else:
            self._queue.put_nowait(connection)

    async def close(self) -> None:
        self._closed = True
        while not self._queue.empty():
            await self._queue.get_nowait().close()


@faulty("CP-04 CP-07 CP-08 CP-09 CP-13", "expected", claims="")
class SemaphoreAndList(_Afternoon):
    """A semaphore that is given back in the last line."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._semaphore = asyncio.Semaphore(settings.max_size)

    async def get(self) -> Any:
        try:
            await asyncio.wait_for(self._semaphore.acquire(), self._settings.acquire_timeout)
        except TimeoutError:
            raise PoolTimeoutError from None
        return self._idle.pop() if self._idle else await self._connect()

    async def put(self, connection: Any) -> None:
        await connection.reset()
        self._idle.append(connection)
        self._semaphore.release()


@faulty("CP-04 CP-06 CP-07 CP-08 CP-09 CP-13 CP-15", "expected", claims="")
class ConditionAndList(_Afternoon):
    """A condition, and a notify() wherever one thought of it."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._changed = asyncio.Condition()

    async def get(self) -> Any:
        try:
            async with asyncio.timeout(self._settings.acquire_timeout), self._changed:
                await self._changed.wait_for(lambda: self._idle or self._size < self._settings.max_size)
                if self._idle:
                    return self._idle.pop()
                self._size += 1
        except TimeoutError:
            raise PoolTimeoutError from None
        try:
            return await self._connect()
        except Exception:
            self._size -= 1
            raise

    async def put(self, connection: Any) -> None:
        try:
            await connection.reset()
        except ConnectionError:
            self._size -= 1
            await connection.close()
            return
        if self._closed:
            await connection.close()
        async with self._changed:
            self._idle.append(connection)
            self._changed.notify()


# Several at once, and as the pattern document has it


class ThreeDefects(NeverResets, NobodyWaits):
    """Waits for ever, resets nothing, and counts nobody who waits."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, replace(settings, acquire_timeout=None))


@faulty("CP-02 CP-04 CP-09 CP-10", "expected", claims="")
class AsWritten:
    """Literally the pattern document's sample: the idle ones are compared with max_size, and nothing is checked or reset.

    It connects under the lock that a return has to take: whoever leaves waits for the connect of another, and loses its
    connection where it is cancelled meanwhile (CP-04).
    """

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        plain = ConnectionPoolSettings(max_size=settings.max_size)
        if settings != plain:
            raise Unsupported("acquire_timeout", "max_idle", "max_lifetime")
        self._available: list[Any] = []
        self._lock = asyncio.Lock()
        self._max_size = settings.max_size
        self._factory = connect

    def acquire(self) -> _Pooled:
        return _Pooled(self)

    async def get(self) -> Any:
        async with self._lock:
            if self._available:
                return self._available.pop()
            if len(self._available) < self._max_size:
                return await self._factory()
            raise PoolTimeoutError("no available connections")

    async def return_connection(self, connection: Any) -> None:
        async with self._lock:
            self._available.append(connection)

    async def close(self) -> None:
        raise Unsupported("close")


class _Pooled:
    """The sample's PooledConnection, which is returned as it is dropped."""

    def __init__(self, pool: AsWritten) -> None:
        self._pool = pool
        self._connection: Any = None

    async def __aenter__(self) -> _Pooled:
        self._connection = await self._pool.get()
        return self

    async def request(self, payload: Any) -> Any:
        return await self._connection.request(payload)

    async def __aexit__(self, *error: object) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._pool.return_connection(connection)
