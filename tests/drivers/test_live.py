"""The driver for real connections in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest

from patternproof.drivers import Cancelled, Hang, Operation, Pending, Raised, Returned, clocks, live, watchdog
from patternproof.drivers.live import Live


@pytest.fixture
def driver() -> Iterator[Live]:
    with Live(scale=0.001, settle=0.01) as entered:
        yield entered


def test_a_held_call_ends_with_what_its_operation_is_released_with(driver: Live) -> None:
    operation = Operation(driver)
    pending = driver.start(operation.function)
    assert (pending.outcome, operation.runs) == (None, 1)
    operation.release(Returned("answer"))
    driver.settle()
    assert pending.outcome == Returned("answer")


def test_settling_goes_on_as_long_as_calls_end(driver: Live) -> None:
    async def chain(left: int) -> None:
        await asyncio.sleep(0)
        if left:
            seen.append(driver.begin(partial(chain, left - 1)))

    seen: list[Pending] = []
    driver.start(partial(chain, 3))
    assert [call.outcome for call in seen] == [Returned(None)] * 3


def test_a_call_over_a_real_connection_ends_by_itself(driver: Live) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def call() -> bytes:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            line = await reader.readline()
            writer.close()
            return line

    pending = driver.begin(call)
    while pending.outcome is None:
        driver.settle()
    assert pending.outcome == Returned(b"hello\n")


def test_passing_time_lasts_as_long_as_it_says_in_seconds_of_the_example(driver: Live) -> None:
    before = driver.time()
    driver.pass_time(20)
    assert driver.time() >= before + 20


def test_a_timer_that_is_due_has_fired_once_its_time_has_passed(driver: Live) -> None:
    fired: list[int] = []
    driver.now(lambda: asyncio.get_running_loop().call_later(5 * driver.scale, fired.append, 1))
    driver.advance(10)
    assert fired == [1]


def test_a_cancelled_call_is_told_as_cancelled(driver: Live) -> None:
    pending = driver.start(Operation(driver).function)
    driver.cancel(pending)
    driver.settle()
    assert pending.outcome == Cancelled()


def test_an_error_is_the_very_one_raised(driver: Live) -> None:
    operation, error = Operation(driver), KeyError("of the dependency")
    pending = driver.start(operation.function)
    operation.release(Raised(error))
    driver.settle()
    assert isinstance(pending.outcome, Raised)
    assert pending.outcome.error is error


def test_clocks_cannot_be_moved(driver: Live) -> None:
    assert not driver.moves_clocks
    with pytest.raises(NotImplementedError):
        driver.move_wall_clock(1)


def test_a_busy_loop_is_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LIMIT", 0.05)

    async def spin() -> None:
        while True:
            pass

    with Live(scale=0.001, settle=0.01) as driver, pytest.raises(Hang, match="kept control"):
        driver.start(spin)


def test_events_without_an_end_are_a_hang(driver: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_SETTLING", 0.05)

    async def again() -> None:
        await asyncio.sleep(0.002)
        driver.begin(again)

    driver.begin(again)
    with pytest.raises(Hang, match="never at rest"):
        driver.settle()


def test_what_still_runs_is_cancelled_with_the_example() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(1e6)
        finally:
            ended.append("cleaned up")

    with Live(scale=0.001, settle=0.01) as driver:
        driver.start(wait)
    assert ended == ["cleaned up"]


def test_what_the_loop_complains_of_is_kept_and_not_logged(driver: Live, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("in a callback")

    driver.now(lambda: asyncio.get_running_loop().call_soon(fail))
    driver.settle()
    assert [str(context["exception"]) for context in driver.uncaught] == ["in a callback"]
    assert caplog.text == ""


class Timed(Live):
    """A live driver whose time is what it was told to run."""

    now = 0.0

    def _run(self, seconds: float) -> None:
        type(self).now += seconds
        super()._run(0)


def test_what_passes_counts_from_the_last_thing_that_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timed, "now", 0.0)
    monkeypatch.setattr(clocks, "real_monotonic", lambda: Timed.now)
    with Timed(scale=0.5, settle=0.1) as driver:
        driver.begin(asyncio.Event().wait)
        driver.settle()
        driver.pass_time(9)
        assert Timed.now == pytest.approx(4.5)
        driver.pass_time(2)
        assert Timed.now == pytest.approx(5.5)
        driver.settle()
        driver.pass_time(0.1)
        assert Timed.now == pytest.approx(5.6)
