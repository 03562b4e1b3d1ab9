"""Publishing an event to several subscriptions, and receiving it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pyee
from patternproof.reference.event_bus import EventBus

from patternproof.ports.event_bus import EventBusSettings, StateChanged, Topic

from .contest import Contest, Peer, in_loop

TIMES = 5_000
ROUNDS = 9
SUBSCRIPTIONS = 10
BUDGET = 4_000
"""Nanoseconds, where a peer takes those that it is given below."""
EVENT = StateChanged("breaker", {"state": "open"})


def contests() -> Iterator[Contest]:
    """Every subscription receives each event before the next is published."""
    yield Contest(
        f"bus for asyncio, publish to {SUBSCRIPTIONS} subscriptions and receive",
        in_loop(_reference),
        TIMES,
        ROUNDS,
        {
            "asyncio queues": Peer(in_loop(_queues), BUDGET / 4_170),
            "pyee": Peer(in_loop(_pyee), BUDGET / 5_600),
        },
    )


async def _reference(times: int) -> None:
    bus = EventBus(EventBusSettings())
    subscriptions = [await bus.subscribe(Topic.STATE) for _ in range(SUBSCRIPTIONS)]
    for _ in range(times):
        await bus.publish(EVENT)
        for subscription in subscriptions:
            await subscription.receive()


async def _queues(times: int) -> None:
    queues: list[asyncio.Queue[object]] = [asyncio.Queue(16) for _ in range(SUBSCRIPTIONS)]
    for _ in range(times):
        for queue in queues:
            await queue.put(EVENT)
        for queue in queues:
            await queue.get()


async def _pyee(times: int) -> None:
    """It has handlers only; what stands for a subscription is a handler that puts the event into a queue of its own."""
    emitter = pyee.EventEmitter()
    queues: list[asyncio.Queue[object]] = [asyncio.Queue(16) for _ in range(SUBSCRIPTIONS)]
    for queue in queues:
        emitter.on("state", queue.put_nowait)
    for _ in range(times):
        emitter.emit("state", EVENT)
        for queue in queues:
            await queue.get()
