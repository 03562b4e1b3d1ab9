"""State synchronisers that are wrong, each in one way."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from patternproof.reference.state_sync import Store
from patternproof.reference.state_sync import local as locals_
from patternproof.reference.state_sync import store as stores
from patternproof.reference.state_sync.entries import Entry, are_in_conflict, covers, join, joined_seen
from patternproof.reference.state_sync.local import Local, Progress
from patternproof.reference.state_sync.store import CENTRE
from patternproof.reference.state_sync.tasks import Replica, StateSync
from patternproof.reference.state_sync.wire import Reply, Request, encode_request

from patternproof.ports import Unsupported
from patternproof.ports.state_sync import Network, StateSyncSettings, StoreError, SyncError, SyncResult, Unreachable
from tests.faulty import Registry

FAULTY = Registry()


def faulty(violates: str, fragment: str, ways: str = "histories feature") -> Any:
    """As the registry's own; the quick profile's few random histories are not relied upon."""
    return FAULTY.add(violates, fragment, ways)


class System(StateSync):
    """The reference, with parts that a subclass replaces."""

    Replica: type[Replica] = Replica
    Local: type[Local] = Local
    Store: type[Store] = Store
    refuses: tuple[str, ...] = ()
    """Settings that it does not have."""

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        for name in ("store", *self.refuses):
            if getattr(settings, name):
                raise Unsupported(name)
        super().__init__(network, settings, self.Store())

    def replica(self, name: str) -> Replica:
        made = self._open[name] = self.Replica(name, self._network, self._settings, self._open.pop)
        made._local = self.Local(made._local._writer, self._settings.merge)
        return made


# SY-01: offline


@faulty("SY-01", "a write fails while the store is unreachable")
class AsksBeforeWriting(System):
    """Takes a lease from the store before each write, so that there are no conflicts; offline there is no lease."""

    class Replica(Replica):
        def _change(self, key: str, value: Any) -> None:
            raise NotImplementedError

        async def write(self, key: str, value: Any) -> None:
            await self._network.call(self._name, CENTRE, encode_request(Request(10**9, {})))
            super()._change(key, value)

        async def delete(self, key: str) -> None:
            await self._network.call(self._name, CENTRE, encode_request(Request(10**9, {})))
            super()._change(key, None)


@faulty("SY-01", "a read fails while the store is unreachable")
class ReadsThrough(System):
    """Looks for a newer value in the store before each read, and does without none."""

    class Replica(Replica):
        async def read(self, key: str) -> Any:
            await self._network.call(self._name, CENTRE, encode_request(Request(10**9, {})))
            return await super().read(key)


@faulty("SY-01", "a write waits while a sync waits for the store")
class LocksWhileSyncing(System):
    """One lock for everything, held over the network: the RwLock of the pattern's text, taken one line earlier."""

    class Replica(Replica):
        async def write(self, key: str, value: Any) -> None:
            async with self._one_sync:
                await super().write(key, value)

        async def delete(self, key: str) -> None:
            async with self._one_sync:
                await super().delete(key)


# SY-02: all become equal


@faulty("SY-02", "a sync does not bring what others have pushed")
class PushesOnly(System):
    """Pushes, and takes in nothing."""

    refuses = ("merge",)

    class Local(Local):
        def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
            return super().take(request, replace(reply, changes={}), progress)


@faulty("SY-02", "what the store told in a reply that was lost never arrives", "histories feature")
class RemembersWhatItTold(System):
    """The store keeps for each replica how far it has told it, and takes every reply for received."""

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        super().__init__(network, settings)
        self._told: dict[str, int] = {}

    async def _receive(self, sender: str, request: bytes) -> bytes:
        document = request.replace(b'"since":0', b'"since":%d' % self._told.get(sender, 0), 1)
        self._told[sender] = self._store._table.count()
        return self._store.receive(document)

    class Local(Local):
        _known = property(lambda self: 0, lambda self, count: None)  # type: ignore[assignment]  # the store knows better


# SY-03: merging


def _cyclic(one: Entry, other: Entry) -> Entry:
    """A beats B beats C beats A, as with scissors, stone and paper."""
    first, second = (str(entry.value)[0].lower() for entry in (one, other))
    if first == second:
        return max(one, other, key=lambda entry: entry.stamp)
    return one if (first, second) in (("a", "b"), ("b", "c"), ("c", "a")) else other


@faulty("SY-03", "merging is not associative", "histories")
class ScissorsStonePaper(System):
    """A rule for two that has no best of three; priorities that are configured in pairs come to this."""

    class Store(Store):
        def _answer(self, request: Request) -> Reply:
            def joined(one: Entry | None, other: Entry) -> Entry:
                if one is None or not are_in_conflict(one, other):
                    return join(one, other)
                stamp = max(one.stamp, other.stamp)
                return Entry(_cyclic(one, other).value, stamp, joined_seen(one, other))

            before, stores.join = stores.join, joined
            try:
                return super()._answer(request)
            finally:
                stores.join = before


@faulty("SY-03", "merging is not idempotent", "histories")
class MergesAgain(System):
    """Texts in conflict are put one behind the other, with every sync once more."""

    class Store(Store):
        def _answer(self, request: Request) -> Reply:
            conflicts = self.__dict__.setdefault("conflicts", {})
            for key, pushed in request.changes.items():
                here = self._table.get(key)
                if here is not None and are_in_conflict(here, pushed) and here.value and pushed.value:
                    conflicts[key] = pushed.value
                elif covers(pushed, here) and pushed != here:
                    conflicts.pop(key, None)
            reply = super()._answer(request)
            for key, value in conflicts.items():
                here = self._table.get(key)
                if here is not None and here.value is not None and not request.keeps_conflicts:
                    self._table.put(key, replace(here, value=f"{here.value}+{value}"))
            return replace(reply, count=self._table.count(), changes={**reply.changes, **self._since(request, reply)})

        def _since(self, request: Request, reply: Reply) -> Mapping[str, Entry]:
            return {} if request.keeps_conflicts else {key: self._table.get(key) for key in self.conflicts}


# SY-04: conflicts


@faulty("SY-04", "who syncs last, or first, wins a conflict", "histories feature")
class LastPushWins(System):
    """What arrives last stays, as with a plain PUT."""

    class Store(Store):
        def _answer(self, request: Request) -> Reply:
            def joined(one: Entry | None, other: Entry) -> Entry:
                if one is None or not are_in_conflict(one, other):
                    return join(one, other)
                return Entry(other.value, max(one.stamp, other.stamp), joined_seen(one, other))

            before, stores.join = stores.join, joined
            try:
                return super()._answer(request)
            finally:
                stores.join = before


@faulty("SY-04", "a conflict ends differently on different replicas")
class OwnValueWins(System):
    """Each replica keeps its own value in a conflict: to its user that looks like the right one."""

    class Local(Local):
        def _meet(self, key: str, theirs: Entry, conflict: bool, progress: Progress) -> None:
            ours = self._entries.get(key)
            super()._meet(key, theirs, conflict, progress)
            if key in progress.conflicts and ours is not None and self._merge is None:
                self._entries[key] = replace(self._entries[key], value=ours.value)


# SY-05: no write is lost


@faulty("SY-05", "what was written during a sync is overwritten as it ends", "histories feature interleavings")
class OverwritesAfterAwait(System):
    """Takes a copy, awaits the store, and puts the copy, brought up to date, in place of what is there by then."""

    class Local(Local):
        def request(self) -> Request:
            self._copy = dict(self._entries), {key: [*bases] for key, bases in self._unpushed.items()}
            return super().request()

        def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
            self._entries, self._unpushed = self._copy
            return super().take(request, reply, progress)


@faulty("SY-05", "what was written during a sync is never pushed", "histories feature interleavings")
class TakesAllForPushed(System):
    """One dirty flag: when the push has succeeded it is cleared, whatever was written in the meantime."""

    class Local(Local):
        def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
            settled = super().take(request, reply, progress)
            if settled:
                self._unpushed.clear()
            return settled


@faulty("SY-05", "what was written while the store was unreachable is never pushed")
class ForgetsOfflineWrites(System):
    """Tells the store of each write as a hint to expect it, and where that fails nobody pushes it."""

    class Replica(Replica):
        async def write(self, key: str, value: Any) -> None:
            await super().write(key, value)
            self.__dict__.setdefault("hints", []).append(asyncio.ensure_future(self._hint(key)))

        async def _hint(self, key: str) -> None:
            try:
                await self._network.call(self._name, CENTRE, encode_request(Request(10**9, {})))
            except Unreachable:
                self._local._unpushed.pop(key, None)


@faulty("SY-05 SY-12", "what a failed sync was to push is never pushed again")
class ClearsBeforePushing(System):
    """Takes the changes out of the queue before they are pushed, and does not put them back."""

    class Local(Local):
        def request(self) -> Request:
            request = super().request()
            self._taken = {key: self._unpushed.pop(key) for key in request.changes}
            return request

        def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
            for key, bases in self._taken.items():
                self._unpushed.setdefault(key, bases)
            return super().take(request, reply, progress)


# SY-06: failures


@faulty("SY-06", "a sync that failed reports no error")
class SwallowsErrors(System):
    """Logs the error and returns an empty result."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            try:
                return await super().sync()
            except SyncError:
                return SyncResult()


@faulty("SY-06", "a sync that fails never ends")
class WaitsForEver(System):
    """Has no timeout: what was lost it waits for."""

    refuses = ("sync_interval", "retries")

    class Replica(Replica):
        async def _exchanged(self) -> SyncResult:
            try:
                return await super()._exchanged()
            except Unreachable:
                await asyncio.get_running_loop().create_future()
                raise


@faulty("SY-06", "a sync that failed changed the local state")
class ClearsBeforePulling(System):
    """Empties the local state to fill it with what the store has."""

    class Replica(Replica):
        async def _exchanged(self) -> SyncResult:
            try:
                return await super()._exchanged()
            except Unreachable:
                self._local = type(self._local)(self._local._writer, self._settings.merge)
                raise


@faulty("SY-06", "last_sync changes though the sync failed")
class StoresLastSyncFirst(System):
    """Sets last_sync, then syncs."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            self._last_sync = (self._last_sync or 0.0) + 1.0
            return await super().sync()


# SY-07: automatic pushes


@faulty("SY-07", "automatic pushes are less than a sync_interval apart")
class PushesEveryWrite(System):
    """Every write is pushed at once."""

    class Replica(Replica):
        async def write(self, key: str, value: Any) -> None:
            self._pushed_at = -math.inf
            await super().write(key, value)


@faulty("SY-07", "the last write of an interval waits for a further one")
class DropsTrailingWrite(System):
    """Pushes if enough time has passed since the last push, and else does nothing: the pattern's text, with a good clock."""

    class Replica(Replica):
        def _schedule(self) -> None:
            interval = self._settings.sync_interval
            if interval is not None and asyncio.get_running_loop().time() - self._pushed_at > interval:
                self._begin_push()

        async def _push(self) -> None:
            with suppress(SyncError):
                await self.sync()


@faulty("SY-07", "nothing is pushed by itself")
class NeverPushes(System):
    """Takes the setting, and does nothing with it."""

    class Replica(Replica):
        def _schedule(self) -> None:
            pass


# SY-08, SY-09: late pushes and deletions


@faulty("SY-04 SY-08", "a push that is delivered again undoes what came after it")
class TakesOldPushes(System):
    """The store looks for conflicts only: what came before counts as a change like any other."""

    class Store(Store):
        def _answer(self, request: Request) -> Reply:
            def joined(one: Entry | None, other: Entry) -> Entry:
                return join(one, other) if are_in_conflict(one, other) else other

            before, stores.join = stores.join, joined
            try:
                return super()._answer(request)
            finally:
                stores.join = before


class _Whole(Local):
    """Pushes and pulls everything, every time; what is reported is the news."""

    def request(self) -> Request:
        request = super().request()
        return replace(request, since=0, changes=dict(self._entries))

    def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
        news = progress.pushed | set(self._unpushed)
        settled = super().take(request, reply, progress)
        progress.pushed &= news
        return settled


@faulty("SY-09 SY-13", "a deleted key comes back from a replica that had not heard of it")
class HasNoTombstones(System):
    """A deleted key is removed from store and replica; what comes back is not even reported, which follows from that."""

    class Store(Store):
        def _answer(self, request: Request) -> Reply:
            reply = super()._answer(request)
            entries = self._table._entries  # type: ignore[attr-defined]  # of the table in memory
            for key in [key for key, (entry, _) in entries.items() if entry.value is None]:
                del entries[key]
            return reply

    class Local(_Whole):
        def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
            settled = super().take(request, reply, progress)
            for key in [key for key, entry in self._entries.items() if entry.value is None and key not in self._unpushed]:
                del self._entries[key]
            return settled


@faulty("SY-09", "a deleted key comes back with the next sync")
class DeletesLocallyOnly(System):
    """Deleting empties a cache; what is not there is fetched."""

    class Local(Local):
        def write(self, key: str, value: Any) -> None:
            if value is not None:
                super().write(key, value)
                return
            self._entries.pop(key, None)
            self._unpushed.pop(key, None)
            self._known = 0


# SY-10: clocks


def _by_stamp(one: Entry | None, other: Entry) -> Entry:
    return other if one is None else max(one, other, key=lambda entry: entry.stamp)


class _WallClockLocal(Local):
    def _written(self, value: Any, *before: Entry | None) -> Entry:
        entry = super()._written(value, *before)
        return replace(entry, stamp=(round(time.time()) * 1_000_000 + self._time % 1_000_000, entry.stamp[1]))

    def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
        before, locals_.join = locals_.join, _by_stamp
        try:
            return super().take(request, reply, progress)
        finally:
            locals_.join = before
            self._time %= 1_000_000


@faulty("SY-10", "the wall clock lets an old value win over the one that overwrote it")
class LastWriterByWallClock(System):
    """The later of two wins, by the clocks on the wall."""

    refuses = ("merge",)
    Local = _WallClockLocal

    class Store(Store):
        def _answer(self, request: Request) -> Reply:
            before, stores.join = stores.join, _by_stamp
            try:
                return super()._answer(request)
            finally:
                stores.join = before


@faulty("SY-10", "automatic pushes stop when the wall clock is set back")
class MeasuresByWallClock(System):
    """Pushes once the wall clock says that the interval is over."""

    class Replica(Replica):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._pushed_on = time.time() - (self._settings.sync_interval or 0.0)

        def _schedule(self) -> None:
            interval = self._settings.sync_interval
            if interval is None or self._timer is not None or not self._local.has_unpushed:
                return
            self._timer = asyncio.get_running_loop().call_later(0.0, self._look)

        def _look(self) -> None:
            self._timer = None
            if not self._local.has_unpushed:
                return
            now = time.time()
            if now - self._pushed_on >= (self._settings.sync_interval or 0.0):
                self._pushed_on = now
                self._pushing = asyncio.get_running_loop().create_task(self._push())
            else:
                self._timer = asyncio.get_running_loop().call_later(1.0, self._look)


# SY-11: results


@faulty("SY-11", "the SyncResult is not what the sync did")
class ReportsNumbers(System):
    """Says how many keys were pushed, where the interface says which."""

    class Replica(Replica):
        async def sync(self) -> Any:
            return len((await super().sync()).pushed)


@faulty("SY-11", "the SyncResult is not what the sync did")
class ReportsEverything(System):
    """Reports every key that it has as pushed."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            result = await super().sync()
            return replace(result, pushed=frozenset(self._local.contents()))


@faulty("SY-11", "the SyncResult is not what the sync did")
class HidesConflicts(System):
    """A key that lost a conflict is reported as pulled, like any other."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            result = await super().sync()
            both = frozenset({*result.conflicts, *result.merged})
            return SyncResult(result.pushed, frozenset(result.pulled) | both)


# SY-12: several syncs, and cancelled ones


class _Flagged(Replica):
    """A flag in place of the lock."""

    busy = False

    async def sync(self) -> SyncResult:
        if self.busy:
            raise SyncError("a sync is under way already")
        self.busy = True
        try:
            result = await super().sync()
        except SyncError:
            self.busy = False
            raise
        self.busy = False
        return result


@faulty("SY-12", "after a sync was cancelled no other works", "histories feature interleavings")
class KeepsBusyFlag(System):
    """The flag is taken back after success and after an Exception, and CancelledError is none."""

    Replica = _Flagged


@faulty("SY-12", "after a sync was cancelled no other works", "histories feature interleavings")
class KeepsLock(System):
    """Releases its lock by hand, and not where it is cancelled."""

    class Replica(Replica):
        async def _exchanged(self) -> SyncResult:
            try:
                return await super()._exchanged()
            except asyncio.CancelledError:
                self._one_sync = asyncio.Lock()
                await self._one_sync.acquire()
                raise


@faulty("SY-12", "what a cancelled sync was to push is never pushed", "histories feature interleavings")
class ForgetsWhenCancelled(System):
    """Puts the changes back into the queue after an error, but not after a cancellation."""

    class Replica(Replica):
        async def _exchanged(self) -> SyncResult:
            try:
                return await super()._exchanged()
            except asyncio.CancelledError:
                self._local._unpushed.clear()
                raise


@faulty("SY-12", "one takes what the other sends for stored", "feature interleavings")
class SharesWhatIsSent(System):
    """No lock, and one attribute for what is being sent: the sync that ends first clears what the other has put there."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            self._one_sync = asyncio.Lock()
            return await super().sync()

    class Local(Local):
        def request(self) -> Request:
            self._sending = super().request()
            return self._sending

        def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
            settled = super().take(request, reply, progress)
            for key, entry in self._sending.changes.items():
                if self._entries[key] == entry and key not in reply.conflicts:
                    self._unpushed.pop(key, None)
            return settled


# SY-13: volume


@faulty("SY-13", "what is transferred grows with the state, not with the change", "histories feature")
class TransfersEverything(System):
    """The whole state goes to and fro."""

    Local = _Whole


# SY-14: retries


class _Retrying(Replica):
    """With waits of its own."""

    retries_more = 0

    def wait(self, failures: int) -> float:
        settings = self._settings
        return settings.random() * min(settings.retry_max, settings.retry_delay * 2.0 ** (failures - 1))

    async def sync(self) -> SyncResult:
        failures = 0
        async with self._one_sync:
            while True:
                try:
                    return await self._exchanged()
                except Unreachable as error:
                    failures += 1
                    if failures > self._settings.retries + self.retries_more * bool(self._settings.retries):
                        raise SyncError("cannot reach the store") from error
                except StoreError as error:
                    raise SyncError(str(error)) from error
                await asyncio.sleep(self.wait(failures))


@faulty("SY-14", "retries do not wait")
class RetriesAtOnce(System):
    """Tries again at once."""

    class Replica(_Retrying):
        def wait(self, failures: int) -> float:
            return 0.0


@faulty("SY-14", "the waits before retries do not grow")
class WaitsTheSame(System):
    """A fixed delay with jitter."""

    class Replica(_Retrying):
        def wait(self, failures: int) -> float:
            return self._settings.random() * self._settings.retry_delay


@faulty("SY-14", "the waits before retries grow beyond retry_max")
class GrowsWithoutBound(System):
    """Threefold each time, and no bound."""

    class Replica(_Retrying):
        def wait(self, failures: int) -> float:
            return (0.5 + self._settings.random() / 2) * self._settings.retry_delay * 3.0**failures


@faulty("SY-14", "there are more retries than the settings allow")
class RetriesOnceTooOften(System):
    """Counts attempts where retries are meant, and from 0."""

    class Replica(_Retrying):
        retries_more = 1


@faulty("SY-14", "the waits before retries do not depend on chance")
class WaitsWithoutJitter(System):
    """Doubles, and everybody comes back in the same moment."""

    class Replica(_Retrying):
        def wait(self, failures: int) -> float:
            return min(self._settings.retry_max, self._settings.retry_delay * 2.0 ** (failures - 1))


# SY-15: the user's merge function


@faulty("SY-15", "a conflict is decided without the merge function")
class IgnoresMerge(System):
    """Takes the merge function, and lets the later write win."""

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        super().__init__(network, replace(settings, merge=None))


@faulty("SY-15", "the merge function is not given the last common value as its base")
class MergesWithoutBase(System):
    """Gives None for the base, always."""

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        merge = settings.merge
        changed = None if merge is None else lambda base, local, remote: merge(None, local, remote)
        super().__init__(network, replace(settings, merge=changed))


# The pattern document's sample


@FAULTY.add(
    "SY-01 SY-02 SY-04 SY-07 SY-08 SY-09 SY-10 SY-11 SY-13",
    "the last write of an interval waits for a further one",
    "histories feature machine interleavings",
    claims="",
)
class AsWritten:
    """The pattern document's component, line by line, over a store that keeps what it is sent.

    What merge_states() does is left open there: here what is local goes before what is remote. A sync() is its sync_state(), and
    then push_state(), which only a write would call.
    """

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        if settings != replace(StateSyncSettings(), sync_interval=settings.sync_interval, random=settings.random):
            raise Unsupported("retries", "merge", "store")
        self._network, self._interval = network, settings.sync_interval
        self._state: dict[str, Any] = {}
        network.register(CENTRE, self._receive)

    async def _receive(self, sender: str, request: bytes) -> bytes:
        self._state.update(json.loads(request))
        return json.dumps(self._state).encode()

    def replica(self, name: str) -> _AsWrittenReplica:
        return _AsWrittenReplica(name, self._network, self._interval)

    async def central(self) -> Mapping[str, Any]:
        return dict(self._state)


class _AsWrittenReplica:
    """The sample's ComponentWithLocalState; whoever holds its write lock pushes under it."""

    def __init__(self, name: str, network: Network, interval: float | None) -> None:
        self._name, self._network = name, network
        self._sync_interval = math.inf if interval is None else interval
        self._local_state: dict[str, Any] = {}
        self._lock = asyncio.Lock()
        self.last_sync = 0

    async def _pull_state(self) -> Any:
        return json.loads(await self._network.call(self._name, CENTRE, b"{}"))

    async def _push_state(self, state: Any) -> None:
        await self._network.call(self._name, CENTRE, json.dumps(state).encode())

    async def sync(self) -> SyncResult:
        """The sample's sync_state()."""
        remote_state = await self._pull_state()
        async with self._lock:
            self._local_state = {**remote_state, **self._local_state}
            self.last_sync = int(time.time())
        await self._push_state(self._local_state)
        return SyncResult()

    async def _update(self, change: Callable[[], Any]) -> None:
        """The sample's update_local_state(): unsigned numbers wrap, and nothing comes back for what was not pushed."""
        async with self._lock:
            change()
            now = int(time.time())
            if (now - self.last_sync) % 2**64 > self._sync_interval:
                await self._push_state(self._local_state)
                self.last_sync = now

    async def write(self, key: str, value: Any) -> None:
        await self._update(lambda: self._local_state.update({key: value}))

    async def delete(self, key: str) -> None:
        await self._update(lambda: self._local_state.pop(key, None))

    async def read(self, key: str) -> Any:
        return (await self.snapshot()).get(key)

    async def snapshot(self) -> Mapping[str, Any]:
        async with self._lock:
            return dict(self._local_state)

    async def close(self) -> None:
        """The sample has nothing to close."""
