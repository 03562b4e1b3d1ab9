"""Replicas through partitions, under load."""

from __future__ import annotations

import asyncio
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Literal, NamedTuple

import msgspec

from patternproof.flavour import resolved
from patternproof.load.evidence import Broken, Said, said
from patternproof.load.real import Workshop
from patternproof.ports.state_sync import StateSyncSettings

from .lines import STUCK, UP, Lines

REPLICAS = ("A", "B", "C", "D")
SHARED = "shared"
"""What the names of keys that all replicas write begin with; of any other key one replica is the only writer."""
STORE = "the store"
RETURNED = "returned"
SMALL, ENOUGH = 25, 200
"""Keys of the small state that a change is made to, and at least of the large one (SY-13)."""
MOST_GROWTH = 2.0
"""By how much the transfer of one change may grow from one to the other: numbers get longer, trees deeper."""
LOOKS = 3
"""The least transfer of so many changes counts: what is exchanged now and then is left out."""
TRIES, PAUSE = 10, 0.2
"""How often a sync may fail once the network is back, and the seconds between."""
LONGEST = 5.0
"""Seconds after which it is not waited for any longer."""
MEANWHILE = 100
"""Ticks that a call must have been waiting for a line that is stuck."""


class Use(msgspec.Struct, tag_field="work", tag="use", forbid_unknown_fields=True):
    """Write a value and read it, at one replica."""

    replica: str
    key: str
    value: str


class Sync(msgspec.Struct, tag_field="work", tag="sync", forbid_unknown_fields=True):
    """Let a replica sync."""

    replica: str


class Turn(msgspec.Struct, tag_field="work", tag="turn", forbid_unknown_fields=True):
    """Let a line be otherwise from now on."""

    replica: str
    mode: Literal["up", "down", "deaf", "stuck"]


class Converge(msgspec.Struct, tag_field="work", tag="converge", forbid_unknown_fields=True):
    """Mend all lines, let all replicas sync, and say what everybody has."""


class Measure(msgspec.Struct, tag_field="work", tag="measure", forbid_unknown_fields=True):
    """Say how much it takes to sync one change."""


class Call(NamedTuple):
    """A call as it went. Ticks order all that happens in the server."""

    kind: str
    """write, read, snapshot or sync."""
    replica: str
    outcome: str
    """returned, or what it did instead."""
    asked: int
    over: int
    key: str = ""
    value: str = ""
    last: bool = False
    """Whether it is a sync at the end, once all lines are mended."""

    def __str__(self) -> str:
        what = f" of {self.value} to {self.key}" if self.kind == "write" else f" of {self.key}" if self.key else ""
        return f"{self.kind}{what} at {self.replica} in ticks {self.asked} to {self.over}: {self.outcome}"


class Cut(NamedTuple):
    """A line that was not up, and from when to when."""

    replica: str
    mode: str
    began: int
    ended: int

    def __str__(self) -> str:
        return f"line of {self.replica} in ticks {self.began} to {self.ended}: {self.mode}"


class Contents(NamedTuple):
    """What a replica, or the store, has in the end."""

    node: str
    data: dict[str, Any]


class Bench:
    """Replicas at work.

    Args:
        shop: where.
        stack: closed with it.
    """

    decoder = msgspec.json.Decoder(Use | Sync | Turn | Converge | Measure)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop
        self._network = Lines(shop, REPLICAS)
        self._system = shop.made(stack, "state_sync", self._network, StateSyncSettings())
        self._replicas = {name: self._system.replica(name) for name in REPLICAS}
        self._cuts: dict[str, Cut] = {}
        """By replica, the line that is cut."""
        self._small = shop.begun(self._filled)

    async def do(self, piece: Use | Sync | Turn | Converge | Measure) -> Any:
        """Do a piece of work."""
        match piece:
            case Use(name, key, value):
                replica = self._replicas[name]
                wrote = await self._call("write", name, lambda: replica.write(key, value), key, value)
                return {"calls": [wrote, await self._call("read", name, lambda: replica.read(key), key)]}
            case Sync(name):
                return {"calls": [await self._call("sync", name, self._replicas[name].sync)]}
            case Turn(name, mode):
                return {"cuts": self._turn(name, mode)}
            case Converge():
                return await self._converged()
        return {"volumes": [self._small, await self._volume()]}

    async def _call(self, kind: str, name: str, call: Callable[[], Any], key: str = "", value: str = "") -> Call:
        asked = self._shop.tick()
        try:
            await resolved(call())
            outcome = RETURNED
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            outcome = f"raised {type(error).__name__}: {error}"
        return Call(kind, name, outcome, asked, self._shop.tick(), key, value)

    def _turn(self, name: str, mode: str) -> list[Cut]:
        """What was until then, where that was a cut."""
        before = self._cuts.pop(name, None)
        self._network.lines[name].mode = mode
        if mode != UP:
            self._cuts[name] = Cut(name, mode, self._shop.tick(), 0)
        return [] if before is None else [before._replace(ended=self._shop.tick())]

    async def _converged(self) -> dict[str, Any]:
        cuts = [cut for name in REPLICAS for cut in self._turn(name, UP)]
        calls = [await self._synced(name) for name in REPLICAS * 2]
        contents = []
        for name, call in [*((name, each.snapshot) for name, each in self._replicas.items()), (STORE, self._system.central)]:
            taken: list[Mapping[str, Any]] = []
            calls.append(await self._call("snapshot", name, partial(_kept, call, taken)))
            contents += [Contents(name, dict(each)) for each in taken]
        return {"calls": calls, "cuts": cuts, "contents": contents}

    async def _synced(self, name: str) -> Call:
        """The sync that succeeded, or the last one that did not."""
        for _ in range(TRIES - 1):
            call = await self._in_time("sync", name, self._replicas[name].sync)
            if call.outcome == RETURNED:
                return call._replace(last=True)
            await self._shop.pause(PAUSE)
        return (await self._in_time("sync", name, self._replicas[name].sync))._replace(last=True)

    async def _in_time(self, kind: str, name: str, call: Callable[[], Any]) -> Call:
        if self._shop.threads:
            return await self._call(kind, name, call)
        asked, task = self._shop.tick(), asyncio.ensure_future(self._call(kind, name, call))
        await asyncio.wait([task], timeout=LONGEST)
        return task.result() if task.done() else Call(kind, name, "never ended", asked, self._shop.tick())

    async def _filled(self) -> tuple[int, int]:
        for number, name in zip(range(SMALL), REPLICAS * SMALL, strict=False):
            await resolved(self._replicas[name].write(f"{SHARED}-{number}", f"seed{number}"))
        for name in REPLICAS * 2:
            await self._synced(name)
        return await self._volume()

    async def _volume(self) -> tuple[int, int]:
        """Keys, and the bytes of a sync that pushes one change and of one that pulls it; 0: none was seen."""
        one, other = REPLICAS[:2]
        seen = []
        for number in range(LOOKS):
            before = self._network.traffic
            await resolved(self._replicas[one].write(f"{SHARED}-measured", f"change{number}"))
            calls = [await self._in_time("sync", name, self._replicas[name].sync) for name in (one, other)]
            seen += [self._network.traffic - before] * all(call.outcome == RETURNED for call in calls)
        return len(await resolved(self._system.central())), min(seen, default=0)


async def _kept(call: Callable[[], Any], taken: list[Mapping[str, Any]]) -> None:
    taken.append(await resolved(call()))


class Evidence(msgspec.Struct):
    """What all users were told."""

    calls: list[Call] = []
    cuts: list[Cut] = []
    contents: list[Contents] = []
    volumes: list[tuple[int, int]] = []
    """Keys, and bytes that one change took: of the small state, and of the large one."""


AFTER = ({"work": "converge"}, {"work": "measure"})
"""What is done once all users are gone."""


def judge(seen: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    cuts: dict[str, list[Cut]] = defaultdict(list)
    for cut in seen.cuts:
        cuts[cut.replica].append(cut)
    lost = said("SY-05", _none_is_lost(seen))
    return [
        said("SY-01", _locally(seen.calls, cuts)),
        said("SY-02", _equal(seen, lost.message)),
        lost,
        said("SY-13", _in_proportion(seen.volumes)),
    ]


def _locally(calls: Sequence[Call], cuts: Mapping[str, Sequence[Cut]]) -> Iterator[int]:
    for call in calls:
        if call.kind == "sync" or call.replica == STORE:
            continue
        while_cut = [cut for cut in cuts.get(call.replica, ()) if cut.began < call.asked < cut.ended]
        if call.outcome != RETURNED:
            raise Broken(f"expected to {call.kind} locally; seen: a {call.kind} that {call.outcome}", [*while_cut, call])
        for cut in while_cut:
            early = cut.ended - call.asked > max(MEANWHILE, (cut.ended - cut.began) / 2)
            if cut.mode == STUCK and early and call.over > cut.ended:
                message = f"expected a {call.kind} to wait for no network; seen: one that ended once the line was mended"
                raise Broken(message, [cut, call])
            yield int(call.over < cut.ended)


def _equal(seen: Evidence, lost: str) -> Iterator[int]:
    for call in seen.calls:
        if call.last and call.outcome != RETURNED:
            raise Broken(f"expected a sync to succeed once the network is back; seen: {TRIES} tries, the last one {call.outcome}")
    if lost or len(seen.contents) <= len(REPLICAS):  # what is lost is wrong by itself
        return
    *replicas, store = seen.contents
    for replica in replicas:
        for key in sorted(replica.data.keys() | store.data.keys()):
            here, there = replica.data.get(key), store.data.get(key)
            if here != there:
                expected = "expected all replicas and the store to be equal in the end"
                raise Broken(f"{expected}; seen: {key} is {here!r} at {replica.node} and {there!r} at {store.node}")
    yield sum(call.kind == "sync" and call.outcome != RETURNED for call in seen.calls)


def _none_is_lost(seen: Evidence) -> Iterator[int]:
    """What one replica alone writes has no rivals: the store has its last write, or one of those that overlapped."""
    failing = {call.replica for call in seen.calls if call.last and call.outcome != RETURNED}
    writes: dict[str, list[Call]] = defaultdict(list)
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for cut in seen.cuts:
        spans[cut.replica].append((cut.began, cut.ended))
    for call in seen.calls:
        if call.kind == "write" and not call.key.startswith(SHARED) and call.replica not in failing:
            writes[call.key].append(call)
        if call.kind == "sync":
            spans[call.replica].append((call.asked, call.over))
    meanwhile = {name: _Spans(spans[name]) for name in REPLICAS}
    for store in (each for each in seen.contents if each.node == STORE):
        for key, calls in writes.items():
            latest = max(call.asked if call.outcome == RETURNED else 0 for call in calls)
            last = [call for call in calls if call.over > latest]
            if latest and store.data.get(key) not in [call.value for call in last]:
                expected = f"expected the last write of {key} at the store"
                raise Broken(f"{expected}; seen: {store.data.get(key)!r} there", last)
            yield sum(meanwhile[call.replica].holds(call) for call in calls)


class _Spans:
    """When a line was cut, or a sync was under way."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._began: list[int] = []
        self._ended: list[int] = []
        for began, ended in sorted(spans):
            if self._ended and began < self._ended[-1]:
                self._ended[-1] = max(ended, self._ended[-1])
            else:
                self._began.append(began)
                self._ended.append(ended)

    def holds(self, call: Call) -> bool:
        """Whether any of it was in the meantime of a call."""
        last = bisect(self._began, call.over) - 1
        return last >= 0 and self._ended[last] > call.asked


def _in_proportion(volumes: Sequence[tuple[int, int]]) -> Iterator[int]:
    if len(volumes) < 2 or volumes[-1][0] < ENOUGH or not all(taken for _, taken in volumes):
        return
    (few, small), *_, (many, large) = volumes
    if large > MOST_GROWTH * small:
        expected = f"expected a sync of one change to transfer about as much whatever the state: {small} bytes with {few} keys"
        raise Broken(f"{expected}; seen: {large} bytes with {many} keys")
    yield 1
