"""Virtual clocks."""

from __future__ import annotations

import threading
import time
from time import monotonic, monotonic_ns, perf_counter, perf_counter_ns, sleep

import pytest

from patternproof.drivers import clocks


class Held:
    """Keeps a clock as a default, as implementations do."""

    def __init__(self, clock=time.monotonic) -> None:  # type: ignore[no-untyped-def]  # as short as in the wild
        self.clock = clock


def test_every_monotonic_clock_is_moved_however_it_was_imported() -> None:
    held = Held()
    with clocks.attached(lambda: 12.25):
        assert [monotonic(), perf_counter(), time.monotonic(), time.perf_counter(), held.clock()] == [12.25] * 5
        assert [monotonic_ns(), perf_counter_ns()] == [12_250_000_000] * 2


def test_other_threads_keep_the_real_clock() -> None:
    seen: list[float] = []
    with clocks.attached(lambda: -1.0):
        thread = threading.Thread(target=lambda: seen.append(monotonic()))
        thread.start()
        thread.join()
    assert seen[0] >= 0


def test_another_thread_can_be_given_the_virtual_clock() -> None:
    seen: list[float] = []
    ready = threading.Event()

    def read() -> None:
        ready.wait()
        seen.append(monotonic())

    thread = threading.Thread(target=read)
    thread.start()
    clocks.attach(lambda: 3.0, thread.ident)
    ready.set()
    thread.join()
    clocks.detach(thread.ident)
    assert seen == [3.0]


def test_the_real_clock_is_back_after_the_scope() -> None:
    with clocks.attached(lambda: -1.0):
        pass
    assert monotonic() >= 0


def test_the_real_clock_can_be_read_inside_the_scope() -> None:
    with clocks.attached(lambda: -1.0):
        assert clocks.real_monotonic() >= 0


def test_an_error_passes_through_a_clock() -> None:
    def broken() -> float:
        raise LookupError("no clock")

    with clocks.attached(broken), pytest.raises(LookupError, match="no clock"):
        monotonic()


def test_the_wall_clock_stands_still_until_it_is_moved() -> None:
    wall = clocks.WallClock()
    wall.start()
    try:
        assert time.time() == time.time() == clocks.WALL_START
        wall.shift(-5)
        assert time.time() == clocks.WALL_START - 5
    finally:
        wall.stop()
    assert time.time() < clocks.WALL_START or time.time() > clocks.WALL_START + 1


def test_sleeping_still_refuses_what_it_refuses() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        sleep(-1)
    with pytest.raises(TypeError):
        sleep()  # type: ignore[call-arg]  # that is the point
