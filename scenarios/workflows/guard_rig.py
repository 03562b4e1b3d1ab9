"""A guarded client held by a driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Outcome, Returned
from patternproof.history import shown
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.ports.error_propagation import ComponentError, Kind, beneath
from patternproof.ports.event_bus import Topic

from .dependency import Answer, Dependency, Payload
from .events import GUARD, Cancel, ClosePool, Query, Reply, Wait, WorkflowSettings
from .guard_model import ROOM, THRESHOLD
from .part_rig import Listener, PartRig, any_bus
from .seen import ELSE, LOST, RAW, GuardSeen

RESET = 10.0
"""Seconds for which an open circuit rejects everything."""
CLEARLY = 1.5
"""What they are multiplied by, to be clearly over."""


class GuardRig(PartRig):
    """Drives a guarded client, and the dependency behind it."""

    client: Any
    pool: Any
    _listener: Listener | None = None

    def __init__(self, driver: Driver, settings: WorkflowSettings, threads: bool) -> None:
        super().__init__(driver, settings, threads)
        self.dependency = Dependency(driver, threads)
        self._payloads: dict[int, Payload] = {}
        self._closed = False

    def listen(self, bus: Any) -> None:
        """Hear what is published about errors; where nothing can be held, nobody can wait for it."""
        self._listener = Listener(self, bus, Topic.ERROR) if self.driver.holds else None

    def do(self, event: Any) -> None:
        match event:
            case Query(number) if not self._closed and self._under_way() < ROOM:
                self._payloads[number] = Payload(number)
                if self.driver.holds:
                    self._begin(number)
            case Reply(number, how) if number in self._payloads:
                self._end(number, how)
            case Cancel(number):
                self.cancel(number)
            case Wait():
                self.driver.pass_time(RESET * CLEARLY)
            case ClosePool():
                self._closed = True
                self.driver.begin(self.pool.close)

    def _under_way(self) -> int:
        return sum(pending.outcome is None for pending in self.calls.values())

    def _begin(self, number: int) -> None:
        self.start(number, lambda: self.client.request(self._payloads[number]))

    def _end(self, number: int, how: str) -> None:
        payload = self._payloads[number]
        if self.driver.holds:
            self.dependency.end(payload, how)
        elif number not in self.calls:
            payload.preset = how
            self._begin(number)

    def phase(self, number: int, outcome: Outcome) -> str:
        if isinstance(outcome, Returned):
            answer = outcome.value
            right = isinstance(answer, Answer) and answer.to is self._payloads[number]
            return "returned" if right else f"{ELSE}: {shown(answer)}"
        error = getattr(outcome, "error", None)
        if not isinstance(error, BaseException):
            return f"{RAW}: {shown(error)}"
        if any(isinstance(each, CircuitOpenError) for each in beneath(error)):
            typed = isinstance(error, CircuitOpenError | ComponentError)
            return "rejected" if typed else f"{RAW}: {shown(error)}"
        if not isinstance(error, ComponentError) or error.kind != Kind.DEPENDENCY_ERROR:
            return f"{RAW}: {shown(error)}"
        known = any(each is original for each in beneath(error) for original in self.dependency.errors)
        return "raised" if known else LOST

    def look(self) -> GuardSeen:
        reached = sorted(payload.number for payload, *_ in self.dependency.held if isinstance(payload, Payload))
        errors = None if self._listener is None else len(self._listener.taken())
        return GuardSeen(self.seen_calls(), tuple(reached), errors, self.dependency.open if self._closed else None)


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: WorkflowSettings) -> Iterator[GuardRig]:
    """A rig over a new client."""
    made = GuardRig(driver, settings, adapter.runtime == "threads")
    guarding = CircuitBreakerSettings(failure_threshold=THRESHOLD, reset_timeout=RESET * driver.scale)
    with (
        any_bus(adapter, driver) as bus,
        adapter.make("connection_pool", driver, made.dependency.connect, ConnectionPoolSettings(max_size=ROOM)) as made.pool,
        adapter.make("circuit_breaker", driver, guarding) as breaker,
        adapter.make(GUARD, driver, made.pool, breaker, bus) as made.client,
    ):
        made.listen(bus)
        yield made
