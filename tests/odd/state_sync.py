"""State synchronisers that are unusual and right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from patternproof.reference.state_sync import Store
from patternproof.reference.state_sync.entries import Entry
from patternproof.reference.state_sync.local import Local, Progress
from patternproof.reference.state_sync.store import CENTRE
from patternproof.reference.state_sync.tasks import Replica, StateSync
from patternproof.reference.state_sync.wire import Reply, Request, decode_reply, encode_request

from patternproof.ports import Unsupported
from patternproof.ports.state_sync import Network, StateSyncSettings, SyncError, SyncResult, Unreachable
from tests.odd import Registry

ODD = Registry()
odd = ODD.add


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


# What becomes of a conflict


@odd
class EarliestWins(System):
    """Of writes in conflict the one of the lowest name wins; what overwrote another still does."""

    class Local(Local):
        def __init__(self, writer: str, merge: Any) -> None:
            super().__init__("".join(chr(255 - ord(letter) % 128) for letter in writer), merge)


@odd
class KeepsBoth(System):
    """Keeps every value of a conflict until it is written again, and shows them as a sorted tuple, as Dynamo did."""

    def __init__(self, network: Network, settings: StateSyncSettings) -> None:
        if settings.merge is not None:
            raise Unsupported("merge")
        super().__init__(network, replace(settings, merge=_siblings))

    class Local(Local):
        def read(self, key: str) -> Any:
            return _shown(super().read(key))

        def contents(self) -> Mapping[str, Any]:
            return {key: _shown(value) for key, value in super().contents().items()}

    class Store(Store):
        def contents(self) -> Mapping[str, Any]:
            return {key: _shown(value) for key, value in super().contents().items()}


def _siblings(base: Any, local: Any, remote: Any) -> Any:
    before, ours, theirs = ({*(value or "").split("|")} - {""} for value in (base, local, remote))
    kept = (ours | theirs) - (before - ours) - (before - theirs)
    return "|".join(sorted(kept)) or None


def _shown(value: str | None) -> Any:
    return tuple(value.split("|")) if value is not None and "|" in value else value


@odd
class HybridLogicalClock(System):
    """Stamps have the wall clock's time where that is ahead (Kulkarni et al., 2014): people can read them."""

    class Local(Local):
        def _written(self, value: Any, *before: Entry | None) -> Entry:
            self._time = max(self._time, round(time.time() * 1000.0))
            return super()._written(value, *before)


@odd
class DeletionLoses(System):
    """In a conflict any value wins over a deletion."""

    class Local(Local):
        def _written(self, value: Any, *before: Entry | None) -> Entry:
            self._time += 1_000_000 if value is not None else 0
            return super()._written(value, *before)


# How it syncs


class _TwoCalls(Replica):
    """With one call that pulls and another that pushes."""

    async def _exchanged(self) -> SyncResult:
        progress = Progress()
        await self._pull(progress)
        settled = False
        while not settled:
            request = self._local.request()
            settled = self._local.take(request, await self._called(request), progress)
        self._last_sync = time.time()
        return progress.result()

    async def _pull(self, progress: Progress) -> None:
        request = Request(self._local._known, {})
        self._local.take(request, await self._called(request), progress)

    async def _called(self, request: Request) -> Reply:
        return decode_reply(await self._network.call(self._name, CENTRE, encode_request(request)))


@odd
class PullsBeforePushing(System):
    """Two exchanges: what is pulled stays though the push may fail."""

    Replica = _TwoCalls


@odd
class PushesKeyByKey(System):
    """A call for each key."""

    class Replica(_TwoCalls):
        async def _exchanged(self) -> SyncResult:
            progress = Progress()
            while self._local.has_unpushed:
                whole = self._local.request()
                key = min(whole.changes)
                request = replace(whole, changes={key: whole.changes[key]})
                self._local.take(request, await self._called(request), progress)
            await self._pull(progress)
            self._last_sync = time.time()
            return progress.result()


@odd
class TalksTwice(System):
    """Sends every request twice, to be sure."""

    class Replica(_TwoCalls):
        async def _called(self, request: Request) -> Reply:
            first = await super()._called(request)
            return replace(await super()._called(request), conflicts=first.conflicts)

        async def _exchanged(self) -> SyncResult:
            progress = Progress()
            settled = False
            while not settled:
                request = self._local.request()
                settled = self._local.take(request, await self._called(request), progress)
            self._last_sync = time.time()
            return progress.result()


@odd
class RetriesInside(System):
    """Tries three times without a wait, whatever the settings say."""

    class Replica(Replica):
        async def _exchanged(self) -> SyncResult:
            for _ in range(2):
                try:
                    return await super()._exchanged()
                except Unreachable:
                    pass
            return await super()._exchanged()

    refuses = ("retries",)


@odd
class YieldsOften(System):
    """Gives other tasks a chance wherever it can."""

    class Replica(Replica):
        async def write(self, key: str, value: Any) -> None:
            await _yield()
            await super().write(key, value)
            await _yield()

        async def delete(self, key: str) -> None:
            await _yield()
            await super().delete(key)

        async def _exchanged(self) -> SyncResult:
            await _yield()
            result = await super()._exchanged()
            await _yield()
            return result

    async def _receive(self, sender: str, request: bytes) -> bytes:
        await _yield()
        return await super()._receive(sender, request)


async def _yield() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@odd
class SyncsInATask(System):
    """Each sync is a task of its own, shielded: a cancelled one is finished in the background."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            return await asyncio.shield(asyncio.ensure_future(super().sync()))


@odd
class RefusesASecondSync(System):
    """A sync while another is under way is an error."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            if self._one_sync.locked():
                raise SyncError("a sync is under way already")
            return await super().sync()


@odd
class JoinsASecondSync(System):
    """A sync while another is under way waits for that one, and gives its result."""

    class Replica(Replica):
        joined: asyncio.Task[SyncResult] | None = None

        async def sync(self) -> SyncResult:
            if self.joined is None or self.joined.done():
                self.joined = asyncio.ensure_future(super().sync())
            return await asyncio.shield(self.joined)


# When it pushes by itself


@odd
class PushesAtTheEnd(System):
    """Never at once: a push comes at the end of an interval that the first write begins."""

    class Replica(Replica):
        def _schedule(self) -> None:
            if self._timer is None:
                self._pushed_at = asyncio.get_running_loop().time()
            super()._schedule()


@odd
class PushesOnAGrid(System):
    """Pushes at whole multiples of the interval."""

    class Replica(Replica):
        def _schedule(self) -> None:
            interval, now = self._settings.sync_interval, asyncio.get_running_loop().time()
            self._pushed_at = now // interval * interval if interval is not None else now
            super()._schedule()


@odd
class AlsoPolls(System):
    """With an interval it pulls as well, whether or not there is anything to push."""

    class Replica(Replica):
        polling: asyncio.Task[None] | None = None

        async def write(self, key: str, value: Any) -> None:
            await super().write(key, value)
            if self._settings.sync_interval is not None and self.polling is None:
                self.polling = asyncio.ensure_future(self._poll(self._settings.sync_interval))

        async def _poll(self, interval: float) -> None:
            while not self._closed:
                await asyncio.sleep(interval)
                if not self._local.has_unpushed:
                    with suppress(SyncError):
                        await self.sync()


@odd
class TellsAtOnce(System):
    """Pushes every write at once, without being asked to; it has no interval."""

    refuses = ("sync_interval", "retries")

    class Replica(Replica):
        async def write(self, key: str, value: Any) -> None:
            await super().write(key, value)
            self.__dict__.setdefault("tasks", []).append(asyncio.ensure_future(self._try()))

        async def _try(self) -> None:
            with suppress(SyncError):
                await self.sync()


# What it transfers and reports


class _Whole(Local):
    """Pushes and pulls everything, every time, and reports what has changed."""

    def request(self) -> Request:
        request = super().request()
        return replace(request, since=0, changes=dict(self._entries))

    def take(self, request: Request, reply: Reply, progress: Progress) -> bool:
        changed = set(self._unpushed)
        settled = super().take(request, reply, progress)
        progress.pushed &= changed
        return settled


@odd
class ReportsLists(System):
    """The parts of its result are lists, in a type of its own."""

    class Replica(Replica):
        async def sync(self) -> Any:
            return _Report(await super().sync())


class _Report:
    def __init__(self, result: SyncResult) -> None:
        for part in ("pushed", "pulled", "merged", "conflicts"):
            setattr(self, part, sorted(getattr(result, part)))


@odd
class ReportsConflictsAsPulledToo(System):
    """A key in conflict that the other side won is also reported as pulled, one that this side won as pushed."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            result = await super().sync()
            both = frozenset({*result.merged, *result.conflicts})
            return replace(result, pushed=frozenset({*result.pushed, *result.conflicts}), merged=both)


@odd
class NeverSaysWhen(System):
    """Its last_sync is a count of syncs."""

    class Replica(Replica):
        @property
        def last_sync(self) -> Any:
            return (self.__dict__.get("count", 0),)

        async def sync(self) -> SyncResult:
            result = await super().sync()
            self.count = self.__dict__.get("count", 0) + 1
            return result


# Other waits


@odd
class DecorrelatedJitter(System):
    """Waits between the least and three times the last wait (Brooker, 2015)."""

    class Replica(Replica):
        async def sync(self) -> SyncResult:
            settings, wait = self._settings, self._settings.retry_delay
            async with self._one_sync:
                for failures in range(settings.retries + 1):
                    try:
                        return await self._exchanged()
                    except Unreachable as error:
                        if failures == settings.retries:
                            raise SyncError("cannot reach the store") from error
                    least = settings.retry_delay
                    wait = min(settings.retry_max, least + settings.random() * (wait * 3.0 - least))
                    await asyncio.sleep(wait)
            raise AssertionError
