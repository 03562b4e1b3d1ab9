"""Message services behind a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

from patternproof.binding.frames import read, told
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import service_interface as messages
from patternproof.binding.messages.common import Known, TimedOut, Troubled
from patternproof.binding.proxies.errors_restored import restored
from patternproof.binding.proxies.proxy import Proxy, with_members
from patternproof.binding.tokens import AsItIs, RemoteFailure
from patternproof.drivers.remote import Remote
from patternproof.ports.service_interface import (
    ErrorKind,
    Handler,
    Message,
    Response,
    ServiceError,
    ServiceTimeoutError,
    Subscription,
    Transport,
)


class RemoteService(Proxy):
    """A service over there."""

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        given = await self._follow(messages.SendMessage, message=told(message), timeout=timeout, idempotency_key=idempotency_key)
        response: Response = read(given, messages.GivenResponse)
        return response

    def _delivered(self, outcome: Outcome) -> Any:
        match outcome:
            case TimedOut():
                raise ServiceTimeoutError(ErrorKind.DEPENDENCY_ERROR, "over there")
            case Troubled(errors=errors):
                raise restored(errors, self._driver.tokens, _error)
        return super()._delivered(outcome)


def _error(known: Known, text: str) -> Exception:
    """An error of a service over there; of a kind that there is none of it is any error."""
    if known.kind not in list(ErrorKind):
        return RemoteFailure("ServiceError", text)
    context = known.contexts[0]
    return ServiceError(known.kind, text, context.component, context.operation, context.resource, known.retryable)


class Subscribing(RemoteService):
    """One whose messages can be received."""

    async def receive_messages(self) -> Subscription:
        call = self._driver.number("c")
        await self._follow(messages.ReceiveMessages, call=call)
        return RemoteSubscription(self._driver, self._instance, call)


class RemoteSubscription(RemoteService):
    """A subscription over there."""

    def __init__(self, driver: Remote, instance: str, identifier: str) -> None:
        super().__init__(driver, instance)
        self._identifier = identifier

    async def __aiter__(self) -> AsyncIterator[Message]:
        while True:
            yield await self.receive()

    async def receive(self) -> Message:
        message: Message = read(await self._follow(messages.ReceiveMessage, subscription=self._identifier), messages.SentMessage)
        return message


class Registering(RemoteService):
    """One that takes handlers."""

    async def register_handler(self, handler: Handler) -> str:
        def heard(message: Any) -> Awaitable[object]:
            return handler(read(message, messages.SentMessage))

        return str(await self._follow(messages.RegisterHandler, handler=self._driver.give(heard)))


class Unregistering(RemoteService):
    """One that gives handlers back."""

    async def unregister_handler(self, handler_id: str) -> None:
        await self._follow(messages.UnregisterHandler, handler=handler_id)


MEMBERS = {"receive_messages": Subscribing, "register_handler": Registering, "unregister_handler": Unregistering}


class Line:
    """The kit's transport, as the server knows it.

    Args:
        driver: tells of it.
        transport: the kit's.
    """

    def __init__(self, driver: Remote, transport: Transport) -> None:
        self._transport = transport
        self.identifier = driver.give(self._send, driver.number("n"), "send")
        driver.give(self._receive, self.identifier, "receive")

    async def _send(self, frame: Any) -> None:
        await self._transport.send(read(frame, messages.Frame))

    async def _receive(self) -> AsItIs:
        return AsItIs(told(await self._transport.receive()))


def make(driver: Remote, dependency: Transport) -> Iterator[RemoteService]:
    """As an adapter's factory."""
    made = driver.make(messages.Make, transport=Line(driver, dependency).identifier)
    kind = with_members(RemoteService, tuple(MEMBERS[name] for name in MEMBERS if name in made.members))
    yield kind(driver, made.instance)
    driver.remove(made.instance)
