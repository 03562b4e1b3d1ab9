"""The double of a message service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any, Self

from patternproof.reference.service_interface import MessageService

from patternproof.ports.service_interface import (
    Fault,
    Frame,
    Handler,
    HandlerId,
    Message,
    Reply,
    Request,
    Response,
    Subscription,
    Transport,
)

from .script import Script


class Peer:
    """The other side of a message service, and the line to it.

    Args:
        answer: gives the body of the response to a message, or a `Fault`; by default the message's own body.
    """

    def __init__(self, answer: Callable[[Message], Any] = lambda message: message.body) -> None:
        self._answer = answer
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()
        self._ids = count(1)

    def say(self, message: Message) -> None:
        """Send a message to the service: to its handlers and subscriptions."""
        self._frames.put_nowait(Request(next(self._ids), message))

    async def send(self, frame: Frame) -> None:
        if isinstance(frame, Request):
            answer = self._answer(frame.message)
            outcome = answer if isinstance(answer, Fault) else Response(frame.message.id, answer)
            self._frames.put_nowait(Reply(frame.id, outcome))

    async def receive(self) -> Frame:
        return await self._frames.get()


class _Scripted:
    """A line that a script is about."""

    def __init__(self, transport: Transport, script: Script) -> None:
        self._transport = transport
        self._script = script

    async def send(self, frame: Frame) -> None:
        if isinstance(frame, Request):
            await self._script.play("send", message=frame.message)
        await self._transport.send(frame)

    async def receive(self) -> Frame:
        return await self._transport.receive()


class SubscriptionDouble:
    """A subscription that its service's script is about."""

    def __init__(self, subscription: Subscription, script: Script) -> None:
        self._subscription = subscription
        self._script = script

    async def receive(self) -> Message:
        await self._script.play("receive")
        return await self._subscription.receive()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        return await self.receive()


class MessageServiceDouble:
    """A message service that can be scripted, its subscriptions included; made inside a running loop.

    What is scripted for ``"send"`` happens on the line, as a message goes to the peer.

    Args:
        dependency: the line to the peer; None: to one that answers each message with the message's own body.
    """

    def __init__(self, dependency: Transport | None = None) -> None:
        self.script = Script("send_message", "receive_messages", "register_handler", "unregister_handler", "receive", "send")
        self._service = MessageService(_Scripted(dependency or Peer(), self.script))

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        await self.script.play("send_message", message=message, timeout=timeout, idempotency_key=idempotency_key)
        return await self._service.send_message(message, timeout, idempotency_key)

    async def receive_messages(self) -> SubscriptionDouble:
        await self.script.play("receive_messages")
        return SubscriptionDouble(await self._service.receive_messages(), self.script)

    async def register_handler(self, handler: Handler) -> HandlerId:
        await self.script.play("register_handler")
        return await self._service.register_handler(handler)

    async def unregister_handler(self, handler_id: HandlerId) -> None:
        await self.script.play("unregister_handler", handler_id=handler_id)
        await self._service.unregister_handler(handler_id)

    async def close(self) -> None:
        """End what runs beside the callers, handlers included."""
        await self._service.close()
