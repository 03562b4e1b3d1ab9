"""The connection pool for asyncio."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Self

from patternproof.ports.connection_pool import (
    Connect,
    ConnectionPoolSettings,
    PoolClosedError,
    PoolStatistics,
    PoolTimeoutError,
)

from .accounts import Answer, Entry
from .shell import Handle, Shell

_log = logging.getLogger(__name__)


class _AsyncHandle(Handle):
    __slots__ = ()

    async def request(self, payload: Any) -> Any:
        return await self._connection().request(payload)

    async def __aenter__(self) -> Self:
        self._enter()
        self._entry = await self._borrow()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        entry, self._entry = self._entry, None
        if entry is not None:
            await self._give_back(entry)


class ConnectionPool(Shell):
    """A connection pool for asyncio.

    The accounts decide in one go, and what they decide is done afterwards: connecting and resetting in the borrower's own task,
    closing in a task that no borrower's cancellation reaches. A slot is taken until its connection has been closed.

    Args:
        connect: makes a connection.
        settings: see `ConnectionPoolSettings`; acquire_timeout includes the time that connect takes. With min_size the pool
            has to be made inside a running loop; a connection of these that could not be made is tried again at the next acquire.
        clock: monotonic time in seconds.

    Raises:
        ValueError: a setting is out of its range; the message names it.
    """

    def __init__(self, connect: Connect, settings: ConnectionPoolSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(connect, settings, clock)
        # Tasks under way, each in its set until it is done: asyncio itself keeps no hold of them.
        self._closing: set[asyncio.Task[None]] = set()
        self._filling: set[asyncio.Task[Any]] = set()
        self._fill(clock())

    def acquire(self) -> _AsyncHandle:
        """Borrow a connection for the scope of the context manager.

        Raises (on entering):
            PoolTimeoutError: none became free, or could be made, within acquire_timeout.
            PoolClosedError: the pool is closed.
            Exception: whatever connect() raised.
        """
        return _AsyncHandle(self._borrow, self._give_back)

    def statistics(self) -> PoolStatistics:
        """The counts now; the size includes connections that are being made and being closed."""
        return self._accounts.statistics()

    async def close(self) -> None:
        """Close the idle connections and fail the waiters; each connection in use or being made is closed when that is over."""
        self._accounts.close()
        self._close_doomed()
        for task in self._filling:
            task.cancel()
        while under_way := self._closing | self._filling:
            await asyncio.wait(under_way)

    async def _borrow(self) -> Entry:
        accounts, now = self._accounts, self._clock()
        answer = accounts.take(now)
        if isinstance(answer, Entry):
            if accounts.doomed or accounts.size < self._settings.min_size:
                self._tidy(now)
            return answer
        return await self._obtain(answer)

    async def _obtain(self, answer: Answer | None) -> Entry:
        """Go on where no connection was to be had at once."""
        timeout = self._settings.acquire_timeout
        deadline = None if timeout is None else asyncio.get_running_loop().time() + timeout
        heard = await self._wait(deadline) if answer is None else answer
        now = self._clock()
        try:
            entry = self._accounts.accept(heard, now)
        finally:
            self._tidy(now)
        return await self._make(deadline) if entry is None else entry

    async def _wait(self, deadline: float | None) -> Entry | Answer:
        accounts, loop = self._accounts, asyncio.get_running_loop()
        waiter: asyncio.Future[Entry | Answer] = loop.create_future()
        accounts.waiters.append(waiter)
        self._tidy(self._clock())  # not before: an eager task may free a slot right here, and this waiter is to get it
        timer = None if deadline is None else loop.call_at(deadline, accounts.time_out, waiter)
        try:
            return await waiter
        except BaseException:
            now = self._clock()
            accounts.leave(waiter, now)
            self._tidy(now)
            raise
        finally:
            if timer is not None:
                timer.cancel()

    async def _make(self, deadline: float | None) -> Entry:
        """Make a connection in the slot that the caller has."""
        accounts, limit = self._accounts, asyncio.timeout_at(deadline)
        try:
            async with limit:
                connection = await self._connect()
        except Exception as error:
            accounts.free()
            if not limit.expired():
                raise  # min_size waits for the next acquire: connecting again at once would go round and round
            self._fill(self._clock())
            raise PoolTimeoutError(f"connecting took longer than acquire_timeout: {accounts}") from error
        except BaseException:
            accounts.free()
            self._fill(self._clock())
            raise
        entry = accounts.made(connection, self._clock())
        if accounts.closed:
            accounts.drop(entry)
            await asyncio.wait(self._close_doomed())
            raise PoolClosedError("the pool was closed while connecting")
        return entry

    async def _give_back(self, entry: Entry) -> None:
        accounts = self._accounts
        try:
            if not accounts.closed:
                await entry.connection.reset()
        except Exception:  # noqa: BLE001 - whatever is wrong with the connection, it is the pool's affair and not the borrower's
            _log.info("a connection could not be reset and is closed", exc_info=True)
            accounts.drop(entry)
        except BaseException:
            accounts.drop(entry)
            self._close_doomed()  # not waited for: a cancellation is not to be held up
            raise
        else:
            accounts.put(entry, self._clock())
        if accounts.doomed:
            await asyncio.wait(self._close_doomed())

    def _tidy(self, now: float) -> None:
        """Begin to close what has to be closed, and to make what is missing."""
        self._close_doomed()
        self._fill(now)

    def _close_doomed(self) -> set[asyncio.Task[None]]:
        """Begin to close what has to be closed, and return the tasks that do."""
        doomed, self._accounts.doomed = self._accounts.doomed, []
        tasks = {asyncio.create_task(self._close_one(entry)) for entry in doomed}
        for task in tasks:
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return tasks

    async def _close_one(self, entry: Entry) -> None:
        try:
            await entry.connection.close()
        except Exception:  # noqa: BLE001 - no borrower waits for this, and the connection is given up anyway
            _log.warning("a connection could not be closed", exc_info=True)
        finally:
            self._accounts.free()
        self._fill(self._clock())

    def _fill(self, now: float) -> None:
        """Begin to make what is missing to min_size."""
        for _ in range(self._accounts.claim_missing()):
            task = asyncio.create_task(self._made_in_advance())
            self._filling.add(task)
            task.add_done_callback(partial(self._filled, now))

    async def _made_in_advance(self) -> Any:
        return await self._connect()

    def _filled(self, now: float, task: asyncio.Task[Any]) -> None:
        """Enter what a task made; a callback, since a task that is cancelled before its first step runs none of its own code."""
        self._filling.discard(task)
        if task.cancelled() or task.exception() is not None:
            _log.info("a connection could not be made in advance", exc_info=None if task.cancelled() else task.exception())
            self._accounts.free()
        else:
            self._accounts.put(self._accounts.made(task.result(), now), now)
            self._close_doomed()
