"""The driver for tasks in virtual time."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest

from patternproof.drivers import Cancelled, Hang, Operation, Raised, Returned, clocks, simulated
from patternproof.drivers.simulated import Simulated


@pytest.fixture
def driver() -> Iterator[Simulated]:
    with Simulated() as entered:
        yield entered


def test_a_held_call_ends_with_what_its_operation_is_released_with(driver: Simulated) -> None:
    operation = Operation(driver)
    pending = driver.start(operation.function)
    assert (pending.outcome, operation.runs) == (None, 1)
    operation.release(Returned("answer"))
    driver.settle()
    assert pending.outcome == Returned("answer")


def test_releasing_what_is_not_held_says_how_often_it_ran(driver: Simulated) -> None:
    with pytest.raises(LookupError, match="runs so far: 0"):
        Operation(driver).release(Returned())


def test_runs_are_released_in_the_order_in_which_they_were_held(driver: Simulated) -> None:
    operation = Operation(driver)
    calls = [driver.start(operation.function) for _ in range(2)]
    operation.release(Returned(1))
    driver.settle()
    assert [call.outcome for call in calls] == [Returned(1), None]


def test_a_cancelled_call_is_told_from_one_that_raises_a_cancellation_of_its_own(driver: Simulated) -> None:
    async def own() -> None:
        raise asyncio.CancelledError

    held = driver.start(Operation(driver).function)
    driver.cancel(held)
    driver.settle()
    assert held.outcome == Cancelled()
    assert isinstance(driver.start(own).outcome, Raised)


def test_a_cancelled_operation_is_no_longer_held(driver: Simulated) -> None:
    operation = Operation(driver)
    pending = driver.start(operation.function)
    driver.cancel(pending)
    driver.settle()
    assert not operation.held


def test_timers_fire_in_order_at_their_own_times(driver: Simulated) -> None:
    ended: list[float] = []

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append(time.monotonic())

    for seconds in (3, 1, 2):
        driver.start(partial(wait, seconds))
    driver.advance(2.5)
    assert ended == [clocks.START + 1, clocks.START + 2]
    assert driver.time() == clocks.START + 2.5


def test_wall_and_monotonic_clock_move_apart(driver: Simulated) -> None:
    driver.move_wall_clock(-3600)
    driver.advance(10)
    assert driver.now(lambda: (time.time(), time.monotonic())) == (clocks.WALL_START - 3590, clocks.START + 10)


def test_a_plain_function_finds_the_running_loop(driver: Simulated) -> None:
    assert driver.now(asyncio.get_running_loop) is driver._loop


def test_turns_of_the_loop_can_be_counted(driver: Simulated) -> None:
    turns: list[int] = []

    async def count() -> None:
        for number in range(4):
            turns.append(number)
            await asyncio.sleep(0)

    driver.begin(count)
    driver.turn(2)
    assert turns == [0, 1]
    driver.settle()
    assert turns == [0, 1, 2, 3]


def test_tasks_that_never_come_to_rest_are_a_hang(driver: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "MOST_STEPS", 200)

    async def spin() -> None:
        while True:  # noqa: ASYNC110  # that is the point
            await asyncio.sleep(0)

    with pytest.raises(Hang, match="200 steps") as caught:
        driver.start(spin)
    assert any("in spin" in line for line in caught.value.stacks)


def test_a_call_stands_at_the_line_of_a_generator_that_is_entered(driver: Simulated) -> None:
    @asynccontextmanager
    async def borrowing() -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    async def call() -> None:
        async with borrowing():
            pass

    driver.start(call)
    assert [line.split()[-1] for line in driver.waiting()] == ["borrowing"]


def test_a_call_stands_at_its_own_line_where_the_standard_library_waits(driver: Simulated) -> None:
    async def call() -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(asyncio.Event().wait)

    driver.start(call)
    assert [line.split()[-1] for line in driver.waiting()] == ["call"]


def test_a_generator_that_waits_for_the_kit_does_not_wait(driver: Simulated) -> None:
    held = Operation(driver).function

    @asynccontextmanager
    async def borrowing() -> AsyncIterator[None]:
        await held()
        yield

    async def call() -> None:
        async with borrowing():
            pass

    driver.start(call)
    assert driver.waiting() == []


def test_a_call_that_nothing_holds_and_that_does_not_end_is_a_hang(driver: Simulated) -> None:
    with pytest.raises(Hang, match="did not end"):
        driver.complete(Operation(driver).function)


def test_what_still_runs_is_cancelled_with_the_example() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            ended.append("cleaned up")

    with Simulated() as driver:
        driver.start(wait)
    assert ended == ["cleaned up"]


def test_what_is_over_is_held_on_to_by_nobody_else(driver: Simulated) -> None:
    seen: list[weakref.ref[Operation]] = []

    async def fail() -> None:
        local = Operation(driver)
        seen.append(weakref.ref(local))
        raise KeyError

    async def call() -> None:
        await asyncio.wait({asyncio.ensure_future(fail())})

    driver.start(call)
    assert seen[0]() is not None
    driver.forget()
    gc.collect()
    assert seen[0]() is None
