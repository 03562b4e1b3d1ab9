"""The reference connection pool, for tasks and for threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from patternproof.reference.connection_pool import ConnectionPool, ThreadedConnectionPool

from patternproof.drivers import Cancelled, Driver, Operation, Raised, Returned
from patternproof.drivers.simulated import Simulated
from patternproof.drivers.threaded import Threaded
from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolClosedError, PoolStatistics, PoolTimeoutError

FLAVOURS: dict[type[Driver], Any] = {Simulated: ConnectionPool, Threaded: ThreadedConnectionPool}


class Refused(Exception):
    """An error of connect()."""


class Line:
    """A connection; reset and close return at once, unless their operation is told to hold."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.alive = True
        self.resetting = Operation(driver, Returned())
        self.closing = Operation(driver, Returned())
        self.reset = self.resetting.function
        self.close = self.closing.function

    def is_alive(self) -> bool:
        return self.alive

    def request(self, payload: Any) -> Any:
        return Operation(self.driver, Returned(self)).function()


class Borrower:
    """Who acquires, asks which connection it has, and stays until it is sent away."""

    def __init__(self, bench: Bench) -> None:
        self.line: Line | None = None
        self.handle: Any = None
        self.scope = bench.pool.acquire()
        self._bench = bench
        self._stay = Operation(bench.driver)
        self.call = bench.driver.start(self._in_tasks if bench.driver.can_cancel else self._in_threads)

    async def _in_tasks(self) -> None:
        async with self.scope as self.handle:
            self.line = await self.handle.request("which")
            await self._stay.function()

    def _in_threads(self) -> None:
        with self.scope as self.handle:
            self.line = self.handle.request("which")
            self._stay.function()

    @property
    def error(self) -> BaseException | None:
        return self.call.outcome.error if isinstance(self.call.outcome, Raised) else None

    def leave(self, error: BaseException | None = None) -> None:
        self._stay.release(Returned() if error is None else Raised(error))
        self._bench.driver.settle()

    def cancel(self) -> None:
        self._bench.driver.cancel(self.call)
        self._bench.driver.settle()


class Bench:
    """A pool and the connections that it made."""

    def __init__(self, driver: Driver, **settings: Any) -> None:
        self.driver = driver
        self.lines: list[Line] = []
        self.connecting = Operation(driver, Returned())
        connect = self._in_tasks if driver.can_cancel else self._in_threads
        self.pool = driver.now(lambda: FLAVOURS[type(driver)](connect, ConnectionPoolSettings(**{"max_size": 1} | settings)))
        driver.settle()

    async def _in_tasks(self) -> Line:
        await self.connecting.function()
        return self._line()

    def _in_threads(self) -> Line:
        self.connecting.function()
        return self._line()

    def _line(self) -> Line:
        self.lines.append(Line(self.driver))
        return self.lines[-1]

    def borrow(self) -> Borrower:
        return Borrower(self)

    def release(self, operation: Operation, error: BaseException | None = None) -> None:
        operation.release(Returned() if error is None else Raised(error))
        self.driver.settle()

    def counts(self) -> tuple[int, int, int, int]:
        """Size, idle, in use, waiting."""
        counts: PoolStatistics = self.pool.statistics()
        return counts.size, counts.idle, counts.in_use, counts.waiting


@pytest.fixture(params=FLAVOURS, ids=lambda kind: kind.name)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with request.param() as entered:
        yield entered


@pytest.fixture
def tasks() -> Iterator[Driver]:
    """Where calls can be cancelled."""
    with Simulated() as entered:
        yield entered


def test_a_returned_connection_is_reset_and_lent_again_before_another_is_made(driver: Driver) -> None:
    bench = Bench(driver, max_size=2)
    bench.borrow().leave()
    again = bench.borrow()
    assert bench.lines == [again.line]
    assert bench.lines[0].resetting.runs == 1
    assert bench.counts() == (1, 0, 1, 0)


def test_waiters_are_served_in_the_order_in_which_they_came(driver: Driver) -> None:
    bench = Bench(driver)
    first, second, third = (bench.borrow() for _ in range(3))
    assert bench.counts() == (1, 0, 1, 2)
    first.leave()
    assert (second.line, third.line) == (bench.lines[0], None)
    second.leave()
    assert third.line is bench.lines[0]


def test_the_error_of_a_scope_reaches_the_borrower_and_its_connection_the_next(driver: Driver) -> None:
    bench, error = Bench(driver), KeyError()
    first, second = bench.borrow(), bench.borrow()
    first.leave(error)
    assert first.error is error
    assert second.line is bench.lines[0]


def test_a_waiter_gives_up_after_the_timeout_and_takes_nothing_with_it(driver: Driver) -> None:
    bench = Bench(driver, acquire_timeout=5.0)
    first, second = bench.borrow(), bench.borrow()
    driver.advance(4.0)
    assert second.call.outcome is None
    driver.advance(2.0)
    assert isinstance(second.error, PoolTimeoutError)
    assert str(second.error) == "no connection within 5 s: 1 of 1 connections, 0 idle, 1 in use, 0 waiting"
    first.leave()
    assert bench.counts() == (1, 1, 0, 0)


def test_a_failing_connect_tells_its_own_error_and_leaves_its_slot_to_the_next_waiter(driver: Driver) -> None:
    bench, error = Bench(driver), Refused()
    bench.connecting.preset = None
    first, second = bench.borrow(), bench.borrow()
    assert bench.counts() == (1, 0, 0, 1)
    bench.release(bench.connecting, error)
    assert first.error is error
    bench.release(bench.connecting)
    assert second.line is bench.lines[0]


def test_a_connection_found_broken_at_checkout_is_closed_and_replaced(driver: Driver) -> None:
    bench = Bench(driver)
    bench.borrow().leave()
    bench.lines[0].alive = False
    assert bench.borrow().line is bench.lines[1]
    assert bench.lines[0].closing.runs == 1
    assert bench.counts() == (1, 0, 1, 0)


def test_a_waiter_gets_the_slot_of_a_connection_that_comes_back_broken_once_it_is_closed(driver: Driver) -> None:
    bench = Bench(driver)
    first, second = bench.borrow(), bench.borrow()
    bench.lines[0].alive = False
    bench.lines[0].closing.preset = None
    first.leave()
    assert (second.line, bench.counts()) == (None, (1, 0, 0, 1))
    bench.release(bench.lines[0].closing)
    assert second.line is bench.lines[1]


@pytest.mark.parametrize("where", ["resetting", "closing"])
def test_errors_of_reset_and_close_do_not_reach_the_borrower_and_cost_no_slot(driver: Driver, where: str) -> None:
    bench = Bench(driver)
    first = bench.borrow()
    bench.lines[0].alive = where == "resetting"
    getattr(bench.lines[0], where).preset = Raised(Refused())
    first.leave()
    assert first.call.outcome == Returned()
    assert bench.lines[0].closing.runs == 1
    assert bench.counts() == (0, 0, 0, 0)


def test_a_handle_refuses_requests_before_its_scope_and_after_it(driver: Driver) -> None:
    bench = Bench(driver)
    borrower, waiting = bench.borrow(), bench.borrow()
    with pytest.raises(RuntimeError, match="no connection is borrowed here"):
        driver.complete(lambda: waiting.scope.request("which"))
    borrower.leave()
    with pytest.raises(RuntimeError, match="or it was returned"):
        driver.complete(lambda: borrower.handle.request("which"))


def test_leaving_a_scope_twice_changes_nothing_and_entering_it_twice_is_refused(driver: Driver) -> None:
    bench = Bench(driver)
    borrower = bench.borrow()
    borrower.leave()
    leave = getattr(borrower.scope, "__aexit__" if driver.can_cancel else "__exit__")
    enter = getattr(borrower.scope, "__aenter__" if driver.can_cancel else "__enter__")
    driver.complete(lambda: leave(None, None, None))
    assert bench.counts() == (1, 1, 0, 0)
    with pytest.raises(RuntimeError, match="entered before"):
        driver.complete(enter)


def test_closing_the_pool_fails_the_waiters_and_refuses_newcomers(driver: Driver) -> None:
    bench = Bench(driver)
    first, waiting = bench.borrow(), bench.borrow()
    driver.complete(bench.pool.close)
    assert isinstance(waiting.error, PoolClosedError)
    assert isinstance(bench.borrow().error, PoolClosedError)
    assert first.call.outcome is None


def test_a_closed_pool_has_nothing_open_once_all_is_returned(driver: Driver) -> None:
    bench = Bench(driver, max_size=3)
    borrowers = [bench.borrow() for _ in range(3)]
    borrowers[0].leave()
    driver.complete(bench.pool.close)
    assert bench.counts() == (2, 0, 2, 0)
    for borrower in borrowers[1:]:
        borrower.leave()
    assert bench.counts() == (0, 0, 0, 0)
    assert [line.closing.runs for line in bench.lines] == [1, 1, 1]
    assert [line.resetting.runs for line in bench.lines] == [1, 0, 0]


def test_a_connection_made_while_the_pool_closes_is_closed_and_its_borrower_refused(driver: Driver) -> None:
    bench = Bench(driver)
    bench.connecting.preset = None
    borrower = bench.borrow()
    driver.complete(bench.pool.close)
    bench.release(bench.connecting)
    assert isinstance(borrower.error, PoolClosedError)
    assert bench.lines[0].closing.runs == 1
    assert bench.counts() == (0, 0, 0, 0)


@pytest.mark.parametrize("limit", ["max_idle", "max_lifetime"])
def test_a_connection_that_is_too_old_is_closed_and_not_lent(driver: Driver, limit: str) -> None:
    bench = Bench(driver, **{limit: 10.0})
    bench.borrow().leave()
    driver.advance(11.0)
    assert bench.borrow().line is bench.lines[1]
    assert bench.lines[0].closing.runs == 1


def test_a_connection_past_its_lifetime_on_its_return_is_replaced_for_the_waiter(driver: Driver) -> None:
    bench = Bench(driver, max_lifetime=10.0)
    first, second = bench.borrow(), bench.borrow()
    driver.advance(11.0)
    first.leave()
    assert second.line is bench.lines[1]


def test_min_size_is_made_in_advance_and_made_up_for_when_a_connection_is_lost(driver: Driver) -> None:
    bench = Bench(driver, max_size=3, min_size=2)
    assert bench.counts() == (2, 2, 0, 0)
    borrower = bench.borrow()
    assert borrower.line is not None
    borrower.line.alive = False
    borrower.leave()
    assert bench.counts() == (2, 2, 0, 0)


def test_what_could_not_be_made_in_advance_is_tried_again_at_the_next_acquire(driver: Driver) -> None:
    bench = Bench(driver, max_size=2, min_size=2)
    bench.connecting.preset = Raised(Refused())
    for line in bench.lines:
        line.alive = False
    assert isinstance(bench.borrow().error, Refused)
    assert bench.counts() == (0, 0, 0, 0)
    bench.connecting.preset = Returned()
    bench.borrow().leave()
    assert bench.counts() == (2, 2, 0, 0)


def test_closing_a_pool_gives_up_what_is_being_made_in_advance(tasks: Driver) -> None:
    bench = Bench(tasks, max_size=2, min_size=1)
    bench.connecting.preset = None
    bench.lines[0].alive = False
    bench.borrow().cancel()
    assert bench.counts() == (1, 0, 0, 0)
    tasks.complete(bench.pool.close)
    assert bench.counts() == (0, 0, 0, 0)


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("end", ["cancelled", "timed out"])
def test_a_waiter_that_gives_up_as_it_is_served_loses_nothing(tasks: Driver, turns: int, end: str) -> None:
    bench = Bench(tasks, acquire_timeout=5.0)
    first, second = bench.borrow(), bench.borrow()
    tasks.pass_time(1.0)
    third = bench.borrow()
    first._stay.release(Returned())
    tasks.turn(turns)
    if end == "cancelled":
        tasks.cancel(second.call)
    else:
        tasks.pass_time(4.0)
    tasks.settle()
    served = second if second.call.outcome is None else third
    assert served.line is bench.lines[0]
    served.leave()
    if served is second:
        third.leave()
    assert bench.counts() == (1, 1, 0, 0)


def test_a_waiter_that_is_cancelled_leaves_the_queue(tasks: Driver) -> None:
    bench = Bench(tasks)
    first, second, third = (bench.borrow() for _ in range(3))
    second.cancel()
    assert (second.call.outcome, bench.counts()) == (Cancelled(), (1, 0, 1, 1))
    first.leave()
    assert third.line is bench.lines[0]


@pytest.mark.parametrize("end", ["cancelled", "timed out"])
def test_a_connect_that_is_given_up_leaves_its_slot_to_the_next_waiter(tasks: Driver, end: str) -> None:
    bench = Bench(tasks, acquire_timeout=5.0)
    bench.connecting.preset = None
    first = bench.borrow()
    tasks.advance(2.0)
    second = bench.borrow()
    if end == "cancelled":
        first.cancel()
    else:
        tasks.advance(4.0)
    assert first.call.outcome is not None
    bench.release(bench.connecting)
    assert second.line is bench.lines[0]


def test_a_connect_takes_no_longer_than_the_timeout_and_its_own_timeout_is_its_own(tasks: Driver) -> None:
    bench, error = Bench(tasks, acquire_timeout=5.0), TimeoutError()
    bench.connecting.preset = None
    slow = bench.borrow()
    tasks.advance(6.0)
    assert isinstance(slow.error, PoolTimeoutError)
    failing = bench.borrow()
    bench.release(bench.connecting, error)
    assert failing.error is error


def test_a_cancelled_reset_closes_the_connection_and_frees_its_slot(tasks: Driver) -> None:
    bench = Bench(tasks)
    first, second = bench.borrow(), bench.borrow()
    bench.lines[0].resetting.preset = None
    first.leave()
    first.cancel()
    assert first.call.outcome == Cancelled()
    assert bench.lines[0].closing.runs == 1
    assert second.line is bench.lines[1]


def test_closing_a_connection_goes_on_when_its_borrower_is_cancelled(tasks: Driver) -> None:
    bench = Bench(tasks)
    first, second = bench.borrow(), bench.borrow()
    bench.lines[0].alive = False
    bench.lines[0].closing.preset = None
    first.leave()
    first.cancel()
    assert first.call.outcome == Cancelled()
    assert second.line is None
    bench.release(bench.lines[0].closing)
    assert second.line is bench.lines[1]


def test_closing_the_pool_waits_for_the_connections_that_are_being_closed(tasks: Driver) -> None:
    bench = Bench(tasks)
    bench.borrow().leave()
    bench.lines[0].closing.preset = None
    closing = tasks.start(bench.pool.close)
    assert closing.outcome is None
    bench.release(bench.lines[0].closing)
    assert closing.outcome == Returned()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_size": 0}, "max_size must be at least 1, got 0"),
        ({"max_size": 1, "min_size": 2}, r"min_size must be at least 0 and at most max_size \(1\), got 2"),
        ({"acquire_timeout": -1.0}, "acquire_timeout must be at least 0 s, or None for no limit, got -1.0"),
        ({"max_idle": 0.0}, "max_idle must be above 0 s, or None for no limit, got 0.0"),
        ({"max_lifetime": 0.0}, "max_lifetime must be above 0 s"),
    ],
)
def test_a_setting_out_of_its_range_is_refused_by_name(tasks: Driver, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bench(tasks, **settings)


def test_the_repr_shows_the_counts(driver: Driver) -> None:
    bench = Bench(driver)
    bench.borrow()
    bench.borrow()
    assert repr(bench.pool).endswith("ConnectionPool 1 of 1 connections, 0 idle, 1 in use, 1 waiting>")
    driver.complete(bench.pool.close)
    assert repr(bench.pool).endswith("ConnectionPool closed, 1 of 1 connections, 0 idle, 1 in use, 0 waiting>")
