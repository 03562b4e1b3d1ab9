"""Virtual clocks, however an implementation imported them.

time-machine moves the wall clock at every name and leaves the monotonic one alone. The monotonic clocks are moved here in the
same way, by exchanging what is behind ``time.monotonic`` and its kin, so that ``from time import monotonic`` and
``clock=time.monotonic`` as a default see it too. Only threads that belong to an example see virtual time: the test tools keep
their own clocks.
"""

from __future__ import annotations

import time
from _thread import get_ident
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import time_machine

from patternproof.drivers.exchange import exchange_function

NANOSECONDS = 1_000_000_000
START = 10_000.5
"""The monotonic time at which an example begins: never 0, as on any real machine."""
WALL_START = 1_900_000_000.0

_FUNCTIONS = {
    function.__name__: function for function in (time.monotonic, time.monotonic_ns, time.perf_counter, time.perf_counter_ns)
}
"""As they are when the kit is imported, before anybody can put others in their place."""
_clocks: dict[int, Callable[[], float]] = {}
_native: dict[str, Callable[[], Any]] = {}


def _replace(name: str, virtual: Callable[[Callable[[], float]], Any]) -> None:
    def make(original: Callable[[], Any]) -> Callable[[], Any]:
        def read() -> Any:
            clock = _clocks.get(get_ident())
            return original() if clock is None else virtual(clock)

        return read

    _native[name] = exchange_function(_FUNCTIONS[name], make)


def install() -> None:
    """Exchange the clock functions, once in a process; without a virtual clock a call goes on to the original."""
    if _native:
        return
    for name in ("monotonic", "perf_counter"):
        _replace(name, lambda clock: clock())
        _replace(f"{name}_ns", lambda clock: round(clock() * NANOSECONDS))


def real_monotonic() -> float:
    """The machine's monotonic time, in seconds, whichever clock the calling thread sees."""
    native = _native.get("monotonic", time.monotonic)
    return float(native())


def attach(clock: Callable[[], float], thread: int | None = None) -> None:
    """Give a thread a virtual monotonic clock, until `detach`.

    Args:
        clock: returns seconds.
        thread: its identifier; the calling thread where None.
    """
    install()
    _clocks[get_ident() if thread is None else thread] = clock


def detach(thread: int | None = None) -> None:
    """Give a thread its real clocks back; the calling thread where None."""
    _clocks.pop(get_ident() if thread is None else thread, None)


@contextmanager
def attached(clock: Callable[[], float]) -> Iterator[None]:
    """A virtual monotonic clock for the calling thread, for a scope."""
    attach(clock)
    try:
        yield
    finally:
        detach()


class WallClock:
    """The wall clock at every name, in the whole process; it stands still at `WALL_START` until it is moved."""

    def __init__(self) -> None:
        self._travel = time_machine.travel(WALL_START, tick=False)
        self._traveller: Any = None
        self._moved = 0.0

    def start(self) -> None:
        """Show this clock from now on, until `stop`."""
        self._traveller = self._travel.start()

    def stop(self) -> None:
        """Show the machine's clock again."""
        self._travel.stop()

    def shift(self, seconds: float) -> None:
        """Move forward, or back where below 0."""
        assert self._traveller is not None, "a wall clock is moved before it was started"
        self._traveller.shift(seconds)
        self._moved += seconds

    def reset(self) -> None:
        """Show `WALL_START` again."""
        self.shift(-self._moved)
