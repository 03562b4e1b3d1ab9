"""The transport of a message service, and its peer."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from patternproof.drivers import Driver, Operation, Returned
from patternproof.flavour import plainly, resolved
from patternproof.ports.service_interface import ErrorKind, Fault, Frame, Message, Reply, Request, Response
from patternproof.ports.workflows import Command

FAULT = ErrorKind.RESOURCE_NOT_FOUND
UNKNOWN = -1
"""Stands for the number of a command that the kit has not sent."""


def command(number: int) -> Command:
    """The command of a number."""
    return Command("count", {"number": number})


def result(number: int) -> dict[str, int]:
    """What the peer makes of it."""
    return {"counted": number}


class Wire:
    """Keeps what arrives, and gives what the kit has the peer send.

    Args:
        driver: an entered driver.
    """

    def __init__(self, driver: Driver) -> None:
        self._open: list[tuple[int, Request]] = []
        self._arrived: list[int] = []
        self._inbox: deque[Frame] = deque()
        self._reading = Operation(driver)
        self._sent = 0

    async def send(self, frame: Frame) -> None:
        """Take a frame."""
        if isinstance(frame, Request):
            number = _number(frame.message.body)
            self._arrived.append(number)
            self._open.append((number, frame))

    async def receive(self) -> Frame:
        """Give the next frame; waits for it."""
        while not self._inbox:
            await resolved(self._reading.function())
        return self._inbox.popleft()

    def answer(self, number: int, how: str) -> None:
        """Answer the request of a command that came first, if there is one."""
        entry = next((entry for entry in self._open if entry[0] == number), None)
        if entry is not None:
            self._open.remove(entry)
            request = entry[1]
            right = Response(request.message.id, result(number))
            self._push(Reply(request.id, right if how == "ok" else Fault(FAULT, f"command {number} is not known")))

    def tell(self, number: int, body: Any) -> None:
        """Send a message."""
        self._sent += 1
        self._push(Request(self._sent, Message(f"message-{number}", body)))

    def _push(self, frame: Frame) -> None:
        self._inbox.append(frame)
        if self._reading.held:
            self._reading.release(Returned())

    def arrived(self) -> tuple[int, ...]:
        """The commands that have arrived since the last look."""
        arrived, self._arrived = sorted(self._arrived), []
        return tuple(arrived)


class PlainWire(Wire):
    """The same for threads."""

    def send(self, frame: Frame) -> None:  # type: ignore[override]  # plain, as all is under threads
        plainly(super().send(frame))

    def receive(self) -> Frame:  # type: ignore[override]  # as above
        frame: Frame = plainly(super().receive())
        return frame


def wire(driver: Driver, threads: bool) -> Wire:
    """One of the flavour that is asked for."""
    return PlainWire(driver) if threads else Wire(driver)


def _number(body: Any) -> int:
    """The number of a command, by the body that it is to have."""
    arguments = body.get("arguments") if isinstance(body, Mapping) else None
    number = arguments.get("number") if isinstance(arguments, Mapping) else None
    return number if isinstance(number, int) and body == command(number).body else UNKNOWN
