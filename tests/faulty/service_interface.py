"""Message services that are wrong, each in one way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from patternproof.reference.service_interface import MessageService, ThreadedMessageService
from patternproof.reference.service_interface.deliveries import Delivery
from patternproof.reference.service_interface.tasks import Subscription, Worker
from patternproof.reference.service_interface.threads import PlainHandler, ThreadedWorker

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
from tests.faulty import Registry

FAULTY = Registry()
THREADED = Registry()
"""Those for threads."""


def faulty(violates: str, fragment: str, ways: str = "histories feature") -> Callable[[Any], Any]:
    """As `Registry.add`: a short machine does not always come across a single defect."""
    return FAULTY.add(violates, fragment, ways)


async def never() -> Any:
    """Wait for ever."""
    return await asyncio.get_running_loop().create_future()


class Fresh(MessageService):
    """The reference, without what its constructor makes of a handler or a subscription."""

    Worker: type[Worker] = Worker
    Subscription: type[Subscription] = Subscription

    async def register_handler(self, handler: Handler) -> int:
        handler_id = self.new_id()
        self._workers[handler_id] = self.Worker(self, handler)
        return handler_id

    def new_id(self) -> int:
        return next(self._handler_ids)

    async def receive_messages(self) -> Subscription:
        subscription = self.Subscription()
        self._subscriptions.append(subscription)
        return subscription


# SI-01: the structure


@faulty("SI-01", "every method of the interface", "feature")
class NamesItOtherwise(MessageService):
    """Calls the message by another name; positional calls work, and keywords do not."""

    async def send_message(self, msg: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:  # type: ignore[override]  # wrong on purpose
        return await super().send_message(msg, timeout, idempotency_key)


@faulty("SI-01", "expected something to be awaited", "feature")
class PlainWhereAwaited(MessageService):
    """Was asynchronous once; what it gives needs no waiting, so that was dropped."""

    def register_handler(self, handler):  # type: ignore[no-untyped-def,override]  # as in code without annotations
        handler_id = next(self._handler_ids)
        self._workers[handler_id] = Worker(self, handler)
        return handler_id


@faulty("SI-01", "seen nothing of that name", "feature")
class AsWritten:
    """The pattern document's `McpService`: three methods, and none to take a handler back.

    The sample has no code behind them; here it is the reference's.
    """

    def __init__(self, dependency: Transport) -> None:
        self._service = MessageService(dependency)
        self.send_message = self._service.send_message
        self.receive_messages = self._service.receive_messages
        self.register_handler = self._service.register_handler


@faulty("SI-01", "seen -> <class 'dict'>", "feature")
class SaysAnotherType(MessageService):
    """Says that it gives a dict, as the JSON that it parses."""

    async def send_message(  # type: ignore[override]  # wrong on purpose
        self, message: Message, timeout: float | None = None, idempotency_key: str | None = None
    ) -> dict:  # type: ignore[type-arg]  # as above
        return await super().send_message(message, timeout, idempotency_key)  # type: ignore[return-value]  # as above


@faulty("SI-01", "missing a required argument", "feature")
class WantsMore(MessageService):
    """Wants to be told who registers a handler."""

    async def register_handler(self, handler: Handler, owner: str) -> int:  # type: ignore[override]  # wrong on purpose
        return await super().register_handler(handler)

    async def unregister_handler(self, handler_id: object) -> None:
        await super().unregister_handler(handler_id)


# SI-02: the same data


def narrowed(value: Any) -> Any:
    """As through a format that has only doubles for numbers (JavaScript)."""
    return json.loads(json.dumps(value, default=dict), parse_int=float)


@faulty("SI-02", "a request arrives with other data than was sent")
class NarrowsRequests(MessageService):
    """Sends numbers as doubles."""

    async def _exchange(self, message: Message) -> Response:
        return await super()._exchange(replace(message, body=narrowed(message.body)))


@faulty("SI-02", "a response has other data than the peer gave it")
class NarrowsResponses(MessageService):
    """Reads numbers as doubles."""

    async def _exchange(self, message: Message) -> Response:
        response = await super()._exchange(message)
        return replace(response, body=narrowed(response.body))


@faulty("SI-02", "a message is heard with other data than the peer gave it", "histories")
class NarrowsMessages(MessageService):
    """Reads numbers as doubles, in messages alone."""

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Request):
            frame = replace(frame, message=replace(frame.message, body=narrowed(frame.message.body)))
        super()._take(frame)


# SI-03: the right response


@faulty("SI-03", "a response names another request than it answers")
class NamesTheFrame(MessageService):
    """Puts the id on the wire where that of the message belongs."""

    async def _exchange(self, message: Message) -> Response:
        response = await super()._exchange(message)
        return replace(response, request=f"frame of {response.request}")


class Misdirects(MessageService):
    """Finds the call of a reply in its own way."""

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Reply):
            reply = self.found(frame)
            if reply is not None and not reply.done():
                reply.set_result(frame.outcome)
        else:
            super()._take(frame)

    def found(self, frame: Reply) -> asyncio.Future[Any] | None:
        raise NotImplementedError

    def oldest(self) -> asyncio.Future[Any] | None:
        return next((each for each in self._calls.values() if not each.done()), None)


@faulty("SI-03", "a response goes to the call that has waited longest", "histories feature machine")
class ByArrival(Misdirects):
    """A queue of callers, and no ids: pipelining as Redis' protocol has it, over a transport that keeps no order."""

    def found(self, frame: Reply) -> asyncio.Future[Any] | None:
        return self.oldest()


@faulty("SI-03", "the response to a call that is over goes to another")
class ShiftedByOne(Misdirects):
    """A cancelled call leaves the queue of callers, and its response still comes (redis-py before 4.5.3, CVE-2023-28858)."""

    def found(self, frame: Reply) -> asyncio.Future[Any] | None:
        if frame.id in self._calls:
            self._answered.add(frame.id)
            return self._calls[frame.id]
        return None if frame.id in self._answered else self.oldest()

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._answered: set[int | str] = set()


@faulty("SI-03", "a second answer to one request goes to another call")
class TakesWhateverComes(ShiftedByOne):
    """Takes a response that nobody waits for, and was there before, to be the next one."""

    def found(self, frame: Reply) -> asyncio.Future[Any] | None:
        if frame.id in self._answered:
            return self.oldest()
        self._answered.add(frame.id)
        return self._calls.get(frame.id)


@faulty("SI-03", "only the call that came last gets its response")
class OneSlot(Misdirects):
    """Keeps one call, the latest: a field in place of a table."""

    def found(self, frame: Reply) -> asyncio.Future[Any] | None:
        waiting = [each for each, reply in self._calls.items() if not reply.done()]
        return self._calls.get(frame.id) if waiting and frame.id == waiting[-1] else None


@faulty("SI-03", "a response goes to another call, or is lost", "interleavings")
class CountsAcrossAnAwait(MessageService):
    """Takes the next id from a field, and counts it up after an await: two calls that begin together have one id."""

    latest = 0

    async def _exchange(self, message: Message) -> Response:
        frame_id = self.latest + 1
        await asyncio.sleep(0)
        self.latest = frame_id
        self._frame_ids = iter([frame_id])  # type: ignore[assignment]  # the next is this
        reply = self._calls[frame_id] = asyncio.get_running_loop().create_future()
        try:
            await self._transport.send(Request(frame_id, message))
            outcome = await reply
        except TransportError as error:
            raise ServiceError(ErrorKind.DEPENDENCY_ERROR, "not sent") from error
        finally:
            self._calls.pop(frame_id, None)
        if isinstance(outcome, Fault):
            raise ServiceError(outcome.kind, outcome.message)
        return outcome or Response(message.id)


# SI-04: every handler, once, in order


class Distributes(MessageService):
    """Gives messages to handlers in its own way."""

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Reply):
            super()._take(frame)
            return
        for subscription in self._subscriptions:
            subscription.put(frame.message)
        workers = self.chosen(list(self._workers.values()))
        delivery = Delivery(frame, len(workers) + 1)
        for worker in workers:
            worker.put(delivery)
        self.handled(delivery)

    def chosen(self, workers: list[Worker]) -> list[Worker]:
        raise NotImplementedError


@faulty("SI-04", "a message reaches a handler twice")
class Twice(Distributes):
    """Delivers at least once, and hopes that handlers do not mind."""

    def chosen(self, workers: list[Worker]) -> list[Worker]:
        return [worker for worker in workers for _ in range(2)]


@faulty("SI-04", "a message reaches one handler alone")
class OneAloneHears(Distributes):
    """Stops at the first handler, as one that has dealt with the message (a chain of responsibility)."""

    def chosen(self, workers: list[Worker]) -> list[Worker]:
        return workers[:1]


@faulty("SI-04", "a handler hears the latest message first", "histories feature")
class LatestFirst(Fresh):
    """A stack in place of a queue."""

    class Worker(Worker):
        def put(self, delivery: Delivery) -> None:
            super().put(delivery)
            self._queue.rotate(1)


@faulty("SI-04", "a handler hears messages in another order", "interleavings")
class TaskForEach(Fresh):
    """A task for each message, of which some take longer to begin (deserialising in a pool of threads)."""

    class Worker(Worker):
        def put(self, delivery: Delivery) -> None:
            async def later() -> None:
                for _ in range(3 if int(delivery.request.id) % 2 else 1):
                    await asyncio.sleep(0)
                if self in self._service._workers.values():
                    super(TaskForEach.Worker, self).put(delivery)
                else:
                    self._service.handled(delivery)

            self._service.spawn(later())


# SI-05: ids


@faulty("SI-05", "the id of a handler is given to another")
class UsesIdsAgain(Fresh):
    """Gives the first number that is free (file descriptors, `len(handlers)`)."""

    def new_id(self) -> int:
        return next(each for each in count(1) if each not in self._workers)


@faulty("SI-05", "two handlers have one id", "histories feature")
class OneIdForAll(MessageService):
    """The name of the handler's function is its id."""

    async def register_handler(self, handler: Handler) -> str:  # type: ignore[override]  # another type of ids
        self._workers[next(self._handler_ids)] = Worker(self, handler)
        return getattr(handler, "__name__", "handler")

    async def unregister_handler(self, handler_id: object) -> None:
        self._workers.pop(next(iter(self._workers)), None)


@faulty("SI-05", "a handler still hears after it was unregistered")
class NeverUnregisters(MessageService):
    """Looks for another object than it has kept (a bound method made anew)."""

    async def unregister_handler(self, handler_id: object) -> None:
        """Nothing."""


# SI-06: failing handlers


class OneByOne(MessageService):
    """Calls the handlers of one message after the other, in a task for all messages."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._handlers: dict[int, Handler] = {}
        self._messages: asyncio.Queue[tuple[Request, list[int]]] = asyncio.Queue()
        self.spawn(self._deliver())

    async def register_handler(self, handler: Handler) -> int:
        handler_id = next(self._handler_ids)
        self._handlers[handler_id] = handler
        return handler_id

    async def unregister_handler(self, handler_id: object) -> None:
        self._handlers.pop(handler_id, None)  # type: ignore[call-overload]  # as given

    def _take(self, frame: Frame) -> None:
        super()._take(frame) if isinstance(frame, Reply) else self._queue(frame)

    def _queue(self, frame: Request) -> None:
        for subscription in self._subscriptions:
            subscription.put(frame.message)
        self._messages.put_nowait((frame, list(self._handlers)))

    async def _deliver(self) -> None:
        while True:
            frame, handlers = await self._messages.get()
            try:
                await self.call(frame.message, handlers)
            except Exception as error:
                await self._reply(Reply(frame.id, Fault(ErrorKind.OPERATION_FAILED, str(error))))

    async def call(self, message: Message, handlers: list[int]) -> None:
        for each in handlers:
            if each in self._handlers:
                await self._handlers[each](message)


@faulty("SI-06", "other handlers miss a message at which one fails", "histories")
class OthersMissIt(OneByOne):
    """Has its `try` around the loop, and not inside (blinker, most lists of callbacks)."""


@faulty("SI-06", "other handlers are cut off as one fails", "histories")
class OthersAreCutOff(OneByOne):
    """A task group for the handlers of a message: the first that fails ends the others."""

    async def call(self, message: Message, handlers: list[int]) -> None:
        async with asyncio.TaskGroup() as group:
            for each in handlers:
                if each in self._handlers:
                    group.create_task(self._handlers[each](message))  # type: ignore[arg-type]  # the kit's are coroutine functions


@faulty("SI-06", "a handler that fails once is called no more")
class DropsWhoFails(Fresh):
    """Takes a handler back that has failed."""

    class Worker(Worker):
        async def _work(self) -> None:
            handler = self._handler

            async def watched(message: Message) -> None:
                try:
                    await handler(message)
                except Exception:
                    for dropped in self.drop():
                        self._service.handled(dropped)
                    self._service._workers = {key: each for key, each in self._service._workers.items() if each is not self}
                    raise

            self._handler = watched
            await super()._work()


@faulty("SI-06", "nothing arrives any more after a handler has failed")
class DiesOfIt(MessageService):
    """The error of a handler ends the task that receives (the MCP SDK's receive loop before 1.9)."""

    dead = False

    def handled(self, delivery: Delivery, error: Exception | None = None) -> None:
        super().handled(delivery, error)
        self.dead = self.dead or error is not None

    def _take(self, frame: Frame) -> None:
        if not self.dead:
            super()._take(frame)


@faulty("SI-06", "the sender of a message is not told that a handler has failed")
class OnlyLogs(MessageService):
    """Logs the errors of handlers, and tells the sender that all is well."""

    async def _reply(self, reply: Reply) -> None:
        await super()._reply(Reply(reply.id))


@faulty("SI-06", "the sender of a message gets an error without a type")
class TellsInWords(MessageService):
    """Replies with the text of the error."""

    async def _reply(self, reply: Reply) -> None:
        outcome = reply.outcome
        await super()._reply(Reply(reply.id, outcome.message if isinstance(outcome, Fault) else None))  # type: ignore[arg-type]  # wrong on purpose


# SI-07: errors of the transport and of the peer


class Translates(MessageService):
    """Turns errors into others."""

    async def _exchange(self, message: Message) -> Response:
        try:
            return await super()._exchange(message)
        except ServiceError as error:
            if isinstance(error.__cause__, TransportError):
                return self.of_transport(error)
            return self.of_fault(error, message)

    def of_transport(self, error: ServiceError) -> Response:
        raise error

    def of_fault(self, error: ServiceError, message: Message) -> Response:
        raise error


@faulty("SI-07", "an error of the transport comes back without a type", "histories feature machine")
class LetsThrough(Translates):
    """Lets the transport's errors through."""

    def of_transport(self, error: ServiceError) -> Response:
        raise error.__cause__ or error


@faulty("SI-07", "a typed error lacks the cause that the transport gave", "histories feature machine")
class FromNone(Translates):
    """Hides where it came from."""

    def of_transport(self, error: ServiceError) -> Response:
        raise ServiceError(error.kind, "the message was not sent") from None


@faulty("SI-07", "a fault of the peer comes back without a type", "histories feature machine")
class FaultWithoutType(Translates):
    """Raises what comes first to mind."""

    def of_fault(self, error: ServiceError, message: Message) -> Response:
        raise RuntimeError(error.message) from error


@faulty("SI-07", "a typed error says nothing of the peer's fault", "histories feature machine")
class FaultWithoutCause(Translates):
    """Says that something went wrong."""

    def of_fault(self, error: ServiceError, message: Message) -> Response:
        raise ServiceError(error.kind, "the call has failed") from None


@faulty("SI-07", "a fault of the peer comes back as a response", "histories feature machine")
class FaultAsResponse(Translates):
    """Leaves it to the caller to look into the body (JSON-RPC over HTTP, where the status is 200)."""

    def of_fault(self, error: ServiceError, message: Message) -> Response:
        return Response(message.id, {"error": error.message})


@faulty("SI-07", "nothing is sent any more after the transport has failed once")
class GivesUp(MessageService):
    """Takes a failure for the end, and holds back what comes after."""

    broken = False

    async def _exchange(self, message: Message) -> Response:
        if self.broken and self._lost is None:
            return await self._calls.setdefault(f"held {message.id}", asyncio.get_running_loop().create_future())  # type: ignore[return-value]  # it never ends
        try:
            return await super()._exchange(message)
        except ServiceError as error:
            self.broken = isinstance(error.__cause__, TransportError)
            raise


@faulty("SI-07", "a call waits for ever for a peer that is lost")
class WaitsForTheLost(MessageService):
    """Leaves its calls waiting as the connection ends (the MCP SDK's sessions before 1.10)."""

    async def _receive(self) -> None:
        try:
            while True:
                self._take(await self._transport.receive())
        except TransportError as error:
            self._lost = error


# SI-08: nothing in secret

_OF_LOOP: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def shared(name: str, value: Any) -> Any:
    """What all services of one loop share, as all of a process do where a class keeps it."""
    return _OF_LOOP.setdefault(asyncio.get_running_loop(), {}).setdefault(name, value)


@faulty("SI-08", "two services share something, or one makes a dependency of its own")
class SharesHandlers(MessageService):
    """Keeps its handlers in the class."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._workers = shared("workers", self._workers)
        self._handler_ids = shared("ids", self._handler_ids)


@faulty("SI-08", "two services share something, or one makes a dependency of its own")
class OneConnectionForAll(MessageService):
    """Keeps the first transport that it was given, as a connection for all."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(shared("transport", dependency))


# SI-09: calls from within


@faulty("SI-09", "nothing is received while a handler runs")
class AwaitsInReceiver(OneByOne):
    """Awaits handlers in the task that receives (the MCP SDK's message handler)."""

    async def _receive(self) -> None:
        try:
            while True:
                frame = await self._transport.receive()
                if isinstance(frame, Reply):
                    self._take(frame)
                    continue
                for subscription in self._subscriptions:
                    subscription.put(frame.message)
                await self._call_all(frame)
        except TransportError as error:
            self._lost = error
            for reply in self._calls.values():
                if not reply.done():
                    reply.set_exception(error)

    async def _call_all(self, frame: Request) -> None:
        calls = [self._handlers[each](frame.message) for each in self._handlers]
        errors = [each for each in await asyncio.gather(*calls, return_exceptions=True) if isinstance(each, Exception)]
        fault = Fault(ErrorKind.OPERATION_FAILED, str(errors)) if errors else None
        await self._reply(Reply(frame.id, fault))


class Within(MessageService):
    """Knows when it is called by a handler."""

    @property
    def within(self) -> bool:
        task = asyncio.current_task()
        return task is not None and "Worker" in getattr(task.get_coro(), "__qualname__", "")


@faulty("SI-09", "a handler that registers another waits for ever")
class RegistersInQueue(Within):
    """Has the calling handler's own queue do it, once that handler has returned."""

    async def register_handler(self, handler: Handler) -> int:
        if self.within:
            await never()
        return await super().register_handler(handler)


@faulty("SI-09", "a handler that unregisters itself waits for ever")
class WaitsForItself(Within):
    """Waits for the handler's calls to end, also for the one that asks."""

    async def unregister_handler(self, handler_id: object) -> None:
        await super().unregister_handler(handler_id)
        if self.within:
            await never()


# SI-10: readers


@faulty("SI-10", "a message reaches one reader alone")
class OneQueue(MessageService):
    """One queue for all readers: the pattern document's mpsc::Receiver, taken literally."""

    def _take(self, frame: Frame) -> None:
        everybody = self._subscriptions
        self._subscriptions = everybody[:1]
        super()._take(frame)
        self._subscriptions = everybody


@faulty("SI-10", "a message is lost that comes while its reader does not receive")
class NoQueue(Fresh):
    """Wakes whoever waits, and keeps nothing (a condition in place of a queue)."""

    class Subscription(Subscription):
        def __init__(self) -> None:
            super().__init__()
            self._readers = 0

        def put(self, message: Message) -> None:
            if self._readers > self._waiting.qsize():
                super().put(message)

        async def receive(self) -> Message:
            self._readers += 1
            try:
                return await super().receive()
            finally:
                self._readers -= 1


@faulty("SI-10", "a message is missed that was sent as soon as receive_messages() had returned")
class SubscribesInTask(MessageService):
    """Leaves the registration to a task."""

    async def receive_messages(self) -> Subscription:
        subscription = Subscription()

        async def later() -> None:
            for _ in range(4):
                await asyncio.sleep(0)
            self._subscriptions.append(subscription)

        self.spawn(later())
        return subscription


@faulty("SI-10", "a reader that stops reading holds others up")
class WaitsForRoom(MessageService):
    """A bounded queue for each reader, and what receives waits for room (anyio's memory streams, as they are used mostly)."""

    async def receive_messages(self) -> Subscription:
        subscription = await super().receive_messages()
        subscription._waiting._maxsize = 100  # type: ignore[attr-defined]  # as if made so
        return subscription

    async def _receive(self) -> None:
        try:
            while True:
                frame = await self._transport.receive()
                for subscription in self._subscriptions if isinstance(frame, Request) else ():
                    while subscription._waiting.full():
                        await asyncio.sleep(1)
                self._take(frame)
        except TransportError as error:
            self._lost = error
            for reply in self._calls.values():
                if not reply.done():
                    reply.set_exception(error)


@faulty("SI-10", "the message after a cancelled receive is lost", "histories")
class TakesOneWithIt(Fresh):
    """A cancelled receive leaves its place in the queue taken (a task that nobody cancels)."""

    class Subscription(Subscription):
        async def receive(self) -> Message:
            self._getting = asyncio.ensure_future(super().receive())
            return await asyncio.shield(self._getting)


@faulty("SI-10", "a message is lost that comes as its receive is cancelled", "interleavings")
class LosesAtCancellation(Fresh):
    """Takes the message in a task of its own, which has it when the receive is cancelled (asyncio.wait_for before 3.12)."""

    class Subscription(Subscription):
        async def receive(self) -> Message:
            getting = asyncio.ensure_future(super().receive())
            try:
                return await asyncio.shield(getting)
            except asyncio.CancelledError:
                getting.cancel()
                raise


# SI-11: cancelled calls


class Cancels(MessageService):
    """Hears of calls that are cancelled."""

    async def _exchange(self, message: Message) -> Response:
        try:
            return await super()._exchange(message)
        except asyncio.CancelledError:
            if message.id not in self.timed_out:
                self.cancelled()
            raise

    def cancelled(self) -> None:
        raise NotImplementedError

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        if timeout is not None:
            self.timed_out.add(message.id)  # only who has no deadline is known to be cancelled
        return await super().send_message(message, timeout, idempotency_key)

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self.timed_out: set[str] = set()


@faulty("SI-11", "nothing arrives any more after a call was cancelled")
class EndsTheReceiver(Cancels):
    """Whoever waits receives for all; cancelling it ends that."""

    dead = False

    def cancelled(self) -> None:
        self.dead = True

    def _take(self, frame: Frame) -> None:
        if not self.dead:
            super()._take(frame)


@faulty("SI-11", "nothing is sent any more after a call was cancelled")
class KeepsTheLock(Cancels):
    """Releases its lock after the await, and not in a `finally`."""

    locked = False

    def cancelled(self) -> None:
        self.locked = True

    async def _exchange(self, message: Message) -> Response:
        if self.locked and self._lost is None:
            return await self._calls.setdefault(f"held {message.id}", asyncio.get_running_loop().create_future())  # type: ignore[return-value]  # it never ends
        return await super()._exchange(message)


@faulty("SI-11", "other calls end when one is cancelled")
class CancelledTogether(Cancels):
    """Closes the connection when a call is cancelled, since its state is not known any more."""

    def cancelled(self) -> None:
        for reply in self._calls.values():
            reply.cancel()


# SI-12: deadlines


@faulty("SI-12", "a call does not end by its deadline")
class IgnoresDeadlines(MessageService):
    """Takes a timeout, and does nothing with it."""

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        return await super().send_message(message, None, idempotency_key)


@faulty("SI-12", "a call ends by its deadline with an error without a type")
class LetsTimeoutThrough(MessageService):
    """Lets asyncio's TimeoutError through."""

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        try:
            return await super().send_message(message, timeout, idempotency_key)
        except ServiceTimeoutError as error:
            raise TimeoutError from error


# SI-13: once


@faulty("SI-13", "a request is sent again while one with its key is under way")
class LooksThenKeeps(MessageService):
    """Looks for a kept response, and keeps one once it has come: two at once find none."""

    def __init__(self, dependency: Transport) -> None:
        super().__init__(dependency)
        self._gone: set[str] = set()

    def _operation(self, key: str, message: Message) -> asyncio.Task[Response]:
        known = self._operations.get(key)
        if known is None or known.done() or not self._waited(known):
            return super()._operation(key, message)
        return self.spawn(self._exchange(message))

    def _waited(self, operation: asyncio.Task[Response]) -> bool:
        return len(operation._callbacks or ()) > 2  # type: ignore[attr-defined]  # besides the service's own: who shields it


@faulty("SI-13", "a request is sent again after one with its key was answered")
class ForgetsOnceAnswered(MessageService):
    """Keeps a key while its request is under way."""

    def _remember(self, key: str, done: asyncio.Task[Response]) -> None:
        super()._remember(key, done)
        self._operations.pop(key, None)


@faulty("SI-13", "a request is sent again after the call of one with its key was cancelled")
class ForgetsWithTheCaller(MessageService):
    """The entry of a key ends with the call that has made it."""

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        first = idempotency_key is not None and idempotency_key not in self._operations
        try:
            return await super().send_message(message, timeout, idempotency_key)
        except (asyncio.CancelledError, ServiceTimeoutError):
            if first and idempotency_key is not None:
                self._operations.pop(idempotency_key, None)
            raise


# For threads: what no other schedule shows


@THREADED.add("SI-13", "a request is sent again while one with its key is under way", "interleavings")
class LooksBeforeItLocks(ThreadedMessageService):
    """Looks a key up first, since most are new, and takes the lock to keep it."""

    def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        if idempotency_key is None or idempotency_key in self._operations:
            return super().send_message(message, timeout, idempotency_key)
        with self._lock:
            operation, frame_id = self._operation(message, None)
            self._operations[idempotency_key] = operation
        self._begin(operation, frame_id or 0)
        with self._lock:
            if not operation.over.wait_for(lambda: operation.ended, timeout):
                raise ServiceTimeoutError(ErrorKind.OPERATION_FAILED, "too late")
        return operation.result()


@THREADED.add("SI-05", "has an id that was given before", "interleavings")
class CountsWithoutALock(ThreadedMessageService):
    """``self._latest += 1``, which reads and writes in two steps."""

    _latest = 0

    def register_handler(self, handler: PlainHandler) -> int:
        self._latest += 1
        handler_id = self._latest
        with self._lock:
            self._workers[handler_id] = ThreadedWorker(self, handler, self._lock)
        return handler_id
