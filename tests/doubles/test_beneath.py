"""What is scripted beneath a double."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from patternproof.doubles import (
    CircuitBreakerDouble,
    ComponentDouble,
    ConnectionPoolDouble,
    EchoConnection,
    Line,
    MessageServiceDouble,
    Peer,
    SyncSystemDouble,
)

from patternproof.drivers import Raised
from patternproof.drivers.simulated import Simulated
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError
from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolTimeoutError
from patternproof.ports.error_propagation import ComponentError, DependencyFailure, Kind, Request
from patternproof.ports.service_interface import ErrorKind, Fault, Message, ServiceError, ServiceTimeoutError, TransportError
from patternproof.ports.state_sync import SyncError, Unreachable


async def error_of(call: Awaitable[Any]) -> Any:
    """What a call raises."""
    (ended,) = await asyncio.gather(call, return_exceptions=True)
    assert isinstance(ended, BaseException)
    return ended


def test_a_connection_that_is_not_made_in_time_is_a_timeout_of_the_pool() -> None:
    pool = ConnectionPoolDouble(settings=ConnectionPoolSettings(acquire_timeout=5.0))
    with Simulated() as driver:
        pool.script.hold("connect")
        borrower = driver.start(pool.acquire().__aenter__)
        driver.advance(6.0)
        assert isinstance(borrower.outcome, Raised)
        assert isinstance(borrower.outcome.error, PoolTimeoutError)


def test_a_pool_reuses_what_connect_gave_and_each_connection_replies_with_what_it_was_asked() -> None:
    made: list[EchoConnection] = []

    async def connect() -> EchoConnection:
        made.append(EchoConnection())
        return made[-1]

    async def main() -> None:
        pool = ConnectionPoolDouble(connect)
        for payload in ("first", "second"):
            async with pool.acquire() as handle:
                assert await handle.request(payload) == payload
        assert pool.statistics().size == len(made) == 1
        await pool.close()

    asyncio.run(main())
    for use in (made[0].request("third"), made[0].reset()):
        assert isinstance(asyncio.run(error_of(use)), ConnectionError)


def test_a_handle_that_has_not_been_borrowed_says_so() -> None:
    with pytest.raises(RuntimeError, match="no connection is borrowed here"):
        asyncio.run(ConnectionPoolDouble().acquire().request("ping"))


def test_a_peer_that_does_not_answer_in_time_is_a_timeout_of_the_service() -> None:
    async def main() -> ServiceTimeoutError:
        service = MessageServiceDouble()
        service.script.hold("send")
        return await error_of(service.send_message(Message("1"), timeout=5.0))

    with Simulated() as driver:
        call = driver.start(main)
        driver.advance(6.0)
        assert isinstance(call.outcome, Raised) is False
        assert isinstance(getattr(call.outcome, "value", None), ServiceTimeoutError)


def test_a_line_that_breaks_is_an_error_of_the_services_dependency() -> None:
    async def main() -> ServiceError:
        service = MessageServiceDouble()
        service.script.fail("send", error=TransportError("cut"))
        return await error_of(service.send_message(Message("1")))

    assert asyncio.run(main()).kind == ErrorKind.DEPENDENCY_ERROR


def test_a_peer_answers_as_it_is_told_and_speaks_for_itself() -> None:
    async def main() -> None:
        peer = Peer(lambda message: Fault(ErrorKind.PERMISSION_DENIED, "no") if message.body == "open" else "done")
        service = MessageServiceDouble(peer)
        assert (await service.send_message(Message("1", "close"))).body == "done"
        assert (await error_of(service.send_message(Message("2", "open")))).kind == "permission_denied"
        news = await service.receive_messages()
        peer.say(Message("3", "news"))
        assert [message.body async for message in first(news)] == ["news"]
        await service.close()

    asyncio.run(main())


async def first(messages: Any) -> Any:
    async for message in messages:
        yield message
        return


def test_a_network_that_fails_leaves_the_replica_as_it_was() -> None:
    async def main() -> None:
        system = SyncSystemDouble()
        replica = system.replica("here")
        await replica.write("key", 1)
        system.script.fail("call", on=1, error=Unreachable("cut"))
        assert isinstance(await error_of(replica.sync()), SyncError)
        assert (replica.last_sync, await replica.read("key"), await system.central()) == (None, 1, {})
        await replica.sync()
        assert await system.central() == {"key": 1}
        await system.close()

    asyncio.run(main())


def test_a_line_says_that_nobody_answers() -> None:
    with pytest.raises(Unreachable, match="nobody answers to 'there'"):
        asyncio.run(Line().call("here", "there", b""))


def test_a_dependency_that_fails_is_told_with_its_context() -> None:
    async def main() -> ComponentError:
        component = ComponentDouble()
        component.script.fail("call", on=2, error=DependencyFailure("down"))
        assert await component.perform(Request("read", ("page",))) == ["page"]
        return await error_of(component.perform(Request("read", ("page",))))

    error = asyncio.run(main())
    assert (error.kind, error.operation, error.resource) == (Kind.DEPENDENCY_ERROR, "read", "page")
    assert ComponentDouble().from_problem(ComponentDouble().to_problem(error)).kind == error.kind


def test_a_breaker_opens_by_the_failures_of_operations_and_closes_by_a_clock_of_ones_own() -> None:
    now = [0.0]

    async def fail() -> None:
        raise OSError

    async def work() -> str:
        return "done"

    async def main() -> None:
        breaker = CircuitBreakerDouble(CircuitBreakerSettings(failure_threshold=1, reset_timeout=30.0), lambda: now[0])
        await error_of(breaker.call(fail))
        assert isinstance(await error_of(breaker.call(work)), CircuitOpenError)
        now[0] = 31.0
        assert await breaker.call(work) == "done"
        assert breaker.state == "closed"

    asyncio.run(main())
