"""Workflows that are put together in unusual ways, and rightly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from patternproof.reference.workflows import CoreComponent, GuardedClient, LocalComponent, UiComponent, WorkingSystem
from patternproof.reference.workflows.shell import announced, changed, of_failure, of_rejection
from patternproof.reference.workflows.tasks import Ear, Part

from patternproof.ports.circuit_breaker import CircuitOpenError
from patternproof.ports.event_bus import Event, Topic, UserAction
from patternproof.ports.state_sync import SyncError
from patternproof.ports.workflows import Command, CommandResponse, Perform
from tests.odd import Odd, Registry

T = TypeVar("T", bound=type[Any])
CORE, UI, GUARD = Registry("core_component"), Registry("ui_component"), Registry("guarded_client")
LOCAL, SYSTEM = Registry("local_component"), Registry("working_system")


def opened(registry: Registry) -> Callable[[T], T]:
    """Register a component that is opened once it is made."""

    def register(component: T) -> T:
        async def factory(*parts: Any) -> Any:
            made = component(*parts)
            await made.open()
            return made

        factory.__name__ = component.__name__
        registry.add(factory)
        return component

    return register


# Core components


@opened(CORE)
class SendsOneByOne(CoreComponent):
    """A command waits until the one before it is answered."""

    def __init__(self, service: Any, state: Any) -> None:
        super().__init__(service, state)
        self._turn = asyncio.Lock()

    async def send_command(self, command: Command) -> CommandResponse:
        async with self._turn:
            return await super().send_command(command)


@opened(CORE)
class TakesItsTime(CoreComponent):
    """Yields to the loop wherever it can."""

    async def _handle(self, message: Any) -> None:
        await asyncio.sleep(0)
        await super()._handle(message)
        await asyncio.sleep(0)

    async def send_command(self, command: Command) -> CommandResponse:
        await asyncio.sleep(0)
        return await super().send_command(command)


# UI components


@opened(UI)
class RecordsFirst(UiComponent):
    """What a user has tried stays on record, whatever came of it."""

    async def user_action(self, action: str, perform: Perform) -> Any:
        self._view.actions += (action,)
        result = await perform()
        await self._bus.publish(UserAction(action))
        return result


@opened(UI)
class TakesBack(UiComponent):
    """Shows an action at once, and takes it back if it fails (an optimistic interface)."""

    async def user_action(self, action: str, perform: Perform) -> Any:
        self._view.actions += (action,)
        try:
            result = await perform()
        except BaseException:
            self._view.actions = tuple(each for each in self._view.actions if each != action)
            raise
        await self._bus.publish(UserAction(action))
        return result


@opened(UI)
class FetchesEvents(UiComponent):
    """Reads a subscription of its own, to all topics, and passes over what is nothing to it."""

    async def open(self) -> None:
        bus: Any = self._bus
        self._subscription = await bus.subscribe(*Topic)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self._subscription:
            await self._hear(event)


@opened(UI)
class PerformsInATask(UiComponent):
    """An action goes on when whoever asked for it is gone."""

    def __init__(self, bus: Any) -> None:
        super().__init__(bus)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def user_action(self, action: str, perform: Perform) -> Any:
        task = asyncio.create_task(super().user_action(action, perform))
        self._tasks.add(task)
        return await asyncio.shield(task)


# Guarded clients


class Client(GuardedClient):
    """The reference, with what a subclass replaces in methods of its own."""

    async def request(self, payload: Any) -> Any:
        try:
            return await self.guarded(payload)
        except CircuitOpenError as error:
            await self.rejected(error)
        except Exception as error:
            await self.tell(error)
            raise of_failure(error) from error

    async def guarded(self, payload: Any) -> Any:
        return await self._breaker.call(lambda: self._send(payload))

    async def rejected(self, error: CircuitOpenError) -> None:
        raise of_rejection(error) from error

    async def tell(self, error: Exception) -> None:
        await self._bus.publish(announced(of_failure(error)))


@GUARD.add
class BorrowsFirst(Client):
    """Has a connection before it asks the breaker."""

    async def guarded(self, payload: Any) -> Any:
        async with self._pool.acquire() as connection:
            return await self._breaker.call(lambda: connection.request(payload))


@GUARD.add
class PassesRejectionsOn(Client):
    """The breaker's own error says enough."""

    async def rejected(self, error: CircuitOpenError) -> None:
        raise error


@GUARD.add
class TellsOfRejections(Client):
    """Whoever watches is told of what was not even sent."""

    async def rejected(self, error: CircuitOpenError) -> None:
        await self.tell(error)
        await super().rejected(error)


@GUARD.add
class TellsInATask(Client):
    """The caller does not wait for the bus."""

    def __init__(self, pool: Any, breaker: Any, bus: Any) -> None:
        super().__init__(pool, breaker, bus)
        self._tasks: set[asyncio.Task[None]] = set()

    async def tell(self, error: Exception) -> None:
        task = asyncio.create_task(super().tell(error))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


# Components with local state


@LOCAL.add
class AnnouncesWhatHasArrived(LocalComponent):
    """A change is news once it has been synchronised."""

    def __init__(self, name: str, replica: Any, bus: Any) -> None:
        super().__init__(name, replica, bus)
        self._pending: list[tuple[str, Any]] = []

    async def change(self, key: str, value: Any) -> None:
        self._pending.append((key, value))
        await self._replica.write(key, value)

    async def synchronise(self) -> Any:
        pending = [*self._pending]
        result = await super().synchronise()
        for each in pending:
            if each in self._pending:  # otherwise another one that ran meanwhile has announced it
                self._pending.remove(each)
                await self._bus.publish(changed(self._name, *each))
        return result


@LOCAL.add
class SynchronisesAtOnce(LocalComponent):
    """Tries with every change, and leaves it for later where that fails."""

    async def change(self, key: str, value: Any) -> None:
        await super().change(key, value)
        try:
            await self._replica.sync()
        except SyncError:
            return


@opened(LOCAL)
class FollowsAnnouncements(LocalComponent):
    """Synchronises when it hears that another one has changed something."""

    async def open(self) -> None:
        await Ear(self._bus, (Topic.STATE,), self._hear).open()

    async def _hear(self, event: Event) -> None:
        if getattr(event, "component", self._name) != self._name:
            try:
                await self._replica.sync()
            except SyncError:
                return


# Systems


@opened(SYSTEM)
class GivesWorkUp(WorkingSystem):
    """Cancels what is under way; whoever waits for it is told."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, job: Any) -> Any:
        task = asyncio.create_task(super().run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            raise InterruptedError("the system is shut down") from None

    async def _finish(self) -> None:
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await super()._finish()


@opened(SYSTEM)
class OneResource(WorkingSystem):
    """Is one resource for the manager, and knows the order by itself."""

    async def open(self) -> None:
        await self._manager.register("system", Part(self._begin, self._end))

    async def _begin(self) -> None:
        await self._begin_to_handle()
        await self._ear.open()

    async def _end(self) -> None:
        await self._ear.close()
        await self._end_handling()
        await self._finish()
        await self._pool.close()


@opened(SYSTEM)
class RefusesFirst(WorkingSystem):
    """Takes no more before it stops listening."""

    async def open(self) -> None:
        await super().open()
        await self._manager.register("door", Part(None, self._shut))

    async def _shut(self) -> None:
        self._closing = True
        await asyncio.sleep(0)


ODD: list[Odd] = [*CORE, *UI, *GUARD, *LOCAL, *SYSTEM]
