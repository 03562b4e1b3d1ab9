"""Values with their history, and how two of them join.

The entries of a key form a join semilattice (Shapiro et al., *Conflict-free replicated data types*, 2011): `join` is commutative,
associative and idempotent, so that neither order nor repetition of deliveries matters. A version vector (Parker et al.,
*Detection of mutual inconsistency in distributed systems*, 1983) says which writes a value takes into account, and so what is a
conflict. A Lamport time decides conflicts: it grows with every write and with all that is heard, so that what overwrote a value
is always later than it, whatever any wall clock says; the name of the writer breaks ties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Stamp = tuple[int, str]
"""Lamport time and writer; no two writes have the same."""
Seen = Mapping[str, int]
"""By writer, how many of its writes are taken into account."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a key after the writes in `seen`; None where the last of them deleted it, which is its tombstone."""

    value: Any
    stamp: Stamp
    """Of the write that decided; at least that of every write in `seen`."""
    seen: Seen


def covers(one: Entry | None, other: Entry | None) -> bool:
    """Whether `one` takes every write into account that `other` does."""
    if other is None:
        return True
    return one is not None and all(one.seen.get(writer, 0) >= count for writer, count in other.seen.items())


def are_in_conflict(one: Entry | None, other: Entry | None) -> bool:
    """Whether each takes a write into account that the other does not know of."""
    return not covers(one, other) and not covers(other, one)


def joined_seen(*entries: Entry | None) -> dict[str, int]:
    """The writes that any of them takes into account."""
    seen: dict[str, int] = {}
    for entry in entries:
        for writer, count in (entry.seen if entry is not None else {}).items():
            seen[writer] = max(count, seen.get(writer, 0))
    return seen


def join(one: Entry | None, other: Entry) -> Entry:
    """What becomes of two: the later write, with the history of both."""
    if one is None or covers(other, one):
        return other
    if covers(one, other):
        return one
    return replace(max(one, other, key=lambda entry: entry.stamp), seen=joined_seen(one, other))
