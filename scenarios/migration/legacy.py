"""The kit's legacy component, and services over it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import _GeneratorContextManager, suppress
from dataclasses import fields
from itertools import count
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.flavour import plainly, resolved
from patternproof.ports.migration import Answered, Heard, LegacyCode, LegacyError
from patternproof.ports.service_interface import (
    ErrorKind,
    Fault,
    Frame,
    Message,
    Reply,
    Request,
    Response,
    TransportError,
)

CODES = {
    ErrorKind.RESOURCE_NOT_FOUND: LegacyCode.NOT_FOUND,
    ErrorKind.PERMISSION_DENIED: LegacyCode.DENIED,
    ErrorKind.OPERATION_FAILED: LegacyCode.FAILED,
    ErrorKind.DEPENDENCY_ERROR: LegacyCode.DOWNSTREAM,
    ErrorKind.UNEXPECTED: LegacyCode.INTERNAL,
}
KINDS = {code: kind for kind, code in CODES.items()}


class Legacy:
    """An old component with callbacks, tickets and codes, in place of the peer at the end of a transport.

    Args:
        driver: an entered driver.
        transport: the kit's, with the peer behind it.
        threads: whether that, and whoever calls, is of threads.
    """

    def __init__(self, driver: Driver, transport: Any, threads: bool) -> None:
        self._transport = transport
        # Changed by submit, listen and what comes from the peer only.
        self._answered: dict[int | str, Answered] = {}
        self._open: set[int | str] = set()
        self._heard: Heard | None = None
        self._tickets = count(7_001)
        driver.begin((lambda: plainly(self._work())) if threads else self._work)

    def submit(self, name: str, payload: Any, answered: Answered) -> int:
        """Hand a request over."""
        ticket = next(self._tickets)
        self._send(Request(ticket, Message(name, payload)))
        self._answered[ticket] = answered
        self._open.add(ticket)
        return ticket

    def listen(self, heard: Heard) -> None:
        """Have a function called with each message."""
        self._heard = heard

    def reply(self, number: int, error: LegacyError | None) -> None:
        """Say what became of a message."""
        if error is None:
            self._send(Reply(number))
            return
        given: Any = error  # whatever an implementation takes for an error
        known = isinstance(given, LegacyError)
        outcome: Any = Fault(KINDS.get(error.code, ErrorKind.UNEXPECTED), error.text) if known else given  # type: ignore[call-overload]  # any number
        self._send(Reply(number, outcome))

    def _send(self, frame: Frame) -> None:
        try:
            plainly(resolved(self._transport.send(frame)))
        except TransportError as error:
            raise _lost(error) from error

    async def _work(self) -> None:
        """Take what comes from the peer, until it is lost."""
        try:
            while True:
                self._take(await resolved(self._transport.receive()))
        except TransportError as error:
            for ticket in sorted(self._open):
                lost = _lost(error)
                lost.__cause__ = error
                self._call(self._answered[ticket], ticket, lost, None)

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Request):
            if self._heard is not None:
                self._call(self._heard, frame.id, frame.message.id, frame.message.body)
            return
        self._open.discard(frame.id)
        if isinstance(frame.outcome, Fault):
            error = LegacyError(CODES[frame.outcome.kind], frame.outcome.message)
            self._call(self._answered[frame.id], frame.id, error, None)
        elif isinstance(frame.outcome, Response):
            self._call(self._answered[frame.id], frame.id, None, frame.outcome.body)

    @staticmethod
    def _call(function: Any, *arguments: Any) -> None:
        with suppress(Exception):  # nobody hears of the errors of callbacks
            function(*arguments)


def _lost(error: TransportError) -> LegacyError:
    return LegacyError(LegacyCode.LOST, str(error))


class Behind(Adapter):
    """An adapter whose message services are those that it makes over a legacy component."""

    def make(
        self, factory: str, driver: Driver, *arguments: Any, then: Callable[[], Any] | None = None
    ) -> _GeneratorContextManager[Any]:
        """Make a service over a legacy component that has a transport's peer behind it."""
        (transport,) = arguments
        return super().make("legacy_service", driver, Legacy(driver, transport, self.runtime == "threads"), then=then)


def behind(adapter: Adapter) -> Behind:
    """An adapter as one of message services."""
    return Behind(**{field.name: getattr(adapter, field.name) for field in fields(adapter)})
