"""The limit on code that does not give control back."""

from __future__ import annotations

import signal
import threading

import pytest

from patternproof.drivers import Hang, clocks
from patternproof.drivers.watchdog import collecting, watched

LIMIT = 0.02


def _spin() -> None:
    while True:
        pass


def test_a_busy_loop_is_interrupted_and_its_line_named() -> None:
    with pytest.raises(Hang, match=r"kept control for 0.02 s .*test_watchdog.py") as caught, watched(lambda: ["a stack"], LIMIT):
        _spin()
    assert caught.value.stacks == ["a stack"]


def test_a_hang_that_is_swallowed_is_raised_all_the_same() -> None:
    def swallow() -> None:
        try:
            _spin()
        except BaseException:  # noqa: BLE001  # that is the point
            return

    with pytest.raises(Hang), watched(list, LIMIT):
        swallow()


def test_the_time_of_garbage_collections_is_not_that_of_the_implementation(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(clocks, "real_monotonic", lambda: now[0])
    watch = watched(list, 60.0)
    with watch:
        collecting("start", {})
        now[0] = 50.0
        collecting("stop", {})
        now[0] = 109.0
        watch._ring(0, None)
        now[0] = 111.0
        with pytest.raises(Hang):
            watch._ring(0, None)
        watch.rung.clear()


def test_nothing_is_raised_within_a_garbage_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(clocks, "real_monotonic", lambda: now[0])
    watch = watched(list, 60.0)
    with watch:
        collecting("start", {})
        now[0] = 61.0
        watch._ring(0, None)
        collecting("stop", {})
        watch._ring(0, None)
        assert not watch.rung


def test_what_ends_in_time_passes() -> None:
    with watched(list, 60.0):
        value = 1
    assert value == 1


def test_the_outer_alarm_is_put_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with watched(list, 60.0):
        pass
    assert signal.getsignal(signal.SIGALRM) is before


def test_outside_of_the_main_thread_there_is_no_alarm() -> None:
    seen: list[object] = []

    def run() -> None:
        with watched(list, LIMIT):
            seen.append(signal.getitimer(signal.ITIMER_REAL)[0])

    before = signal.getitimer(signal.ITIMER_REAL)[0]
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert (seen == [0.0]) == (before == 0.0)
