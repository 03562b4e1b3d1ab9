"""The double of an event bus."""

from __future__ import annotations

from typing import Self

from patternproof.reference.event_bus import EventBus

from patternproof.ports.event_bus import (
    ErrorListener,
    Event,
    EventBusSettings,
    Handler,
    Subscription,
    SubscriptionClosedError,
    Topic,
    decode,
    encode,
)

from .script import Script


class SubscriptionDouble:
    """A subscription that its bus's script is about."""

    def __init__(self, subscription: Subscription, script: Script) -> None:
        self._subscription = subscription
        self._script = script

    @property
    def dropped(self) -> int:
        return self._subscription.dropped

    async def receive(self) -> Event:
        await self._script.play("receive")
        return await self._subscription.receive()

    async def unsubscribe(self) -> None:
        await self._script.play("unsubscribe")
        await self._subscription.unsubscribe()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self.receive()
        except SubscriptionClosedError:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.unsubscribe()


class EventBusDouble:
    """An event bus that can be scripted, its subscriptions included.

    Args:
        settings: None: the defaults.
    """

    encode = staticmethod(encode)
    decode = staticmethod(decode)

    def __init__(self, settings: EventBusSettings | None = None) -> None:
        self.script = Script("publish", "subscribe", "handle", "receive", "unsubscribe", "close")
        self._bus = EventBus(settings or EventBusSettings())

    async def publish(self, event: Event) -> None:
        await self.script.play("publish", event=event)
        await self._bus.publish(event)

    async def subscribe(self, *topics: Topic) -> SubscriptionDouble:
        await self.script.play("subscribe", topics=topics)
        return SubscriptionDouble(await self._bus.subscribe(*topics), self.script)

    async def handle(self, topics: tuple[Topic, ...], handler: Handler) -> SubscriptionDouble:
        await self.script.play("handle", topics=topics)
        return SubscriptionDouble(await self._bus.handle(topics, handler), self.script)

    def add_error_listener(self, listener: ErrorListener) -> None:
        self._bus.add_error_listener(listener)

    async def close(self) -> None:
        await self.script.play("close")
        await self._bus.close()
