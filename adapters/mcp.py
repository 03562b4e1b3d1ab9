"""The MCP SDK's JSON-RPC dispatcher, sending only.

A dispatcher has one function for all requests of its peer in place of handlers that come and go, so that handlers, subscriptions
and keys are not offered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
from mcp.shared.exceptions import MCPError
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.message import SessionMessage
from mcp_types import REQUEST_TIMEOUT, ErrorData, JSONRPCError, JSONRPCRequest, JSONRPCResponse

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
    Transport,
    TransportError,
)

RUNTIME = "asyncio"
ADAPTS = {"mcp"}
FAULT = -32050
"""The code of an error of the application's own; the SDK has some of its own from -32000 on."""


class Reading:
    """The stream that a dispatcher reads; it ends with the transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def __aenter__(self) -> Reading:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing is open."""

    def __aiter__(self) -> Reading:
        return self

    async def __anext__(self) -> SessionMessage:
        while True:
            try:
                frame = await self._transport.receive()
            except TransportError:
                raise StopAsyncIteration from None
            if isinstance(frame, Reply):
                return SessionMessage(_answer(frame))


class Writing:
    """The stream that a dispatcher writes to; a transport that fails breaks it, as those of the SDK do."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def __aenter__(self) -> Writing:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Nothing is open."""

    async def send(self, item: SessionMessage) -> None:
        if isinstance(item.message, JSONRPCRequest):
            params = item.message.params or {}
            try:
                await self._transport.send(Request(item.message.id, Message(params["id"], params["body"])))
            except TransportError as error:
                raise anyio.BrokenResourceError from error


class Service:
    """The port over a dispatcher."""

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher

    async def send_message(self, message: Message, timeout: float | None = None) -> Response:
        params = {"id": message.id, "body": message.body}
        try:
            result = await self._dispatcher.send_raw_request("message", params, None if timeout is None else {"timeout": timeout})
        except MCPError as error:
            raise _translated(error, message) from error
        return Response(**result)

    async def receive_messages(self) -> Any:
        raise Unsupported("receive_messages")

    async def register_handler(self, handler: Any) -> Any:
        raise Unsupported("register_handler")

    async def unregister_handler(self, handler_id: Any) -> None:
        raise Unsupported("unregister_handler")


def _translated(error: MCPError, message: Message) -> ServiceError:
    if error.error.code == REQUEST_TIMEOUT:
        return ServiceTimeoutError(ErrorKind.DEPENDENCY_ERROR, f"{message.id} was not answered in time")
    kind = ErrorKind(error.error.data) if error.error.code == FAULT else ErrorKind.DEPENDENCY_ERROR
    return ServiceError(kind, error.error.message)


def _answer(frame: Reply) -> JSONRPCResponse | JSONRPCError:
    outcome = frame.outcome
    if isinstance(outcome, Fault):
        error = ErrorData(code=FAULT, message=outcome.message, data=str(outcome.kind))
        return JSONRPCError(jsonrpc="2.0", id=frame.id, error=error)
    result = {} if outcome is None else {"request": outcome.request, "body": outcome.body}
    return JSONRPCResponse(jsonrpc="2.0", id=frame.id, result=result)


async def _refuse(*arguments: Any) -> dict[str, Any]:
    return {}


async def _ignore(*arguments: Any) -> None:
    """Notices of the peer are nothing that the port knows."""


async def service_interface(dependency: Transport) -> AsyncIterator[Service]:
    dispatcher: Any = JSONRPCDispatcher(Reading(dependency), Writing(dependency))  # type: ignore[arg-type]  # as far as they are used
    running = asyncio.create_task(dispatcher.run(_refuse, _ignore))
    await asyncio.sleep(0)  # so that it can be sent
    yield Service(dispatcher)
    running.cancel()
