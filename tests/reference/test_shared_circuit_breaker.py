"""The reference breaker over Redis, and what its script decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
import redis
from patternproof.reference.shared_circuit_breaker import SharedCircuitBreaker

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError
from patternproof.servers import redis_url, restartable

SHORT = 0.05
"""Seconds of reset_timeout where a test waits for it to pass."""
LONG = 3600.0


class Down(Exception):
    """Of the dependency."""


async def up() -> str:
    return "result"


async def down() -> None:
    raise Down


@asynccontextmanager
async def breakers(count: int, url: str = "", **settings: Any) -> AsyncIterator[list[SharedCircuitBreaker]]:
    made = CircuitBreakerSettings(**{"failure_threshold": 1, "reset_timeout": LONG} | settings)
    name = uuid4().hex
    all_of_them = [SharedCircuitBreaker(url or redis_url(), name, made) for _ in range(count)]
    try:
        yield all_of_them
    finally:
        for each in all_of_them:
            await each.close()


async def fail(breaker: SharedCircuitBreaker) -> None:
    with pytest.raises(Down):
        await breaker.call(down)


async def probe(breaker: SharedCircuitBreaker, operation: Callable[[], Awaitable[Any]]) -> Any:
    """Call until the circuit lets it through."""
    while True:
        try:
            return await breaker.call(operation)
        except CircuitOpenError as error:
            await asyncio.sleep(error.retry_after or 0.001)


def test_failures_of_all_processes_are_counted_together() -> None:
    async def main() -> None:
        async with breakers(2, failure_threshold=2) as (one, other):
            await fail(one)
            assert other.state == "closed"
            await fail(other)
            assert (one.state, other.state) == ("open", "open")
            with pytest.raises(CircuitOpenError) as rejected:
                await one.call(up)
            assert 0 < (rejected.value.retry_after or 0) <= LONG

    asyncio.run(main())


def test_circuits_of_other_names_are_others() -> None:
    async def main() -> None:
        async with breakers(1) as (one,), breakers(1) as (other,):
            await fail(one)
            assert await other.call(up) == "result"

    asyncio.run(main())


def test_a_late_success_elsewhere_does_not_close_the_circuit() -> None:
    async def main() -> None:
        async with breakers(2) as (one, other):
            started, release = asyncio.Event(), asyncio.Event()

            async def hold() -> bool:
                started.set()
                return await release.wait()

            late = asyncio.create_task(other.call(hold))
            await started.wait()
            await fail(one)
            release.set()
            assert await late
            assert other.state == "open"

    asyncio.run(main())


def test_a_cancelled_probe_gives_its_slot_back() -> None:
    async def main() -> None:
        async with breakers(2, reset_timeout=SHORT) as (one, other):
            await fail(one)
            started = asyncio.Event()

            async def hold() -> None:
                started.set()
                await asyncio.Event().wait()

            held = asyncio.create_task(probe(one, hold))
            await started.wait()
            with pytest.raises(CircuitOpenError, match="retry in 0 s"):
                await other.call(up)
            held.cancel()
            with pytest.raises(asyncio.CancelledError):
                await held
            assert await other.call(up) == "result"
            assert one.state == "closed"

    asyncio.run(main())


def test_the_slot_of_a_process_that_died_comes_free() -> None:
    async def main() -> None:
        async with breakers(2, reset_timeout=SHORT) as (one, other):
            await fail(one)
            while True:
                try:
                    await one._admitted("a call of a process that dies now")
                except CircuitOpenError as error:
                    await asyncio.sleep(error.retry_after or 0.001)
                else:
                    break
            assert await probe(other, up) == "result"

    asyncio.run(main())


def test_the_circuit_outlives_a_restart_of_redis() -> None:
    async def main() -> None:
        with restartable("redis") as server:
            async with breakers(2, server.url) as (one, other):
                await fail(one)
                server.stop()
                with pytest.raises(redis.ConnectionError):
                    await one.call(up)
                server.start()
                with pytest.raises(CircuitOpenError):
                    await other.call(up)

    asyncio.run(main())


def test_a_failure_rate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"failure_rate must be None, got 0\.5"):
        SharedCircuitBreaker("redis://", "name", CircuitBreakerSettings(failure_rate=0.5, window=2))
