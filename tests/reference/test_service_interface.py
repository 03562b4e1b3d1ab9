"""The reference's message service, beyond what the requirements say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from patternproof.reference.service_interface import MessageService, ThreadedMessageService

from patternproof.ports.frozen import PayloadError
from patternproof.ports.service_interface import (
    ErrorKind,
    Frame,
    Message,
    Reply,
    Request,
    Response,
    ServiceError,
    TransportError,
    UnknownHandlerError,
)


class Echo:
    """A transport whose peer answers each request with its body, and is lost once it is told."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.taken: list[Frame] = []

    async def send(self, frame: Frame) -> None:
        self.taken.append(frame)
        if isinstance(frame, Request):
            self.frames.put_nowait(Reply(frame.id, Response(frame.message.id, frame.message.body)))

    async def receive(self) -> Frame:
        frame = await self.frames.get()
        if frame is None:
            raise TransportError("lost")
        return frame


def with_service(body: Callable[[MessageService, Echo], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        echo = Echo()
        service = MessageService(echo)
        try:
            return await body(service, echo)
        finally:
            await service.close()

    return asyncio.run(run())


@pytest.mark.parametrize("identifier", ["", None, 7])
def test_a_message_without_an_id_is_refused_where_it_is_made(identifier: Any) -> None:
    with pytest.raises(ValueError, match="a message has an id"):
        Message(identifier)


def test_a_body_that_json_cannot_say_is_refused_with_the_place_in_it() -> None:
    with pytest.raises(PayloadError, match=r"body\['when'\]"):
        Message("m", {"when": object()})  # type: ignore[dict-item]  # what is tried


@pytest.mark.parametrize("message", [None, "m", {"id": "m"}])
def test_what_is_no_message_is_refused_and_nothing_is_sent(message: Any) -> None:
    async def body(service: MessageService, echo: Echo) -> None:
        with pytest.raises(ServiceError, match="takes a Message") as caught:
            await service.send_message(message)
        assert caught.value.kind is ErrorKind.OPERATION_FAILED
        assert echo.taken == []

    with_service(body)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
def test_a_timeout_that_is_not_above_0_is_refused_and_nothing_is_sent(timeout: float) -> None:
    async def body(service: MessageService, echo: Echo) -> None:
        with pytest.raises(ServiceError, match="above 0"):
            await service.send_message(Message("m"), timeout=timeout)
        assert echo.taken == []
        assert await service.send_message(Message("m", 1)) == Response("m", 1)

    with_service(body)


@pytest.mark.parametrize("handler", [None, "f", 7])
def test_a_handler_that_cannot_be_called_is_refused(handler: Any) -> None:
    async def body(service: MessageService, echo: Echo) -> None:
        with pytest.raises(ServiceError, match="takes a function"):
            await service.register_handler(handler)
        assert "0 handlers" in repr(service)

    with_service(body)


def test_an_unknown_id_and_one_that_was_taken_back_are_refused_by_name() -> None:
    async def handler(message: Message) -> None:
        """Nothing."""

    async def body(service: MessageService, echo: Echo) -> None:
        handler_id = await service.register_handler(handler)
        with pytest.raises(UnknownHandlerError, match="99"):
            await service.unregister_handler(99)
        await service.unregister_handler(handler_id)
        with pytest.raises(UnknownHandlerError, match=str(handler_id)) as caught:
            await service.unregister_handler(handler_id)
        assert caught.value.kind is ErrorKind.RESOURCE_NOT_FOUND

    with_service(body)


def test_a_handler_that_is_registered_twice_hears_twice_under_two_ids() -> None:
    heard: list[str] = []

    async def handler(message: Message) -> None:
        heard.append(message.id)

    async def body(service: MessageService, echo: Echo) -> None:
        assert await service.register_handler(handler) != await service.register_handler(handler)
        echo.frames.put_nowait(Request(1, Message("p")))
        for _ in range(5):
            await asyncio.sleep(0)
        assert echo.taken

    with_service(body)
    assert heard == ["p", "p"]


def test_two_messages_of_one_id_each_get_their_own_response() -> None:
    async def body(service: MessageService, echo: Echo) -> list[Response]:
        return list(await asyncio.gather(*(service.send_message(Message("m", number)) for number in range(2))))

    assert with_service(body) == [Response("m", 0), Response("m", 1)]


def test_a_lost_peer_is_the_cause_of_every_later_error() -> None:
    async def body(service: MessageService, echo: Echo) -> None:
        echo.frames.put_nowait(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for _ in range(2):
            with pytest.raises(ServiceError) as caught:
                await service.send_message(Message("m"))
            assert isinstance(caught.value.__cause__, TransportError)
            assert (caught.value.kind, caught.value.retryable) == (ErrorKind.DEPENDENCY_ERROR, True)
        assert "lost" in repr(service)

    with_service(body)


class PlainEcho:
    """The same for threads, with a peer that says nothing."""

    def send(self, frame: Frame) -> None:
        raise TransportError("full")

    def receive(self) -> Frame:
        raise TransportError("lost")


def test_threads_are_told_the_same_in_the_same_words() -> None:
    service = ThreadedMessageService(PlainEcho())
    with pytest.raises(ServiceError, match="above 0"):
        service.send_message(Message("m"), timeout=0)
    with pytest.raises(UnknownHandlerError, match="99"):
        service.unregister_handler(99)
    with pytest.raises(ServiceError, match="'m' was not sent") as caught:
        service.send_message(Message("m"))
    assert isinstance(caught.value.__cause__, TransportError)
