"""The log that a broker keeps of a bus's events."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Protocol

from patternproof.ports.event_bus import Topic

Position = int
"""A place in a log: entries have the numbers 1, 2, 3 and so on."""
Entry = tuple[Position, bytes]
MOST_KEPT = 100_000
"""Entries that a log keeps; older ones go, and a reader that has not read them yet finds a gap in the numbers."""
WINDOW = 120.0
"""Seconds within which an entry that comes a second time, since the answer to the first was lost, is known to be the same."""
_NAME = re.compile(r"[\w-]{1,120}", re.ASCII)


class Place(Protocol):
    """Where a durable subscription stands, as the broker keeps it."""

    async def last(self) -> Position:
        """The position of the last entry that was given, ever."""

    async def next(self) -> Entry | None:
        """The next entry, one that was given and not acknowledged before new ones; None where none comes within a while."""

    async def acknowledge(self, position: Position) -> None:
        """Have an entry not given again.

        Raises:
            LookupError: it was not given since this place was taken.
        """

    async def leave(self) -> None:
        """Have what was given and not acknowledged given again to whoever takes this place next."""


class Log(Protocol):
    """An ordered log at a broker; what fails as the broker is away is tried again until it answers.

    Raises:
        BrokerError: from every method; see its kinds.
    """

    async def append(self, topic: Topic, data: bytes) -> None:
        """Store an entry; when this has returned it is there, once.

        Raises:
            EventTooLargeError: the broker takes none of that size.
        """

    async def end(self) -> Position:
        """The position of the last entry; 0 before the first."""

    def read(self, after: Position) -> AsyncIterator[Entry]:
        """The entries after a position, and those that will come, for as long as it takes."""

    async def place(self, name: str) -> Place:
        """The place of that name; at the end of the log where it is new."""

    async def close(self) -> None:
        """Let go of the connection."""


def checked_name(name: str) -> str:
    """A name as brokers take it for a stream, or for who reads it.

    Raises:
        ValueError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"a name at a broker has 1 to 120 letters, digits, hyphens and underscores; got {name!r}")
    return name
