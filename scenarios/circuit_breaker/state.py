"""What the model knows of circuit breakers."""

from __future__ import annotations

from typing import NamedTuple

from patternproof.ports.circuit_breaker import CircuitBreakerSettings

from .events import Announcement

ANY_HINT = -1.0
"""A rejected call of which no particular hint is expected."""
LATE = -1
"""The epoch of a call whose outcome changes nothing."""


class Breaker(NamedTuple):
    """A breaker; `epoch` grows with each transition, so that late outcomes are told from timely ones."""

    phase: str = "closed"
    failures: int = 0
    successes: int = 0
    open_for: float = 0.0
    """Seconds since opening."""
    epoch: int = 0
    leaked: int = 0
    """Probe slots that are never given back; only with deviations."""
    fresh: bool = False
    """Whether the circuit became half_open, or counted a failure, since the last settling."""
    counted: bool = False
    unsaid: bool = False
    """Whether becoming half_open is announced only when the probe is over."""
    undone: bool = False
    """Whether a call in flight may undo the last transition, made by hand; only with deviations."""
    timer: float = 0.0
    """Seconds from opening to the next probe where they are not reset_timeout; only with deviations."""
    window: tuple[tuple[float, bool], ...] = ()
    """Age in seconds and failure of the calls that the failure rate is taken over, the oldest first."""


class Tracked(NamedTuple):
    """A call as the model sees it."""

    breaker: int
    phase: str
    epoch: int = LATE
    probe: bool = False
    runs: int = 0
    hint: float = ANY_HINT
    again: bool = False
    """Whether its operation runs once more before it ends; only with deviations."""


class State(NamedTuple):
    """Two breakers, the calls by number (None once over and told), and what was observable since the last batch."""

    settings: CircuitBreakerSettings
    breakers: tuple[Breaker, ...]
    calls: tuple[Tracked | None, ...] = ()
    reads: tuple[str, ...] = ()
    announced: tuple[Announcement, ...] = ()
    heard_second: tuple[Announcement, ...] = ()
    failing_listener: bool = False
    shaken: bool = False
    """Whether a transition has met a failing listener."""
    wild: bool = False
    """Whether a deviation has struck after which anything may be seen."""
    begun: int = 0
    """How many calls had begun before this batch."""
    waits: bool = True
    """Whether a plain function of the implementation may wait for a call: it may in a thread of its own."""

    def with_breaker(self, index: int, breaker: Breaker) -> State:
        return self._replace(breakers=(*self.breakers[:index], breaker, *self.breakers[index + 1 :]))

    def with_call(self, number: int, call: Tracked) -> State:
        calls = self.calls + (None,) * (number + 1 - len(self.calls))
        return self._replace(calls=(*calls[:number], call, *calls[number + 1 :]))

    def call(self, number: int) -> Tracked | None:
        """A call in flight or just ended; None before it begins and once it is told."""
        return self.calls[number] if number < len(self.calls) else None

    def probes(self, index: int) -> int:
        """Probes in flight, with the slots that were lost."""
        breaker = self.breakers[index]
        running = sum(
            1
            for call in self.calls
            if call and call.phase == "running" and call.probe and call.breaker == index and call.epoch == breaker.epoch
        )
        return running + breaker.leaked


def moved(state: State, index: int, phase: str, **changes: object) -> State:
    """The state after a transition of one breaker, announced."""
    old = state.breakers[index]
    new = Breaker(phase, epoch=old.epoch + 1)._replace(**changes)  # type: ignore[arg-type]  # the callers name fields of Breaker
    told = said(state, index)
    if old.phase != phase:
        told = _announced(told, Announcement(index, old.phase, phase))
    return told.with_breaker(index, new)


def _announced(state: State, news: Announcement) -> State:
    if not state.failing_listener:
        return state._replace(announced=(*state.announced, news))
    return state._replace(announced=(*state.announced, news), heard_second=(*state.heard_second, news), shaken=True)


def said(state: State, index: int) -> State:
    """The state once a half_open that was kept back is announced."""
    breaker = state.breakers[index]
    if not breaker.unsaid:
        return state
    return _announced(state.with_breaker(index, breaker._replace(unsaid=False)), Announcement(index, "open", "half_open"))
