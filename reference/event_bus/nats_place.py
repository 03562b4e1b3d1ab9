"""A place in a stream: a durable consumer of NATS."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from nats.aio.client import Client

from .log import Entry, Position

Ask = Callable[[Callable[[Client], Awaitable[Any]]], Awaitable[Any]]
_WAIT: Final = 0.5
"""Seconds that the server waits for an entry."""
_MARGIN: Final = 1.0
"""Seconds more that its answer may take."""
_NANOSECONDS: Final = 1_000_000_000


class NatsPlace:
    """A durable consumer; what it gave is acknowledged, or given back, under the reply subject of its message.

    What is given back comes again at once. Whoever ends without that gets it again when the server's wait for the acknowledgement
    is over, 30 s by default.

    Args:
        ask: puts a question to a client that is connected.
        stream: name of the stream.
        name: of the consumer, which is there.
    """

    def __init__(self, ask: Ask, stream: str, name: str) -> None:
        self._ask, self._stream, self._name = ask, stream, name
        # Changed by `next`, `acknowledge` and `leave` only.
        self._open: dict[Position, str] = {}
        """The reply subjects of what was given."""

    async def last(self) -> Position:
        told = await self._ask(lambda client: client.jetstream().consumer_info(self._stream, self._name))
        return int(told.delivered.stream_seq)

    async def next(self) -> Entry | None:
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._name}"
        wanted = json.dumps({"batch": 1, "expires": int(_WAIT * _NANOSECONDS)}).encode()
        # Old style: a message of a stream comes under its own subject, by which the client's shared inbox tells no answers apart.
        message = await self._ask(lambda client: client.request(subject, wanted, timeout=_WAIT + _MARGIN, old_style=True))
        if not message.reply:
            return None  # a status: nothing has come
        position = int(message.metadata.sequence.stream)
        self._open[position] = message.reply
        return position, message.data

    async def acknowledge(self, position: Position) -> None:
        if position not in self._open:
            raise LookupError(f"event {position} was not given since the subscription came back; it has to be acknowledged there")
        subject = self._open[position]
        await self._ask(lambda client: client.request(subject, b"+ACK", timeout=_MARGIN))
        self._open.pop(position, None)

    async def leave(self) -> None:
        async def give_back(client: Client) -> None:
            for subject in self._open.values():
                await client.publish(subject, b"-NAK")
            await client.flush()

        if self._open:
            await self._ask(give_back)
        self._open.clear()
