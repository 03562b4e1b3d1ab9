"""The log of a bus, in NATS JetStream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import uuid4

import nats
from nats import errors
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from patternproof.ports.event_bus import Delivery, DurableSubscription, Topic, decode

from .logged import Position

T = TypeVar("T")
_RETRY = 0.05
"""Seconds between two tries while the server is away."""
_WAIT = 0.5
"""Seconds that the server has to answer, and that a read waits there."""
_FETCHED = 64
_AWAY = (errors.Error, OSError, asyncio.TimeoutError)


async def _answered(call: Callable[[], Awaitable[T]]) -> T:
    """Ask until the server answers."""
    while True:
        try:
            return await call()
        except NotFoundError:
            raise
        except _AWAY:
            await asyncio.sleep(_RETRY)


class NatsLog:
    """A stream; it connects when it is first asked for anything.

    Args:
        url: of the server.
        name: of the stream.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._connecting = asyncio.Lock()
        self._client: Any = None
        self._made: Any = None

    async def _stream(self) -> Any:
        async with self._connecting:
            if self._client is None:
                self._client = await nats.connect(
                    self._url, max_reconnect_attempts=-1, reconnect_time_wait=_RETRY, error_cb=_unsaid
                )
            if self._made is None:
                stream = self._client.jetstream(timeout=_WAIT)
                await stream.add_stream(name=self._name, subjects=[f"{self._name}.>"])
                self._made = stream
            return self._made

    async def append(self, topic: Topic, data: bytes) -> None:
        # The server passes over what comes a second time under one id.
        headers = {"Nats-Msg-Id": uuid4().hex}

        async def publish() -> None:
            await (await self._stream()).publish(f"{self._name}.{topic}", data, headers=headers)

        await _answered(publish)

    async def end(self) -> Position:
        async def told() -> Any:
            return await (await self._stream()).stream_info(self._name)

        return ((await _answered(told)).state.last_seq,)

    async def read(self, after: Position) -> AsyncIterator[tuple[Position, bytes]]:
        while True:
            consumer = await _answered(lambda after=after: self._consumer(after))
            # A restart of the server is the end of a consumer: another goes on where this one was.
            with suppress(*_AWAY):
                async for message in _fetched(consumer):
                    after = (message.metadata.sequence.stream,)
                    yield after, message.data
            await asyncio.sleep(_RETRY)

    async def _consumer(self, after: Position) -> Any:
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=after[0] + 1, ack_policy=AckPolicy.NONE
        )
        return await (await self._stream()).pull_subscribe(f"{self._name}.>", stream=self._name, config=config)

    async def resume(self, name: str, topics: frozenset[Topic]) -> DurableSubscription:
        config = ConsumerConfig(deliver_policy=DeliverPolicy.NEW, ack_policy=AckPolicy.EXPLICIT)

        async def consumer() -> Any:
            subject = f"{self._name}.>"
            return await (await self._stream()).pull_subscribe(subject, durable=name, stream=self._name, config=config)

        return _Reader(await _answered(consumer), topics)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


async def _unsaid(error: Exception) -> None:
    """Nothing: that the server is away is known to whoever asks it."""


async def _fetched(consumer: Any) -> AsyncIterator[Any]:
    while True:
        with suppress(errors.TimeoutError):
            for message in await consumer.fetch(_FETCHED, timeout=_WAIT):
                yield message


class _Reader:
    """A durable consumer; what it was given and did not acknowledge is given back when it leaves."""

    def __init__(self, consumer: Any, topics: frozenset[Topic]) -> None:
        self._consumer, self._topics = consumer, topics
        self._open: dict[str, Any] = {}

    async def receive(self) -> Delivery:
        while True:
            try:
                (message,) = await self._consumer.fetch(1, timeout=_WAIT)
            except _AWAY:
                await asyncio.sleep(_RETRY)
                continue
            event = decode(message.data)
            if event.topic in self._topics:
                identifier = str(message.metadata.sequence.stream)
                self._open[identifier] = message
                return Delivery(identifier, event)
            await message.ack()

    async def acknowledge(self, delivery: Delivery) -> None:
        await self._open.pop(delivery.id).ack()

    async def leave(self) -> None:
        for message in self._open.values():
            await message.nak()
        self._open.clear()
        with suppress(*_AWAY):
            await self._consumer.unsubscribe()
