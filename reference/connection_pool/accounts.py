"""Who has what: the decisions of a connection pool."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from enum import Enum, auto
from math import inf
from typing import Any, Protocol

from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolClosedError, PoolStatistics, PoolTimeoutError


class Answer(Enum):
    """What a borrower is told where it is not handed a connection."""

    SLOT = auto()
    """A free slot: the borrower makes its own connection in it."""
    TIMED_OUT = auto()
    CLOSED = auto()


class Entry:
    """A connection of the pool, with the times by which it ages."""

    __slots__ = ("connection", "idle_since", "made_at")

    def __init__(self, connection: Any, made_at: float) -> None:
        self.connection = connection
        self.made_at = self.idle_since = made_at

    def is_alive(self) -> bool:
        try:
            return bool(self.connection.is_alive())
        except Exception:  # noqa: BLE001 - a connection that cannot even tell is not one to lend
            return False


class Waiter(Protocol):
    """A borrower in the queue; a future of asyncio and one of concurrent.futures are both such."""

    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def result(self) -> Entry | Answer: ...
    def set_result(self, result: Any, /) -> None: ...


class Accounts:
    """Who has what: plain, without I/O, for one caller at a time.

    Every method leaves in `doomed` what its caller has to close next. While somebody waits no connection is idle and no slot is
    free: so whatever is freed goes to the first waiter, and a newcomer finds nothing to take before it.
    """

    __slots__ = ("_ages", "_settings", "closed", "doomed", "idle", "in_use", "size", "waiters")

    def __init__(self, settings: ConnectionPoolSettings) -> None:
        self._settings = settings
        self._ages = settings.max_idle is not None or settings.max_lifetime is not None
        # Written by the methods below alone.
        self.idle: list[Entry] = []  # the latest returned stands last and is lent first
        self.waiters: deque[Waiter] = deque()
        self.doomed: list[Entry] = []
        self.size = 0  # slots taken: connections idle, in use, being made and being closed
        self.in_use = 0
        self.closed = False

    def take(self, now: float) -> Entry | Answer | None:
        """Answer a newcomer; None: it has to wait."""
        if self.closed:
            return Answer.CLOSED
        if self._ages:
            self._retire(now)
        while self.idle:
            entry = self.idle.pop()
            if entry.is_alive():
                self.in_use += 1
                return entry
            self.doomed.append(entry)
        if self.size < self._settings.max_size:
            self.size += 1
            return Answer.SLOT
        return None

    def _retire(self, now: float) -> None:
        idle, self.idle = self.idle, []
        for entry in idle:
            (self.doomed if self._is_old(entry, now) else self.idle).append(entry)

    def _is_old(self, entry: Entry, now: float) -> bool:
        max_idle, max_lifetime = self._settings.max_idle, self._settings.max_lifetime
        return now - entry.idle_since > (inf if max_idle is None else max_idle) or (
            now - entry.made_at > (inf if max_lifetime is None else max_lifetime)
        )

    def made(self, connection: Any, now: float) -> Entry:
        """Enter the connection that was made in a slot; it is in use by its maker."""
        self.in_use += 1
        return Entry(connection, now)

    def put(self, entry: Entry, now: float) -> None:
        """Take a fresh connection back from its borrower: it goes to the first waiter, or is idle, or is closed."""
        self.in_use -= 1
        entry.idle_since = now
        if self.closed or not entry.is_alive() or (self._ages and self._is_old(entry, now)):
            self.doomed.append(entry)
        elif self._hand(entry):
            self.in_use += 1
        else:
            self.idle.append(entry)

    def drop(self, entry: Entry) -> None:
        """Take a connection back that cannot be lent again."""
        self.in_use -= 1
        self.doomed.append(entry)

    def free(self) -> None:
        """Free a slot whose connection was closed, or never came to be."""
        if not self._hand(Answer.SLOT):
            self.size -= 1

    def _hand(self, answer: Entry | Answer) -> bool:
        while self.waiters:
            waiter = self.waiters.popleft()
            if not waiter.done():  # a cancelled one stands here until its own task has run
                waiter.set_result(answer)
                return True
        return False

    def time_out(self, waiter: Waiter) -> None:
        """Give a waiter up whose time is over, unless it has its answer already."""
        if not waiter.done():
            self.waiters.remove(waiter)
            waiter.set_result(Answer.TIMED_OUT)

    def leave(self, place: Waiter | Entry | Answer, now: float) -> None:
        """Take back from a borrower that gave up its place in the queue, or what it was answered: that goes on to the next."""
        if isinstance(place, Entry):
            self.put(place, now)
        elif place is Answer.SLOT:
            self.free()
        elif not isinstance(place, Answer):
            if place.done() and not place.cancelled():
                self.leave(place.result(), now)
            else:
                with suppress(ValueError):  # passed over as cancelled, it is in the queue no more
                    self.waiters.remove(place)

    def accept(self, answer: Entry | Answer, now: float) -> Entry | None:
        """Say what an answer is worth now that its borrower has heard it: a connection, or None for a slot.

        Raises:
            PoolTimeoutError: it was given up.
            PoolClosedError: the pool is closed, by now or already then.
        """
        if answer is Answer.TIMED_OUT:
            raise PoolTimeoutError(f"no connection within {self._settings.acquire_timeout:g} s: {self}")
        if self.closed:
            self.leave(answer, now)
            raise PoolClosedError("the pool is closed")
        return answer if isinstance(answer, Entry) else None

    def claim_missing(self) -> int:
        """Take the slots that are missing to min_size, for connections to be made in advance."""
        missing = 0 if self.closed else max(0, self._settings.min_size - self.size)
        self.size += missing
        return missing

    def close(self) -> None:
        """Refuse everybody from now on."""
        self.closed = True
        self.doomed += self.idle
        self.idle.clear()
        while self._hand(Answer.CLOSED):
            pass

    def statistics(self) -> PoolStatistics:
        waiting = sum(not waiter.done() for waiter in self.waiters)
        return PoolStatistics(self.size, len(self.idle), self.in_use, waiting)

    def __str__(self) -> str:
        now = self.statistics()
        return f"{now.size} of {self._settings.max_size} connections, {now.idle} idle, {now.in_use} in use, {now.waiting} waiting"
