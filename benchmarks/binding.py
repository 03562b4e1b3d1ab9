"""The binding's server beside a bare endpoint of its framework."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, Request, Response, post

from patternproof.adapter import load
from patternproof.binding.exchange import Connection
from patternproof.binding.messages import Answer
from patternproof.binding.messages.circuit_breaker import ReadState
from patternproof.binding.server import application
from patternproof.binding.world import MOST_CALLS

from .contest import Contest, Peer

ADAPTER = "patternproof.reference.adapters.in_memory"
CALLS = 400
SHARE = 1 / 0.8
"""Of the bare endpoint's calls in a second, four fifths."""
LONGEST = 10.0
PATH = "/instances/i1/calls"


def contests() -> Iterator[Contest]:
    """Both servers run in this process, each with a thread of its own; the client costs both the same."""
    with _listening(application(load(ADAPTER))) as ours, _listening(_bare()) as theirs:
        reader, bare = Reader(ours), Reader(theirs)
        yield Contest("a state read through the binding", reader, CALLS, 7, {"litestar on granian, bare": Peer(bare, SHARE)})


class Reader:
    """Reads a state so many times; a contest's work.

    Args:
        connection: to a server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._calls = MOST_CALLS

    def __call__(self, times: int) -> None:
        for _ in range(times):
            if self._calls >= MOST_CALLS:
                self._begin()
            self._calls += 1
            reply = self._connection.exchange("POST", PATH, b'{"method":"circuit_breaker.state","call":"c%d"}' % self._calls)
            assert reply.status == 201, reply

    def _begin(self) -> None:
        self._connection.exchange("DELETE", "/instances/i1", None)
        self._connection.exchange("POST", "/instances", b'{"pattern":"circuit_breaker","instance":"i1"}')
        self._calls = 0


def _bare() -> Litestar:
    """An application that decodes a message and answers with another."""
    decode, encode = msgspec.json.Decoder(ReadState).decode, msgspec.json.Encoder().encode

    @post(PATH, status_code=201)
    async def read(request: Request[Any, Any, Any]) -> Response[bytes]:
        decode(await request.body())
        return Response(encode(Answer()), media_type="application/json")

    return Litestar([read], openapi_config=None)


@contextmanager
def _listening(served: Litestar) -> Iterator[Connection]:
    """A connection to an application that a thread of this process serves."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    logging.getLogger("_granian").setLevel(logging.CRITICAL)
    servers: list[Server] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        servers.append(Server(served, "127.0.0.1", port, interface=Interfaces.ASGI, websockets=False, log_enabled=False))
        loops.append(asyncio.get_running_loop())
        await servers[0].serve()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    connection = Connection("127.0.0.1", port, LONGEST)
    try:
        _await_answer(connection)
        yield connection
    finally:
        connection.close()
        loops[0].call_soon_threadsafe(servers[0].stop)
        thread.join(LONGEST)


def _await_answer(connection: Connection) -> None:
    while True:
        try:
            connection.exchange("GET", "/nothing", None)
        except OSError:
            connection.close()
        else:
            return
