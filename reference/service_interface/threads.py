"""The message service for threads."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from itertools import count
from queue import SimpleQueue
from typing import Any, Self

from patternproof.ports.service_interface import Fault, Frame, Message, Reply, Request, Response, TransportError

from .deliveries import Delivery
from .errors import checked, checked_handler, of_deadline, of_fault, of_transport, unknown
from .tasks import MOST_KEYS

PlainHandler = Callable[[Message], object]


class ThreadedSubscription:
    """As `Subscription`, for threads."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Message] = SimpleQueue()

    def put(self, message: Message) -> None:
        """Keep a message for the reader."""
        self._waiting.put(message)

    def receive(self) -> Message:
        return self._waiting.get()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        return self.receive()


class Operation:
    """A request, and what came of it; several callers may wait for one."""

    def __init__(self, message: Message, lock: threading.Lock) -> None:
        self.message = message
        self.over = threading.Condition(lock)
        # Changed with the lock held only.
        self.ended = False
        self.error: TransportError | None = None
        self.outcome: Response | Fault | None = None

    def end(self, outcome: Response | Fault | None, error: TransportError | None = None) -> None:
        """Keep what came of it; called with the lock held."""
        if not self.ended:
            self.ended, self.outcome, self.error = True, outcome, error
            self.over.notify_all()

    @property
    def failed(self) -> bool:
        return self.ended and (self.error is not None or isinstance(self.outcome, Fault))

    def result(self) -> Response:
        """The response.

        Raises:
            ServiceError: it has failed.
        """
        if self.error is not None:
            raise of_transport(self.error, self.message)
        if isinstance(self.outcome, Fault):
            raise of_fault(self.outcome, self.message)
        return self.outcome or Response(self.message.id)


class ThreadedWorker:
    """As `Worker`, for threads."""

    def __init__(self, service: ThreadedMessageService, handler: PlainHandler, lock: threading.Lock) -> None:
        self._service = service
        self._handler = handler
        self._lock = lock
        # Changed with the lock held only.
        self._queue: deque[Delivery] = deque()
        self._working = False

    def put(self, delivery: Delivery) -> None:
        """Have the handler called; called with the lock held."""
        self._queue.append(delivery)
        if not self._working:
            self._working = True
            threading.Thread(target=self._work, daemon=True).start()

    def drop(self) -> list[Delivery]:
        """Forget what waits; called with the lock held."""
        dropped = list(self._queue)
        self._queue.clear()
        return dropped

    def _next(self) -> Delivery | None:
        with self._lock:
            self._working = bool(self._queue)
            return self._queue.popleft() if self._queue else None

    def _work(self) -> None:
        while (delivery := self._next()) is not None:
            failure: Exception | None = None
            try:
                self._handler(delivery.request.message)
            except Exception as error:  # noqa: BLE001  # whatever a handler raises the sender is told, and the next message comes
                failure = error
            self._service.handled(delivery, failure)


class ThreadedMessageService:
    """As `MessageService`, for threads.

    One lock guards all; neither the transport nor a handler is called with it held. The threads do not keep the process alive.
    """

    def __init__(self, dependency: Any) -> None:
        self._transport = dependency
        self._lock = threading.Lock()
        # Changed with the lock held only.
        self._calls: dict[int | str, Operation] = {}
        self._operations: OrderedDict[str, Operation] = OrderedDict()
        self._workers: dict[int, ThreadedWorker] = {}
        self._subscriptions: list[ThreadedSubscription] = []
        self._lost: TransportError | None = None
        self._frame_ids = count(1)
        self._handler_ids = count(1)
        self._start()

    def _start(self) -> None:
        threading.Thread(target=self._receive, daemon=True).start()

    def __repr__(self) -> str:
        counts = f"{len(self._calls)} calls, {len(self._workers)} handlers, {len(self._subscriptions)} subscriptions"
        return f"<{type(self).__name__} {counts}{', lost' if self._lost else ''}>"

    # Sending

    def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        checked(message, timeout)
        with self._lock:
            operation, frame_id = self._operation(message, idempotency_key)
        if frame_id is not None:
            self._begin(operation, frame_id)
        with self._lock:
            if not operation.over.wait_for(lambda: operation.ended, timeout):
                if idempotency_key is None:
                    self._calls.pop(frame_id or 0, None)
                raise of_deadline(message, timeout)
        return operation.result()

    def _operation(self, message: Message, key: str | None) -> tuple[Operation, int | None]:
        """The operation of a key, or a new one, with the id of the request that is to be sent; called with the lock held."""
        known = None if key is None else self._operations.get(key)
        if known is not None and not known.failed:
            return known, None
        operation, frame_id = Operation(message, self._lock), next(self._frame_ids)
        self._calls[frame_id] = operation
        if key is not None:
            self._operations[key] = operation
            self._operations.move_to_end(key)
            ended = [each for each, other in self._operations.items() if other.ended]
            for oldest in ended[: len(ended) - MOST_KEYS]:
                del self._operations[oldest]
        return operation, frame_id

    def _begin(self, operation: Operation, frame_id: int) -> None:
        try:
            if self._lost is not None:
                raise self._lost
            self._transport.send(Request(frame_id, operation.message))
        except TransportError as error:
            with self._lock:
                operation.end(None, error)
                self._calls.pop(frame_id, None)

    # Receiving

    def _receive(self) -> None:
        try:
            while True:
                self._take(self._transport.receive())
        except TransportError as error:
            with self._lock:
                self._lost = error
                calls, self._calls = self._calls, {}
                for operation in calls.values():
                    operation.end(None, error)

    def _take(self, frame: Frame) -> None:
        with self._lock:
            if isinstance(frame, Reply):
                operation = self._calls.pop(frame.id, None)
                if operation is not None:  # otherwise its caller is gone, or it was answered already
                    operation.end(frame.outcome)
                return
            for subscription in self._subscriptions:
                subscription.put(frame.message)
            delivery = Delivery(frame, len(self._workers) + 1)
            for worker in self._workers.values():
                worker.put(delivery)
        self.handled(delivery)

    def handled(self, delivery: Delivery, error: Exception | None = None) -> None:
        """Take down that a handler has ended; the sender is told once all have."""
        with self._lock:
            reply = delivery.ended(error)
        if reply is not None:
            try:
                self._transport.send(reply)
            except TransportError:
                return  # who is lost cannot be told; calls that wait hear of it by themselves

    def receive_messages(self) -> ThreadedSubscription:
        subscription = ThreadedSubscription()
        with self._lock:
            self._subscriptions.append(subscription)
        return subscription

    # Handlers

    def register_handler(self, handler: PlainHandler) -> int:
        checked_handler(handler)
        with self._lock:
            handler_id = next(self._handler_ids)
            self._workers[handler_id] = ThreadedWorker(self, handler, self._lock)
            return handler_id

    def unregister_handler(self, handler_id: object) -> None:
        with self._lock:
            worker = self._workers.pop(handler_id, None)  # type: ignore[call-overload]  # whatever it is, it may not be there
            dropped = [] if worker is None else worker.drop()
        if worker is None:
            raise unknown(handler_id)
        for delivery in dropped:
            self.handled(delivery)
