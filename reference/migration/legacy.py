"""A legacy component as the transport of a message service."""

from __future__ import annotations

import asyncio
from queue import SimpleQueue
from typing import Any

from patternproof.reference.service_interface import MessageService, ThreadedMessageService

from patternproof.ports.migration import LegacyCode, LegacyComponent, LegacyError
from patternproof.ports.service_interface import ErrorKind, Fault, Frame, Message, Reply, Request, Response, TransportError

from .errors import CODES, KINDS


class LegacyTransport:
    """Carries frames by callbacks; what comes waits until it is received.

    Each request has a callback of its own, which knows its id, so that nothing hangs on tickets. The component tells each call
    that it is lost; the first of these ends the line.

    Args:
        legacy: the old component.
        arrived: a queue for what comes from it.
    """

    def __init__(self, legacy: LegacyComponent, arrived: Any) -> None:
        self._legacy = legacy
        self._arrived = arrived
        legacy.listen(lambda number, name, payload: self._come(Request(number, Message(name, payload))))

    def _come(self, frame: Frame | TransportError) -> None:
        self._arrived.put_nowait(frame)  # neither queue has a bound

    def _hand_over(self, frame: Frame) -> None:
        try:
            if isinstance(frame, Request):
                self._submit(frame)
            else:
                self._legacy.reply(int(frame.id), _error_of(frame))
        except LegacyError as error:
            raise TransportError(str(error)) from error

    def _submit(self, request: Request) -> None:
        def answered(ticket: int, error: LegacyError | None, answer: Any) -> None:
            if error is not None and error.code == LegacyCode.LOST:
                lost = TransportError(str(error))
                lost.__cause__ = error
                self._come(lost)
            else:
                self._come(Reply(request.id, _outcome(request.message, error, answer)))

        self._legacy.submit(request.message.id, request.message.body, answered)

    @staticmethod
    def _received(arrived: Frame | TransportError) -> Frame:
        if isinstance(arrived, TransportError):
            raise arrived
        return arrived


class TaskTransport(LegacyTransport):
    """For asyncio."""

    async def send(self, frame: Frame) -> None:
        self._hand_over(frame)

    async def receive(self) -> Frame:
        return self._received(await self._arrived.get())


class ThreadTransport(LegacyTransport):
    """For threads."""

    def send(self, frame: Frame) -> None:
        self._hand_over(frame)

    def receive(self) -> Frame:
        return self._received(self._arrived.get())


def _outcome(message: Message, error: LegacyError | None, answer: Any) -> Response | Fault:
    if error is None:
        return Response(message.id, answer)
    return Fault(ErrorKind(KINDS.get(error.code, ErrorKind.UNEXPECTED)), error.text)


def _error_of(reply: Reply) -> LegacyError | None:
    if not isinstance(reply.outcome, Fault):
        return None
    return LegacyError(CODES.get(reply.outcome.kind, LegacyCode.INTERNAL), reply.outcome.message)


def legacy_service(legacy: LegacyComponent) -> MessageService:
    """A message service for asyncio over an old component."""
    return MessageService(TaskTransport(legacy, asyncio.Queue()))


def threaded_legacy_service(legacy: LegacyComponent) -> ThreadedMessageService:
    """The same for threads."""
    return ThreadedMessageService(ThreadTransport(legacy, SimpleQueue()))
