"""What all doubles have in common."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from patternproof import doubles
from patternproof.patterns import PATTERNS
from patternproof.ports.error_propagation import Request, beneath
from patternproof.ports.event_bus import StateChanged, Topic
from patternproof.ports.service_interface import Message

Calls = dict[str, Callable[[], Awaitable[Any]]]
"""By the name of what can be scripted, a call that comes to it."""
ROOT = Path(__file__).parent.parent.parent
TOGETHER = {"workflows", "migration"}
"""Patterns made of others, which have the doubles."""


async def nothing(*arguments: Any) -> None: ...


class Resource:
    """A resource that is always well."""

    initialize = cleanup = nothing

    async def is_healthy(self) -> bool:
        return True


async def circuit_breaker() -> tuple[Any, Calls]:
    breaker = doubles.CircuitBreakerDouble()
    return breaker, {"call": lambda: breaker.call(nothing)}


async def connection_pool() -> tuple[Any, Calls]:
    pool = doubles.ConnectionPoolDouble()
    handle = await pool.acquire().__aenter__()
    borrow: Callable[[], Awaitable[Any]] = lambda: pool.acquire().__aenter__()  # noqa: E731  # beside the others below
    return pool, {
        "acquire": borrow,
        "connect": borrow,
        "request": lambda: handle.request("ping"),
        "close": pool.close,
    }


async def event_bus() -> tuple[Any, Calls]:
    bus = doubles.EventBusDouble()
    subscription = await bus.subscribe(Topic.STATE)
    event = StateChanged("pump")
    await bus.publish(event)
    return bus, {
        "publish": lambda: bus.publish(event),
        "subscribe": lambda: bus.subscribe(Topic.STATE),
        "handle": lambda: bus.handle((Topic.USER,), nothing),
        "receive": subscription.receive,
        "unsubscribe": subscription.unsubscribe,
        "close": bus.close,
    }


async def shared_state() -> tuple[Any, Calls]:
    state = doubles.SharedStateDouble({"count": 0})
    return state, {
        "get": state.get,
        "update": lambda: state.update(lambda data: data.clear()),
        "update_if": lambda: state.update_if(0, lambda data: data.clear()),
    }


async def state_sync() -> tuple[Any, Calls]:
    system = doubles.SyncSystemDouble()
    replica = system.replica("here")
    return system, {
        "write": lambda: replica.write("key", 1),
        "delete": lambda: replica.delete("key"),
        "read": lambda: replica.read("key"),
        "snapshot": replica.snapshot,
        "sync": replica.sync,
        "call": replica.sync,
        "close": replica.close,
        "central": system.central,
    }


async def error_propagation() -> tuple[Any, Calls]:
    component = doubles.ComponentDouble()
    perform: Callable[[], Awaitable[Any]] = lambda: component.perform(Request("read", ("page",)))  # noqa: E731  # as above
    return component, {"perform": perform, "call": perform}


async def service_interface() -> tuple[Any, Calls]:
    peer = doubles.Peer()
    service = doubles.MessageServiceDouble(peer)
    handler = await service.register_handler(nothing)
    subscription = await service.receive_messages()
    peer.say(Message("from the peer"))
    send: Callable[[], Awaitable[Any]] = lambda: service.send_message(Message("1"))  # noqa: E731  # as above
    return service, {
        "send_message": send,
        "send": send,
        "receive_messages": service.receive_messages,
        "register_handler": lambda: service.register_handler(nothing),
        "unregister_handler": lambda: service.unregister_handler(handler),
        "receive": subscription.receive,
    }


async def resource_lifecycle() -> tuple[Any, Calls]:
    manager = doubles.ResourceManagerDouble()
    await manager.register("database", Resource())
    return manager, {
        "register": lambda: manager.register("cache", Resource()),
        "get": lambda: manager.get("database"),
        "health": manager.health,
        "cleanup_all": manager.cleanup_all,
    }


MADE: list[Callable[[], Coroutine[Any, Any, tuple[Any, Calls]]]] = [
    circuit_breaker,
    connection_pool,
    event_bus,
    shared_state,
    state_sync,
    error_propagation,
    service_interface,
    resource_lifecycle,
]
NAMES = {made: asyncio.run(made())[0].script.methods for made in MADE}
every_call = pytest.mark.parametrize(
    ("made", "method"), [pytest.param(made, name, id=f"{made.__name__}-{name}") for made in MADE for name in NAMES[made]]
)


def test_every_pattern_has_a_double() -> None:
    stems = {path.stem for path in (ROOT / "doubles").glob("*.py")} - {"__init__", "adapter", "script"}
    assert stems == {made.__name__ for made in MADE} == set(PATTERNS) - TOGETHER


@pytest.mark.parametrize("made", MADE)
def test_every_awaited_method_of_the_port_can_be_scripted(made: Any) -> None:
    double, calls = asyncio.run(made())
    port = import_module(f"patternproof.ports.{made.__name__}")
    members = {name for protocol in (port.REQUIRED, *port.OPTIONAL) for name in vars(protocol) if not name.startswith("_")}
    awaited = {name for name in members if inspect.iscoroutinefunction(getattr(double, name, None))}
    assert awaited <= set(double.script.methods) == set(calls)


@every_call
def test_a_call_that_is_not_scripted_is_recorded_and_does_as_the_port_says(made: Any, method: str) -> None:
    async def main() -> None:
        double, calls = await made()
        before = len(double.script.calls_of(method))
        await calls[method]()
        assert len(double.script.calls_of(method)) == before + 1

    asyncio.run(main())


@every_call
def test_a_call_that_is_to_fail_fails_by_that_error_and_the_next_one_does_not(made: Any, method: str) -> None:
    error = OSError("as scripted")

    async def main() -> None:
        double, calls = await made()
        double.script.fail(method, on=1, error=error)
        (ended,) = await asyncio.gather(calls[method](), return_exceptions=True)
        assert error in beneath(ended), "neither by itself nor as the cause of one of the port's errors"
        await calls[method]()

    asyncio.run(main())


@every_call
def test_a_call_that_is_held_goes_on_once_it_is_released(made: Any, method: str) -> None:
    async def main() -> None:
        double, calls = await made()
        hold = double.script.hold(method)
        call = asyncio.ensure_future(calls[method]())
        await hold.reached()
        assert not call.done()
        hold.release()
        await call

    asyncio.run(main())
