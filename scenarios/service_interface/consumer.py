"""A consumer that knows the interface alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patternproof.flavour import resolved
from patternproof.ports.service_interface import Message, Response, ServiceError

from .events import Answer, HandlerEnds, PeerSends, Receive, Register, Send, Subscribe
from .samples import Samples
from .structure import demand

COMMANDS = (0, 1, 2)
SPECIAL = 1
UNKNOWN = 3
"""The command that the peer knows nothing of."""
NEWS = (0, 1)
CONSUMED: tuple[tuple[Any, ...], ...] = (
    (Register(0),),
    (Subscribe(0),),
    *((event,) for number in COMMANDS for event in (Send(number, "special" if number == SPECIAL else ""), Answer(number))),
    (Send(UNKNOWN),),
    (Answer(UNKNOWN, "fault"),),
    tuple(map(PeerSends, NEWS)),
    *((event,) for event in (Receive(0), HandlerEnds(0)) * len(NEWS)),
)
"""What the consumer makes happen, as events."""


class CoreComponent:
    """As the pattern document's: a handler of its own, commands that it sends, and messages that it reads.

    Args:
        service: any implementation.
        samples: what the messages look like.
        plain: whether handlers are plain functions.
    """

    def __init__(self, service: Any, samples: Samples, plain: bool) -> None:
        self.state: list[Any] = []
        """What its handler was told."""
        self.results: list[Any] = []
        self._service, self._samples = service, samples
        self._handler = self.state.append if plain else self._handle

    async def _handle(self, message: Message) -> None:
        self.state.append(message)

    async def run(self, news: Callable[[int], None]) -> None:
        """Do its work; `news` has the peer send a message.

        Raises:
            Unsupported: the service cannot be called as the interface says.
        """
        for name, count in (("register_handler", 1), ("receive_messages", 0), ("send_message", 1)):
            demand(self._service, name, count)
        await resolved(self._service.register_handler(self._handler))
        subscription = await resolved(self._service.receive_messages())
        for number in COMMANDS:
            response = await resolved(self._service.send_message(self._samples.request(number, number == SPECIAL)))
            self.results.append(("answered", response.request, response.body))
        try:
            await resolved(self._service.send_message(self._samples.request(UNKNOWN)))
        except ServiceError as error:
            self.results.append(("failed", str(error.kind)))
        for number in NEWS:
            news(number)
            message = await resolved(subscription.receive())
            self.results.append(("received", message.id, message.body))

    def told(self) -> list[Any]:
        """All that it was given, once all has settled."""
        return [*self.results, *(("heard", message.id, message.body) for message in self.state)]


class Double:
    """A test double: answers by itself, without a transport.

    Args:
        samples: what the messages look like.
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._handlers: dict[int, Any] = {}
        self._waiting: list[Message] = []
        self._news: list[Message] = []

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        number = self._samples.number_of(message.id)
        if number is None or number == UNKNOWN:
            fault = self._samples.fault(UNKNOWN)
            raise ServiceError(fault.kind, fault.message)
        return self._samples.response(number)

    def news(self, number: int) -> None:
        """Have a message come."""
        self._news.append(self._samples.incoming(number))

    async def receive_messages(self) -> Double:
        return self

    async def receive(self) -> Message:
        """The next message, which handlers hear, too."""
        message = self._news.pop(0)
        for handler in [*self._handlers.values()]:
            await resolved(handler(message))
        return message

    async def register_handler(self, handler: Any) -> int:
        self._handlers[len(self._handlers)] = handler
        return len(self._handlers) - 1

    async def unregister_handler(self, handler_id: int) -> None:
        del self._handlers[handler_id]
