"""A circuit breaker held by a driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Cancelled, Driver, Operation, Raised, Returned
from patternproof.history import shown
from patternproof.outcome import NotOffered
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState
from patternproof.rig import Rig

from .events import (
    AddFailingListener,
    Advance,
    Announcement,
    Call,
    Cancel,
    DependencyFailure,
    Finish,
    IgnoredError,
    Interruption,
    ListenerFailure,
    Read,
    Reset,
    Seen,
    SetWallClock,
    Start,
    Trip,
)
from .model import Capabilities, CircuitBreakerModel

BREAKERS = 2
"""Two breakers in every rig, so that what they share shows (CB-14)."""
SMOKE = (Start(0), Finish(0, "ok"))
"""The plainest use."""


class FailingListener:
    """A listener that raises each time."""

    fails = True
    """For listeners that are told of over a process boundary, where the error has to be made over there."""

    def __call__(self, old: Any, new: Any) -> None:
        raise ListenerFailure(f"listening to {old} to {new}")


class CallInFlight:
    """A call, its operation, and what the operation is going to answer."""

    def __init__(self, number: int, driver: Driver) -> None:
        self.number = number
        self.operation = Operation(driver)
        self.pending: Any = None
        self.begin: Any = None
        self.result = object()
        self.error: BaseException | None = None
        self.told = False


class CircuitBreakerRig(Rig):
    """Drives two breakers of the same settings.

    Args:
        driver: an entered driver.
        make: makes a breaker inside the driver.
        settings: in the example's seconds.
        stack: closed with the rig; holds the breakers' clean-up.
    """

    def __init__(self, driver: Driver, make: Callable[..., Any], settings: CircuitBreakerSettings) -> None:
        super().__init__(driver, settings)
        self._stack = ExitStack()
        scaled = self._scaled(settings)
        self.breakers = [self._stack.enter_context(make(driver, scaled)) for _ in range(BREAKERS)]
        self.calls: dict[int, CallInFlight] = {}
        self._cancelled_early: set[int] = set()
        self._reads: list[str] = []
        self._heard: list[Announcement] = []
        self._heard_second: list[Announcement] = []
        self._failed = ""
        self.listens = all(hasattr(breaker, "add_listener") for breaker in self.breakers)
        if self.listens:
            self._listen(self._heard)

    def close(self) -> None:
        """Clean the breakers up."""
        self._stack.close()

    def _scaled(self, settings: CircuitBreakerSettings) -> CircuitBreakerSettings:
        seconds = settings.window_seconds
        return replace(
            settings,
            reset_timeout=settings.reset_timeout * self.driver.scale,
            window_seconds=None if seconds is None else seconds * self.driver.scale,
        )

    def _listen(self, heard: list[Announcement]) -> None:
        for index, breaker in enumerate(self.breakers):
            self._guarded(partial(breaker.add_listener, partial(self._hear, heard, index)))

    @staticmethod
    def _hear(heard: list[Announcement], breaker: int, old: Any, new: Any) -> None:
        if old != new:
            heard.append(Announcement(breaker, _word(old), _word(new)))

    def _guarded(self, function: Callable[[], Any]) -> Any:
        try:
            return self.driver.now(function)
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            self._failed = f"an error instead of an answer: {shown(error)}"
            return None

    def do(self, event: Any) -> None:
        match event:
            case Start(number, breaker):
                self._start(number, breaker)
            case Finish(number, how) if number in self.calls:
                self._finish(self.calls[number], how)
            case Cancel(number):
                self._cancel(number)
            case Advance(seconds):
                self.driver.pass_time(seconds)
            case SetWallClock(seconds):
                self.driver.move_wall_clock(seconds)
            case Read(breaker):
                self._reads.append(_word(self._guarded(lambda: self.breakers[breaker].state)))
            case Trip():
                self._guarded(self.breakers[0].trip)
            case Reset():
                self._guarded(self.breakers[0].reset)
            case AddFailingListener():
                self._add_failing_listener()

    def _start(self, number: int, breaker: int) -> None:
        call = self.calls[number] = CallInFlight(number, self.driver)
        call.begin = partial(self.breakers[breaker].call, call.operation.function)
        if self.driver.holds:
            call.pending = self.driver.begin(call.begin)
        if number in self._cancelled_early:
            self.driver.cancel(call.pending)

    def _cancel(self, number: int) -> None:
        if number in self.calls:
            self.driver.cancel(self.calls[number].pending)
        else:
            self._cancelled_early.add(number)  # a schedule has put the cancellation first: the call ends as it begins

    def _finish(self, call: CallInFlight, how: str) -> None:
        kinds = {"failure": DependencyFailure, "ignored": IgnoredError, "interruption": Interruption}
        if how != "ok":
            call.error = kinds[how](f"of call {call.number}")
        outcome = Returned(call.result) if call.error is None else Raised(call.error)
        if not self.driver.holds:
            call.operation.preset = outcome
            call.pending = self.driver.begin(call.begin)
        elif call.operation.held:  # otherwise overtaken: cancelled in the same batch, or never run
            call.operation.release(outcome)

    def unanswered(self) -> bool:
        """Whether a call has neither begun to run nor ended, or has not ended with its operation."""
        return any(call.pending and call.pending.outcome is None and not call.operation.held for call in self.calls.values())

    def _add_failing_listener(self) -> None:
        for breaker in self.breakers:
            self._guarded(partial(breaker.add_listener, FailingListener()))
        self._listen(self._heard_second)

    def look(self) -> Seen:
        calls = tuple(self._seen(call) for _, call in sorted(self.calls.items()) if not call.told)
        seen = Seen(calls, tuple(self._reads), tuple(self._heard), tuple(self._heard_second), self._failed)
        for heard in (self._reads, self._heard, self._heard_second):
            heard.clear()
        self._failed = ""
        self._cancelled_early.clear()
        return seen

    def _seen(self, call: CallInFlight) -> Call:
        outcome, runs = call.pending.outcome, call.operation.runs
        call.told = outcome is not None
        match outcome:
            case None:
                return Call(call.number, "running" if runs else "waiting", runs)
            case Returned(value):
                return Call(call.number, "returned" if value is call.result else f"returned something else: {shown(value)}", runs)
            case Cancelled():
                return Call(call.number, "cancelled", runs)
            case Raised(CircuitOpenError() as error) if error is not call.error:
                hint = error.retry_after
                hint = round(hint / self.driver.scale, 6) if isinstance(hint, int | float) else None
                return Call(call.number, "rejected", runs, hint)
        same = outcome.error is call.error
        return Call(call.number, "raised" if same else f"raised something else: {shown(outcome.error)}", runs)


def _word(state: Any) -> str:
    """A state in the port's word, whatever its type: one that is equal to it, or that reads so."""
    return next((word.value for word in CircuitState if word.value in (state, str(state))), "") or shown(state)


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: CircuitBreakerSettings) -> Iterator[CircuitBreakerRig]:
    """Two of the adapter's breakers in a driver that is entered already.

    Raises:
        NotOffered: the implementation does not have one of the settings.
    """
    held = CircuitBreakerRig(driver, partial(adapter.make, "circuit_breaker"), settings)
    try:
        yield held
    finally:
        held.close()


def model(adapter: Adapter) -> CircuitBreakerModel:
    """The model of what the adapter's breakers can be asked for, as found by making one of each variant."""
    capabilities = Capabilities(
        cancels=adapter.driver().can_cancel,
        clocks=adapter.driver().moves_clocks,
        manual_control="manual_control" in adapter.claims,
        sliding_window="sliding_window" in adapter.claims,
        waits=adapter.runtime == "threads",
    )
    supported, listens = [], False
    for settings in CircuitBreakerModel(capabilities).variants():
        with suppress(NotOffered), adapter.driver() as driver, rig(adapter, driver, settings) as held:
            supported.append(settings)
            listens = held.listens
    return CircuitBreakerModel(capabilities._replace(listens=listens), tuple(supported))
