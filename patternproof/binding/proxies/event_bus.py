"""Event buses behind a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

from patternproof.binding.messages import Outcome
from patternproof.binding.messages import event_bus as messages
from patternproof.binding.messages.common import ClosedThere, EventsDropped
from patternproof.binding.proxies.proxy import Proxy, settings_as, with_members
from patternproof.drivers.remote import Remote
from patternproof.ports.event_bus import (
    BusClosedError,
    Event,
    EventBusSettings,
    Overflowed,
    SubscriptionClosedError,
    Topic,
    decode,
    encode,
)


class RemoteSubscription(Proxy):
    """A subscription over there."""

    def __init__(self, driver: Remote, instance: str, identifier: str) -> None:
        super().__init__(driver, instance)
        self._identifier = identifier

    async def receive(self) -> Any:
        return _event(await self._follow(messages.Receive, subscription=self._identifier))

    @property
    def dropped(self) -> Any:
        return self._plainly(messages.ReadDropped, subscription=self._identifier)

    async def unsubscribe(self) -> None:
        await self._follow(messages.Unsubscribe, subscription=self._identifier)

    def _delivered(self, outcome: Outcome) -> Any:
        match outcome:
            case ClosedThere():
                raise SubscriptionClosedError("over there")
            case EventsDropped(dropped=dropped):
                raise Overflowed(dropped)
        return super()._delivered(outcome)


class RemoteScope(RemoteSubscription):
    """One that is a scope as well."""

    async def __aenter__(self) -> RemoteScope:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._follow(messages.LeaveSubscription, subscription=self._identifier)


class RemoteBus(Proxy):
    """A bus over there."""

    async def publish(self, event: Event) -> None:
        await self._follow(messages.Publish, event=_message(event))

    async def _subscribed(self, message: Callable[..., Any], **values: Any) -> RemoteSubscription:
        call = self._driver.number("c")
        said = await self._follow(message, call=call, **values)
        kind = RemoteScope if isinstance(said, dict) and said.get("scope") else RemoteSubscription
        return kind(self._driver, self._instance, call)

    def _delivered(self, outcome: Outcome) -> Any:
        if isinstance(outcome, ClosedThere):
            raise BusClosedError("over there")
        return super()._delivered(outcome)


class Pulling(RemoteBus):
    """One whose subscribers fetch their events."""

    async def subscribe(self, *topics: Topic) -> RemoteSubscription:
        return await self._subscribed(messages.Subscribe, topics=[*topics])


class Pushing(RemoteBus):
    """One that calls its subscribers."""

    async def handle(self, topics: tuple[Topic, ...], handler: Callable[[Any], Awaitable[None]]) -> RemoteSubscription:
        async def handled(told: Any) -> None:
            await handler(_event(told))

        return await self._subscribed(messages.Handle, topics=[*topics], handler=self._driver.give(handled))


class Reporting(RemoteBus):
    """One that tells of the errors of handlers."""

    def add_error_listener(self, listener: Callable[[BaseException], Any]) -> None:
        self._plainly(messages.AddErrorListener, listener=self._driver.listen(partial(self._hear_error, listener)))


class Closing(RemoteBus):
    """One that can be closed."""

    async def close(self) -> None:
        await self._follow(messages.CloseBus)


class Wiring(RemoteBus):
    """One with a wire format of its own: what is encoded there is decoded at once."""

    def encode(self, event: Event) -> Any:
        return self._plainly(messages.SendOverWire, event=_message(event))

    def decode(self, told: Any) -> Any:
        return _event(told)


MEMBERS = {"subscribe": Pulling, "handle": Pushing, "add_error_listener": Reporting, "close": Closing, "encode": Wiring}


def _message(event: Event) -> messages.BusEvent:
    return messages.BusEvent(topic=event.topic, body=encode(event).decode())


def _event(told: Any) -> Any:
    """The event that came back; anything else as it is."""
    return decode(told["body"].encode()) if isinstance(told, dict) and isinstance(told.get("body"), str) else told


def make(driver: Remote, settings: EventBusSettings) -> Iterator[RemoteBus]:
    """As an adapter's factory.

    Raises:
        Unsupported: it does not have one of the settings.
    """
    made = driver.make(messages.Make, settings=settings_as(messages.Settings, settings))
    kind = with_members(RemoteBus, tuple(MEMBERS[name] for name in MEMBERS if name in made.members))
    yield kind(driver, made.instance)
    driver.remove(made.instance)
