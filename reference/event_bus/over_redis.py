"""A bus's log as a stream in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar
from uuid import uuid4

import redis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from patternproof.ports.event_bus import EventTooLargeError, Topic

from .asking import PATIENCE, RETRY, Asking, checked_address
from .broker_errors import BrokerError, BrokerProtocolError, BrokerUnreachableError
from .log import MOST_KEPT, WINDOW, Entry, Place, Position, checked_name
from .redis_place import RedisPlace, entries

T = TypeVar("T")
_SCHEMES: Final = ("redis", "rediss", "unix")
_ANSWER: Final = 2.0
"""Seconds that the server has to answer, beyond those that it is asked to wait."""
_BLOCK: Final = 1.0
"""Seconds that a read waits at the server."""
_BATCH: Final = 100
"""Entries of one read, at most."""
_AWAY: Final = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, OSError)
_MOST_BYTES: Final = 512 * 1024 * 1024
"""Of one value, where the server does not say (proto-max-bulk-len)."""

# KEYS: stream, counter of its entries, token. ARGV: seconds that the token is remembered, entries kept, data.
# One script, which Redis runs whole: an entry that is appended again since its answer was lost is not appended twice.
_APPEND: Final = """
if not redis.call('SET', KEYS[3], '', 'NX', 'EX', ARGV[1]) then return 0 end
local number = redis.call('INCR', KEYS[2])
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], number .. '-0', 'data', ARGV[3])
return number
"""


class RedisLog:
    """A stream whose entries are numbered; it connects when it is first asked for anything.

    Args:
        url: of the server, as its clients take it.
        name: begins the names of its keys.
        patience: seconds that the server may be away before that is an error.

    Raises:
        BrokerAddressError: the URL is none of a Redis server.
        ValueError: the name has characters that not all brokers take.
    """

    def __init__(self, url: str, name: str, patience: float = PATIENCE) -> None:
        self._url = checked_address(url, _SCHEMES, "redis://localhost:6379/0")
        # Protocol 2 alone answers alike in all versions; to ask again is this module's own concern.
        self._redis: Any = Redis.from_url(url, protocol=2, socket_timeout=_ANSWER + _BLOCK, retry=Retry(NoBackoff(), 0))
        name = f"{{{checked_name(name)}}}"  # in braces: all its keys are in one node of a cluster
        self._stream, self._counter, self._token = f"{name}:events", f"{name}:count", f"{name}:token:"
        self._append: Any = self._redis.register_script(_APPEND)
        self._asking = Asking(patience)
        # Changed by `_limit` and `close` only.
        self._most: int | None = None
        self._closed = False

    async def append(self, topic: Topic, data: bytes) -> None:
        most = await self._limit()
        if len(data) > most:
            raise EventTooLargeError(f"an event of {len(data)} bytes; the server takes {most} at most")
        keys = [self._stream, self._counter, self._token + uuid4().hex]
        await self._ask(lambda: self._append(keys, [int(WINDOW), MOST_KEPT, data]))

    async def _limit(self) -> int:
        """The bytes that a value may have: the server ends the connection of whoever sends more, and says nothing."""
        if self._most is None:
            try:
                told = await self._ask(lambda: self._redis.config_get("proto-max-bulk-len"))
            except BrokerProtocolError:  # not everybody may ask
                told = {}
            self._most = int(told.get("proto-max-bulk-len", _MOST_BYTES))
        return self._most

    async def end(self) -> Position:
        return int(await self._ask(lambda: self._redis.get(self._counter)) or 0)

    async def read(self, after: Position) -> AsyncIterator[Entry]:
        while True:
            with suppress(BrokerError):
                for entry in await self._once(partial(self._read, after)):
                    after = entry[0]
                    yield entry
                continue
            await asyncio.sleep(RETRY)

    async def _read(self, after: Position) -> list[Entry]:
        found = await self._redis.xread({self._stream: f"{after}-0"}, count=_BATCH, block=int(_BLOCK * 1000))
        return [(position, data) for position, data in entries(found) if data is not None]

    async def place(self, name: str) -> Place:
        checked_name(name)

        async def make() -> None:
            with suppress(redis.ResponseError):  # it is there already
                await self._redis.xgroup_create(self._stream, name, id="$", mkstream=True)

        await self._ask(make)
        return RedisPlace(self._redis, self._ask, self._stream, name)

    async def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        return await self._asking.answered(lambda: self._once(question))

    async def _once(self, question: Callable[[], Awaitable[T]]) -> T:
        if self._closed:
            raise BrokerUnreachableError("the bus is closed")
        try:
            return await question()
        except _AWAY as error:
            raise _told(error, self._url) from error
        except redis.RedisError as error:
            raise BrokerProtocolError(f"whoever answers at {self._url} is no Redis that a bus can use: {error}") from error

    async def close(self) -> None:
        """As in the port."""
        self._closed = True
        await self._redis.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._stream!r} at {self._url}>"


def _told(error: Exception, url: str) -> Exception:
    """What an error of the connection means: a parser that fails has met another protocol."""
    if isinstance(error, redis.InvalidResponse | redis.AuthenticationError):
        return BrokerProtocolError(f"whoever answers at {url} does not speak Redis' protocol, or lets nobody in: {error}")
    return BrokerUnreachableError(f"nobody answers at {url} as a Redis server does: {error!r}")
