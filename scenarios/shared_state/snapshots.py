"""The kit's data in a state, and snapshots of it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

from patternproof.history import shown

from .events import BACK, MIXED, RESTAMPED, Version
from .state import CHANGED, TOLERANCE

MOST_KEPT = 20
"""Snapshots that are read again; the first and the latest."""


def initial() -> dict[str, Any]:
    """Data without updates: a count, and inside of another mapping the list that it counts."""
    return {"count": 0, "history": {"updates": []}}


def add(data: dict[str, Any], number: int) -> None:
    """The first half of an update."""
    data["history"]["updates"].append(number)


def count(data: dict[str, Any]) -> None:
    """The second half; without it the parts do not fit."""
    data["count"] += 1


def updates(data: Any) -> tuple[int, ...]:
    """The updates that are in the data."""
    return tuple(data["history"]["updates"])


def change(snapshot: Any) -> None:
    """Try to change a snapshot; one that cannot be changed is right."""
    with suppress(Exception):
        snapshot.version += 1
    with suppress(Exception):
        snapshot.data["count"] += 1
    with suppress(Exception):
        snapshot.data["history"]["updates"].append(CHANGED)


class Content(NamedTuple):
    """What a snapshot reads."""

    number: Any
    updates: tuple[int, ...]
    count: Any


class Snapshots:
    """Every snapshot that was seen of one state.

    Args:
        base: the version that counts as the first.
    """

    def __init__(self) -> None:
        self.base = 0
        self.is_timed = True
        """Whether the state keeps last_updated."""
        self._kept: list[tuple[Any, Content]] = []
        self._stamps: dict[int, Any] = {}

    def begin(self, snapshot: Any) -> None:
        """Take the first snapshot of a state.

        Raises:
            Exception: it is none.
        """
        self.base = snapshot.version
        self.is_timed = snapshot.last_updated is not None
        self.read(snapshot)

    def read(self, snapshot: Any, keep: bool = True) -> Version:
        """A snapshot as seen; it is read again later, unless it is not to be kept since it is going to be changed."""
        try:
            content = self._content(snapshot)
            version = Version(content.number, content.updates, self._fault(content, snapshot.last_updated))
        except Exception as error:  # noqa: BLE001  # whatever reading it raises is what was seen
            return Version(-1, (), f"it cannot be read: {shown(error)}")
        if keep:
            self._kept = [*self._kept[:1], *self._kept[1:][-MOST_KEPT:], (snapshot, content)]
        return version

    def _content(self, snapshot: Any) -> Content:
        return Content(snapshot.version - self.base, updates(snapshot.data), snapshot.data["count"])

    def _fault(self, content: Content, stamp: Any) -> str:
        if content.count != len(content.updates):
            return MIXED
        if not self.is_timed:
            return ""
        before = self._stamps.setdefault(content.number, stamp)
        if abs(_between(before, stamp)) > TOLERANCE:
            return RESTAMPED
        earlier = [other for number, other in self._stamps.items() if number < content.number]
        return BACK if any(_between(other, stamp) < -TOLERANCE for other in earlier) else ""

    def altered(self) -> bool:
        """Whether one reads otherwise than before."""
        again = [(snapshot, self._again(snapshot)) for snapshot, _ in self._kept]
        differs = [content for _, content in again] != [content for _, content in self._kept]
        self._kept = again
        return differs

    def _again(self, snapshot: Any) -> Content:
        try:
            return self._content(snapshot)
        except Exception as error:  # noqa: BLE001  # as above
            return Content(-1, (), shown(error))


def _between(one: Any, other: Any) -> float:
    """Seconds from one last_updated to another."""
    seconds = other - one
    return seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
