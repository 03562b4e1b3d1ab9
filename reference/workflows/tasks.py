"""The workflows for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from patternproof.ports.circuit_breaker import CircuitBreaker, CircuitOpenError
from patternproof.ports.connection_pool import ConnectionPool
from patternproof.ports.event_bus import Event, EventBus, Overflowed, SubscriptionClosedError, Topic, UserAction
from patternproof.ports.resource_lifecycle import ResourceManager
from patternproof.ports.service_interface import Message, MessageService
from patternproof.ports.shared_state import SharedState
from patternproof.ports.state_sync import Replica
from patternproof.ports.workflows import Command, CommandResponse, Perform

from .shell import HEARD, Messages, SystemClosedError, View, add, announced, changed, of_failure, of_rejection


class CoreComponent:
    """A component over a message service and a shared state; `open` has to be called once.

    Args:
        service: what commands go over.
        state: what messages change.
    """

    def __init__(self, service: MessageService, state: SharedState) -> None:
        self._service = service
        self._state = state
        self._messages = Messages()

    async def open(self) -> None:
        """Handle messages from now on."""
        self._handler = await self._service.register_handler(self._handle)

    async def close(self) -> None:
        """Handle no more messages."""
        await self._service.unregister_handler(self._handler)

    async def _handle(self, message: Message) -> None:
        await self._state.update(lambda data: add(data, message))

    async def send_command(self, command: Command) -> CommandResponse:
        response = await self._service.send_message(self._messages.of(command))
        return CommandResponse(command.name, response.body)


class Ear:
    """Hears the events of some topics, whichever way the bus has.

    It has a subscription for each: there are buses that have none for several.

    Args:
        bus: the bus.
        topics: what is listened to.
        hear: called with each event.
    """

    def __init__(self, bus: EventBus, topics: tuple[Topic, ...], hear: Callable[[Event], Awaitable[None]]) -> None:
        self._bus: Any = bus
        self._topics = topics
        self._hear = hear
        self._subscriptions: list[Any] = []
        self._listening: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Listen; what is published after this has returned is heard."""
        for topic in self._topics:
            if hasattr(self._bus, "handle"):
                self._subscriptions.append(await self._bus.handle((topic,), self._hear))
            else:
                self._subscriptions.append(await self._bus.subscribe(topic))
                self._listening.append(asyncio.create_task(self._listen(self._subscriptions[-1])))

    async def _listen(self, subscription: Any) -> None:
        while True:
            try:
                event = await subscription.receive()
            except SubscriptionClosedError:
                return
            except Overflowed:
                continue  # what is lost is lost; what comes is not
            await self._hear(event)

    async def close(self) -> None:
        """Listen no more; what was begun to be heard is heard to its end."""
        for subscription in self._subscriptions:
            await subscription.unsubscribe()
        if self._listening:
            await asyncio.wait(self._listening)


class UiComponent:
    """A component that acts for a user; `open` has to be called once.

    Args:
        bus: where actions are published, and context and tools come from.
    """

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._view = View()
        self._ear = Ear(bus, HEARD, self._hear)

    async def open(self) -> None:
        """Listen from now on: not in a task of its own, which would begin later than whoever publishes next."""
        await self._ear.open()

    async def close(self) -> None:
        """Listen no more."""
        await self._ear.close()

    async def _hear(self, event: Event) -> None:
        self._view.take(event)

    async def user_action(self, action: str, perform: Perform) -> Any:
        result = await perform()
        self._view.actions += (action,)
        await self._bus.publish(UserAction(action))
        return result

    @property
    def actions(self) -> tuple[str, ...]:
        return self._view.actions

    @property
    def context(self) -> str | None:
        return self._view.context

    @property
    def tools(self) -> Mapping[str, str]:
        return self._view.tools


class GuardedClient:
    """A client behind a pool and a breaker: no request waits for a connection that it would not be let use.

    Args:
        pool: of connections to the dependency.
        breaker: rejects requests while the dependency fails.
        bus: where failures are published.
    """

    def __init__(self, pool: ConnectionPool, breaker: CircuitBreaker, bus: EventBus) -> None:
        self._pool = pool
        self._breaker = breaker
        self._bus = bus

    async def request(self, payload: Any) -> Any:
        try:
            return await self._breaker.call(lambda: self._send(payload))
        except CircuitOpenError as error:
            raise of_rejection(error) from error
        except Exception as error:
            failure = of_failure(error)
            await self._bus.publish(announced(failure))
            raise failure from error

    async def _send(self, payload: Any) -> Any:
        async with self._pool.acquire() as connection:
            return await connection.request(payload)


class LocalComponent:
    """A component with local state.

    Args:
        name: its own, in what it announces.
        replica: holds the state.
        bus: where changes are announced.
    """

    def __init__(self, name: str, replica: Replica, bus: EventBus) -> None:
        self._name = name
        self._replica = replica
        self._bus = bus

    async def change(self, key: str, value: Any) -> None:
        await self._replica.write(key, value)
        await self._bus.publish(changed(self._name, key, value))

    async def synchronise(self) -> Any:
        return await self._replica.sync()

    async def snapshot(self) -> Mapping[str, Any]:
        return await self._replica.snapshot()


class Part:
    """A part of a system, as its manager sees it.

    Args:
        begin: makes it work; None: it does so already.
        end: ends it.
    """

    def __init__(self, begin: Callable[[], Awaitable[Any]] | None, end: Callable[[], Awaitable[Any]]) -> None:
        self._begin = begin
        self._end = end

    async def initialize(self) -> None:
        if self._begin is not None:
            await self._begin()

    async def is_healthy(self) -> bool:
        return True

    async def cleanup(self) -> None:
        await self._end()


class WorkingSystem:
    """A system of parts; `open` has to be called once, and what ends it is the manager.

    Work under way is finished first: taking back handler and subscription lets none begin, and then the pool is closed.

    Args:
        manager: cleans up.
        service: of messages that are work.
        bus: of events that are work.
        pool: of connections to what does it; closed at the end.
    """

    def __init__(self, manager: ResourceManager, service: MessageService, bus: EventBus, pool: ConnectionPool) -> None:
        self._manager = manager
        self._service = service
        self._pool = pool
        self._ear = Ear(bus, (Topic.USER,), self._hear)
        self._working = 0
        self._closing = False
        self._done = asyncio.Event()

    async def open(self) -> None:
        """Register the parts, each after what it works with, and so begin to work."""
        await self._manager.register("pool", Part(None, self._pool.close))
        await self._manager.register("work", Part(None, self._finish))
        await self._manager.register("handler", Part(self._begin_to_handle, self._end_handling))
        await self._manager.register("subscription", Part(self._ear.open, self._ear.close))

    async def _begin_to_handle(self) -> None:
        self._handler = await self._service.register_handler(self._handle)

    async def _end_handling(self) -> None:
        await self._service.unregister_handler(self._handler)

    async def _finish(self) -> None:
        self._closing = True
        while self._working:
            self._done.clear()  # it may have been set by work that was over before
            await self._done.wait()

    async def _handle(self, message: Message) -> None:
        await self.run(message.body)

    async def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            await self.run(event.action)

    async def run(self, job: Any) -> Any:
        if self._closing:
            raise SystemClosedError("the system is shut down, or about to; make a new one")
        self._working += 1
        try:
            async with self._pool.acquire() as connection:
                return await connection.request(job)
        finally:
            self._working -= 1
            if not self._working:
                self._done.set()
