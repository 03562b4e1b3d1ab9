"""A bus's log as a stream of NATS JetStream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar
from uuid import uuid4

from nats.aio.client import Client
from nats.errors import ConnectionClosedError, Error, MaxPayloadError, NoRespondersError, NoServersError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamConfig
from nats.js.errors import APIError, NoStreamResponseError, ServerError, ServiceUnavailableError

from patternproof.ports.event_bus import EventTooLargeError, Topic

from .asking import PATIENCE, RETRY, Asking, checked_address
from .broker_errors import BrokerError, BrokerProtocolError, BrokerUnreachableError
from .log import MOST_KEPT, WINDOW, Entry, Place, Position, checked_name
from .nats_place import NatsPlace

T = TypeVar("T")
_SCHEMES: Final = ("nats", "tls", "ws", "wss")
_ANSWER: Final = 2.0
"""Seconds that the server has to answer."""
_OPTIONS: Final[Any] = {
    "allow_reconnect": False,
    "max_reconnect_attempts": 1,
    "reconnect_time_wait": RETRY,
    "connect_timeout": _ANSWER,
}
_HEARTBEAT: Final = 2.0
"""Seconds without an entry after which the server says that it is still there; if it says so twice in a row not, it is not."""
_AWAY: Final = (
    asyncio.TimeoutError,
    OSError,
    ConnectionClosedError,
    NoServersError,
    NoRespondersError,
    NoStreamResponseError,
    ServiceUnavailableError,
    ServerError,
)
"""What is raised while a server is away, or has not yet found its streams again."""


class NatsLog:
    """A stream in which the events of each topic have a subject; it connects when it is first asked for anything.

    The client's own way to connect again would send what it had kept back before the readers elsewhere are there again. Here
    nothing is kept: a connection that ended is replaced by a new one when it is needed, and each question is asked anew.

    Args:
        url: of the server, as its clients take it.
        name: of the stream.
        patience: seconds that the server may be away before that is an error.

    Raises:
        BrokerAddressError: the URL is none of a NATS server.
        ValueError: the name is none for a stream.
    """

    def __init__(self, url: str, name: str, patience: float = PATIENCE) -> None:
        self._url = checked_address(url, _SCHEMES, "nats://localhost:4222")
        self._name = checked_name(name)
        self._asking = Asking(patience)
        self._connecting = asyncio.Lock()
        # Changed by `client` and `close` only.
        self._client: Client | None = None
        self._closed = False

    async def append(self, topic: Topic, data: bytes) -> None:
        # The server passes over what comes a second time under one id.
        headers = {"Nats-Msg-Id": uuid4().hex}
        try:
            await self._ask(lambda client: _stream(client).publish(f"{self._name}.{topic}", data, headers=headers))
        except MaxPayloadError as error:
            most = self._client.max_payload if self._client is not None else "fewer"
            raise EventTooLargeError(f"an event of {len(data)} bytes; the server takes {most} at most") from error

    async def end(self) -> Position:
        told = await self._ask(lambda client: _stream(client).stream_info(self._name))
        return int(told.state.last_seq)

    async def read(self, after: Position) -> AsyncIterator[Entry]:
        while True:
            with suppress(*_AWAY, BrokerError):
                async for entry in self._entries(after):
                    after = entry[0]
                    yield entry
            await asyncio.sleep(RETRY)

    async def _entries(self, after: Position) -> AsyncIterator[Entry]:
        """The entries as long as they come; what the client had to drop is missing in their numbers, and ends them."""
        client = await self.client()
        subscription = await client.subscribe(client.new_inbox())
        config = ConsumerConfig(
            deliver_subject=subscription.subject,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=after + 1,
            ack_policy=AckPolicy.NONE,
            idle_heartbeat=_HEARTBEAT,
        )
        await _stream(client).add_consumer(self._name, config)
        expected: Position | None = None
        while True:
            message = await subscription.next_msg(timeout=2 * _HEARTBEAT)
            if message.reply:  # a heartbeat has none
                position = int(message.metadata.sequence.stream)
                if expected not in (None, position):
                    return
                expected = position + 1
                yield position, message.data

    async def place(self, name: str) -> Place:
        config = ConsumerConfig(durable_name=checked_name(name), deliver_policy=DeliverPolicy.NEW, ack_policy=AckPolicy.EXPLICIT)
        await self._ask(lambda client: _stream(client).add_consumer(self._name, config))
        return NatsPlace(self._ask, self._name, name)

    async def _ask(self, question: Callable[[Client], Awaitable[T]]) -> T:
        async def asked() -> T:
            client = await self.client()
            try:
                return await question(client)
            except _AWAY as error:
                raise BrokerUnreachableError(f"{self._url} does not answer: {error!r}") from error
            except APIError as error:
                raise BrokerProtocolError(f"{self._url} refuses: {error}") from error

        return await self._asking.answered(asked)

    async def client(self) -> Client:
        """A client that is connected, and the stream there.

        Raises:
            BrokerUnreachableError: nobody answers.
            BrokerProtocolError: whoever answers does not speak NATS, or has no JetStream.
        """
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                if self._closed:
                    raise BrokerUnreachableError("the bus is closed")
                self._client = await self._connected()
            return self._client

    async def _connected(self) -> Client:
        client = Client()
        config = StreamConfig(name=self._name, subjects=[f"{self._name}.*"], max_msgs=MOST_KEPT, duplicate_window=WINDOW)
        try:
            await client.connect(self._url, error_cb=_unsaid, **_OPTIONS)
            await _stream(client).add_stream(config)
        except BaseException as error:
            await client.close()
            raise self._told(error) from error
        return client

    def _told(self, error: BaseException) -> BaseException:
        """What an error while connecting means."""
        match error:
            case NoRespondersError() | ServiceUnavailableError() if not self._asking.met:
                return BrokerProtocolError(f"{self._url} has no JetStream; start it with --jetstream")
            case _ if isinstance(error, _AWAY):
                return BrokerUnreachableError(f"nobody answers at {self._url} as a NATS server does: {error!r}")
            case Error() | ValueError():
                return BrokerProtocolError(f"whoever answers at {self._url} is no NATS server that a bus can use: {error}")
        return error

    async def close(self) -> None:
        """As in the port."""
        self._closed = True
        if self._client is not None:
            await self._client.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r} at {self._url}>"


def _stream(client: Client) -> Any:
    return client.jetstream(timeout=_ANSWER)


async def _unsaid(error: Exception) -> None:
    """Nothing: that the server is away is known to whoever asks it."""
