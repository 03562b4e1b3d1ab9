"""The connection pool for threads."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolClosedError, PoolStatistics

from .accounts import Answer, Entry
from .shell import Handle, Shell

_log = logging.getLogger(__name__)


class _Waiter:
    """A thread's place in the queue; to the accounts it is like a future."""

    __slots__ = ("_answer", "_told")

    def __init__(self) -> None:
        self._answer: Entry | Answer | None = None
        self._told = Event()

    def done(self) -> bool:
        return self._told.is_set()

    def cancelled(self) -> bool:
        return False

    def set_result(self, answer: Entry | Answer) -> None:
        self._answer = answer
        self._told.set()

    def result(self) -> Entry | Answer:
        assert self._answer is not None, "asked before it was told"
        return self._answer

    def wait(self, seconds: float | None) -> bool:
        """Wait for the answer; False: the time is over."""
        return self._told.wait(seconds)


class _ThreadedHandle(Handle):
    __slots__ = ("_leaving",)

    def __init__(self, borrow: Callable[[], Entry], give_back: Callable[[Entry], None]) -> None:
        super().__init__(borrow, give_back)
        self._leaving = Lock()

    def request(self, payload: Any) -> Any:
        return self._connection().request(payload)

    def __enter__(self) -> Self:
        self._enter()
        self._entry = self._borrow()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._leaving:  # two threads may leave at a time, and one of them returns the connection
            entry, self._entry = self._entry, None
        if entry is not None:
            self._give_back(entry)


class ThreadedConnectionPool(Shell):
    """As `ConnectionPool`, for threads.

    The lock is held while the accounts decide, and never while a connection is made, used, reset or closed. acquire_timeout
    limits the wait for a connection or a slot, and not connect, which needs a limit of its own. What min_size asks for is made
    in threads that do not keep the process alive.
    """

    def __init__(
        self, connect: Callable[[], Any], settings: ConnectionPoolSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(connect, settings, clock)
        self._lock = Lock()
        self._fill(clock())

    def acquire(self) -> _ThreadedHandle:
        """Borrow a connection for the scope of the context manager, as `ConnectionPool.acquire` does."""
        return _ThreadedHandle(self._borrow, self._give_back)

    def statistics(self) -> PoolStatistics:
        """The counts now; the size includes connections that are being made and being closed."""
        with self._lock:
            return self._accounts.statistics()

    def close(self) -> None:
        """Close the idle connections and fail the waiters; each one in use or being made is closed when that is over."""
        with self._lock:
            self._accounts.close()
        self._close_doomed()

    def _borrow(self) -> Entry:
        answer = self._answered()
        try:
            self._close_doomed()
            self._fill(self._clock())
            if isinstance(answer, Entry):
                return answer
            heard = self._wait(answer) if isinstance(answer, _Waiter) else answer
        except BaseException:
            with self._lock:
                self._accounts.leave(answer, self._clock())
            self._close_doomed()
            raise
        return self._obtain(heard)

    def _answered(self) -> Entry | Answer | _Waiter:
        """An answer, or the place where it will be told: in one change, so that nobody comes in between."""
        with self._lock:
            answer = self._accounts.take(self._clock())
            if answer is not None:
                return answer
            waiter = _Waiter()
            self._accounts.waiters.append(waiter)
            return waiter

    def _wait(self, waiter: _Waiter) -> Entry | Answer:
        if not waiter.wait(self._settings.acquire_timeout):
            with self._lock:
                self._accounts.time_out(waiter)
        return waiter.result()

    def _obtain(self, answer: Entry | Answer) -> Entry:
        """Go on where no connection was to be had at once."""
        try:
            with self._lock:
                entry = self._accounts.accept(answer, self._clock())
        finally:
            self._close_doomed()
        return self._make() if entry is None else entry

    def _make(self) -> Entry:
        """Make a connection in the slot that the caller has."""
        connection = self._connected()
        with self._lock:
            entry = self._accounts.made(connection, self._clock())
            if not self._accounts.closed:
                return entry
            self._accounts.drop(entry)
        self._close_doomed()
        raise PoolClosedError("the pool was closed while connecting")

    def _connected(self) -> Any:
        try:
            return self._connect()
        except BaseException:
            with self._lock:
                self._accounts.free()
            raise

    def _give_back(self, entry: Entry) -> None:
        accounts = self._accounts
        try:
            if not accounts.closed:
                entry.connection.reset()
        except BaseException as error:
            with self._lock:
                accounts.drop(entry)
            if not isinstance(error, Exception):
                raise
            _log.info("a connection could not be reset and is closed", exc_info=True)
        else:
            with self._lock:
                accounts.put(entry, self._clock())
        finally:
            self._close_doomed()

    def _close_doomed(self) -> None:
        """Close what has to be closed, in this thread, and make up for what is missing then."""
        while entry := self._next_doomed():
            try:
                entry.connection.close()
            except Exception:  # noqa: BLE001 - no borrower asked for this, and the connection is given up anyway
                _log.warning("a connection could not be closed", exc_info=True)
            finally:
                with self._lock:
                    self._accounts.free()
            self._fill(self._clock())

    def _next_doomed(self) -> Entry | None:
        if not self._accounts.doomed:  # read without the lock: whoever dooms a connection comes here afterwards
            return None
        with self._lock:
            return self._accounts.doomed.pop() if self._accounts.doomed else None

    def _fill(self, now: float) -> None:
        """Begin to make what is missing to min_size."""
        if self._accounts.size < self._settings.min_size:
            with self._lock:
                missing = self._accounts.claim_missing()
            for _ in range(missing):
                Thread(target=self._make_in_advance, args=(now,), daemon=True).start()

    def _make_in_advance(self, now: float) -> None:
        try:
            connection = self._connected()
        except Exception:  # noqa: BLE001 - no borrower asked for this; it is tried again at the next acquire
            _log.info("a connection could not be made in advance", exc_info=True)
            return
        with self._lock:
            self._accounts.put(self._accounts.made(connection, now), now)
        self._close_doomed()
