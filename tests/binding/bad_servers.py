"""A server that answers as it is told to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from patternproof.binding import VERSION

Answers = Callable[[str, str], bytes | None]
"""From method and path to all that is sent; None: the connection is closed without an answer."""
DESCRIPTION = {"binding": VERSION, "name": "bad", "patterns": ["circuit_breaker"], "cancels": True, "turns": True}
MADE = {"instance": "i1", "members": [], "events": []}


def http(body: Any, status: str = "200 OK", media: str = "application/json", length: int | None = None) -> bytes:
    """An answer; what is no bytes becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    close = "Connection: close\r\n" if length else ""
    return f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\n{close}Content-Length: {length or len(data)}\r\n\r\n".encode() + data


def but_for(path: str, answer: bytes | None) -> Answers:
    """Right answers, but for one path."""

    def answers(method: str, asked: str) -> bytes | None:
        if asked.startswith(path):
            return answer
        if asked == "/":
            return http(DESCRIPTION)
        return http(MADE if asked == "/instances" else {"events": []})

    return answers


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    """The address of a server, for a scope."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        opened = [listening]
        thread = threading.Thread(target=_accept, args=(opened, answers), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        for each in opened:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(opened: list[socket.socket], answers: Answers) -> None:
    with suppress(OSError):
        while True:
            connection, _ = opened[0].accept()
            opened.append(connection)
            with connection, suppress(OSError):
                _serve(connection, answers)


def _serve(connection: socket.socket, answers: Answers) -> None:
    with connection.makefile("rb") as incoming:
        while line := incoming.readline():
            length = 0
            while (header := incoming.readline().strip()) != b"":
                if header.lower().startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            incoming.read(length)
            method, path, *_ = line.decode().split()
            answer = answers(method, path)
            if answer is None:
                return
            connection.sendall(answer)
            if (b"Content-Length" not in answer and b"chunked" not in answer) or b"close" in answer:
                return
