"""The reference circuit breaker, for tasks and for threads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from patternproof.reference.circuit_breaker import CircuitBreaker, ThreadedCircuitBreaker

from patternproof.drivers import Driver, Operation, Pending, Raised, Returned
from patternproof.drivers.simulated import Simulated
from patternproof.drivers.threaded import Threaded
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

FLAVOURS: dict[type[Driver], Any] = {Simulated: CircuitBreaker, Threaded: ThreadedCircuitBreaker}
TIMEOUT = 30.0


class Refused(Exception):
    """A failure of an operation."""


class NotFound(Exception):
    """An error that settings declare as ignored."""


class Interrupted(BaseException):
    """An end of an operation that is neither a success nor a failure."""


class Circuit:
    """A breaker, the calls made of it, and the transitions that it announced."""

    def __init__(self, driver: Driver, **settings: Any) -> None:
        self.driver = driver
        self.breaker = FLAVOURS[type(driver)](CircuitBreakerSettings(**{"reset_timeout": TIMEOUT} | settings))
        self.heard: list[str] = []
        self.breaker.add_listener(self.hear)

    def hear(self, old: CircuitState, new: CircuitState) -> None:
        self.heard.append(f"{old} to {new}")

    def start(self) -> tuple[Pending, Operation]:
        """A call whose operation is held."""
        operation = Operation(self.driver)
        return self.driver.start(partial(self.breaker.call, operation.function)), operation

    def end(self, operation: Operation, error: BaseException | None = None) -> None:
        operation.release(Returned() if error is None else Raised(error))
        self.driver.settle()

    def run(self, error: BaseException | None = None) -> Any:
        """A call from start to end, and how it ended."""
        operation = Operation(self.driver, Returned("result") if error is None else Raised(error))
        pending = self.driver.start(partial(self.breaker.call, operation.function))
        return pending.outcome.error if isinstance(pending.outcome, Raised) else pending.outcome

    def trip(self) -> None:
        self.driver.now(self.breaker.trip)

    def rejection(self) -> CircuitOpenError:
        pending, operation = self.start()
        assert isinstance(pending.outcome, Raised)
        assert isinstance(pending.outcome.error, CircuitOpenError)
        assert operation.runs == 0
        return pending.outcome.error


@pytest.fixture(params=FLAVOURS, ids=lambda kind: kind.name)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with request.param() as entered:
        yield entered


def test_what_an_operation_returns_or_raises_reaches_the_caller_unchanged(driver: Driver) -> None:
    circuit, error = Circuit(driver), Refused()
    assert circuit.run() == Returned("result")
    assert circuit.run(error) is error
    assert error.__cause__ is error.__context__ is None


def test_failures_in_a_row_open_the_circuit_and_a_success_between_them_starts_the_count_again(driver: Driver) -> None:
    circuit = Circuit(driver, failure_threshold=2)
    for error in (Refused(), None, Refused()):
        circuit.run(error)
    assert circuit.breaker.state == "closed"
    circuit.run(Refused())
    assert circuit.breaker.state == "open"
    assert circuit.heard == ["closed to open"]


def test_a_rejected_call_says_how_long_until_the_next_probe(driver: Driver) -> None:
    circuit = Circuit(driver)
    circuit.trip()
    driver.advance(10.0)
    assert circuit.rejection().retry_after == pytest.approx(TIMEOUT - 10.0)


def test_an_open_circuit_reads_open_until_a_call_is_admitted_as_a_probe(driver: Driver) -> None:
    circuit = Circuit(driver)
    circuit.trip()
    driver.advance(TIMEOUT + 1.0)
    assert circuit.breaker.state == "open"
    circuit.start()
    assert circuit.breaker.state == "half_open"


def test_enough_successful_probes_close_the_circuit_with_no_failures_counted(driver: Driver) -> None:
    circuit = Circuit(driver, failure_threshold=2, success_threshold=2)
    circuit.run(Refused())
    circuit.run(Refused())
    driver.advance(TIMEOUT + 1.0)
    circuit.run()
    assert circuit.breaker.state == "half_open"
    circuit.run()
    circuit.run(Refused())
    assert circuit.breaker.state == "closed"
    assert circuit.heard == ["closed to open", "open to half_open", "half_open to closed"]


def test_a_failed_probe_opens_the_circuit_for_the_full_timeout(driver: Driver) -> None:
    circuit = Circuit(driver)
    circuit.trip()
    driver.advance(TIMEOUT + 1.0)
    circuit.run(Refused())
    assert circuit.rejection().retry_after == pytest.approx(TIMEOUT)


def test_calls_beyond_the_probes_are_rejected_without_a_waiting_time(driver: Driver) -> None:
    circuit = Circuit(driver, half_open_max_calls=2)
    circuit.trip()
    driver.advance(TIMEOUT + 1.0)
    probes = [circuit.start() for _ in range(2)]
    assert [operation.runs for _, operation in probes] == [1, 1]
    assert circuit.rejection().retry_after == 0.0


def test_the_outcome_of_a_call_from_before_a_transition_changes_nothing_after_it(driver: Driver) -> None:
    circuit = Circuit(driver, failure_threshold=1)
    late = [circuit.start()[1] for _ in range(4)]
    circuit.run(Refused())
    driver.advance(10.0)
    circuit.end(late[0])
    circuit.end(late[1], Refused())
    assert circuit.rejection().retry_after == pytest.approx(TIMEOUT - 10.0)
    driver.advance(TIMEOUT)
    circuit.start()
    circuit.end(late[2])
    circuit.end(late[3], Refused())
    assert circuit.breaker.state == "half_open"


@pytest.mark.parametrize("error", [Interrupted(), NotFound()], ids=["interruption", "ignored"])
def test_a_probe_that_neither_succeeds_nor_fails_gives_its_slot_back(driver: Driver, error: BaseException) -> None:
    circuit = Circuit(driver, ignored_errors=(NotFound,))
    circuit.trip()
    driver.advance(TIMEOUT + 1.0)
    assert circuit.run(error) is error
    assert circuit.breaker.state == "half_open"
    assert circuit.run() == Returned("result")
    assert circuit.breaker.state == "closed"


@pytest.mark.parametrize("error", [Interrupted(), NotFound()], ids=["interruption", "ignored"])
def test_a_call_that_neither_succeeds_nor_fails_leaves_the_count_as_it_was(driver: Driver, error: BaseException) -> None:
    circuit = Circuit(driver, failure_threshold=2, ignored_errors=(NotFound,))
    for each in (Refused(), error, Refused()):
        circuit.run(each)
    assert circuit.breaker.state == "open"


def test_a_cancelled_probe_gives_its_slot_back() -> None:
    with Simulated() as driver:
        circuit = Circuit(driver)
        circuit.trip()
        driver.advance(TIMEOUT + 1.0)
        probe, _ = circuit.start()
        driver.cancel(probe)
        driver.settle()
        assert circuit.run() == Returned("result")


def test_a_failing_listener_keeps_neither_the_call_nor_the_other_listeners_from_anything(driver: Driver) -> None:
    circuit, error = Circuit(driver, failure_threshold=1), Refused()

    def fail(old: CircuitState, new: CircuitState) -> None:
        raise NotFound

    circuit.breaker.add_listener(fail)
    later: list[str] = []
    circuit.breaker.add_listener(lambda old, new: later.append(f"{old} to {new}"))
    assert circuit.run(error) is error
    assert circuit.heard == later == ["closed to open"]


def test_a_removed_listener_hears_no_more_and_one_added_twice_is_removed_once(driver: Driver) -> None:
    circuit = Circuit(driver)
    remove = circuit.breaker.add_listener(circuit.hear)
    remove()
    remove()
    circuit.trip()
    assert circuit.heard == ["closed to open"]


def test_every_listener_hears_the_transitions_in_order_even_when_one_of_them_moves_the_circuit(driver: Driver) -> None:
    circuit = Circuit(driver)
    remove = circuit.breaker.add_listener(lambda old, new: (remove(), circuit.breaker.reset()))
    later: list[str] = []
    circuit.breaker.add_listener(lambda old, new: later.append(f"{old} to {new}"))
    circuit.trip()
    assert circuit.heard == later == ["closed to open", "open to closed"]


def test_a_slow_listener_holds_up_only_the_thread_that_tells_it() -> None:
    with Threaded() as driver:
        circuit, slow = Circuit(driver), Operation(driver)
        circuit.breaker.add_listener(lambda old, new: slow.function())
        trip = driver.start(circuit.breaker.trip)
        reset = driver.start(circuit.breaker.reset)
        assert (trip.outcome, reset.outcome) == (None, Returned())
        assert circuit.breaker.state == "closed"
        assert circuit.heard == ["closed to open"]
        slow.release(Returned())
        driver.settle()
        assert circuit.heard == ["closed to open", "open to closed"]


def test_tripping_an_open_circuit_starts_its_timeout_again_and_announces_nothing(driver: Driver) -> None:
    circuit = Circuit(driver)
    circuit.trip()
    driver.advance(10.0)
    circuit.trip()
    assert circuit.rejection().retry_after == pytest.approx(TIMEOUT)
    assert circuit.heard == ["closed to open"]


def test_resetting_a_closed_circuit_forgets_its_failures(driver: Driver) -> None:
    circuit = Circuit(driver, failure_threshold=2)
    circuit.run(Refused())
    circuit.breaker.reset()
    circuit.run(Refused())
    assert circuit.breaker.state == "closed"


def test_a_rate_over_the_last_calls_opens_at_exactly_the_share_that_was_set(driver: Driver) -> None:
    circuit = Circuit(driver, failure_rate=0.7, window=10, minimum_calls=10)
    for error in [Refused()] * 6 + [None] * 4:
        circuit.run(error)
    assert circuit.breaker.state == "closed"
    for _ in range(6):  # what leaves the window are failures too
        circuit.run(Refused())
    assert circuit.breaker.state == "closed"
    circuit.run(Refused())
    assert circuit.breaker.state == "open"


def test_a_rate_over_seconds_forgets_what_is_older(driver: Driver) -> None:
    circuit = Circuit(driver, failure_rate=0.5, window_seconds=60.0, minimum_calls=2)
    circuit.run(Refused())
    driver.advance(61.0)
    circuit.run(Refused())
    assert circuit.breaker.state == "closed"
    circuit.run(Refused())
    assert circuit.breaker.state == "open"


def test_one_breaker_serves_loop_after_loop() -> None:
    breaker = CircuitBreaker(CircuitBreakerSettings(failure_threshold=1))

    async def fail() -> None:
        raise Refused

    with pytest.raises(Refused):
        asyncio.run(breaker.call(fail))
    with pytest.raises(CircuitOpenError):
        asyncio.run(breaker.call(fail))


def test_an_illegal_transition_names_both_states() -> None:
    with pytest.raises(RuntimeError, match="from closed to half_open"):
        CircuitBreaker(CircuitBreakerSettings())._machine.move(0.0, CircuitState.HALF_OPEN)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"failure_threshold": 0}, "failure_threshold must be at least 1, got 0"),
        ({"reset_timeout": 0.0}, "reset_timeout must be above 0 s"),
        ({"reset_timeout": float("nan")}, "reset_timeout must be above 0 s"),
        ({"window": 3}, "need a failure_rate"),
        ({"failure_rate": 1.1, "window": 3}, "failure_rate must be above 0 and at most 1"),
        ({"failure_rate": 0.5}, "needs one of window and window_seconds"),
        ({"failure_rate": 0.5, "window": 3, "window_seconds": 1.0}, "and not both"),
        ({"failure_rate": 0.5, "window": 3, "minimum_calls": 4}, "or the circuit never opens"),
    ],
)
def test_a_setting_out_of_its_range_is_refused_by_name(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CircuitBreaker(CircuitBreakerSettings(**settings))


def test_the_repr_shows_what_is_counted(driver: Driver) -> None:
    circuit = Circuit(driver, failure_threshold=2)
    circuit.run(Refused())
    assert repr(circuit.breaker).endswith("CircuitBreaker closed, 1 failures>")
    circuit.run(Refused())
    driver.advance(TIMEOUT + 1.0)
    circuit.start()
    assert repr(circuit.breaker).endswith("CircuitBreaker half_open, 1 probes in flight, 0 succeeded>")
