"""A place in a stream: a consumer group of Redis."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from .log import Entry, Position

Ask = Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
_READER: Final = "reader"
"""The one consumer of a group: who comes back is the same, and is given first what it has not acknowledged."""
_WAIT: Final = 0.5
"""Seconds that the server waits for an entry."""


class RedisPlace:
    """A group of one consumer: first what it was given and did not acknowledge, then what is new.

    Args:
        connection: a client.
        ask: puts a question until it is answered.
        stream: key of the stream.
        name: of the group, which is there.
    """

    def __init__(self, connection: Any, ask: Ask, stream: str, name: str) -> None:
        self._redis, self._ask, self._stream, self._name = connection, ask, stream, name
        # Changed by `next`, `_read`, `acknowledge` and `leave` only.
        self._open: set[Position] = set()
        """What was given."""
        self._given: Position = 0
        """The greatest of these, whether or not acknowledged."""
        self._behind: Position | None = 0
        """What the server has given without an acknowledgement is read again after this; None: there is no more."""

    async def last(self) -> Position:
        groups = await self._ask(lambda: self._redis.xinfo_groups(self._stream))
        return next(_position(each["last-delivered-id"]) for each in groups if each["name"] == self._name.encode())

    async def next(self) -> Entry | None:
        found = await self._ask(self._read)
        if not found:
            self._behind = None
            return None
        ((position, data),) = found
        self._open.add(position)
        self._given = max(self._given, position)
        if self._behind is not None:
            self._behind = position
        if data is None:  # the log has it no more
            await self.acknowledge(position)
            return None
        return position, data

    async def _read(self) -> list[tuple[Position, bytes | None]]:
        start, wait = (">", int(_WAIT * 1000)) if self._behind is None else (f"{self._behind}-0", None)
        try:
            return entries(await self._redis.xreadgroup(self._name, _READER, {self._stream: start}, count=1, block=wait))
        except BaseException:
            self._behind = self._given  # the server may have given something that never came
            raise

    async def acknowledge(self, position: Position) -> None:
        if position not in self._open:
            raise LookupError(f"event {position} was not given since the subscription came back; it has to be acknowledged there")
        await self._ask(lambda: self._redis.xack(self._stream, self._name, f"{position}-0"))
        self._open.discard(position)

    async def leave(self) -> None:
        """As in the protocol; the server needs not be told."""
        self._open.clear()


def entries(answer: Any) -> list[tuple[Position, bytes | None]]:
    """Positions and data of the entries of one stream; those that were deleted meanwhile have lost their data."""
    found = [entry for _, some in answer or () for entry in some]
    return [(_position(identifier), content[b"data"] if content else None) for identifier, content in found]


def _position(identifier: bytes) -> Position:
    return int(identifier.partition(b"-")[0])
