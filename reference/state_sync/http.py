"""A store over HTTP: server and client.

One exchange a connection: POST of a request, answered with a reply (RFC 9112). Nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, IncompleteRead, RemoteDisconnected, responses
from typing import Any
from urllib.parse import urlsplit

from patternproof.ports.state_sync import StoreError

from .sql import SqlStore
from .store import StoreUnreachableError

PATH = "/state_sync"
OK, UNAVAILABLE = 200, 503
PATIENCE = 10.0
"""Seconds that a store has to answer."""


class HttpStore:
    """A store at the other end of HTTP. It is first asked by the first sync: until then it may be away.

    Args:
        address: ``http://host:port``.

    Raises:
        StoreError: the address cannot be read.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        try:
            parts = urlsplit(address)
            self._place = (parts.hostname or "", parts.port)
        except ValueError as error:
            raise StoreError(f"the store's address {address!r} cannot be read: {error}") from error
        if not self._place[0]:
            raise StoreError(f"expected a store at http://host:port, got {address!r}")

    def __repr__(self) -> str:
        return f"<HttpStore {self.address}>"

    def receive(self, request: bytes) -> bytes:
        """Have a request answered.

        Raises:
            StoreUnreachableError: nothing answers there; whether the request was taken in cannot be told.
            StoreError: what answers is no store.
        """
        return self._exchanged("POST", request)

    def contents(self) -> Any:
        """Every key with its value."""
        answer = self._exchanged("GET", b"")
        try:
            return json.loads(answer)
        except ValueError as error:
            raise StoreError(f"expected a store at {self.address}, seen {answer[:40]!r}: is the address right?") from error

    def _exchanged(self, method: str, body: bytes) -> bytes:
        connection = HTTPConnection(*self._place, timeout=PATIENCE)
        try:
            connection.request(method, PATH, body)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, RemoteDisconnected, IncompleteRead) as error:
            raise StoreUnreachableError(f"the store at {self.address} cannot be reached: {error}") from error
        except HTTPException as error:
            raise StoreError(f"expected HTTP from the store at {self.address}, seen {error!r}: is the address right?") from error
        finally:
            connection.close()
        if response.status == UNAVAILABLE:
            raise StoreUnreachableError(f"the store at {self.address} cannot be used: {answer.decode(errors='replace')}")
        if response.status != OK:
            raise StoreError(f"expected a store at {self.address}, seen status {response.status}: is the address right?")
        return answer


async def serve(store: SqlStore, host: str, port: int) -> None:
    """Serve a store until cancelled; prints the address once it listens."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, body = _answered(store, *await _read(reader))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            status, body = 400, f"expected a request in HTTP: {error}".encode()
        head = f"HTTP/1.1 {status} {responses[status]}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        with suppress(ConnectionError):  # who asked has gone
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, host, port)
    print(f"http://{host}:{server.sockets[0].getsockname()[1]}", flush=True)  # noqa: T201  # whoever started it waits for the line
    async with server:
        await server.serve_forever()


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, *_ = head[0].split(" ")
    lengths = [line.partition(":")[2] for line in head[1:] if line.lower().startswith("content-length:")]
    return method, path, await reader.readexactly(int(lengths[0]) if lengths else 0)


def _answered(store: SqlStore, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    if path != PATH:
        return 404, b""
    try:
        if method == "GET":
            return OK, json.dumps(store.contents()).encode()
        return OK, store.receive(body)
    except StoreError as error:
        return UNAVAILABLE, str(error).encode()


if __name__ == "__main__":
    asyncio.run(serve(SqlStore(sys.argv[1]), "127.0.0.1", int(sys.argv[2])))
