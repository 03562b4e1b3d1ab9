"""Message services as a server has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.binding.errors import Fault
from patternproof.binding.frames import made, read, told
from patternproof.binding.hosting.errors_told import Teller
from patternproof.binding.hosting.host import Host
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import service_interface as messages
from patternproof.binding.messages.common import TimedOut, Troubled
from patternproof.flavour import resolved
from patternproof.ports import Unsupported
from patternproof.ports.service_interface import ServiceTimeoutError

if TYPE_CHECKING:
    from patternproof.binding.world import World


class ServedTransport:
    """The kit's transport.

    Args:
        world: tells the kit of its calls.
        identifier: the transport's.
    """

    def __init__(self, world: World, identifier: str) -> None:
        self.send = world.function(identifier, "send", sent=told)
        self.receive = world.function(identifier, "receive", result=partial(read, kind=messages.Frame))


class ServiceInterfaceHost(Host):
    """A message service."""

    plain = messages.PLAIN

    def __init__(self, world: World, made: Any, *_: Any) -> None:
        super().__init__(world, made)
        self._teller = Teller(world.errors)
        self._subscriptions: dict[str, Any] = {}
        self._handlers: list[Any] = []

    @staticmethod
    def arguments(world: World, message: messages.MakeService) -> tuple[Any, ...]:
        return (ServedTransport(world, message.transport),)

    def method(self, message: Any) -> Callable[[], Any]:
        match message:
            case messages.SendMessage():
                return self.flavoured(partial(self._send, message))
            case messages.ReceiveMessages(call=call):
                return self.flavoured(partial(self._subscribe, call))
            case messages.ReceiveMessage(subscription=name):
                if name not in self._subscriptions:
                    raise Fault(404, "unknown", "no such subscription", f"no call {name!r} has subscribed")
                return self.flavoured(partial(self._receive, self._subscriptions[name]))
            case messages.RegisterHandler(handler=handler):
                return self.flavoured(partial(self._register, self.world.function(handler, sent=told)))
        return partial(self.made.unregister_handler, self._handler(message.handler))

    async def _send(self, message: messages.SendMessage) -> Any:
        given = {"timeout": message.timeout, "idempotency_key": message.idempotency_key}
        options = {name: value for name, value in given.items() if value is not None}
        try:
            called = self.made.send_message(made(message.message), **options)
        except TypeError as error:
            raise Unsupported(", ".join(options)) from error
        return told(await resolved(called))

    async def _subscribe(self, call: str) -> None:
        self._subscriptions[call] = await resolved(self.made.receive_messages())

    @staticmethod
    async def _receive(subscription: Any) -> Any:
        return told(await resolved(subscription.receive()))

    async def _register(self, handler: Callable[..., Any]) -> str:
        given = await resolved(self.made.register_handler(handler))
        self._handlers.append(given)
        return f"h{self._handlers.index(given) + 1}"

    def _handler(self, name: str) -> Any:
        names = [f"h{number + 1}" for number in range(len(self._handlers))]
        if name not in names:
            raise Fault(404, "unknown", "no such handler", f"no handler {name!r} was registered")
        return self._handlers[names.index(name)]

    def outcome(self, error: BaseException) -> Outcome | None:
        if isinstance(error, ServiceTimeoutError):
            return TimedOut()
        return Troubled(errors=self._teller.told(error)) if isinstance(error, Exception) else None
