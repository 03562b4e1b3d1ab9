"""Workflows that are put together wrongly, each in one way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from patternproof.reference.workflows import CoreComponent, GuardedClient, LocalComponent, UiComponent, WorkingSystem
from patternproof.reference.workflows.shell import add, announced, changed, of_failure, of_rejection
from patternproof.reference.workflows.tasks import Ear, Part

from patternproof.ports.circuit_breaker import CircuitOpenError
from patternproof.ports.event_bus import Event, StateChanged, Topic, UserAction
from patternproof.ports.service_interface import Message, ServiceError
from patternproof.ports.workflows import Command, CommandResponse, Perform
from tests.faulty import Faulty, Registry

T = TypeVar("T", bound=type[Any])
CORE, UI, GUARD = Registry("core_component"), Registry("ui_component"), Registry("guarded_client")
LOCAL, SYSTEM = Registry("local_component"), Registry("working_system")
EVERYWHERE = "histories feature machine"


def opened(registry: Registry, requirement: str, fragment: str, ways: str = EVERYWHERE) -> Callable[[T], T]:
    """Register a component that is opened once it is made."""

    def register(component: T) -> T:
        async def factory(*parts: Any) -> Any:
            made = component(*parts)
            await made.open()
            return made

        factory.__name__ = component.__name__
        registry.add(requirement, fragment, ways)(factory)
        return component

    return register


def core(fragment: str, ways: str = EVERYWHERE) -> Callable[[T], T]:
    return opened(CORE, "WF-01", fragment, ways)


def ui(fragment: str, ways: str = EVERYWHERE) -> Callable[[T], T]:
    return opened(UI, "WF-02", fragment, ways)


def guard(fragment: str, ways: str = EVERYWHERE) -> Callable[[T], T]:
    return GUARD.add("WF-03", fragment, ways)


def local(fragment: str, ways: str = EVERYWHERE) -> Callable[[T], T]:
    return LOCAL.add("WF-04", fragment, ways)


def system(fragment: str, ways: str = EVERYWHERE) -> Callable[[T], T]:
    return opened(SYSTEM, "WF-05", fragment, ways)


# WF-01: core components


@core("a message of the peer changes nothing")
class AsWrittenCoreComponent(CoreComponent):
    """``let _ = component.mcp_service.register_handler(handler)``: what it gives is to be waited for, and nobody does."""

    async def open(self) -> None:
        self._service.register_handler(self._handle).close()  # as one that is dropped before it has run


@core("a message of the peer is applied twice")
class RegistersTwice(CoreComponent):
    """Once where it is made, and once where it is started."""

    async def open(self) -> None:
        await super().open()
        await super().open()


@core("overwrites what others have made of the shared state")
class KeepsACopy(CoreComponent):
    """Takes the state for its own, and writes all of what it knows."""

    def __init__(self, service: Any, state: Any) -> None:
        super().__init__(service, state)
        self._data: dict[str, Any] = {}

    async def _handle(self, message: Message) -> None:
        add(self._data, message)
        await self._state.update(self._overwrite)

    def _overwrite(self, data: dict[str, Any]) -> None:
        data.clear()
        data.update(self._data)


@core("somebody else makes at the same moment is lost", "interleavings")
class ReadsThenWrites(CoreComponent):
    """Reads, thinks, and writes: two steps where one is needed."""

    async def _handle(self, message: Message) -> None:
        snapshot = await self._state.get()
        data = dict(snapshot.data)
        await asyncio.sleep(0)
        add(data, message)
        await self._state.update(lambda now: (now.clear(), now.update(data)))


@core("a command gets the response to another one")
class TakesResponsesInOrder(CoreComponent):
    """Responses go into one queue, and whoever has waited longest takes the next (a pipelined connection without ids)."""

    def __init__(self, service: Any, state: Any) -> None:
        super().__init__(service, state)
        self._waiting: list[asyncio.Future[Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def send_command(self, command: Command) -> CommandResponse:
        mine: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        self._tasks.add(asyncio.create_task(self._exchange(command)))
        return CommandResponse(command.name, (await mine).body)

    async def _exchange(self, command: Command) -> None:
        try:
            response = await self._service.send_message(self._messages.of(command))
        except ServiceError as error:
            self._first().set_exception(error)
        else:
            self._first().set_result(response)

    def _first(self) -> asyncio.Future[Any]:
        self._waiting = [each for each in self._waiting if not each.done()]
        return self._waiting.pop(0) if self._waiting else asyncio.get_running_loop().create_future()


@core("cannot deal with comes back as a response")
class AnswersFaults(CoreComponent):
    """The error becomes a response with a field for it, which nobody looks at."""

    async def send_command(self, command: Command) -> CommandResponse:
        try:
            return await super().send_command(command)
        except ServiceError as error:
            return CommandResponse(command.name, {"error": str(error)})


@core("a command goes over the service twice")
class Hedges(CoreComponent):
    """Sends everything twice, and takes what comes first: harmless for reading, and commands are not for reading."""

    async def send_command(self, command: Command) -> CommandResponse:
        both = [asyncio.create_task(super(Hedges, self).send_command(command)) for _ in range(2)]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for each in both:
                each.cancel()


# WF-02: UI components


@ui("as soon as it is made is missed", "histories feature")
class AsWrittenUiComponent(UiComponent):
    """``tokio::spawn(async move { let mut receiver = event_bus_clone.subscribe(...)``: the task has not begun yet."""

    async def open(self) -> None:
        self._opening = asyncio.create_task(super().open())


@ui("an action that fails is published")
class PublishesWhatFails(UiComponent):
    """Publishes on every way out."""

    async def user_action(self, action: str, perform: Perform) -> Any:
        try:
            result = await perform()
            self._view.actions += (action,)
            return result
        except asyncio.CancelledError:
            action = ""
            raise
        finally:
            if action:
                await self._bus.publish(UserAction(action))


@ui("expected")
class PublishesFirst(UiComponent):
    """Tells what is going to happen, as if it had."""

    async def user_action(self, action: str, perform: Perform) -> Any:
        await self._bus.publish(UserAction(action))
        result = await perform()
        self._view.actions += (action,)
        return result


@ui("returns as if it had not")
class SwallowsFailures(UiComponent):
    """The error is logged, and that is all."""

    async def user_action(self, action: str, perform: Perform) -> Any:
        try:
            return await super().user_action(action, perform)
        except Exception:
            return None


@ui("an action is not published")
class TellsNobody(UiComponent):
    """Records, and leaves it at that."""

    async def user_action(self, action: str, perform: Perform) -> Any:
        result = await perform()
        self._view.actions += (action,)
        return result


@ui("an action is not on record")
class KeepsNoRecord(UiComponent):
    """Publishes, and hopes to hear of it itself."""

    async def user_action(self, action: str, perform: Perform) -> Any:
        result = await perform()
        await self._bus.publish(UserAction(action))
        return result


@ui("does not show the latest context")
class SubscribesToToolsAlone(UiComponent):
    """One topic was forgotten."""

    def __init__(self, bus: Any) -> None:
        super().__init__(bus)
        self._ear = Ear(bus, (Topic.TOOL,), self._hear)


@ui("does not show the status of tools")
class SubscribesToContextAlone(UiComponent):
    """The other one was."""

    def __init__(self, bus: Any) -> None:
        super().__init__(bus)
        self._ear = Ear(bus, (Topic.CONTEXT,), self._hear)


@ui("expected", "feature machine")
class HearsOneEvent(UiComponent):
    """``receiver.recv().await`` without a loop around it."""

    async def _hear(self, event: Event) -> None:
        if self._view.context is None and not self._view.tools:
            await super()._hear(event)


@ui("events of other kinds change what it shows")
class TakesEverythingForContext(UiComponent):
    """Listens to everything, and takes what it does not know for the one thing that it does."""

    def __init__(self, bus: Any) -> None:
        super().__init__(bus)
        self._ear = Ear(bus, tuple(Topic), self._hear)

    async def _hear(self, event: Event) -> None:
        await super()._hear(event)
        if event.topic not in (Topic.CONTEXT, Topic.TOOL):
            self._view.context = f"context of {event.topic}"


# WF-03: guarded clients


class Client(GuardedClient):
    """The reference, with what a subclass replaces in methods of its own."""

    async def request(self, payload: Any) -> Any:
        try:
            return await self._breaker.call(lambda: self._send(payload))
        except CircuitOpenError as error:
            return self.rejected(error)
        except Exception as error:
            return await self.failed(error)

    def rejected(self, error: CircuitOpenError) -> Any:
        raise of_rejection(error) from error

    async def failed(self, error: Exception) -> Any:
        await self._bus.publish(announced(of_failure(error)))
        raise of_failure(error) from error


@guard("a failure of the dependency comes out as it is")
class LetsFailuresOut(Client):
    """Tells of it, and lets the caller have what the driver raised."""

    async def failed(self, error: Exception) -> Any:
        await self._bus.publish(announced(of_failure(error)))
        raise error


@guard("is not the cause of what the caller gets")
class HidesCauses(Client):
    """``raise ... from None``, to keep tracebacks short."""

    async def failed(self, error: Exception) -> Any:
        await self._bus.publish(announced(of_failure(error)))
        raise of_failure(error) from None


@guard("a query that the dependency fails returns")
class FallsBack(Client):
    """Gives a default where there is no answer."""

    async def failed(self, error: Exception) -> Any:
        await self._bus.publish(announced(of_failure(error)))


@guard("a query that the breaker rejects returns")
class FallsBackWhenOpen(Client):
    """Gives a default as long as the circuit is open."""

    def rejected(self, error: CircuitOpenError) -> Any:
        return None


@guard("no error event is published for a failure")
class KeepsFailuresToItself(Client):
    """The caller is told, and nobody else."""

    async def failed(self, error: Exception) -> Any:
        raise of_failure(error) from error


@guard("the breaker does not open", "histories feature")
class CatchesInside(Client):
    """Makes its own error where the breaker cannot see it: to that every call is a success."""

    async def request(self, payload: Any) -> Any:
        outcome = await self._breaker.call(lambda: self._told(payload))
        return await self.failed(outcome) if isinstance(outcome, ConnectionError) else outcome

    async def _told(self, payload: Any) -> Any:
        try:
            return await self._send(payload)
        except ConnectionError as error:
            return error


@guard("the breaker does not close once the dependency has recovered", "histories feature")
class GivesUpForGood(Client):
    """Counts as well as the breaker does, and never begins anew."""

    failures = 0

    async def request(self, payload: Any) -> Any:
        if self.failures > 1:
            self.rejected(CircuitOpenError())
        result = await super().request(payload)
        self.failures = 0
        return result

    async def failed(self, error: Exception) -> Any:
        self.failures += 1
        await super().failed(error)


class ByHand(Client):
    """Borrows without a scope."""

    def __init__(self, pool: Any, breaker: Any, bus: Any) -> None:
        super().__init__(pool, breaker, bus)
        self._kept: list[Any] = []
        """What was not given back; if it were collected as garbage, that would do so."""

    returns: tuple[type[BaseException], ...] = ()

    async def _send(self, payload: Any) -> Any:
        borrowed = self._pool.acquire()
        self._kept.append(borrowed)
        connection = await borrowed.__aenter__()
        try:
            result = await connection.request(payload)
        except self.returns as error:
            await borrowed.__aexit__(type(error), error, error.__traceback__)
            raise
        await borrowed.__aexit__(None, None, None)
        return result


@guard("does not come back from a query that fails")
class ReturnsAfterSuccess(ByHand):
    """The line that gives it back stands below the one that fails."""

    returns = (asyncio.CancelledError,)


@guard("does not come back from a query that is cancelled", "histories machine")
class ReturnsAfterErrors(ByHand):
    """``except Exception``: a cancellation is none."""

    returns = (Exception,)


# WF-04: components with local state


@local("a change does not arrive where it was not made")
class AsWrittenLocalComponent(LocalComponent):
    """Synchronising pulls and merges; what changes here is pushed if enough time has passed since, and never again if not."""

    interval = 60.0

    def __init__(self, name: str, replica: Any, bus: Any) -> None:
        super().__init__(name, replica, bus)
        self._local: dict[str, Any] = {}
        self._last = time.time()

    async def change(self, key: str, value: Any) -> None:
        self._local[key] = value
        if time.time() - self._last > self.interval:
            await self._replica.write(key, value)
        await self._bus.publish(changed(self._name, key, value))

    async def synchronise(self) -> Any:
        await self._replica.sync()
        self._local = {**await self._replica.snapshot(), **self._local}
        self._last = time.time()

    async def snapshot(self) -> Any:
        return dict(self._local)


@local("is not to be seen where it was made")
class ChangesElsewhereFirst(LocalComponent):
    """Takes a change into its own state once it has gone out."""

    def __init__(self, name: str, replica: Any, bus: Any) -> None:
        super().__init__(name, replica, bus)
        self._pending: dict[str, Any] = {}

    async def change(self, key: str, value: Any) -> None:
        self._pending[key] = value
        await self._bus.publish(changed(self._name, key, value))

    async def synchronise(self) -> Any:
        for key, value in self._pending.items():
            await self._replica.write(key, value)
        self._pending.clear()
        return await self._replica.sync()


@local("announced again when it is synchronised")
class AnnouncesTwice(LocalComponent):
    """Once for the change, and once for its arrival."""

    def __init__(self, name: str, replica: Any, bus: Any) -> None:
        super().__init__(name, replica, bus)
        self._pending: list[tuple[str, Any]] = []

    async def change(self, key: str, value: Any) -> None:
        self._pending.append((key, value))
        await super().change(key, value)

    async def synchronise(self) -> Any:
        pending, self._pending = self._pending, []
        try:
            await super().synchronise()
        except Exception:
            self._pending = pending
            raise
        for key, value in pending:
            await self._bus.publish(changed(self._name, key, value))


@local("announced again by whoever hears of it")
class AnnouncesWhatItPulls(LocalComponent):
    """What is new here is news."""

    async def synchronise(self) -> Any:
        before = await self.snapshot()
        await super().synchronise()
        for key, value in (await self.snapshot()).items():
            if before.get(key) != value:
                await self._bus.publish(changed(self._name, key, value))


@local("a change is not announced")
class AnnouncesNothing(LocalComponent):
    """Leaves it to whoever synchronises."""

    async def change(self, key: str, value: Any) -> None:
        await self._replica.write(key, value)


@local("a value that was overwritten comes back", "histories machine")
class WritesAllOfIt(LocalComponent):
    """Synchronises, and then pushes the whole of what it had: its own is what counts."""

    def __init__(self, name: str, replica: Any, bus: Any) -> None:
        super().__init__(name, replica, bus)
        self._copy: dict[str, Any] = {}

    async def change(self, key: str, value: Any) -> None:
        self._copy[key] = value
        await super().change(key, value)

    async def synchronise(self) -> Any:
        await super().synchronise()
        for key, value in self._copy.items():
            await self._replica.write(key, value)
        await super().synchronise()
        self._copy = dict(await self.snapshot())


class Echoing(LocalComponent):
    """Makes a change of its own of what it hears of others' (two-way binding)."""

    async def open(self) -> None:
        await Ear(self._bus, (Topic.STATE,), self._hear).open()

    async def _hear(self, event: Event) -> None:
        if isinstance(event, StateChanged) and event.component != self._name:
            for key, value in event.data.items():
                if await self._replica.read(key) != value:
                    await self.change(key, value)


opened(LOCAL, "WF-04", "expected")(Echoing)


# WF-05: systems that are shut down


@system("connections remain open")
class ForgetsThePool(WorkingSystem):
    """Whoever made it will close it."""

    async def open(self) -> None:
        await self._manager.register("work", Part(None, self._finish))
        await self._manager.register("handler", Part(self._begin_to_handle, self._end_handling))
        await self._manager.register("subscription", Part(self._ear.open, self._ear.close))


@system("the subscription remains")
class ForgetsTheSubscription(WorkingSystem):
    """A variable that goes out of scope is no end of a subscription."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._ear.close = _nothing  # type: ignore[method-assign]  # which is what is wrong


@system("the handler remains")
class ForgetsTheHandler(WorkingSystem):
    """The id was not kept."""

    async def _end_handling(self) -> None:
        return


@system("a task or thread remains")
class ForgetsATask(WorkingSystem):
    """Something that looks after things now and then, for ever."""

    async def open(self) -> None:
        await super().open()
        self._looking = asyncio.create_task(asyncio.Event().wait())


@system("the pool is closed before what works with it")
class RegistersBackwards(WorkingSystem):
    """The most important part comes first to mind, and so is cleaned up last; here it is registered last."""

    async def open(self) -> None:
        await self._manager.register("subscription", Part(self._ear.open, self._ear.close))
        await self._manager.register("handler", Part(self._begin_to_handle, self._end_handling))
        await self._manager.register("work", Part(None, self._finish))
        await self._manager.register("pool", Part(None, self._pool.close))


@system("does not end where it began in the middle of work")
class WaitsForAWordThatNobodySays(WorkingSystem):
    """Whoever ends last was to say so."""

    async def _finish(self) -> None:
        self._closing = True
        if self._working:
            await asyncio.Event().wait()


@system("work under way never ends")
class DropsWork(WorkingSystem):
    """Cancels the tasks that work, and not those who wait for them."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, job: Any) -> Any:
        mine: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._done_for(mine, job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await mine

    async def _done_for(self, mine: asyncio.Future[Any], job: Any) -> None:
        try:
            mine.set_result(await super().run(job))
        except Exception as error:
            mine.set_exception(error)

    async def _finish(self) -> None:
        for task in self._tasks:
            task.cancel()
        await super()._finish()


@system("expected", "feature machine interleavings")
class DoesNotWaitForWork(WorkingSystem):
    """Cleans up what it knows of, and not what goes on."""

    async def _finish(self) -> None:
        self._closing = True


async def _nothing() -> None:
    return


FAULTY: list[Faulty] = [*CORE, *UI, *GUARD, *LOCAL, *SYSTEM]
