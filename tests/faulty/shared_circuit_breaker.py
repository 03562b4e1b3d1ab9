"""Breakers that share a store wrongly, or unusually."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from patternproof.reference.circuit_breaker import CircuitBreaker

from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState
from tests.faulty import ByExample, Unusual

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
Operation = Callable[[], Awaitable[Any]]

OPENS = "CB-24-a-circuit-opens-for-all"
OPENS_LATER = "CB-24-it-opens-for-one-that-has-been-let-through-before"
ONE_PROBE = "CB-24-a-probe-is-one-for-all"
RUSH = "CB-24-a-rush-from-all-sides"
CLOSES = "CB-24-a-probe-that-succeeds-closes-the-circuit-for-all"
REOPENS = "CB-24-a-probe-that-fails-opens-the-circuit-for-all"

FAULTY = ByExample()
ODD = Unusual()
faulty = FAULTY.add
odd = ODD.add


class Telling(CircuitBreaker):
    """A breaker of its own for each process, which tells the others of some transitions."""

    tells: frozenset[tuple[CircuitState, CircuitState]] = frozenset()
    others: dict[Any, list[CircuitBreaker]] = defaultdict(list)

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        if settings.store is not None:
            self.others[settings.store].append(self)
            self.add_listener(self.tell)

    def tell(self, old: CircuitState, new: CircuitState) -> None:
        for other in self.others[self._machine.settings.store]:
            if other is not self and (old, new) in self.tells and (new is OPEN or other.state is not new):
                other.trip() if new is OPEN else other.reset()


@faulty(OPENS, OPENS_LATER, ONE_PROBE, RUSH, REOPENS)
class EachByItself(Telling):
    """The store is taken and never looked at."""


@faulty(ONE_PROBE, RUSH)
class EachProbesByItself(Telling):
    """What opens and closes is shared; whoever finds the timeout over sends a probe."""

    tells = frozenset({(CLOSED, OPEN), (HALF_OPEN, OPEN), (HALF_OPEN, CLOSED)})


@faulty(ONE_PROBE, RUSH, CLOSES)
class EachClosesByItself(Telling):
    """Only bad news is shared."""

    tells = frozenset({(CLOSED, OPEN), (HALF_OPEN, OPEN)})


@faulty(ONE_PROBE, RUSH, REOPENS)
class EachReopensByItself(Telling):
    """A failed probe restarts the timeout of the process that sent it alone."""

    tells = frozenset({(CLOSED, OPEN), (HALF_OPEN, CLOSED)})


@odd
class OneCircuit:
    """One breaker for all processes."""

    circuits: dict[Any, CircuitBreaker] = {}

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        self.circuit = CircuitBreaker(settings)
        if settings.store is not None:
            self.circuit = self.circuits.setdefault(settings.store, self.circuit)

    @property
    def state(self) -> CircuitState:
        return self.circuit.state

    async def call(self, operation: Operation) -> Any:
        return await self.circuit.call(operation)


@faulty(OPENS_LATER)
class RemembersClosed(OneCircuit):
    """Looks at the store until it has once read closed."""

    closed = False

    async def call(self, operation: Operation) -> Any:
        if self.closed and self.circuit.state is OPEN:
            return await operation()
        try:
            return await self.circuit.call(operation)
        finally:
            self.closed = self.circuit.state is CLOSED


@faulty(RUSH)
class ReadsThenWrites(OneCircuit):
    """Reads how many probes there are, and writes one more: two round trips."""

    probes: dict[Any, int] = defaultdict(int)
    probing = False

    async def call(self, operation: Operation) -> Any:
        machine = self.circuit._machine
        due = machine.state is OPEN and self.circuit._clock() - machine.opened_at > machine.settings.reset_timeout
        if not due or machine.settings.store is None:
            return await super().call(operation)
        if self.probing or self.probes[machine.settings.store]:
            raise CircuitOpenError(0.0)
        self.probing = True
        await asyncio.sleep(0)
        self.probes[machine.settings.store] += 1
        try:
            result = await operation()
            self.circuit.reset()
            return result
        except Exception:
            self.circuit.trip()
            raise
        finally:
            self.probing = False
            self.probes[machine.settings.store] -= 1


# Right, and unusual


@odd
class LooksAfterAWhile(OneCircuit):
    """Asks the store of an open or closed circuit at most twice a second; a probe always asks."""

    looked: float | None = None
    seen = CLOSED

    async def call(self, operation: Operation) -> Any:
        now = asyncio.get_running_loop().time()
        if self.looked is None or now - self.looked >= 0.5:
            self.looked, self.seen = now, self.circuit.state
        if self.seen is CLOSED and self.circuit.state is OPEN and self.circuit._machine.settings.store is not None:
            return await operation()  # not known yet
        return await self.circuit.call(operation)


@odd
class CountsByItself(OneCircuit):
    """Each process counts its own failures; the circuit that they open is one."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self.own = CircuitBreaker(settings)
        self.own.add_listener(lambda old, new: self.circuit.trip() if (old, new) == (CLOSED, OPEN) else None)

    async def call(self, operation: Operation) -> Any:
        if self.circuit.state is not CLOSED:
            return await self.circuit.call(operation)
        if self.own.state is not CLOSED:
            self.own.reset()
        return await self.own.call(operation)
