"""The messages of event buses."""

from __future__ import annotations

from typing import Any

from msgspec import field

from patternproof.binding.messages.common import Id, Message
from patternproof.binding.messages.settings import message_of
from patternproof.ports.event_bus import EventBusSettings, Topic

Settings: Any = message_of(EventBusSettings, ("namespace",))


class BusEvent(Message):
    """An event. The bus gets it as an object of its language; whatever it hands out comes back as this, unchanged."""

    topic: Topic
    body: str
    """JSON of its fields; text, so that no number in it is changed on the way."""


class MakeBus(Message, tag_field="pattern", tag="event_bus"):
    """Make an event bus."""

    instance: Id
    settings: Settings = field(default_factory=Settings)


class Publish(Message, tag_field="method", tag="event_bus.publish"):
    """Publish an event; ends once the bus has accepted it."""

    call: Id
    event: BusEvent


class Subscribe(Message, tag_field="method", tag="event_bus.subscribe"):
    """Subscribe to topics, to receive. Returns ``{"scope": true}`` where the subscription is a scope too; it goes by this id."""

    call: Id
    topics: list[Topic]


class Handle(Message, tag_field="method", tag="event_bus.handle"):
    """Subscribe to topics with a handler, a function that is run with each event. Returns as ``event_bus.subscribe`` does."""

    call: Id
    topics: list[Topic]
    handler: Id


class Receive(Message, tag_field="method", tag="event_bus.receive"):
    """Receive the next event of a subscription, and return it."""

    call: Id
    subscription: Id


class ReadDropped(Message, tag_field="method", tag="event_bus.dropped"):
    """Read how many events a subscription has dropped. Ends at once."""

    call: Id
    subscription: Id


class Unsubscribe(Message, tag_field="method", tag="event_bus.unsubscribe"):
    """End a subscription."""

    call: Id
    subscription: Id


class LeaveSubscription(Message, tag_field="method", tag="event_bus.leave"):
    """Enter the scope of a subscription and leave it, which ends the subscription."""

    call: Id
    subscription: Id


class AddErrorListener(Message, tag_field="method", tag="event_bus.add_error_listener"):
    """Have a listener told of the error of each handler that fails, as an outcome. Ends at once."""

    call: Id
    listener: Id


class SendOverWire(Message, tag_field="method", tag="event_bus.encode"):
    """Encode an event in the format of the bus, decode that, and return what comes of it. Ends at once."""

    call: Id
    event: BusEvent


class CloseBus(Message, tag_field="method", tag="event_bus.close"):
    """Close the bus."""

    call: Id


Make = MakeBus
CALLS = (
    Publish,
    Subscribe,
    Handle,
    Receive,
    ReadDropped,
    Unsubscribe,
    LeaveSubscription,
    AddErrorListener,
    SendOverWire,
    CloseBus,
)
PLAIN = (ReadDropped, AddErrorListener, SendOverWire)
"""Those that end at once."""
MEMBERS = ("subscribe", "handle", "add_error_listener", "close", "encode")
"""Methods that not every bus has."""
LEFT_OUT = ("decode", "resume", "stop_broker", "start_broker")
"""Members of the port that the binding has no message for: decoding goes with encoding, the others take several processes."""
