"""A store over HTTP: server and client.

One exchange a connection: POST of a request, answered with a reply (RFC 9112). Nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import sys
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from patternproof.ports.state_sync import StoreError

from .sql import SqlStore

PATH = "/state_sync"
PATIENCE = 10.0
"""Seconds that a store has to answer."""


class HttpStore:
    """A store at the other end of HTTP.

    Args:
        address: ``http://host:port``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._place = urlsplit(address).netloc

    def __repr__(self) -> str:
        return f"<HttpStore {self.address}>"

    def receive(self, request: bytes) -> bytes:
        """Have a request answered.

        Raises:
            StoreError: nothing answers there, or what does is no store.
        """
        return self._exchanged("POST", request)

    def contents(self) -> Any:
        """Every key with its value."""
        import json

        return json.loads(self._exchanged("GET", b""))

    def _exchanged(self, method: str, body: bytes) -> bytes:
        connection = HTTPConnection(self._place, timeout=PATIENCE)
        try:
            connection.request(method, PATH, body)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, HTTPException) as error:
            raise StoreError(f"the store at {self.address} cannot be reached: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise StoreError(f"expected a store at {self.address}, seen status {response.status}: is the address right?")
        return answer


async def serve(store: SqlStore, host: str, port: int) -> None:
    """Serve a store until cancelled; prints the address once it listens."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        status, body = _answered(store, *await _read(reader))
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
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


def _answered(store: SqlStore, method: str, path: str, body: bytes) -> tuple[str, bytes]:
    import json

    if path != PATH:
        return "404 Not Found", b""
    try:
        if method == "GET":
            return "200 OK", json.dumps(store.contents()).encode()
        return "200 OK", store.receive(body)
    except StoreError as error:
        return "503 Service Unavailable", str(error).encode()


if __name__ == "__main__":
    asyncio.run(serve(SqlStore(sys.argv[1]), "127.0.0.1", int(sys.argv[2])))
