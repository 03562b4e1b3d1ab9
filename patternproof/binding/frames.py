"""Messages and frames of message services, as they pass."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from patternproof.binding.messages import service_interface as messages
from patternproof.binding.values import plain
from patternproof.history import shown
from patternproof.ports.service_interface import Fault, Message, Reply, Request, Response


def told(value: Any) -> Any:
    """The JSON of a message, a response or a frame; of anything else its repr."""
    try:
        return msgspec.to_builtins(_message(value))
    except (TypeError, ValueError, msgspec.ValidationError):
        return {"repr": shown(value)}


def _message(value: Any) -> Any:
    match value:
        case Message(id, body):
            return messages.SentMessage(id=id, body=_body(body))
        case Response(request, body):
            return messages.GivenResponse(request=request, body=_body(body))
        case Request(id, Message() as message):
            return messages.RequestFrame(id=id, message=_message(message))
        case Reply(id, Response() as response):
            return messages.ReplyFrame(id=id, response=_message(response))
        case Reply(id, Fault(kind, message)):
            return messages.ReplyFrame(id=id, fault=messages.GivenFault(kind=kind, message=message))
        case Reply(id, None):
            return messages.ReplyFrame(id=id)
    raise TypeError(f"no message: {shown(value)}")


def _body(body: Any) -> str:
    return json.dumps(plain(body))


def made(message: Any) -> Any:
    """What a message of the binding stands for.

    Raises:
        ValueError: the body is nothing that a message can hold.
    """
    match message:
        case messages.SentMessage(id=id, body=body):
            return Message(id, json.loads(body))
        case messages.GivenResponse(request=request, body=body):
            return Response(request, json.loads(body))
        case messages.RequestFrame(id=id, message=inner):
            return Request(id, made(inner))
        case messages.ReplyFrame(id=id, response=messages.GivenResponse() as response):
            return Reply(id, made(response))
        case messages.ReplyFrame(id=id, fault=messages.GivenFault(kind=kind, message=text)):
            return Reply(id, Fault(kind, text))
    return Reply(message.id)


def read(value: Any, kind: Any) -> Any:
    """What JSON stands for that is to be of a kind; where it is not, it as it is."""
    try:
        return made(msgspec.convert(value, kind))
    except (ValueError, msgspec.ValidationError):
        return value
