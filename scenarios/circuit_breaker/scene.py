"""What the steps of one example act on."""

from __future__ import annotations

from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang
from patternproof.outcome import AdapterError, NotApplicable, NotOffered, premise
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.scene import JudgedScene

from .events import Advance, Announcement, Call, Cancel, Finish, Read, Seen, Start
from .rig import CircuitBreakerRig, rig
from .sharing import shared_rig

LATEST = "the latest"
"""Stands for the name of the call that began last."""


class Scene(JudgedScene):
    """One example: two breakers, the calls by name, and what was seen of them.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "circuit_breaker"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make`, `begin` and `perform` only.
        self._rig: CircuitBreakerRig | None = None
        self._numbers: dict[str, int] = {}
        self._calls: dict[int, Call] = {}
        self._reads: list[str] = []
        self.latest: list[int] = []
        """The calls of the latest step that began any."""
        self.heard: list[Announcement] = []
        self.heard_second: list[Announcement] = []
        """What the listener after the failing one heard."""

    def __repr__(self) -> str:
        return f"<Scene {len(self._calls)} calls, {len(self.in_flight())} in flight>"

    @property
    def rig(self) -> CircuitBreakerRig:
        """The rig of the example's breakers.

        Raises:
            LookupError: no step has made any.
        """
        if self._rig is None:
            raise LookupError("there is no circuit breaker yet; begin the example with 'Given a circuit breaker that ...'")
        return self._rig

    @property
    def settings(self) -> CircuitBreakerSettings:
        """The settings that the breakers were made with."""
        settings: CircuitBreakerSettings = self.rig.history.settings
        return settings

    def make(self, settings: CircuitBreakerSettings) -> None:
        """Make the breakers.

        Raises:
            NotOffered: the implementation does not have one of the settings.
            Unavailable: the breakers are to share a store, and there is none.
            LookupError: there are some already.
        """
        if self._rig is not None:
            raise LookupError("there is a circuit breaker already; for a second one write 'the other circuit breaker'")
        opened_rig = rig if settings.store is None else shared_rig
        self._rig = self.stack.enter_context(opened_rig(self.adapter, self.driver, settings))

    def perform(self, *events: Any) -> None:
        """Make events happen at one moment, and take in what is seen."""
        try:
            seen = self.rig.perform(*events)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        self.take(seen)

    def take(self, seen: Seen) -> None:
        """Take in what is seen."""
        self._calls.update({call.number: call for call in seen.calls})
        self._reads.extend(seen.reads)
        self.heard.extend(seen.announced)
        self.heard_second.extend(seen.heard_second)
        if seen.failed:
            self.expect(False, "an answer", seen.failed)

    def begin(self, *names: str, breaker: int = 0) -> None:
        """Begin a call for each name, all at one moment; an empty name is a call that is never named again.

        Raises:
            LookupError: a name is taken.
        """
        for name in names:
            if name in self._numbers:
                raise LookupError(f"there is a call {name} already; give each call of an example a name of its own")
        first = len(self._calls)
        self.latest = list(range(first, first + len(names)))
        self._numbers.update({name: number for name, number in zip(names, self.latest, strict=True) if name})
        self.perform(*(Start(number, breaker) for number in self.latest))

    def rush(self, count: int) -> None:
        """Begin that many calls on each breaker, all at one moment."""
        first = len(self._calls)
        self.latest = list(range(first, first + 2 * count))
        self.perform(*(Start(number, (number - first) % 2) for number in self.latest))

    def end(self, numbers: list[int], how: str) -> None:
        """End calls in flight at one moment: ok, failure, ignored, interruption or cancelled.

        Raises:
            PremiseMissing: one is not in flight.
            NotApplicable: the driver cannot cancel.
        """
        for number in numbers:
            call = self._calls[number]
            self.reach(call.phase == "running", f"call {number} in flight, for it to end", call)
        if how == "cancelled":
            self.require_cancellation()
        self.perform(*(Cancel(number) if how == "cancelled" else Finish(number, how) for number in numbers))

    def number(self, name: str) -> int:
        """The number of a call.

        Raises:
            LookupError: no call of that name has begun.
        """
        if name == LATEST and self.latest:
            return self.latest[-1]
        if name not in self._numbers:
            known = ", ".join(self._numbers) or "none has a name"
            raise LookupError(f"no call {name!r} has begun; calls so far: {known}")
        return self._numbers[name]

    def call(self, number: int) -> Call:
        """A call as last seen."""
        return self._calls[number]

    def cause(self, number: int) -> BaseException | None:
        """The cause that the error of a call's operation has now; it was raised without any."""
        error = self.rig.calls[number].error
        return None if error is None else error.__cause__

    @property
    def ahead(self) -> float:
        """Seconds that more have gone by than the example let pass."""
        return self.driver.ahead

    def in_flight(self) -> list[int]:
        """The calls whose operations are running."""
        return [number for number, call in self._calls.items() if call.phase == "running"]

    def state(self, breaker: int = 0) -> str:
        """What the state of a breaker reads."""
        self.perform(Read(breaker))
        return self._reads[-1]

    def open_circuit(self) -> None:
        """Let calls fail until the circuit is open.

        Raises:
            PremiseMissing: it does not open.
        """
        limit = self.settings.failure_threshold if self.settings.failure_rate is None else self.settings.minimum_calls
        for _ in range(limit):
            self.begin("")
            self.end(self.latest, "failure")
        if self.state() != "open":
            self.begin("")
            premise(self._calls[self.latest[-1]].phase == "rejected", f"the circuit did not open after {limit} failures")

    def begin_probes(self, *names: str) -> None:
        """Open the circuit, let its timeout pass and begin probes.

        Raises:
            PremiseMissing: one is not admitted.
        """
        self.open_circuit()
        self.perform(Advance(self.settings.reset_timeout + 1.0))
        for name in names:
            self.begin(name)
            premise(self._calls[self.latest[-1]].phase == "running", f"call {name} is not admitted as a probe")

    def _is_beyond_model(self) -> bool:
        return self.settings.store is not None  # no model says what breakers over one store may do

    def require_cancellation(self) -> None:
        """Go on only where calls can be cancelled.

        Raises:
            NotApplicable: they cannot.
        """
        if not self.driver.can_cancel:
            raise NotApplicable(f"a call cannot be cancelled from outside under the {self.driver.name} driver")

    def require_listeners(self) -> None:
        """Go on only where listeners can be added.

        Raises:
            NotOffered: they cannot.
        """
        if not self.rig.listens:
            raise NotOffered("the circuit breaker has no add_listener()")

    def require_member(self, name: str) -> None:
        """Go on only where the breaker has trip() or reset().

        Raises:
            NotOffered: it does not.
            AdapterError: the adapter claims that it does.
        """
        if hasattr(self.rig.breakers[0], name):
            return
        if "manual_control" in self.adapter.claims:
            raise AdapterError(f"{self.adapter.file}: CLAIMS names 'manual_control', and the circuit breaker has no {name}()")
        raise NotOffered(f"the circuit breaker has no {name}()")
