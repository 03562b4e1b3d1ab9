"""Wrong and unusual states in a database of several processes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from unittest.mock import patch

import psycopg
from patternproof.reference.adapters import postgres as adapter
from patternproof.reference.shared_state import postgres
from patternproof.reference.shared_state.postgres import PostgresSharedState
from patternproof.reference.shared_state.stores import encoded
from patternproof.reference.shared_state.versions import following

from patternproof.ports.shared_state import SharedStateSettings, Snapshot
from tests.faulty import ByExample, Unusual

READS = "SS-15-what-one-process-writes-the-other-reads"
HEARS = "SS-15-listeners-of-both-processes-hear-of-both"
AT_ONCE = "SS-15-both-update-at-the-same-time"
ORDERED = "SS-15-several-processes-update-and-read-at-the-same-time"
ENDS = "SS-14-a-process-ends-and-another-goes-on"
KILLED = "SS-14-processes-are-killed-while-they-update"
EXAMPLES = {READS, HEARS, AT_ONCE, ORDERED, ENDS, KILLED}

FAULTY = ByExample()
"""With the examples that each fails; who fails those of SS-14 alone claims no more, being no state of several processes."""
ODD = Unusual()
faulty = FAULTY.add
odd = ODD.add


def over(kind: type) -> Callable[..., AsyncIterator[Any]]:
    """The factory of an adapter whose states are of that kind."""

    async def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> AsyncIterator[Any]:
        with patch.object(postgres, "PostgresSharedState", kind):
            made = adapter.shared_state(initial, settings)
            state = await anext(made)
        yield state
        await made.aclose()

    return shared_state


@faulty(*EXAMPLES)
class EachByItself(PostgresSharedState):
    """The store is named after the process that uses it."""

    def __init__(self, url: str, name: str, pool: Any) -> None:
        super().__init__(url, f"{name} of {os.getpid()}", pool)


@faulty(HEARS, AT_ONCE)
class HearsOfItsOwn(PostgresSharedState):
    """Whoever updates tells the listeners of its process; no news goes to the others."""

    async def update(self, function: Any) -> Any:
        result = await super().update(function)
        self._tell_version(await self.get())
        return result

    async def _tell_new(self) -> None:
        pass


@faulty(AT_ONCE, ORDERED)
class WritesOverEachOther(PostgresSharedState):
    """Reads, and later writes what it has made of it, without a lock: a version that is there already is replaced."""

    async def _change(self, connection: Any, function: Any, version: int | None) -> Any:
        snapshot, result = following(await self._latest(connection), function)
        replaces = "on conflict (name, version) do update set data = excluded.data, last_updated = excluded.last_updated"
        await connection.execute(f"{postgres._INSERT} {replaces}", (self._name, *encoded(snapshot)))
        await self._advance(connection, snapshot.version)
        return result


@faulty(ORDERED)
class ReadsWhatItHasHeard(PostgresSharedState):
    """Readers are given the version that this process was last notified of: soon the latest one, and not yet."""

    _heard: Snapshot | None = None

    async def get(self) -> Snapshot:
        if self._heard is None:
            self._heard = await super().get()
        return self._heard

    def _tell_version(self, snapshot: Snapshot) -> None:
        self._heard = snapshot
        super()._tell_version(snapshot)


@faulty(READS, AT_ONCE, ORDERED)
class CountsVersionsForItself(PostgresSharedState):
    """A version is the number of updates that this process has made."""

    _own = 0

    async def update(self, function: Any) -> Any:
        result = await super().update(function)
        self._own += 1
        return result

    async def get(self) -> Snapshot:
        return _numbered(await super().get(), self._own)


@faulty(ENDS, KILLED)
class WritesBehind(PostgresSharedState):
    """Updates are kept in memory, and written once there are five of them."""

    _unwritten: tuple[Any, ...] = ()

    async def update(self, function: Any) -> Any:
        _, result = following(await self.get(), function)
        self._unwritten = (*self._unwritten, function)
        if len(self._unwritten) == 5:
            for each in self._unwritten:
                await super().update(each)
            self._unwritten = ()
        return result

    async def get(self) -> Snapshot:
        snapshot = await super().get()
        for each in self._unwritten:
            snapshot, _ = following(snapshot, each)
        return snapshot


@faulty(ENDS, KILLED)
class AcknowledgesBeforeTheCommit(PostgresSharedState):
    """The result is known once the function has run, and the transaction goes on in a task."""

    _last: asyncio.Future[Any] | None = None

    async def update(self, function: Any) -> Any:
        if self._last is not None:
            await self._last
        before = await self.get()
        self._last = asyncio.ensure_future(self._later(function))
        return following(before, function)[1]

    async def _later(self, function: Any) -> None:
        await self._request(lambda connection: connection.execute("select pg_sleep(0.05)"))
        await super().update(function)


@faulty(KILLED)
class WritesInTwoSteps(PostgresSharedState):
    """The history is committed, and the count, which is of another table so to speak, right after it."""

    async def _change(self, connection: Any, function: Any, version: int | None) -> Any:
        def first_half(data: dict[str, Any]) -> Any:
            count = data["count"]
            result = function(data)
            data["count"], data["counted"] = count, data["count"]
            return result

        result = await super()._change(connection, first_half, version)
        await connection.execute("select pg_sleep(0.02)")
        row = "update patternproof_version set data = replace(data, %s, %s) where name = %s and version = %s"
        snapshot = await self._latest(connection)
        old, new = (f'"count": {number},' for number in (snapshot.data["count"], snapshot.data["counted"]))
        await connection.execute(row, (old, new, self._name, snapshot.version))
        return result


def _numbered(snapshot: Snapshot, version: int) -> Snapshot:
    return Snapshot(snapshot.data, version, snapshot.last_updated)


def _later(snapshot: Snapshot) -> Snapshot:
    return _numbered(snapshot, snapshot.version + 1_000)


@odd
class FromAThousandOn(PostgresSharedState):
    """Versions begin with 1,000."""

    async def get(self) -> Snapshot:
        return _later(await super().get())

    def add_listener(self, listener: Any) -> Any:
        return super().add_listener(lambda snapshot: listener(_later(snapshot)))


@odd
class TriesAgain(PostgresSharedState):
    """No lock is taken: whoever finds that another was first begins again, function and all."""

    async def _change(self, connection: Any, function: Any, version: int | None) -> Any:
        while True:
            try:
                async with connection.transaction():
                    snapshot, result = following(await self._latest(connection), function)
                    await connection.execute(postgres._INSERT, (self._name, *encoded(snapshot)))
                    await self._advance(connection, snapshot.version)
                return result
            except psycopg.errors.UniqueViolation:
                continue
