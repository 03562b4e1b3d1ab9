"""Ten borrowers a connection, under load."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

import msgspec

from patternproof.flavour import entered, left, plainly, resolved
from patternproof.load.evidence import Broken, Said, said
from patternproof.load.real import Workshop
from patternproof.outcome import NotOffered
from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolTimeoutError

SETTINGS = ConnectionPoolSettings(max_size=3, acquire_timeout=20.0)
SLOWEST = 3.0
"""How many times the fair share the slowest borrower waits, at most (CP-18)."""
LEAST_BORROWERS = 10
"""Borrowers a connection, from which waits are compared."""
LEAST_LOANS = 10
"""Loans of a borrower, on the average, from which they are."""
LONGEST_FILLING = 5.0
"""Seconds within which all connections of a pool that nobody else uses can be had at once."""
BREAKS = 20
"""Loans after which a connection breaks by itself."""


class Borrow(msgspec.Struct, tag_field="work", tag="borrow", forbid_unknown_fields=True):
    """Borrow a connection, send a request, and give it back."""

    borrower: str
    takes: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    """Seconds that the request takes."""
    fails: bool = False
    """Whether the borrower leaves with an error."""


class Fill(msgspec.Struct, tag_field="work", tag="fill", forbid_unknown_fields=True):
    """Borrow as many connections at once as there may be."""


class Loan(NamedTuple):
    """A loan as it went. Ticks order all that happens in the server."""

    borrower: str
    outcome: str
    """returned, timed out, filled, or what it did instead."""
    connection: int
    got: int
    """The tick at which the connection was there; 0: it never was."""
    left: int
    """The tick just before it was given back."""
    existing: int
    """The most connections that there were at once until then."""
    waited: float
    """Seconds."""

    def __str__(self) -> str:
        held = f"held connection {self.connection} in ticks {self.got} to {self.left}" if self.got else "held nothing"
        return f"borrower {self.borrower}: {self.outcome} after {self.waited:.3f} s; {held}; {self.existing} existed at most"


class Wire:
    """A connection of the kit's.

    Args:
        bench: counts those that there are.
        number: from 1.
    """

    def __init__(self, bench: Bench, number: int) -> None:
        self.number = number
        self._bench, self._open, self._uses = bench, True, 0

        async def request(payload: Any) -> int:
            if not self._open:
                raise ConnectionError("the connection is closed")
            self._uses += 1
            if self._uses == BREAKS:
                bench.existing -= 1  # what is broken is none any more, whenever it is closed
            await bench.shop.pause(float(payload))
            return number

        async def reset() -> None:
            if not self.is_alive():
                raise ConnectionError("the connection is closed")

        async def close() -> None:
            bench.existing -= self.is_alive()
            self._open = False

        self.request = bench.shop.flavoured(request)
        self.reset = bench.shop.flavoured(reset)
        self.close = bench.shop.flavoured(close)

    def is_alive(self) -> bool:
        """Whether it can be used: it breaks once it was used for some while."""
        return self._open and self._uses < BREAKS


class Bench:
    """A pool at work.

    Args:
        shop: where.
        stack: closed with it.
    """

    decoder = msgspec.json.Decoder(Borrow | Fill)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self.shop = shop
        self.existing = self.most = self._made = 0

        async def connect() -> Wire:
            self.existing += 1
            self.most = max(self.most, self.existing)
            self._made += 1
            wire = Wire(self, self._made)
            await shop.pause(0.001)
            return wire

        connecting = shop.flavoured(connect)
        try:
            self._pool = shop.made(stack, "connection_pool", connecting, SETTINGS)
        except NotOffered:  # who waits for ever is seen to wait when all are gone
            self._pool = shop.made(stack, "connection_pool", connecting, replace(SETTINGS, acquire_timeout=None))

    async def do(self, piece: Borrow | Fill) -> Any:
        """Do a piece of work."""
        if isinstance(piece, Fill):
            return {"filled": [await self._fill()]}
        return {"loans": [await self._lend(piece)]}

    async def _lend(self, piece: Borrow) -> Loan:
        began, connection, got, left, waited = time.monotonic(), 0, 0, 0, 0.0
        try:
            async with _Scope(self._pool.acquire()) as handle:
                got, waited = self.shop.tick(), time.monotonic() - began
                try:
                    connection = await resolved(handle.request(piece.takes))
                    if piece.fails:
                        raise _Failure
                finally:
                    left = self.shop.tick()
            outcome = "swallowed its error" if piece.fails else "returned"
        except _Failure:
            outcome = "returned"
        except PoolTimeoutError:
            outcome = "timed out"
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            outcome = f"raised {type(error).__name__}: {error}"
        waited = waited or time.monotonic() - began
        return Loan(piece.borrower, outcome, connection, got, left, self.most, waited)

    async def _fill(self) -> int:
        """How many connections can be had at once."""
        had = 0

        async def hold() -> None:
            nonlocal had
            async with _Scope(self._pool.acquire()):
                had += 1
                limit = time.monotonic() + LONGEST_FILLING
                while had < SETTINGS.max_size and time.monotonic() < limit:
                    await self.shop.pause(0.01)

        if self.shop.threads:
            with ThreadPoolExecutor(SETTINGS.max_size) as executor:
                for _ in range(SETTINGS.max_size):
                    executor.submit(lambda: plainly(hold()))
        else:
            tasks = [asyncio.ensure_future(hold()) for _ in range(SETTINGS.max_size)]
            await asyncio.wait(tasks, timeout=2 * LONGEST_FILLING)
        return had


class _Failure(Exception):
    """Of a borrower."""


class _Scope:
    """A context manager of either flavour, as one for coroutines."""

    def __init__(self, scope: Any) -> None:
        self._scope = scope

    async def __aenter__(self) -> Any:
        return await entered(self._scope)

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        return bool(await left(self._scope, error))


class Evidence(msgspec.Struct):
    """What all users were told."""

    loans: list[Loan] = []
    filled: list[int] = []


AFTER = ({"work": "fill"},)
"""What is done once all users are gone."""


def judge(seen: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    return [
        said("CP-02", _within_size(seen.loans)),
        said("CP-03", _held_by_one(seen.loans)),
        said("CP-14", _whole(seen.loans, seen.filled)),
        said("CP-18", _fair(seen.loans)),
    ]


def _within_size(loans: Sequence[Loan]) -> Iterator[int]:
    for loan in loans:
        if loan.existing > SETTINGS.max_size:
            raise Broken(f"expected at most {SETTINGS.max_size} connections at a time; seen: {loan.existing}", [loan])
    yield len(loans) if any(loan.waited > 0.001 for loan in loans) else 0


def _held_by_one(loans: Sequence[Loan]) -> Iterator[int]:
    by_connection: dict[int, list[Loan]] = defaultdict(list)
    for loan in loans:
        if loan.got and loan.connection:
            by_connection[loan.connection].append(loan)
    for held in by_connection.values():
        for one, other in pairwise(sorted(held, key=lambda loan: loan.got)):
            if other.got < one.left:
                raise Broken(f"expected connection {one.connection} with one borrower at a time; seen: two", [one, other])
            yield 1


def _whole(loans: Sequence[Loan], filled: Sequence[int]) -> Iterator[int]:
    for loan in loans:
        if loan.outcome != "returned":
            raise Broken(f"expected each borrower to get a connection; seen: one that {loan.outcome}", [loan])
    for had in filled:
        if had < SETTINGS.max_size:
            raise Broken(f"expected all {SETTINGS.max_size} connections to be had once all are returned; seen: {had}")
        yield len(loans)


def _fair(loans: Sequence[Loan]) -> Iterator[int]:
    waits: dict[str, list[float]] = defaultdict(list)
    for loan in loans:
        waits[loan.borrower].append(loan.waited)
    # One that starves has few loans: whether it does can be said once the others have had many.
    if len(waits) < LEAST_BORROWERS * SETTINGS.max_size or len(loans) < LEAST_LOANS * len(waits):
        return
    every = sum(map(sum, waits.values())) / len(loans)
    name, slowest = max(((name, sum(each) / len(each)) for name, each in waits.items()), key=lambda pair: pair[1])
    if slowest > SLOWEST * every:
        expected = f"expected no borrower to wait longer than {SLOWEST:g} times the fair share, {every:.3f} s"
        raise Broken(f"{expected}; seen: {slowest:.3f} s", sorted(loan for loan in loans if loan.borrower == name)[:3])
    yield len(loans)
