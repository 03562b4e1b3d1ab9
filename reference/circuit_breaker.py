"""The circuit breaker, for asyncio and for threads."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum, auto
from math import inf
from typing import Final, TypeVar

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

T = TypeVar("T")
Listener = Callable[[CircuitState, CircuitState], object]

_CLOSED: Final = CircuitState.CLOSED
_OPEN: Final = CircuitState.OPEN
_HALF_OPEN: Final = CircuitState.HALF_OPEN

_LEGAL: Final[Mapping[CircuitState, frozenset[CircuitState]]] = {
    _CLOSED: frozenset({_OPEN}),  # too many failures; trip()
    _OPEN: frozenset({_HALF_OPEN, _CLOSED}),  # reset_timeout has passed; reset()
    _HALF_OPEN: frozenset({_CLOSED, _OPEN}),  # enough probes succeeded, reset(); a probe failed, trip()
}

_log = logging.getLogger(__name__)


class _Outcome(Enum):
    """What the end of a call counts as."""

    SUCCESS = auto()
    FAILURE = auto()
    NOTHING = auto()


class _Consecutive:
    """Opens the circuit at failure_threshold failures in a row."""

    __slots__ = ("failures", "threshold")

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        self.threshold = settings.failure_threshold
        self.failures = 0

    def record(self, failed: bool, now: float) -> bool:
        """Count a call, and say whether the circuit has to open."""
        self.failures = self.failures + 1 if failed else 0
        return self.failures >= self.threshold

    def is_unmoved_by_success(self) -> bool:
        return self.failures == 0

    def clear(self) -> None:
        self.failures = 0


class _Rate:
    """Opens the circuit once failure_rate of the calls in a sliding window failed; keeps one entry for each of these calls."""

    __slots__ = ("_calls", "_minimum", "_most", "_rate", "_seconds", "failures")

    def __init__(self, settings: CircuitBreakerSettings, rate: float) -> None:
        self._rate = rate
        self._most = inf if settings.window is None else settings.window
        self._seconds = inf if settings.window_seconds is None else settings.window_seconds
        self._minimum = settings.minimum_calls
        self._calls: deque[tuple[float, bool]] = deque()
        self.failures = 0

    def record(self, failed: bool, now: float) -> bool:
        """Count a call, and say whether the circuit has to open."""
        calls = self._calls
        calls.append((now, failed))
        self.failures += failed
        while len(calls) > self._most or calls[0][0] <= now - self._seconds:
            self.failures -= calls.popleft()[1]
        # Divided, not multiplied: 7 / 10 >= 0.7 holds, and 7 >= 0.7 * 10 does not.
        return len(calls) >= self._minimum and self.failures / len(calls) >= self._rate

    def is_unmoved_by_success(self) -> bool:
        return False

    def clear(self) -> None:
        self._calls.clear()
        self.failures = 0


class _Machine:
    """The state and what is counted in it: plain, without I/O, for one caller at a time.

    Each transition begins a new generation. A call carries the generation that it was admitted in, and its outcome counts in
    that one alone, so that a late result is harmless (after Sony's gobreaker).
    """

    __slots__ = ("at_rest", "generation", "moves", "opened_at", "probes", "rule", "settings", "state", "successes")

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        self.settings = settings
        self.rule = _Consecutive(settings) if settings.failure_rate is None else _Rate(settings, settings.failure_rate)
        # Written by the methods below alone; state, generation and at_rest may be read by anybody at any time.
        self.state = _CLOSED
        self.generation = 0
        self.at_rest = self.rule.is_unmoved_by_success()
        """Whether the success of a call, late or not, changes nothing."""
        self.opened_at = 0.0
        self.probes = 0
        self.successes = 0
        self.moves: deque[tuple[CircuitState, CircuitState]] = deque()
        """Transitions not yet announced, the oldest first."""

    def admit(self, now: float) -> int:
        """Let a call in, and return the generation that its outcome counts in.

        Raises:
            CircuitOpenError: it is not let in.
        """
        if self.state is _OPEN:
            remaining = self.opened_at + self.settings.reset_timeout - now
            if remaining > 0.0:
                raise CircuitOpenError(remaining)
            self.move(now, _HALF_OPEN)
        if self.state is _HALF_OPEN:
            if self.probes >= self.settings.half_open_max_calls:
                raise CircuitOpenError(0.0)  # a probe may end at any moment
            self.probes += 1
        return self.generation

    def finish(self, now: float, generation: int, outcome: _Outcome) -> None:
        """Count the end of a call that was let in."""
        if generation != self.generation:
            return
        if self.state is _HALF_OPEN:
            self._finish_probe(now, outcome)
        elif outcome is not _Outcome.NOTHING:
            if self.rule.record(outcome is _Outcome.FAILURE, now):
                self.move(now, _OPEN)
            else:
                self.at_rest = self.rule.is_unmoved_by_success()

    def _finish_probe(self, now: float, outcome: _Outcome) -> None:
        self.probes -= 1
        if outcome is _Outcome.FAILURE:
            self.move(now, _OPEN)
        elif outcome is _Outcome.SUCCESS:
            self.successes += 1
            if self.successes >= self.settings.success_threshold:
                self.move(now, _CLOSED)

    def move(self, now: float, new: CircuitState) -> None:
        """Begin a new generation; entering the same state again starts it afresh, and is not announced."""
        old = self.state
        if new is not old:
            if new not in _LEGAL[old]:
                raise RuntimeError(f"circuit breaker: no transition from {old} to {new}")
            self.moves.append((old, new))
        self.rule.clear()
        self.probes = self.successes = 0
        self.opened_at = now
        self.at_rest = new is _CLOSED and self.rule.is_unmoved_by_success()
        self.state = new
        self.generation += 1  # last: who reads a generation and then closed has that of a closed circuit, or an outdated one


class _Shell:
    """What the breakers for asyncio and for threads have in common: the lock around each change, and the listeners."""

    __slots__ = ("__weakref__", "_clock", "_listeners", "_lock", "_machine", "_telling")

    def __init__(self, settings: CircuitBreakerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        _validate(settings)
        self._clock = clock
        self._machine = _Machine(settings)
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()
        self._telling = threading.Lock()

    @property
    def state(self) -> CircuitState:
        """The state now; an open circuit reads open until a call is admitted as a probe."""
        return self._machine.state

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(old, new)``, a plain function, after each transition; its errors are logged and change nothing.

        Transitions are told one at a time in their order, by whichever call is the first to get to it.

        Returns:
            A function that removes the listener; calling it again is harmless.
        """

        def told(old: CircuitState, new: CircuitState) -> None:  # an identity of its own: a listener may be added twice
            listener(old, new)

        def remove() -> None:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not told)

        with self._lock:
            self._listeners = (*self._listeners, told)
        return remove

    def trip(self) -> None:
        """Open the circuit at once; reset_timeout starts now, in an open circuit too."""
        self._change(self._machine.move, _OPEN)
        self._announce()

    def reset(self) -> None:
        """Close the circuit at once, with no failures counted; the calls in flight count no more."""
        self._change(self._machine.move, _CLOSED)
        self._announce()

    def _change(self, step: Callable[..., T], *arguments: object) -> T:
        """Take one step of the machine; the only way to it."""
        with self._lock:  # time is read inside, so that it does not go back from one change to the next
            return step(self._clock(), *arguments)

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        self._change(self._machine.finish, generation, self._outcome(error))
        self._announce()

    def _outcome(self, error: BaseException | None) -> _Outcome:
        if error is None:
            return _Outcome.SUCCESS
        ignored = not isinstance(error, Exception) or isinstance(error, self._machine.settings.ignored_errors)
        return _Outcome.NOTHING if ignored else _Outcome.FAILURE

    def _announce(self) -> None:
        """Tell the listeners of every transition not yet told.

        Whoever finds the place taken, another thread or a listener that moved the circuit, leaves its transitions to the one
        that has it: so they stay in order. The outer loop is for those that came while the place was being left.
        """
        moves = self._machine.moves
        while moves and self._telling.acquire(blocking=False):
            try:
                while moves:
                    self._tell(*moves.popleft())
            finally:
                self._telling.release()

    def _tell(self, old: CircuitState, new: CircuitState) -> None:
        for listener in self._listeners:
            try:
                listener(old, new)
            except Exception:  # noqa: BLE001 - whatever a listener raises is its own affair
                _log.exception("a listener failed at the transition from %s to %s", old, new)

    def __repr__(self) -> str:
        machine = self._machine
        counts = {
            _CLOSED: f"{machine.rule.failures} failures",
            _OPEN: f"for {self._clock() - machine.opened_at:.3g} s",
            _HALF_OPEN: f"{machine.probes} probes in flight, {machine.successes} succeeded",
        }
        return f"<{type(self).__name__} {machine.state}, {counts[machine.state]}>"


class CircuitBreaker(_Shell):
    """A circuit breaker for asyncio, bound to no loop (Nygard, *Release It!*, 2nd ed., chapter 5).

    Args:
        settings: see `CircuitBreakerSettings`; with failure_rate the consecutive failures are not looked at.
        clock: monotonic time in seconds.

    Raises:
        ValueError: a setting is out of its range; the message names it.
    """

    __slots__ = ()

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Run ``operation()`` or reject the call.

        Raises:
            CircuitOpenError: the operation was not run; ``retry_after`` is 0.0 where only the probes in flight are waited for.
            Exception: whatever the operation raised, the very same object.
        """
        machine = self._machine
        # Read before the state, so that a transition in between makes the call late, and never one of the new state.
        generation = machine.generation
        if machine.state is not _CLOSED:
            generation = self._change(machine.admit)
        try:
            if machine.moves:
                self._announce()
            result = await operation()
        except BaseException as error:
            self._finish(generation, error)
            raise
        if not machine.at_rest:
            self._finish(generation)
        return result


class ThreadedCircuitBreaker(_Shell):
    """As `CircuitBreaker`, for threads: no lock is held over an operation or a listener."""

    __slots__ = ()

    def call(self, operation: Callable[[], T]) -> T:
        """Run ``operation()`` or reject the call, as `CircuitBreaker.call` does."""
        machine = self._machine
        generation = machine.generation  # read before the state, as in `CircuitBreaker.call`
        if machine.state is not _CLOSED:
            generation = self._change(machine.admit)
        try:
            if machine.moves:
                self._announce()
            result = operation()
        except BaseException as error:
            self._finish(generation, error)
            raise
        if not machine.at_rest:
            self._finish(generation)
        return result


def _validate(settings: CircuitBreakerSettings) -> None:
    for name in ("failure_threshold", "half_open_max_calls", "success_threshold", "minimum_calls"):
        value = getattr(settings, name)
        _require(value >= 1, f"{name} must be at least 1, got {value!r}")
    _require(settings.reset_timeout > 0.0, f"reset_timeout must be above 0 s, got {settings.reset_timeout!r}")
    rate, window, seconds = settings.failure_rate, settings.window, settings.window_seconds
    if rate is None:
        _require(window is None and seconds is None, "window and window_seconds need a failure_rate")
        return
    _require(0.0 < rate <= 1.0, f"failure_rate must be above 0 and at most 1, got {rate!r}")
    _require((window is None) != (seconds is None), "failure_rate needs one of window and window_seconds, and not both")
    _require(seconds is None or seconds > 0.0, f"window_seconds must be above 0 s, got {seconds!r}")
    if window is not None:
        least = settings.minimum_calls
        _require(window >= least, f"window must be at least minimum_calls ({least}), or the circuit never opens; got {window!r}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
