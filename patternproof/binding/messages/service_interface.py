"""The messages of message services."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from patternproof.binding.messages.common import Id, Message
from patternproof.ports.service_interface import ErrorKind

Body = str
"""JSON; text, so that no number in it is changed on the way."""


class SentMessage(Message):
    """A message, either way."""

    id: Annotated[str, Meta(min_length=1)]
    body: Body


class GivenResponse(Message):
    """What a message was answered with."""

    request: str
    body: Body


class GivenFault(Message):
    """What a message was answered with that could not be dealt with."""

    kind: ErrorKind
    message: str


class RequestFrame(Message, tag_field="frame", tag="request"):
    """A message on the wire."""

    id: int | str
    message: SentMessage


class ReplyFrame(Message, tag_field="frame", tag="reply"):
    """The answer to a request on the wire; with neither of the two, all is well and there is nothing to say."""

    id: int | str
    response: GivenResponse | None = None
    fault: GivenFault | None = None


Frame = RequestFrame | ReplyFrame


class MakeService(Message, tag_field="pattern", tag="service_interface"):
    """Make a message service over a transport of the kit's.

    The transport's methods ``send(frame)`` and ``receive()`` are functions of its id. What passes is a ``RequestFrame`` or a
    ``ReplyFrame``; an error of kind ``transport`` says that the frame was not handed over, or that the peer is lost for good.
    """

    instance: Id
    transport: Id


class SendMessage(Message, tag_field="method", tag="service_interface.send_message"):
    """Send a message, and wait for its response. Returns a ``GivenResponse``, or is ``timed_out`` or ``troubled``."""

    call: Id
    message: SentMessage
    timeout: Annotated[float, Meta(gt=0)] | None = None
    idempotency_key: str | None = None


class ReceiveMessages(Message, tag_field="method", tag="service_interface.receive_messages"):
    """Subscribe to the messages of the peer; the subscription goes by the id of this call."""

    call: Id


class ReceiveMessage(Message, tag_field="method", tag="service_interface.receive"):
    """Receive the next message of a subscription. Returns a ``SentMessage``."""

    call: Id
    subscription: Id


class RegisterHandler(Message, tag_field="method", tag="service_interface.register_handler"):
    """Register a handler, a function that is run with each message. Returns a name, another one for every id that differs."""

    call: Id
    handler: Id


class UnregisterHandler(Message, tag_field="method", tag="service_interface.unregister_handler"):
    """Take a handler back, by the name that was returned for it."""

    call: Id
    handler: str


Make = MakeService
CALLS = (SendMessage, ReceiveMessages, ReceiveMessage, RegisterHandler, UnregisterHandler)
PLAIN = ()
"""Those that end at once."""
MEMBERS: tuple[Literal["receive_messages", "register_handler", "unregister_handler"], ...] = (
    "receive_messages",
    "register_handler",
    "unregister_handler",
)
"""Methods that not every service has."""
