"""A peer and its transport, in real time."""

from __future__ import annotations

import asyncio
import queue
import threading
from itertools import count
from typing import Any

from patternproof.flavour import resolved
from patternproof.load.real import Workshop
from patternproof.ports.service_interface import Frame, Message, Reply, Request, Response, TransportError

AGAIN = 7
"""One request of so many is answered twice."""


class Peer:
    """Answers each request after the time that its message says, and sends messages of its own; it is the transport, too.

    Args:
        shop: where time passes.
    """

    def __init__(self, shop: Workshop) -> None:
        self._threads = shop.threads
        self._frames: Any = queue.SimpleQueue() if shop.threads else asyncio.Queue()
        self._lock = threading.Lock()
        self._numbers = count(1)
        self.sent = 0
        """Messages of its own so far; the latest has this number."""
        self.send, self.receive = shop.flavoured(self._send), shop.flavoured(self._receive)

    def push(self) -> None:
        """Send the next message."""
        with self._lock:
            self.sent += 1
            self._put(Request(self.sent, Message(f"m{self.sent}", {"number": self.sent})))

    def leave(self) -> None:
        """Be gone: whoever waits for a frame hears of it. For threads; a loop ends by itself what waits in it."""
        if self._threads:
            self._put(None)

    def _put(self, frame: Frame | None) -> None:
        self._frames.put(frame) if self._threads else self._frames.put_nowait(frame)

    async def _send(self, frame: Frame) -> None:
        if not isinstance(frame, Request):
            return  # how a message was dealt with is no matter here
        body: Any = frame.message.body
        takes = float(body["takes"])
        if self._threads:
            timer = threading.Timer(takes, self._answer, [frame])
            timer.daemon = True
            timer.start()
        else:
            asyncio.get_running_loop().call_later(takes, self._answer, frame)

    def _answer(self, request: Request) -> None:
        reply = Reply(request.id, Response(request.message.id, {"to": request.message.id}))
        for _ in range(1 + (next(self._numbers) % AGAIN == 0)):
            self._put(reply)

    async def _receive(self) -> Frame:
        frame = await resolved(self._frames.get())
        if frame is None:
            raise TransportError("the peer is gone")
        return frame  # type: ignore[no-any-return]  # of a queue of either flavour
