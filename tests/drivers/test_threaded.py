"""The driver for threads."""

from __future__ import annotations

import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from time import monotonic as monotonic_imported_before
from time import sleep as sleep_imported_before
from typing import Any

import pytest

from patternproof.drivers import Hang, Operation, Pending, Raised, Returned, baton, clocks, players, stillness, waits
from patternproof.drivers.threaded import Threaded


@pytest.fixture
def driver() -> Iterator[Threaded]:
    with Threaded() as entered:
        yield entered


def test_a_held_call_ends_with_what_its_operation_is_released_with(driver: Threaded) -> None:
    operation = Operation(driver)
    pending = driver.start(operation.function)
    assert (pending.outcome, operation.runs) == (None, 1)
    operation.release(Returned("answer"))
    driver.settle()
    assert pending.outcome == Returned("answer")


def test_an_operation_raises_the_very_error_that_it_is_released_with(driver: Threaded) -> None:
    operation, error = Operation(driver), KeyError("of the dependency")
    pending = driver.start(operation.function)
    operation.release(Raised(error))
    driver.settle()
    assert isinstance(pending.outcome, Raised)
    assert pending.outcome.error is error


def test_an_operation_with_a_preset_outcome_is_not_held(driver: Threaded) -> None:
    assert driver.complete(Operation(driver, Returned(5)).function) == 5


def test_each_call_has_a_thread_of_its_own(driver: Threaded) -> None:
    assert len({driver.complete(threading.get_ident) for _ in range(1)} | {threading.get_ident()}) == 2
    operations = [Operation(driver) for _ in range(3)]
    seen: list[threading.Thread] = []

    def call(operation: Operation) -> None:
        seen.append(threading.current_thread())
        operation.function()

    for operation in operations:
        driver.start(partial(call, operation))
    assert len(set(seen)) == 3


def test_a_call_that_was_begun_runs_only_when_all_settle(driver: Threaded) -> None:
    seen: list[int] = []
    driver.begin(partial(seen.append, 1))
    assert seen == []
    driver.settle()
    assert seen == [1]


def test_calls_run_in_the_order_in_which_they_were_begun(driver: Threaded) -> None:
    seen: list[int] = []
    for number in range(20):
        driver.begin(partial(seen.append, number))
    driver.settle()
    assert seen == list(range(20))


def test_no_other_thread_runs_between_two_lines_that_do_not_wait(driver: Threaded) -> None:
    counter = [0]

    def read_and_write() -> None:
        before = counter[0]
        for _ in range(20_000):
            pass
        counter[0] = before + 1

    for _ in range(8):
        driver.begin(read_and_write)
    driver.settle()
    assert counter == [8]


def test_a_plain_function_answers_before_calls_that_were_begun_run(driver: Threaded) -> None:
    seen: list[str] = []
    driver.begin(partial(seen.append, "call"))
    assert driver.now(lambda: len(seen)) == 0


def test_a_plain_function_that_waits_for_a_held_call_is_a_hang(driver: Threaded) -> None:
    lock, operation = threading.Lock(), Operation(driver)

    def call() -> None:
        with lock:
            operation.function()

    driver.start(call)
    with pytest.raises(Hang, match="waits") as caught:
        driver.now(lock.acquire)
    assert any("in call" in line for line in caught.value.stacks)


def test_cancelling_is_not_offered(driver: Threaded) -> None:
    assert not driver.can_cancel
    with pytest.raises(NotImplementedError):
        driver.cancel(Pending())


WAITS: dict[str, Callable[[], Any]] = {
    "sleep": lambda: time.sleep(5),
    "a sleep that was imported before": lambda: sleep_imported_before(5),
    "an event": lambda: threading.Event().wait(5),
    "a lock": lambda: [lock := threading.Lock(), lock.acquire(), lock.acquire(timeout=5)],
    "a semaphore": lambda: threading.Semaphore(0).acquire(timeout=5),
    "a queue": lambda: _emptied(queue.Queue(), 5),
    "a simple queue": lambda: _emptied(queue.SimpleQueue(), 5),
    "a condition": lambda: _waited(threading.Condition(), 5),
    "a condition over a plain lock": lambda: _waited(threading.Condition(threading.Lock()), 5),
}


def _emptied(source: Any, timeout: float) -> None:
    with pytest.raises(queue.Empty):
        source.get(timeout=timeout)


def _waited(condition: threading.Condition, timeout: float) -> bool:
    with condition:
        return condition.wait(timeout)


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_timed_wait_ends_at_its_virtual_time(driver: Threaded, wait: Callable[[], Any]) -> None:
    ended: list[float] = []
    driver.start(lambda: [wait(), ended.append(monotonic_imported_before())])
    driver.advance(4.9)
    assert ended == []
    driver.advance(0.2)
    assert ended == [clocks.START + 5]


def test_waits_end_in_the_order_of_their_times(driver: Threaded) -> None:
    ended: list[tuple[int, float]] = []
    for seconds in (3, 1, 2):
        driver.begin(lambda seconds=seconds: [time.sleep(seconds), ended.append((seconds, driver.time()))])
    driver.settle()
    driver.advance(10)
    assert ended == [(1, clocks.START + 1), (2, clocks.START + 2), (3, clocks.START + 3)]


def test_an_event_that_is_set_ends_a_wait_at_once(driver: Threaded) -> None:
    event = threading.Event()
    waiting = driver.start(partial(event.wait, 5))
    driver.now(event.set)
    driver.settle()
    assert waiting.outcome == Returned(True)


def test_a_lock_goes_to_who_waited_longest(driver: Threaded) -> None:
    lock, operation, seen = threading.Lock(), Operation(driver), []

    def call(number: int) -> None:
        with lock:
            seen.append(number)
            if number == 0:
                operation.function()

    for number in range(5):
        driver.start(partial(call, number))
    assert seen == [0]
    operation.release(Returned())
    driver.settle()
    assert seen == [0, 1, 2, 3, 4]


def test_a_reentrant_lock_is_restored_to_its_depth_after_a_wait(driver: Threaded) -> None:
    condition = threading.Condition()

    def call() -> bool:
        with condition, condition, condition:
            return condition.wait(5)

    waiting = driver.start(call)
    driver.now(lambda: _notified(condition))
    driver.settle()
    assert waiting.outcome == Returned(True)
    assert driver.complete(partial(condition.acquire, blocking=False)) is True


def _notified(condition: threading.Condition) -> None:
    with condition:
        condition.notify()


def test_a_lock_from_before_the_example_is_seen_too() -> None:
    condition = threading.Condition()
    with Threaded() as driver:
        waiting = driver.start(partial(_waited, condition, 5))
        driver.now(lambda: _notified(condition))
        driver.settle()
        assert waiting.outcome == Returned(True)


def test_a_timer_of_the_implementation_fires_at_its_virtual_time(driver: Threaded) -> None:
    fired: list[float] = []
    driver.now(lambda: threading.Timer(30, lambda: fired.append(time.monotonic())).start())
    driver.advance(29.9)
    assert fired == []
    driver.advance(0.2)
    assert fired == [clocks.START + 30]


def test_the_workers_of_a_pool_are_threads_of_the_example(driver: Threaded) -> None:
    pool, operation = ThreadPoolExecutor(1), Operation(driver)
    calls = [driver.start(lambda: pool.submit(operation.function).result()) for _ in range(2)]
    assert operation.runs == 1
    operation.release(Returned("first"))
    driver.settle()
    assert (calls[0].outcome, operation.runs) == (Returned("first"), 2)
    late = driver.start(lambda: pool.submit(int).result(timeout=3))
    driver.advance(4)
    assert isinstance(late.outcome, Raised)
    assert isinstance(late.outcome.error, TimeoutError)


def test_joining_a_thread_waits_in_virtual_time(driver: Threaded) -> None:
    operation = Operation(driver)
    threads: list[threading.Thread] = []

    def call() -> bool:
        threads.append(threading.Thread(target=operation.function))
        threads[0].start()
        threads[0].join(5)
        return threads[0].is_alive()

    first = driver.start(call)
    driver.advance(6)
    assert first.outcome == Returned(True)
    second = driver.start(threads[0].join)
    assert second.outcome is None
    operation.release(Returned())
    driver.settle()
    assert second.outcome == Returned(None)


def test_a_subclass_of_thread_runs_its_own_run(driver: Threaded) -> None:
    class Worker(threading.Thread):
        result = 0

        def run(self) -> None:
            time.sleep(1)
            self.result = 7

    worker = driver.now(Worker)
    driver.now(worker.start)
    driver.advance(2)
    assert worker.result == 7


def test_wall_and_monotonic_clock_move_apart(driver: Threaded) -> None:
    def read() -> tuple[float, float, float]:
        return time.time(), datetime.now(UTC).timestamp(), monotonic_imported_before()

    driver.move_wall_clock(-3600)
    assert driver.now(read) == (clocks.WALL_START - 3600, clocks.WALL_START - 3600, clocks.START)
    driver.advance(10)
    assert driver.now(read) == (clocks.WALL_START - 3590, clocks.WALL_START - 3590, clocks.START + 10)


def test_threads_of_the_tools_keep_real_time(driver: Threaded) -> None:
    assert abs(time.monotonic() - clocks.real_monotonic()) < 60
    lock = threading.Lock()
    lock.acquire()
    assert not lock.acquire(timeout=0.001)
    time.sleep(0.001)


def test_a_sleep_of_no_length_lets_others_run(driver: Threaded) -> None:
    flag: list[int] = []

    def spin() -> str:
        while not flag:
            time.sleep(0)
        return "seen"

    spinning = driver.begin(spin)
    driver.begin(partial(flag.append, 1))
    driver.settle()
    assert spinning.outcome == Returned("seen")


def test_a_thread_that_spins_until_another_has_run_is_served(driver: Threaded) -> None:
    flag: list[int] = []

    def spin() -> str:
        while not flag:
            pass
        return "seen"

    spinning = driver.begin(spin)
    driver.begin(partial(flag.append, 1))
    driver.settle()
    assert spinning.outcome == Returned("seen")


def test_a_thread_that_waits_in_a_c_library_counts_as_settled(driver: Threaded) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reading = driver.start(partial(ours.recv, 1))
        assert reading.outcome is None
        assert any("call 0" in line for line in driver.stacks())
        driver.now(partial(theirs.send, b"x"))
        driver.settle()
        assert reading.outcome == Returned(b"x")


@pytest.mark.skipif(not stillness.TASKS.is_dir(), reason="the kernel's counts are Linux's")
def test_a_thread_that_computes_in_c_is_not_taken_for_still(driver: Threaded) -> None:
    big = 3**400_000
    assert driver.complete(lambda: len(bin(big * big * big)) > 0)


def test_a_spinning_thread_is_a_hang_that_names_its_line_and_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baton, "MOST_PROCESSOR_SECONDS", 0.05)
    pending = None

    def spin() -> None:
        while True:
            pass

    with Threaded() as driver, pytest.raises(Hang, match=r"spins: thread call 0 at .*test_threaded.py:\d+ in spin") as caught:
        pending = driver.start(spin)
    assert caught.value.stacks
    assert pending is None
    with Threaded() as driver:
        assert driver.complete(lambda: 1) == 1


def test_threads_that_wake_one_another_without_an_end_are_a_hang(driver: Threaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baton, "MOST_TURNS", 100)
    stop: list[int] = []

    def yielding() -> None:
        while not stop:
            time.sleep(0)

    driver.begin(yielding)
    with pytest.raises(Hang, match="100 turns"):
        driver.settle()
    stop.append(1)


def test_a_deadlock_settles_and_says_where_each_thread_stands(driver: Threaded) -> None:
    one, other, operations = threading.Lock(), threading.Lock(), [Operation(driver), Operation(driver)]

    def transfer(first: threading.Lock, second: threading.Lock, operation: Operation) -> None:
        with first:
            operation.function()
            with second:
                pass

    calls = [
        driver.start(partial(transfer, one, other, operations[0])),
        driver.start(partial(transfer, other, one, operations[1])),
    ]
    for operation in operations:
        operation.release(Returned())
    driver.settle()
    assert [call.outcome for call in calls] == [None, None]
    assert [line.split()[-1] for line in driver.stacks() if line.startswith("thread call")] == ["transfer", "transfer"]


def test_what_still_waits_is_ended_with_the_example() -> None:
    lock, ended = threading.Lock(), []
    with Threaded() as driver:

        def call(operation: Operation) -> None:
            try:
                with lock:
                    operation.function()
                    threading.Event().wait()
            finally:
                ended.append(threading.current_thread())

        driver.start(partial(call, Operation(driver)))
        driver.start(partial(call, Operation(driver)))
    assert len(ended) == 2
    assert not lock.locked()


def test_a_call_that_swallows_its_end_is_left_behind() -> None:
    def stubborn() -> None:
        while True:
            try:
                threading.Event().wait()
            except BaseException:  # noqa: BLE001, S112  # that is the point
                continue

    with Threaded() as driver:
        driver.start(stubborn)
    left = [thread for thread in threading.enumerate() if thread.name == "call 0"]
    assert all(thread.daemon for thread in left)


def test_a_pool_that_outlives_an_example_serves_the_next() -> None:
    pools: list[ThreadPoolExecutor] = []

    def submit(function: Callable[[], Any]) -> Any:
        if not pools:
            pools.append(ThreadPoolExecutor(1))
        return pools[0].submit(function).result()

    for _ in range(3):
        with Threaded() as driver:
            operation = Operation(driver)
            call = driver.start(partial(submit, operation.function))
            assert (call.outcome, operation.runs) == (None, 1)
            operation.release(Returned(1))
            driver.settle()
            assert call.outcome == Returned(1)
            sleeping = driver.start(partial(submit, lambda: time.sleep(30)))
            driver.advance(31)
            assert sleeping.outcome == Returned(None)


def test_a_thread_with_the_identifier_of_an_ended_one_is_not_taken_for_it(driver: Threaded) -> None:
    ended = threading.Thread(target=int)
    ended.start()
    ended.join()
    driver._baton.adopt(ended)
    assert [driver.complete(lambda: 1) for _ in range(5)] == [1] * 5


def test_a_thread_that_is_slow_to_start_is_waited_for(driver: Threaded, monkeypatch: pytest.MonkeyPatch) -> None:
    native, ran = waits._native_start, []

    def start(thread: threading.Thread) -> None:
        players.acquire_lock(players.locked(), True, 2 * baton.SLICE + stillness.DWELL)
        native(thread)

    monkeypatch.setattr(waits, "_native_start", start)
    driver.now(lambda: threading.Thread(target=partial(ran.append, 1)).start())
    driver.settle()
    assert ran == [1]


def test_an_error_that_ends_a_thread_of_the_implementation_is_kept_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    error = ValueError("in the background")

    def fail() -> None:
        raise error

    with Threaded() as driver:
        driver.now(lambda: threading.Thread(target=fail).start())
        driver.settle()
        assert driver.uncaught == [error]
    assert capfd.readouterr().err == ""


def test_nothing_stays_exchanged_after_an_example() -> None:
    before = threading.Lock.__class__, threading.Thread.start, threading.Thread.join, threading.excepthook
    acquire = type(threading.Lock()).acquire
    with Threaded():
        assert type(threading.Lock()).acquire is not acquire
    assert type(threading.Lock()).acquire is acquire
    assert (threading.Lock.__class__, threading.Thread.start, threading.Thread.join, threading.excepthook) == before
    assert players.players == {}


def test_the_same_history_gives_the_same_result_whatever_the_switch_interval() -> None:
    def race() -> list[int]:
        log: list[int] = []
        with Threaded() as driver:
            semaphore = threading.Semaphore(2)

            def call(number: int) -> None:
                with semaphore:
                    log.append(number)
                    time.sleep(number % 3)
                    log.append(-number)

            for number in range(1, 12):
                driver.begin(partial(call, number))
            driver.settle()
            driver.advance(60)
        return log

    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1e-6)
        hasty = race()
    finally:
        sys.setswitchinterval(interval)
    assert hasty == race()
