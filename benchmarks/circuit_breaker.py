"""Calls through a closed circuit."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import aiobreaker  # type: ignore[import-untyped]  # the library has no types
import circuitbreaker  # type: ignore[import-untyped]  # the library has no types
import purgatory
import pybreaker
from patternproof.reference.circuit_breaker import CircuitBreaker, ThreadedCircuitBreaker

from patternproof.ports.circuit_breaker import CircuitBreakerSettings

from .contest import Contest, Peer, Work, in_loop

TIMES = 100_000
ROUNDS = 15
BUDGET = 350
"""Nanoseconds, where a peer takes those that it is given below."""


async def operation() -> None:
    """What the breakers for asyncio protect."""


def plain_operation() -> None:
    """What the breakers for threads protect."""


def contests() -> Iterator[Contest]:
    """Every breaker has the settings that it is made with by default, and is called in the shortest way that takes a function."""
    settings = CircuitBreakerSettings()
    yield Contest(
        "breaker for asyncio, closed, a call",
        _awaiting(partial(CircuitBreaker(settings).call, operation)),
        TIMES,
        ROUNDS,
        {
            "bare await": Peer(_awaiting(operation), BUDGET / 70),
            "circuitbreaker": Peer(_awaiting(partial(circuitbreaker.CircuitBreaker().call_async, operation)), BUDGET / 375),
            "purgatory": Peer(in_loop(_purgatory), BUDGET / 482),
            "aiobreaker": Peer(_awaiting(partial(aiobreaker.CircuitBreaker().call_async, operation)), BUDGET / 900),
        },
    )
    yield Contest(
        "breaker for threads, closed, a call",
        _calling(partial(ThreadedCircuitBreaker(settings).call, plain_operation)),
        TIMES,
        ROUNDS,
        {
            "bare call": Peer(_calling(plain_operation)),
            "circuitbreaker": Peer(_calling(partial(circuitbreaker.CircuitBreaker().call, plain_operation))),
            "pybreaker": Peer(_calling(partial(pybreaker.CircuitBreaker().call, plain_operation))),
        },
    )


async def _purgatory(times: int) -> None:
    breaker = await purgatory.AsyncCircuitBreakerFactory().get_breaker("dependency")
    for _ in range(times):
        async with breaker:  # as its own decorator does
            await operation()


def _awaiting(call: Callable[[], Coroutine[Any, Any, object]]) -> Work:
    async def work(times: int) -> None:
        for _ in range(times):
            await call()

    return in_loop(work)


def _calling(call: Callable[[], object]) -> Work:
    def work(times: int) -> None:
        for _ in range(times):
            call()

    return work
