"""Threads that an implementation starts by itself, explored too."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from unittest.mock import patch

_local = threading.local()


class Over(BaseException):
    """All that a program does is done, and nothing more will come of it."""


class _Place:
    """Where one thread is run at a time."""

    def __init__(self) -> None:
        self.thread: Thread | None = None
        self.asleep: threading.Event | None = None

    def wake(self) -> None:
        """Let whoever sleeps there look again."""
        asleep, self.asleep = self.asleep, None
        if asleep is not None:
            asleep.set()

    def sleep(self, ready: Callable[[], object]) -> None:
        """Wait until woken, unless there is no need to."""
        asleep = self.asleep = threading.Event()  # the exploration's own, which sees who waits
        if not ready():
            asleep.wait()


class OwnThreads:
    """Keeps the threads that are started in a program, for workers of the exploration to run: it decides who goes on.

    Of all of them one runs at a time, and is interrupted only where it waits or in the implementation's code: nothing here needs
    a lock, and each step that the exploration would see multiplies the schedules.

    Args:
        workers: how many others there are, who do what the program says.
        places: how many there are to run what is started.
        broken_off: whether the exploration ends a run before its time, as in a deadlock: whoever waits gets an error then.
    """

    def __init__(self, workers: int, places: int, broken_off: Callable[[], bool] = lambda: False) -> None:
        self._workers = workers
        self._broken_off = broken_off
        self._places = [_Place() for _ in range(places)]
        self._started: deque[Thread] = deque()
        """What there is no place for."""
        self.used = 0
        """How many places were used at a time."""
        self._waiting: list[_Place] = []
        """Of these, where something of the kit's is waited for."""

    def __repr__(self) -> str:
        counts = f"{self._workers} workers, {self._running} running, {len(self._waiting)} of them waiting"
        return f"<{type(self).__name__} {counts}, {len(self._started)} left>"

    @contextmanager
    def taken(self, place: _Place | None = None) -> Iterator[None]:
        """Take whatever threads are started here."""
        before = vars(_local).copy()
        _local.own, _local.place = self, place
        try:
            yield
        finally:
            vars(_local).clear()
            vars(_local).update(before)

    def take(self, thread: Thread) -> None:
        """Have a thread run by a worker, in place of being started."""
        free = next((place for place in self._places if place.thread is None), None)
        if free is None:
            self._started.append(thread)
        else:
            free.thread = thread
            self.used = max(self.used, self._running)
            free.wake()

    def ended(self) -> None:
        """Another worker has done what it had to."""
        if not self._broken_off():
            self._workers -= 1
            self._look_whether_over()

    def run(self, number: int) -> None:
        """Run threads at one of the places, until no more can come."""
        place = self._places[number]
        while place.thread is not None or not self._is_over:
            if place.thread is None:
                place.sleep(lambda: place.thread is not None or self._is_over)
                continue
            try:
                with self.taken(place):
                    place.thread.run()
            except (Over, Exception):  # noqa: BLE001, S110  # of the error of a thread nobody hears
                pass
            if self._broken_off():
                return
            place.thread = self._started.popleft() if self._started else None
            self._look_whether_over()

    def wait_until(self, ready: Callable[[], object]) -> None:
        """Wait in one of these threads, or in a worker that does what they would.

        Raises:
            Over: it will not come any more.
        """
        place: _Place = getattr(_local, "place", None) or _Place()
        while not ready():
            self._waiting.append(place)
            try:
                self._look_whether_over()
                if self._is_over:
                    raise Over
                place.sleep(lambda: ready() or self._is_over)
            finally:
                self._waiting.remove(place)

    def changed(self) -> None:
        """Let those look again who wait for something."""
        for place in self._waiting:
            place.wake()

    def _look_whether_over(self) -> None:
        if self._is_over:
            for place in self._places:
                place.wake()

    @property
    def is_beyond(self) -> bool:
        """Whether what hangs is beyond the exploration: a thread that none was left to run, or one that nobody waits for."""
        return bool(self._started) or not self._workers

    @property
    def _running(self) -> int:
        return sum(place.thread is not None for place in self._places)

    @property
    def _is_over(self) -> bool:
        return not self._workers and not self._started and self._running == len(self._waiting)


@contextmanager
def taking_threads() -> Iterator[None]:
    """Let threads be taken where somebody takes them, instead of being started."""
    start = Thread.start

    def taken(thread: Thread) -> None:
        own: OwnThreads | None = getattr(_local, "own", None)
        if own is None:
            start(thread)
        else:
            own.take(thread)

    with patch.object(Thread, "start", taken):
        yield
