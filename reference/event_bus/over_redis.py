"""The log of a bus, as a stream in Redis."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import uuid4

import redis
from redis.asyncio import Redis

from patternproof.ports.event_bus import Delivery, DurableSubscription, Topic, decode

from .logged import Position

T = TypeVar("T")
_RETRY = 0.05
"""Seconds between two tries while the server is away."""
_BLOCK = 500
"""Milliseconds that a read waits at the server."""
_REMEMBERED = 1_000
"""Entries of which it is known that they came: one that was appended twice, since its answer was lost, comes soon again."""
_AWAY = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, ConnectionError)


async def _answered(call: Callable[[], Awaitable[T]]) -> T:
    """Ask until the server answers."""
    while True:
        try:
            return await call()
        except _AWAY:
            await asyncio.sleep(_RETRY)


class RedisLog:
    """A stream.

    Args:
        url: of the server.
        name: key of the stream.
    """

    def __init__(self, url: str, name: str) -> None:
        self._redis: Any = Redis.from_url(url, protocol=2)  # typed for both of its flavours at once
        self._name = name

    async def append(self, topic: Topic, data: bytes) -> None:
        entry = {"token": uuid4().hex, "topic": topic.value, "data": data}
        await _answered(lambda: self._redis.xadd(self._name, entry))

    async def end(self) -> Position:
        try:
            told = await _answered(lambda: self._redis.xinfo_stream(self._name))
        except redis.ResponseError:  # there is no stream before its first entry
            return (0, 0)
        return _position(told["last-generated-id"])

    async def read(self, after: Position) -> AsyncIterator[tuple[Position, bytes]]:
        seen: deque[bytes] = deque(maxlen=_REMEMBERED)
        while True:
            last = f"{after[0]}-{after[1]}"
            answer = await _answered(lambda last=last: self._redis.xread({self._name: last}, block=_BLOCK))
            for identifier, entry in _entries(answer):
                after = _position(identifier)
                if entry[b"token"] not in seen:
                    seen.append(entry[b"token"])
                    yield after, entry[b"data"]

    async def resume(self, name: str, topics: frozenset[Topic]) -> DurableSubscription:
        with suppress(redis.ResponseError):  # the group is there already
            await _answered(lambda: self._redis.xgroup_create(self._name, name, id="$", mkstream=True))
        return _Reader(self._redis, self._name, name, topics)

    async def close(self) -> None:
        await self._redis.aclose()


class _Reader:
    """A group of one consumer: first what it was given and did not acknowledge, then what is new."""

    def __init__(self, connection: Any, stream: str, name: str, topics: frozenset[Topic]) -> None:
        self._redis, self._stream, self._name, self._topics = connection, stream, name, topics
        self._given = "0"
        self._anew = True

    async def receive(self) -> Delivery:
        while True:
            try:
                found = await _answered(self._next)
            except asyncio.CancelledError:
                self._anew = True  # the server may have given something that never came
                raise
            for identifier, entry in found:
                self._given = identifier.decode()
                event = decode(entry[b"data"])
                if event.topic in self._topics:
                    return Delivery(self._given, event)
                await _answered(lambda: self._redis.xack(self._stream, self._name, self._given))

    async def _next(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        start, wait = (self._given, None) if self._anew else (">", _BLOCK)
        found = _entries(await self._redis.xreadgroup(self._name, "reader", {self._stream: start}, count=1, block=wait))
        self._anew = self._anew and bool(found)
        return found

    async def acknowledge(self, delivery: Delivery) -> None:
        await _answered(lambda: self._redis.xack(self._stream, self._name, delivery.id))

    async def leave(self) -> None:
        """Nothing: the server keeps its place."""


def _position(identifier: bytes) -> Position:
    return tuple(int(part) for part in identifier.split(b"-"))


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of one stream; those that were deleted meanwhile have lost their content."""
    return [(identifier, entry) for _, entries in answer or () for identifier, entry in entries if entry]
