"""Message services that are unusual and right."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from patternproof.reference.service_interface import MessageService, ThreadedMessageService
from patternproof.reference.service_interface.deliveries import Delivery
from patternproof.reference.service_interface.tasks import Subscription, Worker
from patternproof.reference.service_interface.threads import PlainHandler, ThreadedSubscription

from patternproof.ports.service_interface import (
    ErrorKind,
    Fault,
    Frame,
    Handler,
    Message,
    Reply,
    Request,
    Response,
    ServiceError,
    ServiceTimeoutError,
    Transport,
    TransportError,
)
from tests.odd import Registry

ODD = Registry()
odd = ODD.add
THREADED = Registry()
"""Those for threads."""


@odd
class Plain(MessageService):
    """As the reference."""


# What is sent, and when


@odd
class NamesItsFrames(MessageService):
    """Texts in place of numbers as ids on the wire, in no order that one could see."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._frame_ids = (f"{number * 7_919 % 10_007:x}-of-mine" for number in count(1))  # type: ignore[assignment]  # texts


@odd
class OneAtATime(MessageService):
    """Sends a request once the one before is answered, as over a line that carries one at a time."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._line = asyncio.Lock()

    async def _exchange(self, message: Message) -> Response:
        async with self._line:
            return await super()._exchange(message)


@odd
class TakesItsTime(MessageService):
    """Some turns of the loop before everything that it does."""

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        await turns(2)
        response = await super().send_message(message, timeout, idempotency_key)
        await turns(1)
        return response

    async def register_handler(self, handler: Handler) -> int:
        await turns(2)
        handler_id = await super().register_handler(handler)
        await turns(1)
        return handler_id

    async def unregister_handler(self, handler_id: object) -> None:
        await turns(1)
        await super().unregister_handler(handler_id)
        await turns(2)

    async def receive_messages(self) -> Subscription:
        await turns(2)
        return await super().receive_messages()

    async def _reply(self, reply: Reply) -> None:
        await turns(3)
        await super()._reply(reply)


async def turns(number: int) -> None:
    """Let others run."""
    for _ in range(number):
        await asyncio.sleep(0)


@odd
class SendsAllTheSame(MessageService):
    """Each request in a task of its own: what was called for is sent, even if its caller is gone in the same turn."""

    async def _exchange(self, message: Message) -> Response:
        return await asyncio.shield(self.spawn(super()._exchange(message)))


@odd
class GivesAwaitables(MessageService):
    """Plain functions that give tasks."""

    def send_message(self, message, timeout=None, idempotency_key=None):  # type: ignore[no-untyped-def,override]  # as is
        return self.spawn(super().send_message(message, timeout, idempotency_key))

    def receive_messages(self):  # type: ignore[no-untyped-def,override]  # as is
        return self.spawn(super().receive_messages())

    def register_handler(self, handler):  # type: ignore[no-untyped-def,override]  # as is
        return self.spawn(super().register_handler(handler))

    def unregister_handler(self, handler_id):  # type: ignore[no-untyped-def,override]  # as is
        return self.spawn(super().unregister_handler(handler_id))


@odd
class Proxy:
    """Hands everything on to another service, and has no signatures; slots, and nothing else."""

    __slots__ = ("_service",)

    def __init__(self, dependency: Transport) -> None:
        self._service = MessageService(dependency)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):
            raise AttributeError(name)

        async def handed_on(*arguments: Any, **options: Any) -> Any:
            return await getattr(self._service, name)(*arguments, **options)

        return handed_on


# How it answers


@dataclass(frozen=True)
class Timed(Response):
    """A response with something more."""

    seconds: float = 0.0


@odd
class GivesMore(MessageService):
    """A subclass of the response."""

    async def _exchange(self, message: Message) -> Response:
        response = await super()._exchange(message)
        return Timed(response.request, response.body, asyncio.get_running_loop().time())


class Refused(ServiceError, ConnectionError):
    """An error of two kinds."""


@odd
class WrapsItsErrors(MessageService):
    """Error types of its own, with the cause in a group, and its words in a note."""

    async def _exchange(self, message: Message) -> Response:
        try:
            return await super()._exchange(message)
        except ServiceError as error:
            made = Refused(error.kind, "see what led to it", operation="send")
            if not isinstance(error.__cause__, TransportError):
                made.add_note(error.message)
                raise made from None
            raise made from ExceptionGroup("of the transport", [error.__cause__])


@odd
class CountsTimeItself(MessageService):
    """A timer for each deadline, which ends the call with an error in its place."""

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        call = asyncio.ensure_future(super().send_message(message, None, idempotency_key))
        done, _ = await self._waited(call, timeout)
        if not done:
            call.cancel()
            raise ServiceTimeoutError(ErrorKind.OPERATION_FAILED, "too late")
        return call.result()

    async def _waited(self, call: asyncio.Future[Response], timeout: float | None) -> Any:
        try:
            return await asyncio.wait([call], timeout=timeout)
        except asyncio.CancelledError:
            call.cancel()
            raise


# Keys


@odd
class RefusesASecond(MessageService):
    """A typed error for a second call with a key while the first is under way (HTTP's 409 for idempotency keys)."""

    def _operation(self, key: str, message: Message) -> asyncio.Task[Response]:
        known = self._operations.get(key)
        if known is not None and not known.done():
            raise ServiceError(ErrorKind.OPERATION_FAILED, f"the operation {key} is under way")
        return super()._operation(key, message)


@odd
class RemembersFailures(MessageService):
    """What has failed once has failed for good, as far as its key is concerned."""

    def _remember(self, key: str, done: asyncio.Task[Response]) -> None:
        if not done.cancelled():
            done.exception()


# Handlers


@odd
class NamesItsHandlers(MessageService):
    """Ids that can be compared, and nothing else."""

    async def register_handler(self, handler: Handler) -> UUID:  # type: ignore[override]  # another type of ids
        return UUID(int=await super().register_handler(handler))

    async def unregister_handler(self, handler_id: Any) -> None:
        await super().unregister_handler(handler_id.int)


class Working(MessageService):
    """The reference, with a worker of another kind for each handler."""

    Worker: type[Worker] = Worker

    async def register_handler(self, handler: Handler) -> int:
        handler_id = next(self._handler_ids)
        self._workers[handler_id] = self.Worker(self, handler)
        return handler_id


@odd
class SideBySide(Working):
    """Calls a handler with the next message while it is busy with the one before, each in its order."""

    class Worker(Worker):
        def put(self, delivery: Delivery) -> None:
            self._service.spawn(self._called(delivery))

        async def _called(self, delivery: Delivery) -> None:
            failure = None
            try:
                await self._handler(delivery.request.message)
            except Exception as error:  # noqa: BLE001  # whatever a handler raises
                failure = error
            self._service.handled(delivery, failure)


@odd
class TakesTurns(Working):
    """Lets others run between one call of a handler and the next."""

    class Worker(Worker):
        async def _work(self) -> None:
            await turns(2)
            handler = self._handler

            async def slow(message: Message) -> None:
                await turns(1)
                await handler(message)

            self._handler = slow
            try:
                await super()._work()
            finally:
                self._handler = handler


class OneTask(MessageService):
    """One task calls all handlers, in place of one for each."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._deliveries: asyncio.Queue[Request] = asyncio.Queue()
        self.spawn(self._deliver())

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Reply):
            super()._take(frame)
        else:
            for subscription in self._subscriptions:
                subscription.put(frame.message)
            self._deliveries.put_nowait(frame)

    async def _deliver(self) -> None:
        while True:
            frame = await self._deliveries.get()
            errors = await self.call_all(frame.message)
            fault = Fault(ErrorKind.OPERATION_FAILED, str(errors)) if errors else None
            await self._reply(Reply(frame.id, fault))

    async def call_all(self, message: Message) -> list[Exception]:
        raise NotImplementedError


@odd
class SideBySideByMessage(OneTask):
    """All handlers are called with a message at once, and with the next once all have ended."""

    async def call_all(self, message: Message) -> list[Exception]:
        calls = [worker._handler(message) for worker in self._workers.values()]
        found = await asyncio.gather(*calls, return_exceptions=True)
        return [each for each in found if isinstance(each, Exception)]


@odd
class OneByOne(OneTask):
    """One handler after the other, in the order of registering, and never two at once."""

    async def call_all(self, message: Message) -> list[Exception]:
        errors: list[Exception] = []
        for handler_id, worker in [*self._workers.items()]:
            if handler_id in self._workers:
                try:
                    await worker._handler(message)
                except Exception as error:  # noqa: BLE001  # whatever a handler raises
                    errors.append(error)
        return errors


@odd
class WaitsForRuns(Working):
    """Unregistering waits for the call that runs, unless it is that call which asks."""

    class Worker(Worker):
        task: asyncio.Task[Any] | None = None

        async def _work(self) -> None:
            self.task = asyncio.current_task()
            await super()._work()

    async def unregister_handler(self, handler_id: object) -> None:
        worker: Any = self._workers.get(handler_id)  # type: ignore[call-overload]  # as given
        await super().unregister_handler(handler_id)
        if worker.task not in (None, asyncio.current_task()):
            await asyncio.wait([worker.task])


@odd
class TellsAtOnce(MessageService):
    """Tells the sender of a failure at once, and not once all handlers have ended; and that all is well with a response."""

    def handled(self, delivery: Delivery, error: Exception | None = None) -> None:
        if error is not None and not delivery.errors:
            self.spawn(self._reply(Reply(delivery.request.id, Fault(ErrorKind.UNEXPECTED, repr(error)))))
        reply = delivery.ended(error)
        if reply is not None and not delivery.errors:
            self.spawn(self._reply(Reply(reply.id, Response(delivery.request.message.id, "well"))))


@odd
class SaysNothing(MessageService):
    """Says nothing where all is well."""

    async def _reply(self, reply: Reply) -> None:
        if reply.outcome is not None:
            await super()._reply(reply)


@odd
class TellsNewcomers(MessageService):
    """A new handler hears what others are still busy with, and a new reader gets it."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._undone: list[Delivery] = []

    def _take(self, frame: Frame) -> None:
        super()._take(frame)
        if isinstance(frame, Request):
            self._undone.append(self._latest)

    def handled(self, delivery: Delivery, error: Exception | None = None) -> None:
        self._latest = delivery
        super().handled(delivery, error)
        self._undone = [each for each in self._undone if each.left]

    async def register_handler(self, handler: Handler) -> int:
        handler_id = await super().register_handler(handler)
        for delivery in self._undone:
            if delivery.left:
                delivery.left += 1
                self._workers[handler_id].put(delivery)
        return handler_id

    async def receive_messages(self) -> Subscription:
        subscription = await super().receive_messages()
        for delivery in self._undone:
            if delivery.left:
                subscription.put(delivery.request.message)
        return subscription


# What is received, and when


@odd
class HandlersFirst(MessageService):
    """Readers get a message once its handlers have ended."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._coming: deque[Delivery] = deque()

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Reply):
            super()._take(frame)
            return
        delivery = Delivery(frame, len(self._workers) + 1)
        self._coming.append(delivery)
        for worker in self._workers.values():
            worker.put(delivery)
        self.handled(delivery)

    def handled(self, delivery: Delivery, error: Exception | None = None) -> None:
        super().handled(delivery, error)
        while self._coming and not self._coming[0].left:
            done = self._coming.popleft()
            for subscription in self._subscriptions:
                subscription.put(done.request.message)


@odd
class PausesWhileHandling(MessageService):
    """Receives nothing while a handler runs, but for one that waits for a response itself."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._waiting = 0
        """Handlers that wait for a response themselves."""
        self._undone: list[Delivery] = []
        self._frames: deque[Frame] = deque()

    def _take(self, frame: Frame) -> None:
        self._frames.append(frame)
        self._go_on()

    def _go_on(self) -> None:
        while self._frames and sum(each.left for each in self._undone) <= self._waiting:
            super()._take(self._frames.popleft())

    def handled(self, delivery: Delivery, error: Exception | None = None) -> None:
        super().handled(delivery, error)
        self._undone = [each for each in {id(each): each for each in (*self._undone, delivery)}.values() if each.left]
        self._go_on()

    async def _exchange(self, message: Message) -> Response:
        task: Any = asyncio.current_task()
        within = "Worker" in task.get_coro().__qualname__
        self._waiting += within
        self._go_on()
        try:
            return await super()._exchange(message)
        finally:
            self._waiting -= within


class Subscribing(MessageService):
    """The reference, with subscriptions of another kind."""

    Subscription: type[Subscription] = Subscription

    async def receive_messages(self) -> Subscription:
        subscription = self.Subscription()
        self._subscriptions.append(subscription)
        return subscription


@odd
class LatestFirst(Subscribing):
    """Readers get the latest message first: no order is promised to them."""

    class Subscription(Subscription):
        def __init__(self) -> None:
            self._waiting = asyncio.LifoQueue()


@odd
class WakesAll(Subscribing):
    """A condition and a list in place of a queue."""

    class Subscription(Subscription):
        def __init__(self) -> None:
            self._kept: deque[Message] = deque()
            self._come = asyncio.Event()

        def put(self, message: Message) -> None:
            self._kept.append(message)
            self._come.set()

        async def receive(self) -> Message:
            while not self._kept:
                self._come.clear()
                await self._come.wait()
            return self._kept.popleft()


# What was there before


class Legacy:
    """A connection of an older design: plain functions, callbacks, and dictionaries on the wire.

    Args:
        transport: what carries them.
        spawn: runs what the transport has to be awaited for.
    """

    def __init__(self, transport: Transport, spawn: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._transport = transport
        self._spawn = spawn
        self._number = 0
        self._waiting: dict[Any, Callable[[dict[str, Any]], None]] = {}
        self.listeners: list[Callable[[dict[str, Any], Callable[[str], None]], None]] = []
        spawn(self._loop())

    def request(self, data: dict[str, Any], callback: Callable[[dict[str, Any]], None]) -> int:
        """Send data; the callback gets what comes of it. The number is for `forget`."""
        self._number += 1
        self._waiting[self._number] = callback
        self._spawn(self._sent(self._number, data))
        return self._number

    def forget(self, number: int) -> None:
        """Call back no more."""
        self._waiting.pop(number, None)

    def _call(self, number: Any, what: dict[str, Any]) -> None:
        self._waiting.pop(number, lambda what: None)(what)

    async def _sent(self, number: int, data: dict[str, Any]) -> None:
        if number in self._waiting:
            try:
                await self._transport.send(Request(number, Message(**data)))
            except TransportError as error:
                self._call(number, {"error": error})

    async def _loop(self) -> None:
        try:
            while True:
                frame = await self._transport.receive()
                if isinstance(frame, Reply):
                    self._call(frame.id, {"outcome": frame.outcome})
                else:
                    self._tell(frame)
        except TransportError as error:
            for number in [*self._waiting]:
                self._call(number, {"error": error})

    def _tell(self, frame: Request) -> None:
        def done(problem: str) -> None:
            self._spawn(self._replied(Reply(frame.id, Fault(ErrorKind.OPERATION_FAILED, problem) if problem else None)))

        for listener in self.listeners:
            listener({"id": frame.message.id, "body": frame.message.body}, done)

    async def _replied(self, reply: Reply) -> None:
        try:
            await self._transport.send(reply)
        except TransportError:
            """Nobody is there any more."""


@odd
class LegacyAdapter:
    """The interface over a legacy connection, which knows neither handlers, nor subscriptions, nor keys.

    Args:
        dependency: the transport.
    """

    def __init__(self, dependency: Transport) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._legacy = Legacy(dependency, self._spawn)
        self._legacy.listeners.append(self._come)
        self._kept: dict[str, asyncio.Task[Response]] = {}
        self._lanes: dict[object, asyncio.Queue[Any]] = {}
        self._readers: list[asyncio.Queue[Message]] = []

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        try:
            async with asyncio.timeout(timeout):
                if idempotency_key is None:
                    return await self._asked(message)
                kept = self._kept.get(idempotency_key)
                if kept is None or (kept.done() and kept.exception()):
                    kept = self._kept[idempotency_key] = self._spawn(self._asked(message))
                return await asyncio.shield(kept)
        except TimeoutError:
            raise ServiceTimeoutError(ErrorKind.UNEXPECTED, "no answer in time") from None

    async def _asked(self, message: Message) -> Response:
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def come(what: dict[str, Any]) -> None:
            if not answered.done():
                answered.set_result(what)

        number = self._legacy.request({"id": message.id, "body": message.body}, come)
        try:
            what = await answered
        finally:
            self._legacy.forget(number)
        if "error" in what:
            raise ServiceError(ErrorKind.DEPENDENCY_ERROR, "not answered") from what["error"]
        outcome = what["outcome"]
        if isinstance(outcome, Fault):
            raise ServiceError(outcome.kind, outcome.message)
        return outcome or Response(message.id)

    def _come(self, data: dict[str, Any], done: Callable[[str], None]) -> None:
        message, told = Message(**data), []

        def done_once(why: str) -> None:
            if not told:
                told.append(why)
                done(why)

        for reader in self._readers:
            reader.put_nowait(message)
        for lane in self._lanes.values():
            lane.put_nowait((message, done_once))

    async def _lane(self, handler_id: object, handler: Handler) -> None:
        lane = self._lanes[handler_id]
        while handler_id in self._lanes:
            message, done = await lane.get()
            if handler_id in self._lanes:
                try:
                    await handler(message)
                except Exception as error:  # noqa: BLE001  # whatever a handler raises
                    done(str(error) or "?")

    async def register_handler(self, handler: Handler) -> object:
        handler_id = object()
        self._lanes[handler_id] = asyncio.Queue()
        self._spawn(self._lane(handler_id, handler))
        return handler_id

    async def unregister_handler(self, handler_id: object) -> None:
        if self._lanes.pop(handler_id, None) is None:
            raise ServiceError(ErrorKind.RESOURCE_NOT_FOUND, f"no handler {handler_id!r}")

    async def receive_messages(self) -> Reader:
        self._readers.append(asyncio.Queue())
        return Reader(self._readers[-1].get)


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscription that has one method."""

    receive: Callable[[], Awaitable[Message]]


# For threads


@THREADED.add
class StartsLate(ThreadedMessageService):
    """Has no thread of its own before somebody uses it: what the peer sends until then waits on the line."""

    _started = False

    def _start(self) -> None:
        """Nothing yet."""

    def _used(self) -> None:
        with self._lock:
            started, self._started = self._started, True
        if not started:
            super()._start()

    def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        self._used()
        return super().send_message(message, timeout, idempotency_key)

    def receive_messages(self) -> ThreadedSubscription:
        self._used()
        return super().receive_messages()

    def register_handler(self, handler: PlainHandler) -> int:
        self._used()
        return super().register_handler(handler)


@THREADED.add
class SendsInAThread(ThreadedMessageService):
    """Hands every frame over in one thread, which ends as soon as there is nothing to send."""

    def __init__(self, dependency: Any) -> None:
        self._outbox: deque[tuple[Any, int]] = deque()
        self._sending = False
        super().__init__(dependency)

    def _begin(self, operation: Any, frame_id: int) -> None:
        with self._lock:
            self._outbox.append((operation, frame_id))
            sending, self._sending = self._sending, True
        if not sending:
            threading.Thread(target=self._send, daemon=True).start()

    def _send(self) -> None:
        while (waiting := self._next()) is not None:
            super()._begin(*waiting)

    def _next(self) -> tuple[Any, int] | None:
        with self._lock:
            self._sending = bool(self._outbox)
            return self._outbox.popleft() if self._outbox else None
