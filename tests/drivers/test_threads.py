"""Exploring the schedules of threads."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic as monotonic_imported_before

import pytest

from patternproof.drivers import clocks
from patternproof.drivers.threaded import Threaded
from patternproof.outcome import PremiseMissing, Unavailable
from patternproof.threads import explore_threads

pytest.importorskip("frontrun", reason="the extra named threads is not installed")
RUNS = 200
SEEN_BY_NOBODY = threading.Lock()


class Counter:
    """Two steps under a lock."""

    def __init__(self, lock: Callable[[], threading.Lock]) -> None:
        self.lock = lock()
        self.value = 0

    def add(self) -> None:
        with self.lock:
            before = self.value
            self.value = before + 1


class Racy(Counter):
    """Two steps without one."""

    def add(self) -> None:
        before = self.value
        self.value = before + 1


def _locked() -> Counter:
    return Counter(threading.Lock)


def _racy() -> Racy:
    return Racy(threading.Lock)


def _add(counter: Counter) -> None:
    counter.add()


def _is_two(counter: Counter) -> bool:
    return counter.value == 2


def test_what_holds_in_every_schedule_is_explored_to_the_end() -> None:
    exploration = explore_threads(_locked, [_add] * 2, _is_two, RUNS)
    assert exploration.failure is None
    assert exploration.exhausted
    assert exploration.explored > 1


def test_a_lost_update_is_found_and_its_lines_shown() -> None:
    exploration = explore_threads(_racy, [_add] * 2, _is_two, RUNS)
    assert exploration.failure is not None
    assert "self.value = before + 1" in exploration.failure
    assert set(exploration.schedule) == {0, 1}


def test_the_same_exploration_gives_the_same_result() -> None:
    assert explore_threads(_racy, [_add] * 2, _is_two, RUNS) == explore_threads(_racy, [_add] * 2, _is_two, RUNS)


def test_a_deadlock_is_found() -> None:
    class Account:
        def __init__(self) -> None:
            self.locks = threading.Lock(), threading.Lock()

        def transfer(self, first: int, second: int) -> None:
            with self.locks[first], self.locks[second]:
                pass

    workers: list[Callable[[Account], None]] = [lambda account: account.transfer(0, 1), lambda account: account.transfer(1, 0)]
    exploration = explore_threads(Account, workers, lambda _account: True, RUNS)
    assert exploration.failure is not None
    assert "Deadlock" in exploration.failure


def test_fewer_runs_than_schedules_is_not_exhausted() -> None:
    exploration = explore_threads(_locked, [_add] * 3, lambda _counter: True, 2)
    assert (exploration.explored, exploration.exhausted) == (2, False)


def test_a_wait_that_cannot_be_seen_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patternproof.threads.STANDS_STILL", 0.1)
    with pytest.raises(PremiseMissing, match="no verdict"):
        explore_threads(lambda: Counter(lambda: SEEN_BY_NOBODY), [_add] * 2, _is_two, RUNS)


def test_workers_that_share_nothing_are_no_verdict() -> None:
    with pytest.raises(PremiseMissing, match="never met"):
        explore_threads(list, [lambda _nothing: None] * 2, lambda _nothing: True, RUNS)


def test_a_failure_that_depends_on_more_than_the_schedule_is_no_verdict() -> None:
    explorations: list[int] = []

    def setup() -> Racy:
        explorations.append(1)
        return Racy(threading.Lock)

    with pytest.raises(PremiseMissing, match="second"):
        explore_threads(setup, [_add] * 2, lambda counter: len(explorations) > 2 or counter.value == 2, RUNS)


def test_every_clock_follows_the_time_that_setup_lets_pass() -> None:
    seen: list[tuple[float, float, float]] = []

    def setup() -> Counter:
        time.sleep(30)
        return _locked()

    def work(counter: Counter) -> None:
        counter.add()
        seen.append((monotonic_imported_before(), time.monotonic() - time.time(), datetime.now(UTC).timestamp()))

    explore_threads(setup, [work] * 2, _is_two, RUNS)
    assert {(monotonic, wall) for monotonic, _, wall in seen} == {(clocks.START + 30, clocks.WALL_START + 30)}


def test_a_timed_wait_takes_no_real_time() -> None:
    def work(condition: threading.Condition) -> None:
        with condition:
            condition.wait(1e6)

    exploration = explore_threads(lambda: threading.Condition(), [work] * 2, lambda _condition: True, RUNS)
    assert exploration.failure is None


def test_locks_are_as_they_were_after_an_exploration() -> None:
    before = threading.Lock, threading.Condition, time.sleep, time.monotonic
    explore_threads(_locked, [_add] * 2, _is_two, RUNS)
    assert (threading.Lock, threading.Condition, time.sleep, time.monotonic) == before


def test_an_exploration_and_the_threaded_driver_follow_one_another() -> None:
    for _ in range(2):
        explore_threads(_locked, [_add] * 2, _is_two, RUNS)
        with Threaded() as driver:
            counter = _locked()
            for _ in range(2):
                driver.begin(counter.add)
            driver.settle()
            assert _is_two(counter)


def test_without_the_extra_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "frontrun", None)
    with pytest.raises(Unavailable, match=r"patternproof\[threads\]"):
        explore_threads(_locked, [_add] * 2, _is_two, RUNS)
