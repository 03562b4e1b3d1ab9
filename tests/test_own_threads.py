"""Threads that an implementation starts by itself, explored too."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from patternproof.own_threads import OwnThreads
from patternproof.threads import StandsStill, explore_threads, taken

pytest.importorskip("frontrun", reason="the extra named threads is not installed")
RUNS = 200


class Line:
    """What a thread of its own takes, and counts in two steps."""

    def __init__(self, *locks: Callable[[], threading.Lock]) -> None:
        self.locks = [make() for make in locks]
        self.sent: list[int] = []
        self.count = 0
        threading.Thread(target=self.receive, daemon=True).start()

    def send(self) -> None:
        self.sent.append(1)
        taken[-1].changed()
        self.add()

    def receive(self) -> None:
        while True:
            taken[-1].wait_until(lambda: self.sent)
            self.sent.pop()
            self.add()

    def add(self) -> None:
        for lock in self.locks:
            lock.acquire()
        before = self.count
        self.count = before + 1
        for lock in self.locks:
            lock.release()


def _send(line: Line) -> None:
    line.send()


def _is_four(line: Line) -> bool:
    return line.count == 4


def test_what_a_thread_of_its_own_does_is_explored_up_to_its_end() -> None:
    exploration = explore_threads(lambda: Line(threading.Lock), [_send] * 2, _is_four, RUNS, own=1)
    assert exploration.failure is None
    assert exploration.explored > 1


def test_a_race_with_a_thread_of_its_own_is_found() -> None:
    assert explore_threads(Line, [_send], _is_four, RUNS, own=1).failure is not None
    assert explore_threads(Line, [_send] * 2, _is_four, RUNS, own=1).failure is not None


def test_a_thread_that_nobody_can_end_is_no_deadlock_of_the_callers() -> None:
    class Forever(Line):
        def receive(self) -> None:
            threading.Event().wait()

    with pytest.raises(StandsStill, match="cannot end them"):
        explore_threads(lambda: Forever(threading.Lock), [_send] * 2, lambda line: True, RUNS, own=1)


def test_a_thread_that_finds_no_place_is_no_deadlock_of_the_callers() -> None:
    class Waits(Line):
        def __init__(self) -> None:
            self.begun = threading.Event()
            super().__init__(threading.Lock)

        def send(self) -> None:
            if not self.sent:
                threading.Thread(target=self.begun.set).start()
            super().send()
            self.begun.wait()

    with pytest.raises(StandsStill, match="cannot end them"):
        explore_threads(Waits, [_send] * 2, lambda line: True, RUNS, own=1)


def test_callers_that_wait_for_each_other_are_a_failure() -> None:
    class Waits(Line):
        def send(self) -> None:
            super().send()
            threading.Event().wait()

    exploration = explore_threads(lambda: Waits(threading.Lock), [_send] * 2, lambda line: True, RUNS, own=1)
    assert exploration.failure is not None
    assert "eadlock" in exploration.failure


def test_all_is_over_once_the_workers_have_ended_and_what_runs_waits() -> None:
    own = OwnThreads(workers=1, places=1)
    own.take(threading.Thread(target=lambda: own.wait_until(lambda: False)))
    assert repr(own) == "<OwnThreads 1 workers, 1 running, 0 of them waiting, 0 left>"
    own.ended()
    own.run(0)
    assert repr(own) == "<OwnThreads 0 workers, 0 running, 0 of them waiting, 0 left>"
