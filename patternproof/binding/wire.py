"""The kit's way to a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from patternproof.binding.exchange import Connection, NoHttp, Reply
from patternproof.drivers import Hang
from patternproof.outcome import AdapterError, Unavailable
from patternproof.ports import Unsupported

T = TypeVar("T")

LONGEST = 30.0
"""Real seconds in which a server has to answer."""
_encode = msgspec.json.Encoder().encode
_JSON = ("application/json", "application/problem+json")


class Gone(AdapterError):
    """A server answers no more, or never did."""


class Wire:
    """A connection to a server.

    Args:
        address: such as ``http://localhost:8080``; a path in it stands before those of the endpoints.
        longest: real seconds in which it has to answer.

    Raises:
        AdapterError: it is no such address.
    """

    def __init__(self, address: str, longest: float = LONGEST) -> None:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise AdapterError(f"{address}: {error}; write it as http://localhost:8080") from error
        if parts.scheme != "http" or not host:
            raise AdapterError(f"{address}: expected an address such as http://localhost:8080")
        self.address = address.rstrip("/")
        self._path = parts.path.rstrip("/")
        self._connection = Connection(host, port or 80, longest)
        self._longest = longest
        self._silent = ""
        """What was asked when it did not answer in time: it is not waited for again."""
        self.requests = 0
        """How many were sent."""

    def ask(self, method: str, path: str, message: Any, kind: type[T]) -> T:
        """Send a message, and give the answer.

        Args:
            method: of HTTP.
            path: of the endpoint.
            message: None: no body.
            kind: of the answer.

        Raises:
            Unsupported: the implementation does not have what was asked for.
            Hang: the server says that the implementation hangs.
            Unavailable: it says that a server which it needs is missing.
            Gone: it is gone.
            AdapterError: it answers wrongly, or not in time; the endpoint and what was seen.
        """
        what = f"{method} {self.address}{path}"
        status, media, body = self._answer(method, path, None if message is None else _encode(message), what)
        if status >= 400:
            raise self._problem(status, media, body, what)
        if media not in _JSON:
            raise AdapterError(f"{what}: expected application/json, seen {status} {media or 'of no type'}: {_start(body)}")
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise AdapterError(f"{what}: the answer is none of the binding: {error}; seen: {_start(body)}") from error

    def send(self, method: str, path: str, body: bytes | None) -> Reply:
        """Send a body as it is, and give the answer as it is.

        Raises:
            Gone: the server is gone.
            AdapterError: it speaks no HTTP, or does not answer in time.
        """
        return self._answer(method, path, body, f"{method} {self.address}{path}")

    def _answer(self, method: str, path: str, body: bytes | None, what: str) -> Reply:
        if self._silent:
            raise AdapterError(f"{what}: not asked, since {self._silent} was not answered within {self._longest:g} s")
        self.requests += 1
        try:
            return self._connection.exchange(method, self._path + path, body)
        except (OSError, NoHttp) as error:
            self._connection.close()
            raise self._failed(what, error) from error

    def _failed(self, what: str, error: Exception) -> Exception:
        if isinstance(error, TimeoutError):
            self._silent = what
            return AdapterError(f"{what}: no answer within {self._longest:g} s; the server hangs, or what it serves")
        if isinstance(error, NoHttp):
            return AdapterError(f"{what}: what answers there speaks no HTTP that the kit understands: {error}")
        return Gone(f"{what}: nothing answers: {error}")

    def _problem(self, status: int, media: str, body: bytes, what: str) -> BaseException:
        """The error that a problem stands for."""
        try:
            problem: Mapping[str, Any] = json.loads(body) if media == _JSON[1] else {}
            kind, detail = str(problem.get("type", "")).rpartition("/")[2], str(problem.get("detail") or problem.get("title"))
        except (ValueError, AttributeError, RecursionError):
            problem, kind, detail = {}, "", ""
        match kind:
            case "unsupported":
                return Unsupported(str(problem.get("setting") or detail))
            case "hang":
                return Hang(detail, [str(each) for each in problem.get("stacks") or ()])
            case "unavailable":
                return Unavailable(f"{what}: {detail}")
        seen = detail if problem else f"{media or 'no type'}, and no problem (RFC 9457): {_start(body)}"
        return AdapterError(f"{what}: answered {status}: {seen}")

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()


def _start(body: bytes) -> str:
    """The beginning of a body, for people."""
    return repr(body[:80].decode("utf-8", "backslashreplace"))
