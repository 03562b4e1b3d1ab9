"""The message service for asyncio."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Coroutine
from itertools import count
from typing import Any, Self

from patternproof.ports.service_interface import (
    Fault,
    Frame,
    Handler,
    Message,
    Reply,
    Request,
    Response,
    Transport,
    TransportError,
)

from .deliveries import Delivery
from .errors import checked, checked_handler, of_deadline, of_fault, of_transport, unknown

MOST_KEYS = 1_024
"""Idempotency keys that are remembered after their operations have ended; the oldest are forgotten first."""


class Subscription:
    """The messages of the peer from some moment on; they wait without a bound until they are received."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Message] = asyncio.Queue()

    def put(self, message: Message) -> None:
        """Keep a message for the reader."""
        self._waiting.put_nowait(message)

    async def receive(self) -> Message:
        return await self._waiting.get()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        return await self.receive()


class Worker:
    """Calls one handler with one message after the other, in a task that is there while there is something to do."""

    def __init__(self, service: MessageService, handler: Handler) -> None:
        self._service = service
        self._handler = handler
        # Changed by put, drop and _work only.
        self._queue: deque[Delivery] = deque()
        self._working = False

    def put(self, delivery: Delivery) -> None:
        """Have the handler called."""
        self._queue.append(delivery)
        if not self._working:
            self._working = True
            self._service.spawn(self._work())

    def drop(self) -> list[Delivery]:
        """Forget what waits."""
        dropped = list(self._queue)
        self._queue.clear()
        return dropped

    async def _work(self) -> None:
        while self._queue:
            delivery = self._queue.popleft()
            failure: Exception | None = None
            try:
                await self._handler(delivery.request.message)
            except Exception as error:  # noqa: BLE001  # whatever a handler raises the sender is told, and the next message comes
                failure = error
            self._service.handled(delivery, failure)
        self._working = False


class MessageService:
    """A message service over a transport.

    Requests have ids of their own on the wire, so that a response finds its call whatever came before. One task receives; it
    never waits for a handler: each handler has a queue, and a task while it is busy. An operation with an idempotency key runs in
    a task of its own, which outlives the calls that wait for it.

    Args:
        dependency: the transport.
    """

    def __init__(self, dependency: Transport) -> None:
        self._transport = dependency
        # Changed between two awaits only: nothing else runs meanwhile.
        self._calls: dict[int | str, asyncio.Future[Response | Fault | None]] = {}
        self._operations: OrderedDict[str, asyncio.Task[Response]] = OrderedDict()
        self._workers: dict[int, Worker] = {}
        self._subscriptions: list[Subscription] = []
        self._lost: TransportError | None = None
        self._frame_ids = count(1)
        self._handler_ids = count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.spawn(self._receive())

    def __repr__(self) -> str:
        counts = f"{len(self._calls)} calls, {len(self._workers)} handlers, {len(self._subscriptions)} subscriptions"
        return f"<{type(self).__name__} {counts}{', lost' if self._lost else ''}>"

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside the callers, until it ends or the service is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Sending

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        checked(message, timeout)
        deadline = asyncio.timeout(timeout)
        try:
            async with deadline:
                if idempotency_key is None:
                    return await self._exchange(message)
                return await asyncio.shield(self._operation(idempotency_key, message))
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise of_deadline(message, timeout) from error

    def _operation(self, key: str, message: Message) -> asyncio.Task[Response]:
        """The task of a key; one that has failed gives way to a new one."""
        operation = self._operations.get(key)
        if operation is None:
            operation = self._operations[key] = self.spawn(self._exchange(message))
            operation.add_done_callback(lambda done: self._remember(key, done))
        return operation

    def _remember(self, key: str, done: asyncio.Task[Response]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._operations.pop(key, None)
            return
        self._operations.move_to_end(key)
        ended = [each for each, operation in self._operations.items() if operation.done()]
        for oldest in ended[: len(ended) - MOST_KEYS]:
            del self._operations[oldest]

    async def _exchange(self, message: Message) -> Response:
        """Send a request, and wait for its reply."""
        if self._lost is not None:
            raise of_transport(self._lost, message)
        frame_id = next(self._frame_ids)
        reply = self._calls[frame_id] = asyncio.get_running_loop().create_future()
        try:
            await self._transport.send(Request(frame_id, message))
            outcome = await reply
        except TransportError as error:
            raise of_transport(error, message) from error
        finally:
            del self._calls[frame_id]
        if isinstance(outcome, Fault):
            raise of_fault(outcome, message)
        return outcome or Response(message.id)

    # Receiving

    async def _receive(self) -> None:
        try:
            while True:
                self._take(await self._transport.receive())
        except TransportError as error:
            self._lost = error
            for reply in self._calls.values():
                if not reply.done():
                    reply.set_exception(error)

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Reply):
            reply = self._calls.get(frame.id)
            if reply is not None and not reply.done():  # otherwise its caller is gone, or it was answered already
                reply.set_result(frame.outcome)
            return
        for subscription in self._subscriptions:
            subscription.put(frame.message)
        delivery = Delivery(frame, len(self._workers) + 1)
        for worker in self._workers.values():
            worker.put(delivery)
        self.handled(delivery)

    def handled(self, delivery: Delivery, error: Exception | None = None) -> None:
        """Take down that a handler has ended; the sender is told once all have."""
        reply = delivery.ended(error)
        if reply is not None:
            self.spawn(self._reply(reply))

    async def _reply(self, reply: Reply) -> None:
        try:
            await self._transport.send(reply)
        except TransportError:
            return  # who is lost cannot be told; calls that wait hear of it by themselves

    async def receive_messages(self) -> Subscription:
        subscription = Subscription()
        self._subscriptions.append(subscription)
        return subscription

    # Handlers

    async def register_handler(self, handler: Handler) -> int:
        checked_handler(handler)
        handler_id = next(self._handler_ids)
        self._workers[handler_id] = Worker(self, handler)
        return handler_id

    async def unregister_handler(self, handler_id: object) -> None:
        worker = self._workers.pop(handler_id, None)  # type: ignore[call-overload]  # whatever it is, it may not be there
        if worker is None:
            raise unknown(handler_id)
        for delivery in worker.drop():
            self.handled(delivery)

    async def close(self) -> None:
        """End what runs beside the callers, handlers included."""
        tasks = self._tasks - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
