"""Connection pools that are wrong, each in one way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
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
        except Exception:  # noqa: BLE001 - as the reference
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


# CP-01: reuse


@faulty("CP-01", "a new connection is made though one is idle")
class NewForEachCall(Pool):
    """Makes connections until the pool is full, and reuses only then."""

    class Accounts(Slots):
        def take(self, now: float) -> Entry | Answer | None:
            if not self.closed and self.size < self._settings.max_size:
                self.size += 1
                return Answer.SLOT
            return super().take(now)


@faulty("CP-01", "connections are closed at their return")
class ClosesAtReturn(Pool):
    """A limit of connections and no pool (a semaphore around connect; SQLAlchemy's NullPool)."""

    class Accounts(Slots):
        def put(self, entry: Entry, now: float) -> None:
            self.drop(entry)


# CP-02: max_size


@faulty("CP-02", "one connection more than max_size")
class OneTooMany(Pool):
    """Compares with <= in place of <."""

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings) -> None:
        super().__init__(connect, settings)
        self._accounts.gain_slot()


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

    class Accounts(Slots):
        __slots__ = ("used",)

        def __init__(self, settings: ConnectionPoolSettings) -> None:
            super().__init__(settings)
            self.used: list[Entry] = []

        def put(self, entry: Entry, now: float) -> None:
            if entry in self.used:
                self.used.remove(entry)
                super().put(entry, now)

        def drop(self, entry: Entry) -> None:
            if entry in self.used:
                self.used.remove(entry)
                super().drop(entry)

    async def _borrow(self) -> Entry:
        entry = await super()._borrow()
        self._accounts.used.append(entry)
        return entry


@faulty("CP-03", "a borrower is given the connection of another")
class SharesWhenFull(_Sharing):
    """Multiplexes over a busy connection when the pool is full, whether the protocol can do that or not."""

    async def _borrow(self) -> Entry:
        accounts = self._accounts
        full = not accounts.idle and accounts.size >= self._settings.max_size
        if accounts.used and full and not accounts.closed:
            return accounts.used[0]  # type: ignore[no-any-return]  # the accounts are of a type of their own
        return await super()._borrow()


@faulty("CP-03", "one connection is handed to two borrowers that come at once", "interleavings")
class LooksThenTakes(_Sharing):
    """Finds an idle connection, checks it over the wire, and takes it from the list then."""

    async def _borrow(self) -> Entry:
        accounts = self._accounts
        if accounts.closed or not accounts.idle or self._ages():
            return await super()._borrow()
        entry = accounts.idle[-1]
        await asyncio.sleep(0)
        if entry in accounts.used and not accounts.closed:
            return entry  # type: ignore[no-any-return]  # the accounts are of a type of their own
        return await super()._borrow()

    def _ages(self) -> bool:
        return self._settings.max_idle is not None or self._settings.max_lifetime is not None


# CP-04: leaving the scope


class _Leaving(Pool):
    """Its handle is left without a return where `forgets` says so."""

    class Handle(_AsyncHandle):
        __slots__ = ()

        async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
            if self.forgets(kind):
                self._entry = None
            await super().__aexit__(kind, error, trace)

        def forgets(self, kind: type[BaseException] | None) -> bool:
            raise NotImplementedError


@faulty("CP-04", "a borrower that is cancelled does not return its connection")
class CancellationIsNoException(_Leaving):
    """`except Exception` around the scope, written when CancelledError was an Exception."""

    class Handle(_Leaving.Handle):
        def forgets(self, kind: type[BaseException] | None) -> bool:
            return kind is asyncio.CancelledError


@faulty("CP-04", "a borrower that leaves by an error does not return its connection")
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


@faulty("CP-04", "the error of a borrower ends at the scope")
class SwallowsError(Pool):
    """`__aexit__` returns what the return of the connection returned, and that is true."""

    class Handle(_AsyncHandle):
        __slots__ = ()

        async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> Any:
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


@faulty("CP-05", "expected")
class FailsAtOnceWithAnotherError(Pool):
    """get_nowait(), and its error as it comes."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        if self._accounts.doomed or self._closing:
            return await super()._wait(deadline)
        raise asyncio.QueueEmpty


@faulty("CP-05", "who waits does not get the connection that is returned")
class WakesNobody(Pool):
    """A returned connection is put in the list, and nobody who waits is told."""

    class Accounts(Slots):
        def put(self, entry: Entry, now: float) -> None:
            waiters, self.waiters = self.waiters, type(self.waiters)()
            super().put(entry, now)
            self.waiters = waiters


# CP-06: acquire_timeout


@faulty("CP-06", "a waiter gives up before acquire_timeout")
class TakesMilliseconds(Pool):
    """Takes the seconds for milliseconds."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        soon = asyncio.get_running_loop().time() + (self._settings.acquire_timeout or 0.0) / 1000.0
        return await super()._wait(None if deadline is None else soon)


@faulty("CP-06", "expected")
class GivesUpHalfWay(Pool):
    """Half of the timeout is kept for connecting, whether one connects or not."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        half = asyncio.get_running_loop().time() + (self._settings.acquire_timeout or 0.0) / 2.0
        return await super()._wait(None if deadline is None else half)


@faulty("CP-06", "a waiter waits beyond acquire_timeout")
class WaitsForEver(Pool):
    """The setting limits connecting, and nobody limits the queue."""

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        return await super()._wait(None)


@faulty("CP-06", "after acquire_timeout comes something else than a pool-timeout error")
class PlainTimeoutError(Pool):
    """The error of wait_for() as it comes (asyncpg)."""

    class Accounts(Slots):
        def accept(self, answer: Entry | Answer, now: float) -> Entry | None:
            try:
                return super().accept(answer, now)
            except PoolTimeoutError:
                raise TimeoutError from None


class _Haunted(Slots):
    """A waiter that is gone stays in the queue, and what comes to it is lost."""

    def is_ghost(self, waiter: Waiter) -> bool:
        raise NotImplementedError

    def _hand(self, answer: Entry | Answer) -> bool:
        if not isinstance(answer, Entry):
            return super()._hand(answer)
        while self.waiters:
            if self.waiters[0].done() and not self.is_ghost(self.waiters[0]):
                self.waiters.popleft()
            elif self.waiters[0].done():
                self.waiters.popleft()
                return True
            else:
                return super()._hand(answer)
        return False


@faulty("CP-06", "a connection is kept for a waiter that is gone")
class TimedOutStaysInQueue(Pool):
    """Whoever gives up is not taken out of the queue (wait_for() around a future that the pool knows for ever)."""

    class Accounts(_Haunted):
        def is_ghost(self, waiter: Waiter) -> bool:
            return not waiter.cancelled() and waiter.result() is Answer.TIMED_OUT

        def time_out(self, waiter: Waiter) -> None:
            if not waiter.done():
                waiter.set_result(Answer.TIMED_OUT)


@faulty("CP-06", "a connection that is returned as its waiter gives up is lost", "interleavings")
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
        except BaseException:
            if not limit.expired() or not waiter.done() or waiter.cancelled():
                accounts.leave(waiter, self._clock())
                self._tidy(self._clock())
            if limit.expired():
                return Answer.TIMED_OUT
            raise


# CP-07: cancellation


@faulty("CP-07", "a connection is kept for a waiter that was cancelled")
class CancelledStaysInQueue(Pool):
    """A waiter that is cancelled is not taken out of the queue: the wake-up is lost on it."""

    class Accounts(_Haunted):
        def is_ghost(self, waiter: Waiter) -> bool:
            return waiter.cancelled()

        def leave(self, place: Any, now: float) -> None:
            if not isinstance(place, asyncio.Future) or not place.cancelled():
                super().leave(place, now)


@faulty("CP-07", "a connection that is returned as its waiter is cancelled is lost", "interleavings")
class WakesTheCancelled(Pool):
    """Takes the first of the queue, which may have been cancelled in this very turn."""

    class Accounts(_Haunted):
        def is_ghost(self, waiter: Waiter) -> bool:
            return waiter.cancelled()


@faulty("CP-07", "a connection that is returned as its waiter is cancelled is lost", "interleavings")
class ForgetsWhatItWasHanded(Pool):
    """A waiter that is cancelled takes itself out of the queue, and does not look whether it was served by then."""

    class Accounts(Slots):
        def leave(self, place: Any, now: float) -> None:
            if isinstance(place, Entry) or not _is_served(place):
                super().leave(place, now)


def _is_served(place: Any) -> bool:
    return isinstance(place, asyncio.Future) and place.done() and not place.cancelled() and isinstance(place.result(), Entry)


class _Connecting(Pool):
    """A connect whose end a subclass replaces."""

    async def _make(self, deadline: float | None) -> Entry:
        """The slot is freed by the reference as it learns of the end; whoever changes that takes another slot first."""
        try:
            return await super()._make(deadline)
        except PoolClosedError:
            raise
        except Exception as error:
            self.failed(error)
            raise
        except BaseException:
            self.cancelled()
            raise

    def failed(self, error: Exception) -> None:
        """After connect() has failed."""

    def cancelled(self) -> None:
        """After the borrower was cancelled."""


class _Keeping(Slots):
    """Frees slots only where it is not told otherwise."""

    __slots__ = ("keeps", "silent")

    def __init__(self, settings: ConnectionPoolSettings) -> None:
        super().__init__(settings)
        self.keeps = self.silent = False

    def free(self) -> None:
        if self.keeps:
            self.lose_slot()
        elif self.silent:
            self.size -= 1
        else:
            super().free()


class _Making(Pool):
    """Ends of connect() where the slot is lost, or nobody is told of it."""

    Accounts = _Keeping

    def ends(self, error: BaseException) -> str:
        """What becomes of the slot: "kept", "silent", or "" where all is well."""
        raise NotImplementedError

    async def _make(self, deadline: float | None) -> Entry:
        connect, accounts = self._connect, self._accounts

        async def noted() -> Any:
            try:
                return await connect()
            except BaseException as error:
                accounts.keeps, accounts.silent = self.ends(error) == "kept", self.ends(error) == "silent"
                raise

        making = super()._make
        self._connect, self._connect_before = noted, connect
        raise NotImplementedError(making)
