"""A guarded client under load, over a flapping dependency."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from typing import Any, NamedTuple

from patternproof.flavour import resolved
from patternproof.load.evidence import Broken
from patternproof.load.real import Workshop
from patternproof.outcome import NotOffered
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.ports.error_propagation import ComponentError, Kind, beneath
from patternproof.ports.event_bus import EventBusSettings, Topic

from .events import GUARD
from .part_rig import OVERFLOWS

GUARDING = CircuitBreakerSettings(failure_threshold=3, reset_timeout=1.0)
ROOM = 8
"""Connections of the pool."""
SURELY = 0.9
"""Share of the reset timeout within which no probe is due, whatever the clocks' grain."""
CLEARLY = 1.5
"""Times the reset timeout after which a probe was clearly due."""
PLAINLY = 2 * GUARDING.failure_threshold
"""Failures in a row after which a breaker is open, however it counts: how exactly is its own requirement."""
LEAST_CALM = 5
"""Queries that return, with none rejected since, from which it is plain that the breaker was closed."""
LAST = 10
"""Queries at the end of a recovery of which any has to get through."""
BREAKS = 5
"""One of so many failures breaks its connection."""
LONGEST = 5.0
"""Seconds in which nothing has to change any more."""


class Query(NamedTuple):
    """A query as it went. Ticks order all that happens in the server; 0: it did not happen."""

    number: int
    outcome: str
    """returned, raised, rejected, or what it did instead."""
    asked: int
    ran: int
    """The tick at which it came to the dependency."""
    ended: int
    over: int
    works: bool
    """Whether the dependency worked then."""
    at: float
    """Seconds at which it was asked for."""
    till: float
    """Seconds at which the dependency was done with it."""

    def __str__(self) -> str:
        how = "worked" if self.works else "failed"
        ran = f"the dependency {how} in ticks {self.ran} to {self.ended}" if self.ran else "it did not come to the dependency"
        return f"at {self.at:.3f} s, tick {self.asked}: query {self.number} {self.outcome} at tick {self.over}; {ran}"


class Flip(NamedTuple):
    """A change of the dependency."""

    tick: int
    works: bool
    at: float


class Drained(NamedTuple):
    """What was left once all users were gone, and the pool was closed."""

    open: int
    """Connections."""
    failed: int
    """Queries that the dependency has failed."""
    heard: int
    """Events of errors."""
    exactly: bool
    """Whether the bus drops none."""


class Payload:
    """What a query carries; each one is another."""

    def __init__(self, number: int, takes: float) -> None:
        self.number, self.takes = number, takes
        self.came: list[None] = []
        self.ran = self.ended = 0
        self.works = True
        self.till = 0.0
        self.error: ConnectionError | None = None


class Connection:
    """A connection of the kit's, in the flavour of the implementation."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.broken = self.closed = False
        flavoured = guard.shop.flavoured
        self.request, self.reset, self.close = flavoured(self._request), flavoured(self._reset), flavoured(self._close)

    async def _request(self, payload: Payload) -> Payload:
        await self._reset()
        payload.came.append(None)
        payload.works, payload.ran = self._guard.works, self._guard.shop.tick()
        await self._guard.shop.pause(payload.takes)
        payload.till, payload.ended = time.monotonic(), self._guard.shop.tick()
        if not payload.works:
            self.broken = payload.number % BREAKS == 0
            payload.error = ConnectionError(f"the dependency {'breaks off' if self.broken else 'fails'}")
            raise payload.error
        return payload

    def is_alive(self) -> bool:
        """Whether it can be used."""
        return not (self.broken or self.closed)

    async def _reset(self) -> None:
        if not self.is_alive():
            raise ConnectionError(f"the connection is {'closed' if self.closed else 'broken'}")

    async def _close(self) -> None:
        self.closed = True


class Guard:
    """A guarded client at work.

    Args:
        shop: where.
        stack: closed with it.

    Raises:
        NotOffered: there is none.
    """

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self.shop = shop = shop.around(GUARD)
        self.works = True
        self._numbers = count(1)
        self._connections: list[Connection] = []
        self._failed: list[int] = []
        self._heard: list[None] = []
        self._bus, self._exactly = a_bus(shop, stack)
        connect = shop.flavoured(self._connect)
        self._pool = shop.made(stack, "connection_pool", connect, ConnectionPoolSettings(max_size=ROOM))
        breaker = shop.made(stack, "circuit_breaker", GUARDING)
        self._client = shop.made(stack, GUARD, self._pool, breaker, self._bus)
        shop.begun(self._listen)

    async def _connect(self) -> Connection:
        self._connections.append(Connection(self))
        return self._connections[-1]

    async def _listen(self) -> None:
        async def hear(_: object) -> None:
            self._heard.append(None)

        self._exactly = self._exactly and hasattr(self._bus, "handle")
        if hasattr(self._bus, "handle"):
            await resolved(self._bus.handle((Topic.ERROR,), self.shop.flavoured(hear)))

    async def turn(self, works: bool) -> Flip:
        """From now on the dependency works, or fails."""
        self.works = works
        return Flip(self.shop.tick(), works, time.monotonic())

    async def query(self, takes: float) -> Query:
        """Make a query."""
        payload = Payload(next(self._numbers), takes)
        asked, at = self.shop.tick(), time.monotonic()
        try:
            reply = await resolved(self._client.request(payload))
            outcome = "returned" if reply is payload else "returned what is none of its own"
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            outcome = _outcome(error, payload)
        if payload.error is not None:
            self._failed.append(payload.number)
        if len(payload.came) > 1:
            outcome = f"came to the dependency {len(payload.came)} times"
        over = self.shop.tick()
        return Query(payload.number, outcome, asked, payload.ran, payload.ended, over, payload.works, at, payload.till)

    async def drained(self) -> Drained:
        """Close the pool, and say what is left."""
        self.shop.aside(lambda: resolved(self._pool.close()))
        left, heard = await self.shop.quiet(self._left, LONGEST, lambda left: left[0] == 0 and left[1] >= len(self._failed))
        return Drained(left, len(self._failed), heard, self._exactly)

    def _left(self) -> tuple[int, int]:
        return sum(each.is_alive() for each in self._connections), len(self._heard)


def a_bus(shop: Workshop, stack: ExitStack) -> tuple[Any, bool]:
    """A bus, and whether it drops nothing."""
    for overflow in OVERFLOWS[:-1]:
        try:
            return shop.made(stack, "event_bus", EventBusSettings(overflow=overflow)), overflow == "block"
        except NotOffered:
            continue
    return shop.made(stack, "event_bus", EventBusSettings(overflow=OVERFLOWS[-1])), False


def _outcome(error: Exception, payload: Payload) -> str:
    chain = list(beneath(error))
    if payload.error is not None:
        if not isinstance(error, ComponentError) or error.kind != Kind.DEPENDENCY_ERROR:
            return f"raised {type(error).__name__}: {error}"
        return "raised" if any(each is payload.error for each in chain) else "raised an error of which the failure is no cause"
    rejected = any(isinstance(each, CircuitOpenError) for each in chain)
    if rejected and isinstance(error, CircuitOpenError | ComponentError):
        return "rejected"
    return f"raised {type(error).__name__}: {error}"


def errors_are_typed(queries: Sequence[Query]) -> Iterator[int]:
    """A query ends as the dependency, or else the breaker, has it."""
    failed = 0
    for each in queries:
        expected = "rejected" if not each.ran else "returned" if each.works else "raised"
        if each.outcome != expected:
            wanted = {
                "rejected": "a query that the dependency has not seen to be rejected",
                "returned": "a query to return the reply",
                "raised": "a failure to be told as a component's error, dependency_error, with the failure as its cause",
            }[expected]
            raise Broken(f"expected {wanted}; seen: it {each.outcome}", [each])
        failed += each.outcome == "raised"
    yield failed


def it_opens(queries: Sequence[Query], flips: Sequence[Flip]) -> Iterator[int]:
    """After failures in a row, and more than enough of them, no query comes to the dependency until a probe is due."""
    rejected = 0
    for flip, end in zip(flips, [*flips[1:], None], strict=False):
        if flip.works or not _is_calm(queries, flip):
            continue
        failed = sorted((each for each in queries if not each.works and each.ended > flip.tick), key=lambda each: each.ended)
        failed = [each for each in failed if end is None or each.ended < end.tick]
        late = max((each.over for each in queries if each.ran and each.works and _inside(each.over, flip, end)), default=0)
        rejected += sum(each.outcome == "rejected" and _inside(each.asked, flip, end) for each in queries)
        row = [each for each in failed if each.ended > late][:PLAINLY]
        if len(row) < PLAINLY:
            continue  # it has opened before: that is what the rejections tell
        surely = max(each.over for each in row)
        due = failed[GUARDING.failure_threshold - 1].till + SURELY * GUARDING.reset_timeout
        soon = [each for each in queries if each.asked > surely and each.at < due and (end is None or each.asked < end.tick)]
        ran = next((each for each in soon if each.ran), None)
        if ran is not None:
            expected = f"expected the breaker to be open after {PLAINLY} failures in a row"
            raise Broken(f"{expected}; seen: it lets queries through", [*row, ran])
    yield rejected


def _inside(tick: int, flip: Flip, end: Flip | None) -> bool:
    return tick > flip.tick and (end is None or tick < end.tick)


def _is_calm(queries: Sequence[Query], flip: Flip) -> bool:
    """Whether the breaker was closed for certain as the dependency began to fail."""
    before = [each for each in queries if each.over < flip.tick]
    troubled = max((each.over for each in before if each.outcome != "returned"), default=0)
    return sum(each.asked > troubled for each in before) >= LEAST_CALM


def it_closes(queries: Sequence[Query], flips: Sequence[Flip]) -> Iterator[int]:
    """Once the dependency has worked for clearly longer than the reset timeout, queries get through again."""
    returned = 0
    for flip, end in zip(flips, [*flips[1:], None], strict=False):
        failed = [each for each in queries if each.ran and not each.works and (end is None or each.ran < end.tick)]
        if not flip.works or not failed:
            continue
        since = max(flip.at, *(each.till for each in failed)) + CLEARLY * GUARDING.reset_timeout
        later = [each for each in queries if each.at > since and (end is None or each.over < end.tick)]
        if len(later) >= LAST and all(each.outcome == "rejected" for each in later[-LAST:]):
            expected = f"expected the breaker to close, {CLEARLY * GUARDING.reset_timeout:g} s after the dependency has recovered"
            raise Broken(f"{expected}; seen: every query is rejected", later[-LAST:])
        returned += sum(each.outcome == "returned" for each in later)
    yield returned


def it_drains(drained: Sequence[Drained]) -> Iterator[int]:
    """No connection is left once the pool is closed, and each failure was published."""
    for each in drained:
        if each.open:
            raise Broken(f"expected every connection to come back and be closed; seen: {each.open} that are not")
        if each.exactly and each.heard < each.failed:
            raise Broken(f"expected an error event for each of {each.failed} failures; seen: {each.heard}")
        yield each.failed
