"""The reference's workflows, beyond what the requirements say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from patternproof.reference.event_bus import EventBus, ThreadedEventBus
from patternproof.reference.resource_lifecycle import ResourceManager
from patternproof.reference.workflows import GuardedClient, LocalComponent, ThreadedUiComponent, UiComponent, WorkingSystem
from patternproof.reference.workflows.shell import Messages, SystemClosedError, add

from patternproof.ports.circuit_breaker import CircuitOpenError
from patternproof.ports.error_propagation import ComponentError, Kind
from patternproof.ports.event_bus import ContextChanged, EventBusSettings, ToolExecuted, Topic
from patternproof.ports.service_interface import Message
from patternproof.ports.workflows import Command


class PullingBus:
    """A bus whose subscribers fetch their events, and nothing else."""

    def __init__(self, bus: Any) -> None:
        self.subscribe: Callable[..., Any] = bus.subscribe
        self.publish: Callable[..., Any] = bus.publish


@pytest.mark.parametrize("alone", [True, False])
def test_a_ui_component_hears_whichever_way_the_bus_has(alone: bool) -> None:
    async def main() -> None:
        inner = EventBus(EventBusSettings())
        bus: Any = PullingBus(inner) if alone else inner
        component = UiComponent(bus)
        await component.open()
        await bus.publish(ContextChanged("home"))
        await bus.publish(ToolExecuted("hammer", "done"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert (component.context, dict(component.tools)) == ("home", {"hammer": "done"})
        await component.close()
        await bus.publish(ContextChanged("away"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert component.context == "home"
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_a_threaded_ui_component_ends_the_thread_that_it_fetches_with() -> None:
    bus = PullingBus(ThreadedEventBus(EventBusSettings()))
    component = ThreadedUiComponent(bus)
    component.open()
    listening = [*component._ear._listening]
    component.close()
    assert listening
    assert not any(each.is_alive() for each in listening)


def test_what_a_ui_component_shows_cannot_be_changed() -> None:
    component = UiComponent(EventBus(EventBusSettings()))
    with pytest.raises(TypeError):
        component.tools["hammer"] = "gone"  # type: ignore[index]  # which is what is tried


def test_a_rejection_says_that_a_retry_can_help() -> None:
    class Open:
        async def call(self, operation: object) -> None:
            raise CircuitOpenError(3.0)

    async def main() -> ComponentError:
        client = GuardedClient(None, Open(), EventBus(EventBusSettings()))  # type: ignore[arg-type]  # no more is needed here
        with pytest.raises(ComponentError) as caught:
            await client.request("anything")
        return caught.value

    error = asyncio.run(main())
    assert (error.kind, error.retryable) == (Kind.DEPENDENCY_ERROR, True)
    assert isinstance(error.__cause__, CircuitOpenError)


def test_a_change_is_announced_with_the_name_of_who_made_it() -> None:
    class Kept:
        async def write(self, key: str, value: object) -> None: ...

    async def main() -> Any:
        bus = EventBus(EventBusSettings())
        subscription = await bus.subscribe(Topic.STATE)
        await LocalComponent("alpha", Kept(), bus).change("colour", "red")  # type: ignore[arg-type]  # as above
        return await subscription.receive()

    event = asyncio.run(main())
    assert (event.component, event.data) == ("alpha", {"colour": "red"})


def test_no_two_commands_go_in_messages_of_one_id() -> None:
    messages = Messages()
    made = [messages.of(Command("count")) for _ in range(3)]
    assert len({message.id for message in made}) == 3


@pytest.mark.parametrize("body", [None, "text", {"add": 1}, {"remove": {"a": 1}}])
def test_a_message_that_says_something_else_changes_nothing(body: Any) -> None:
    data = {"a": 1}
    add(data, Message("m", body))
    assert data == {"a": 1}


class Parts:
    """A pool whose connections are in use until they are let go, and a service without messages."""

    def __init__(self) -> None:
        self.going = asyncio.Event()
        self.closed = False

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        yield self

    async def request(self, job: object) -> object:
        await self.going.wait()
        return job

    async def close(self) -> None:
        self.closed = True

    async def register_handler(self, handler: object) -> int:
        return 1

    async def unregister_handler(self, handler_id: object) -> None: ...


def test_a_system_finishes_work_and_takes_no_more_before_it_closes_the_pool() -> None:
    async def main() -> None:
        manager, parts = ResourceManager(), Parts()
        system = WorkingSystem(manager, parts, EventBus(EventBusSettings()), parts)  # type: ignore[arg-type]  # as above
        await system.open()
        job = asyncio.create_task(system.run("a job"))
        await asyncio.sleep(0)
        ending = asyncio.create_task(manager.cleanup_all())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not parts.closed
        with pytest.raises(SystemClosedError):
            await system.run("another")
        parts.going.set()
        await ending
        assert (await job, parts.closed) == ("a job", True)

    asyncio.run(main())


def test_work_that_is_over_does_not_end_the_wait_for_other_work() -> None:
    async def main() -> None:
        manager, parts = ResourceManager(), Parts()
        system = WorkingSystem(manager, parts, EventBus(EventBusSettings()), parts)  # type: ignore[arg-type]  # as above
        await system.open()
        parts.going.set()
        await system.run("a job")
        parts.going.clear()
        asyncio.get_running_loop().call_soon(asyncio.create_task, system.run("another"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ending = asyncio.create_task(manager.cleanup_all())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not parts.closed
        parts.going.set()
        await ending

    asyncio.run(main())
