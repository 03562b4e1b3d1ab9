"""Who has heard of which write, as the model knows.

What becomes of a conflict is up to the implementation, so the model predicts no winner. It keeps, for every key and node, the
writes that the node has surely heard of and those that it may have heard of. A value is right if its write may be known there
and no write that is surely known overwrote it. Sets of writes are bit masks over the writes of a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from patternproof.ports.state_sync import StateSyncSettings

from .events import CENTRE, KEYS, REPLICAS

ANY = "any"
"""A key of which a sync may report whatever it likes."""
NODES = (*range(len(REPLICAS)), CENTRE)


class Written(NamedTuple):
    """A write."""

    number: int
    replica: int
    deletes: bool
    past: int
    """The writes that it surely overwrote."""
    perhaps: int
    """The writes that it may have overwritten."""
    wall: float = 0.0
    """The wall clock's time, where a deviation goes by it."""


class Key(NamedTuple):
    """A key; the tuples are by node, those of replicas only by replica."""

    writes: tuple[Written, ...] = ()
    least: tuple[int, ...] = (0,) * len(NODES)
    """Surely known."""
    most: tuple[int, ...] = (0,) * len(NODES)
    """Possibly known."""
    equal: int = (1 << len(REPLICAS)) - 1
    """The replicas that surely know exactly what the centre knows."""
    air: tuple[int, ...] = (0,) * len(REPLICAS)
    """What the requests of each replica have carried at most."""
    first: tuple[int, ...] = (0,) * len(REPLICAS)
    """What its first request carried."""
    stuck: tuple[int, ...] = (0,) * len(REPLICAS)
    """What it never pushes; only with deviations."""
    missed: tuple[int, ...] = (0,) * len(REPLICAS)
    """What it never takes from the centre; only with deviations."""
    erased: tuple[int, ...] = (0,) * len(REPLICAS)
    """What it has deleted, and forgotten that it ever was; only with deviations."""
    gone: int = 0
    """What the centre has forgotten so; only with deviations."""

    def knowing(self, node: int, least: int, most: int) -> Key:
        """With a node that has heard of more; equality with the centre is lost where that is possible news."""
        news = least & ~self.least[node] or most & ~self.most[node]
        if not news:
            return self
        equal = 0 if node == CENTRE else self.equal & ~(1 << node)
        return self._replace(
            least=_at(self.least, node, self.least[node] | least),
            most=_at(self.most, node, self.most[node] | most | least),
            equal=equal,
        )

    def with_mask(self, name: str, node: int, mask: int) -> Key:
        """With one of the masks that are kept by node replaced."""
        return self._replace(**{name: _at(getattr(self, name), node, mask)})  # type: ignore[arg-type]  # a name of a tuple

    def overwritten(self, known: int) -> int:
        """What the writes among `known` surely overwrote."""
        mask = 0
        for bit, write in enumerate(self.writes):
            if known >> bit & 1:
                mask |= write.past
        return mask

    def candidates(self, node: int) -> list[Written]:
        """The writes that may be seen at a node."""
        seen = self.most[node] & ~self.overwritten(self.least[node])
        return [write for bit, write in enumerate(self.writes) if seen >> bit & 1]

    def surely_in_conflict(self, node: int) -> list[Written]:
        """Of the writes that may be seen at a node those that surely none overwrote."""
        known = [write for bit, write in enumerate(self.writes) if self.most[node] >> bit & 1]
        return [
            write
            for bit, write in enumerate(self.writes)
            if self.least[node] >> bit & 1 and not any(other.perhaps >> bit & 1 for other in known)
        ]

    def is_exact(self, node: int) -> bool:
        """Whether it is certain what a node knows."""
        return self.least[node] == self.most[node]


class Flight(NamedTuple):
    """A sync that is not over, or was cancelled and may go on behind the scenes."""

    number: int
    replica: int
    ours: tuple[int, ...]
    """By key, what the replica surely knew at the beginning."""
    theirs: tuple[int, ...]
    """By key, what the centre surely knew at the beginning."""
    phase: str = "in flight"
    """in flight; backing off; loose, after a cancellation."""
    overlaps: bool = False
    """Whether another of the same replica was under way when it began."""
    passed: int = 0
    """How often what waits was let through since; the first time that is requests only."""


class Ended(NamedTuple):
    """A sync that was seen to end."""

    number: int
    replica: int
    phase: str
    categories: tuple[str, ...] | None = None
    """By key: empty, pushed, pulled, both or `ANY`; None where there is no result."""


class Pending(NamedTuple):
    """The writes of a key that a replica is to push by itself."""

    replica: int
    key: int
    mask: int
    age: float
    """Of the oldest, in seconds."""


class State(NamedTuple):
    """Replicas, their lines, the syncs in flight, and what was observable since the last batch."""

    settings: StateSyncSettings
    keys: tuple[Key, ...] = (Key(),) * len(KEYS)
    lines: tuple[str, ...] = ("up",) * len(REPLICAS)
    flights: tuple[Flight, ...] = ()
    unsure: tuple[int, ...] = (0,) * len(REPLICAS)
    """By replica, the keys of which it may or may not have been told that they were pushed or pulled."""
    pending: tuple[Pending, ...] = ()
    pushed_ago: tuple[float | None, ...] = (None,) * len(REPLICAS)
    """Seconds since the last automatic push at most; None where there was none, or nobody knows."""
    owed: int = 0
    """Replicas that may push by themselves at any time: their line was not up when they wanted to."""
    writes: int = 0
    syncs: int = 0
    chance: float = 0.5
    chances: tuple[float, ...] = ()
    """The numbers that chance gave in syncs that failed after retries."""
    wall: float = 0.0
    broken: int = 0
    """Replicas of which no sync ends any more; only with deviations."""
    undone: bool = False
    """Whether a late push has undone something; only with a deviation, after which the replicas go by what is no more."""
    wild: bool = False
    """The same of an earlier batch: from here on anything goes."""
    tried: frozenset[str] = frozenset()
    disturbed: frozenset[str] = frozenset()
    """The rare things that have happened, for the blame of what nothing explains."""

    # Of the batch.
    start: tuple[Key, ...] | None = None
    """The keys as they were before the batch."""
    before: tuple[Key, ...] | None = None
    """The same, where the batch has more than one event so far."""
    happened: int = 0
    """Events of the batch so far."""
    ended: tuple[Ended, ...] = ()
    early: frozenset[int] = frozenset()
    """Syncs that are cancelled as they begin."""
    may_advance: int = 0
    advanced: int = 0
    """Replicas whose last_sync changes though it must not; only with deviations."""
    found: str = ""
    failed: str = ""
    mute: int = 0
    """Replicas that cannot be read; only with deviations."""

    def with_key(self, index: int, key: Key) -> State:
        return self._replace(keys=_at(self.keys, index, key))

    def with_pending(self, replica: int, key: int, bit: int) -> State:
        """With one more write to be pushed by itself."""
        waiting = {(each.replica, each.key): each for each in self.pending}
        known = waiting.get((replica, key), Pending(replica, key, 0, 0.0))
        waiting[replica, key] = known._replace(mask=known.mask | 1 << bit)
        return self._replace(pending=tuple(each for _, each in sorted(waiting.items())))

    def flying(self, replica: int) -> list[Flight]:
        """The syncs of a replica that are not over."""
        return [flight for flight in self.flights if flight.replica == replica and flight.phase != "loose"]


def _at(values: tuple, index: int, value: object) -> tuple:  # type: ignore[type-arg]  # a tuple of whatever it held before
    return (*values[:index], value, *values[index + 1 :])


at = _at


def tidied(state: State) -> State:
    """Without the writes that can be seen nowhere any more, the others in the order of their numbers.

    States that differ only in the order in which the events of a batch were taken become one.
    """
    kept = [_kept(key) for key in state.keys]
    if all(each == list(range(len(key.writes))) for each, key in zip(kept, state.keys, strict=True)):
        return state

    def mapped(masks: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(map(_mapped, masks, kept))

    return state._replace(
        keys=tuple(map(_rearranged, state.keys, kept)),
        flights=tuple(flight._replace(ours=mapped(flight.ours), theirs=mapped(flight.theirs)) for flight in state.flights),
        pending=tuple(each._replace(mask=_mapped(each.mask, kept[each.key])) for each in state.pending),
    )


def _kept(key: Key) -> list[int]:
    """The writes that matter: those that are not overwritten wherever they are known, or may come to be known."""
    holders = [*zip(key.most, key.least, strict=True), *((mask, mask) for mask in (*key.air, *key.first, *key.erased))]
    matter = 0
    for most, least in dict.fromkeys(holders):
        matter |= most & ~key.overwritten(least)
    return sorted(bits(matter), key=lambda bit: key.writes[bit].number)


def _rearranged(key: Key, kept: list[int]) -> Key:
    masks = {
        name: tuple(_mapped(mask, kept) for mask in getattr(key, name))
        for name in ("least", "most", "air", "first", "stuck", "missed", "erased")
    }
    old = [key.writes[bit] for bit in kept]
    writes = tuple(write._replace(past=_mapped(write.past, kept), perhaps=_mapped(write.perhaps, kept)) for write in old)
    return key._replace(writes=writes, gone=_mapped(key.gone, kept), **masks)  # type: ignore[arg-type]  # names of tuples


def _mapped(mask: int, kept: list[int]) -> int:
    """A mask over the writes that are kept, in their new order."""
    return sum(1 << new for new, old in enumerate(kept) if mask >> old & 1)


def bits(mask: int) -> Iterator[int]:
    """The numbers in a mask."""
    bit = 0
    while mask >> bit:
        if mask >> bit & 1:
            yield bit
        bit += 1
