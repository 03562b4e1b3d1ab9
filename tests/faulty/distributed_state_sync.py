"""Wrong and unusual replicas over a store of several processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from itertools import count
from typing import Any

from patternproof.reference.state_sync import StateSync, Store
from patternproof.reference.state_sync.entries import Entry
from patternproof.reference.state_sync.store import CENTRE, Memory
from patternproof.reference.state_sync.tasks import Replica
from patternproof.reference.state_sync.wire import Reply, decode_reply, decode_request, encode_reply, encode_request

from patternproof.ports.state_sync import Network, StateSyncSettings, SyncError, SyncResult, Unreachable
from tests.faulty import ByExample, Unusual

GETS = "SY-16-a-replica-of-another-process-gets-the-change"
CONFLICT = "SY-16-the-same-key-in-both-processes"
DELETES = "SY-16-a-deletion-in-another-process"
AT_ONCE = "SY-16-both-processes-at-the-same-time"
RESTARTED = "SY-16-the-store-is-restarted-in-between"
AWAY = "SY-16-the-store-is-away-for-a-while"
IN_THE_MIDDLE = "SY-16-the-store-is-restarted-in-the-middle-of-work"
EXAMPLES = {GETS, CONFLICT, DELETES, AT_ONCE, RESTARTED, AWAY, IN_THE_MIDDLE}

FAULTY = ByExample()
ODD = Unusual()
faulty = FAULTY.add
odd = ODD.add


class Kept:
    """A store of one address, which runs or does not; the table outlives a restart."""

    named: Mapping[str, Kept] = {}

    def __init__(self) -> None:
        self.running = True
        self.starts = 0
        self.table: Any = Memory()

    def require(self) -> None:
        """Go on only while it runs."""
        if not self.running:
            raise Unreachable("the store is stopped")

    def stop(self) -> None:
        """Stop it."""
        self.running = False

    def start(self) -> None:
        """Start it with what it has kept."""
        self.running = True
        self.starts += 1


class Stored(StateSync):
    """The reference over a store of this process, by its address: the systems of one address stand for several processes."""

    Kept: type[Kept] = Kept
    Replica: type[Replica] = Replica
    numbers = count()
    all: dict[str, Kept] = {}

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        self.store = settings.store or f"store {next(self.numbers)}"
        self.kept = self.all.setdefault(self.store, self.Kept())
        super().__init__(network, settings, Store(self.kept.table))

    async def _receive(self, sender: str, request: bytes) -> bytes:
        self.kept.require()
        return await self.answered(request)

    async def answered(self, request: bytes) -> bytes:
        """The answer of a store that runs."""
        return Store(self.kept.table).receive(request)

    def replica(self, name: str) -> Replica:
        made = self._open[name] = self.Replica(name, self._network, self._settings, self._open.pop)
        return made

    async def central(self) -> Mapping[str, Any]:
        return Store(self.kept.table).contents()

    async def stop_store(self) -> None:
        self.kept.stop()

    async def start_store(self) -> None:
        self.kept.start()


@faulty(*EXAMPLES)
class EachByItself(Stored):
    """The address is taken and never looked at: every process has a store of its own."""

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        super().__init__(network, settings)
        self.kept = self.Kept()


@faulty(RESTARTED, IN_THE_MIDDLE)
class ForgetsAtRestart(Stored):
    """A cache for a store: Redis without persistence, or a dict behind a web service."""

    class Kept(Kept):
        def start(self) -> None:
            super().start()
            self.table = Memory()


@faulty(RESTARTED, IN_THE_MIDDLE)
class WritesBehind(Stored):
    """A change is acknowledged first and written to the disk with the next one."""

    class Kept(Kept):
        def start(self) -> None:
            super().start()
            entries = self.table.since(0)
            latest = next(iter(entries), None)
            self.table = Memory()
            for key, entry in reversed(entries.items()):
                if key != latest:
                    self.table.put(key, entry)


@faulty(AT_ONCE, IN_THE_MIDDLE)
class ReadsThenWritesAll(Stored):
    """The whole state is one row, which is read, changed and written back with no lock: the later undoes the earlier."""

    async def answered(self, request: bytes) -> bytes:
        table = deepcopy(self.kept.table)
        await asyncio.sleep(0)
        answer = Store(table).receive(request)
        self.kept.table = table
        return answer


@faulty(RESTARTED, AWAY, IN_THE_MIDDLE)
class ConnectsOnce(Stored):
    """The connection is made once, and is dead after a restart."""

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        super().__init__(network, settings)
        self._connected = self.kept.starts

    async def _receive(self, sender: str, request: bytes) -> bytes:
        if self._connected != self.kept.starts:
            raise Unreachable("server closed the connection unexpectedly")
        return await super()._receive(sender, request)


@faulty(AWAY, IN_THE_MIDDLE)
class WaitsForEver(Stored):
    """A request to a store that is away is never answered, and every later sync waits behind it."""

    async def _receive(self, sender: str, request: bytes) -> bytes:
        if not self.kept.running:
            await asyncio.get_running_loop().create_future()
        return await super()._receive(sender, request)


@faulty(DELETES)
class KeepsDeletionsToItself(Stored):
    """A deletion removes the row: no other process hears of it."""

    async def answered(self, request: bytes) -> bytes:
        answer = decode_reply(await super().answered(request))
        theirs = {key: entry for key, entry in answer.changes.items() if entry.value is not None}
        return encode_reply(Reply(answer.count, theirs, answer.conflicts))


@faulty(GETS, CONFLICT, DELETES, AT_ONCE, RESTARTED, AWAY, IN_THE_MIDDLE)
class CountsForItself(Stored):
    """Each process counts the changes that went through it, and so does not see that there are others."""

    class Counting(Memory):
        """Tells only what this process has put there."""

        def __init__(self, shared: Any) -> None:
            super().__init__()
            self.shared = shared

        def get(self, key: str) -> Entry | None:
            found: Entry | None = self.shared.get(key)
            return found

        def put(self, key: str, entry: Entry) -> None:
            super().put(key, entry)
            self.shared.put(key, entry)

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        super().__init__(network, settings)
        self._counting = self.Counting(self.kept.table)

    async def answered(self, request: bytes) -> bytes:
        return Store(self._counting).receive(request)


@faulty(CONFLICT)
class NamesWritersAlike(Stored):
    """Writers are numbered from 1 in each process, as with an autoincrement of its own: two writes count as one."""

    class Replica(Replica):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._local._writer = "1"


@faulty(AWAY, IN_THE_MIDDLE)
class ForgetsWhatFailed(Stored):
    """A change is taken for pushed once it was sent, whether or not it arrived."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            try:
                return await super().sync()
            except SyncError:
                self._local._unpushed.clear()
                raise


@odd
class ComesBackLate(Stored):
    """The first syncs after a restart fail: the pool has connections that are dead, and finds out one by one."""

    class Kept(Kept):
        dead = 0

        def start(self) -> None:
            super().start()
            self.dead = 3

        def require(self) -> None:
            super().require()
            if self.dead:
                self.dead -= 1
                raise Unreachable("terminating connection due to administrator command")


@odd
class WaitsForTheStore(Stored):
    """A sync goes on trying until the store is back."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            while True:
                try:
                    return await super().sync()
                except SyncError:
                    await asyncio.sleep(1.0)


@odd
class TakesItsTime(Stored):
    """Requests go over several round trips, one process after the other."""

    locks: dict[str, asyncio.Lock] = {}

    async def answered(self, request: bytes) -> bytes:
        async with self.locks.setdefault(self.store, asyncio.Lock()):
            for _ in range(5):
                await asyncio.sleep(0)
            return await super().answered(request)


@odd
class TellsEverything(Stored):
    """The store sends the whole state each time."""

    async def answered(self, request: bytes) -> bytes:
        asked = decode_request(request)
        return await super().answered(encode_request(type(asked)(0, asked.changes, asked.keeps_conflicts)))


async def made(kind: type[Stored], network: Network, settings: StateSyncSettings) -> AsyncIterator[Stored]:
    """As an adapter makes it."""
    system = kind(network, settings)
    yield system
    await system.close()


__all__ = ["CENTRE", "EXAMPLES", "FAULTY", "ODD"]
