"""HTTP as far as the kit speaks it."""

from __future__ import annotations

import select
import socket
from typing import NamedTuple

MOST_BYTES = 16_000_000
"""Of an answer."""
MOST_HEAD = 64_000
SLICE = 65_536
_END = b"\r\n\r\n"


class NoHttp(Exception):
    """What answers is no HTTP, or more than the kit takes."""


class Broken(ConnectionError):
    """The answer broke off, or there was none.

    Args:
        seen: bytes that had come.
    """

    def __init__(self, seen: int) -> None:
        super().__init__(f"the answer broke off after {seen} bytes" if seen else "the connection was closed without an answer")
        self.seen = seen


class Reply(NamedTuple):
    """An answer."""

    status: int
    media: str
    """The media type, in lower case and without parameters."""
    body: bytes


class Connection:
    """A connection that is kept; standard-library clients take ten times as long to read an answer, and a run reads 100,000.

    Args:
        host: where to.
        port: where to.
        longest: real seconds that any part of an answer may take.
    """

    def __init__(self, host: str, port: int, longest: float) -> None:
        self._address, self._longest = (host, port), longest
        self._name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._socket: socket.socket | None = None
        self._taken = b""
        """What has come and was not read."""

    def exchange(self, method: str, path: str, body: bytes | None) -> Reply:
        """Send a request, and give the answer.

        Raises:
            NoHttp: what comes is no HTTP, or too long.
            OSError: there is no connection, or it was lost; `Broken` in the middle of an answer, `TimeoutError` in vain.
        """
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._name}\r\nAccept: application/json, application/problem+json\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        request = f"{head}\r\n".encode() + (body or b"")
        again = self._socket is not None
        try:
            self._send(request)
            return self._read()
        except Broken as error:
            # A server may close a connection that was idle. What it has taken all the same it refuses: the ids are the kit's.
            if not again or error.seen:
                raise
        except ConnectionError:
            if not again:
                raise
        self.close()
        self._send(request)
        return self._read()

    def _send(self, request: bytes) -> None:
        if self._socket is not None and select.select([self._socket], [], [], 0)[0]:
            self.close()  # it was closed over there, or what has come belongs to no request
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._longest)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)

    def _more(self) -> None:
        assert self._socket is not None, "a request was sent"
        came = self._socket.recv(SLICE)
        if not came:
            raise Broken(len(self._taken))
        self._taken += came

    def _until(self, end: bytes) -> bytes:
        """What comes before a mark, which is taken off too."""
        while end not in self._taken:
            if len(self._taken) > MOST_HEAD or (not b"HTTP/".startswith(self._taken[:5]) and end is _END):
                raise NoHttp(f"seen {_start(self._taken)}")
            self._more()
        before, _, self._taken = self._taken.partition(end)
        return before

    def _exactly(self, count: int) -> bytes:
        if count > MOST_BYTES:
            raise NoHttp(f"an answer of {count} bytes; at most {MOST_BYTES} are read")
        while len(self._taken) < count:
            self._more()
        taken, self._taken = self._taken[:count], self._taken[count:]
        return taken

    def _read(self) -> Reply:
        status, headers = _head(self._until(_END))
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = self._chunks()
        elif "content-length" in headers:
            body = self._exactly(_number(headers["content-length"], 10))
        else:
            raise NoHttp("an answer with neither Content-Length nor chunks, so that nothing tells where it ends")
        if headers.get("connection", "").lower() == "close" or self._taken:
            self.close()  # what came beyond the answer belongs to no request
        return Reply(status, headers.get("content-type", "").partition(";")[0].strip().lower(), body)

    def _chunks(self) -> bytes:
        body = b""
        while size := _number(self._until(b"\r\n").partition(b";")[0].decode("ascii", "replace"), 16):
            body += self._exactly(size)
            self._exactly(2)
            if len(body) > MOST_BYTES:
                raise NoHttp(f"an answer of more than {MOST_BYTES} bytes")
        while self._until(b"\r\n"):  # trailers
            pass
        return body

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._taken = None, b""


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise NoHttp(f"seen {first[:80]!r}")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(rest[:3]), headers


def _number(text: str, base: int) -> int:
    try:
        number = int(text, base)
    except ValueError:
        number = -1
    if number < 0:
        raise NoHttp(f"expected a length, seen {text[:40]!r}")
    return number


def _start(body: bytes) -> str:
    return repr(body[:80].decode("utf-8", "backslashreplace"))
