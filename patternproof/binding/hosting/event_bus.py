"""Event buses as a server has them."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from patternproof.binding.errors import Fault
from patternproof.binding.hosting.host import Host
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import event_bus as messages
from patternproof.binding.messages.common import ClosedThere, EventsDropped
from patternproof.binding.messages.settings import settings_of
from patternproof.flavour import resolved
from patternproof.history import shown
from patternproof.ports.event_bus import (
    BusClosedError,
    Event,
    EventBusSettings,
    Overflowed,
    SubscriptionClosedError,
    decode,
    encode,
)

if TYPE_CHECKING:
    from patternproof.binding.world import World

_namespaces = count(1)


class EventBusHost(Host):
    """An event bus."""

    plain = messages.PLAIN

    def __init__(self, world: World, made: Any, *_: Any) -> None:
        super().__init__(world, made)
        self._subscriptions: dict[str, Any] = {}

    @staticmethod
    def arguments(world: World, message: messages.MakeBus) -> tuple[Any, ...]:
        namespace = f"patternproof-served-{os.getpid()}-{next(_namespaces)}"
        return (settings_of(EventBusSettings, message.settings, namespace=namespace),)

    def method(self, message: Any) -> Callable[[], Any]:
        match message:
            case messages.Publish(event=event):
                return partial(self.made.publish, _event(event))
            case messages.Subscribe(call=call, topics=topics):
                return self.flavoured(partial(self._subscribe, call, partial(self.made.subscribe, *topics)))
            case messages.Handle(call=call, topics=topics, handler=handler):
                function = self.world.function(handler, sent=_told)
                return self.flavoured(partial(self._subscribe, call, partial(self.made.handle, tuple(topics), function)))
            case messages.AddErrorListener(listener=listener):
                return lambda: self.made.add_error_listener(partial(self.hear_errors, listener)) and None
            case messages.SendOverWire(event=event):
                return lambda: _told(self.made.decode(self.made.encode(_event(event))))
            case messages.CloseBus():
                return self.made.close  # type: ignore[no-any-return]  # of the implementation
        return self._of_subscription(message)

    def _of_subscription(self, message: Any) -> Callable[[], Any]:
        subscription = self._subscriptions.get(message.subscription)
        if subscription is None:
            raise Fault(404, "unknown", "no such subscription", f"no call {message.subscription!r} has subscribed")
        match message:
            case messages.Receive():
                return self.flavoured(partial(self._receive, subscription))
            case messages.ReadDropped():
                return lambda: subscription.dropped
            case messages.LeaveSubscription():
                return self.flavoured(partial(_leave, subscription))
        return subscription.unsubscribe  # type: ignore[no-any-return]  # of the implementation

    async def _subscribe(self, call: str, subscribe: Callable[[], Any]) -> dict[str, bool]:
        subscription = self._subscriptions[call] = await resolved(subscribe())
        return {"scope": hasattr(type(subscription), "__exit__" if self.world.threads else "__aexit__")}

    @staticmethod
    async def _receive(subscription: Any) -> Any:
        return _told(await resolved(subscription.receive()))

    def outcome(self, error: BaseException) -> Outcome | None:
        if isinstance(error, Overflowed):
            return EventsDropped(dropped=error.dropped)
        closed = isinstance(error, BusClosedError | SubscriptionClosedError | StopAsyncIteration)
        return ClosedThere() if closed else None


def _event(message: messages.BusEvent) -> Event:
    """The event of a message.

    Raises:
        Fault: it is none.
    """
    try:
        return decode(message.body.encode())
    except ValueError as error:
        raise Fault(422, "invalid", "no event", str(error)) from error


def _told(event: Any) -> Any:
    """The message of an event that the bus has handed out; of anything else its repr."""
    if not isinstance(event, Event):
        return {"repr": shown(event)}
    return {"topic": event.topic.value, "body": encode(event).decode()}


async def _leave(subscription: Any) -> None:
    if hasattr(subscription, "__aexit__"):
        async with subscription:
            pass
    else:
        with subscription:
            pass
