"""python-lsp-jsonrpc: an endpoint of the Python Language Server, sending only.

An endpoint has one function for each method in place of handlers that come and go, so that handlers, subscriptions and keys are
not offered.
"""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Thread
from typing import Any

from pylsp_jsonrpc.endpoint import Endpoint
from pylsp_jsonrpc.exceptions import JsonRpcException

from patternproof.ports import Unsupported
from patternproof.ports.service_interface import (
    ErrorKind,
    Fault,
    Message,
    Reply,
    Request,
    Response,
    ServiceError,
    ServiceTimeoutError,
    TransportError,
)

RUNTIME = "threads"
ADAPTS = {"python-lsp-jsonrpc"}
FAULT = -32000
"""The code of an error of the application's own."""


class Service:
    """The port over an endpoint; a thread carries what the transport gives to it, as its `JsonRpcStreamReader` does."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._endpoint = Endpoint({}, self._send)
        Thread(target=self._listen, daemon=True).start()

    def _send(self, frame: dict[str, Any]) -> None:
        if frame.get("method") == "message":
            self._transport.send(Request(frame["id"], Message(**frame["params"])))

    def _listen(self) -> None:
        try:
            while True:
                frame = self._transport.receive()
                if isinstance(frame, Reply):
                    self._endpoint.consume({"jsonrpc": "2.0", "id": frame.id, **_body(frame.outcome)})
        except TransportError:
            return  # the stream has ended, and so does listen()

    def send_message(self, message: Message, timeout: float | None = None) -> Response:
        try:
            result = self._endpoint.request("message", {"id": message.id, "body": message.body}).result(timeout)
        except FutureTimeoutError as error:
            raise ServiceTimeoutError(ErrorKind.DEPENDENCY_ERROR, f"{message.id} was not answered in time") from error
        except JsonRpcException as error:
            raise ServiceError(ErrorKind(error.data), error.message) from error
        except TransportError as error:
            raise ServiceError(ErrorKind.DEPENDENCY_ERROR, str(error)) from error
        return Response(**result)

    def receive_messages(self) -> Any:
        raise Unsupported("receive_messages")

    def register_handler(self, handler: Any) -> Any:
        raise Unsupported("register_handler")

    def unregister_handler(self, handler_id: Any) -> None:
        raise Unsupported("unregister_handler")


def _body(outcome: Response | Fault | None) -> dict[str, Any]:
    if isinstance(outcome, Fault):
        return {"error": {"code": FAULT, "message": outcome.message, "data": outcome.kind}}
    return {"result": None if outcome is None else {"request": outcome.request, "body": outcome.body}}


def service_interface(dependency: Any) -> Service:
    return Service(dependency)
