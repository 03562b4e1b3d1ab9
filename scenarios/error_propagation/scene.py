"""What the steps of one example act on."""

from __future__ import annotations

from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang
from patternproof.outcome import NotApplicable, NotOffered
from patternproof.scene import JudgedScene

from .events import RESOURCES, Call, Inspect, Perform, Seen
from .rig import ErrorPropagationRig, rig
from .words import Wanted


class Scene(JudgedScene):
    """One example: a component, the latest request, and what was seen of it.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "error_propagation"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make` and `perform` only.
        self._rig: ErrorPropagationRig | None = None
        self._wanted: Wanted | None = None
        self._calls: dict[int, Call] = {}
        self.seen = Seen()
        """The latest."""
        self.late: list[tuple[int, int]] = []
        self.cleaned = True

    def __repr__(self) -> str:
        return f"<Scene {len(self._calls)} requests>"

    @property
    def rig(self) -> ErrorPropagationRig:
        """The rig of the example's component.

        Raises:
            LookupError: no step has made any.
        """
        if self._rig is None:
            raise LookupError("there is no component yet; begin the example with 'Given a component'")
        return self._rig

    def make(self, wanted: Wanted) -> None:
        """Make the component.

        Raises:
            NotOffered: the implementation does not have one of the settings, or its errors cannot cross.
            LookupError: there is one already.
        """
        if self._rig is not None:
            raise LookupError("there is a component already; each example has one")
        self._wanted = wanted
        self._rig = self.stack.enter_context(rig(self.adapter, self.driver, wanted.settings))
        if wanted.crosses and not self._rig.crosses:
            raise NotOffered("the component has no to_problem() and from_problem()")

    def perform(self, *events: Any) -> None:
        """Make events happen at one moment, and take in what is seen."""
        try:
            self.seen = self.rig.perform(*events)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        self._calls.update({call.number: call for call in self.seen.calls})
        self.late += self.seen.late
        self.cleaned = self.cleaned and self.seen.released
        if self.seen.failed:
            self.expect(False, "the dependency to be called for what the request names", self.seen.failed)

    def request(self, resources: int) -> None:
        """Make a request for the first of the resources."""
        failing = self._wanted is not None and self._wanted.fails_to_clean_up
        self.perform(Perform(len(self._calls), resources, "failure" if failing else "ok"))

    @property
    def call(self) -> Call:
        """The latest request, as last seen.

        Raises:
            LookupError: there is none.
        """
        if not self._calls:
            raise LookupError("no request has been made")
        return self._calls[max(self._calls)]

    def inspect(self, aspect: str) -> Any:
        """What is found of an aspect of the error that the latest request has raised.

        Raises:
            PremiseMissing: it has raised no error of a component.
        """
        self.reach(self.call.phase == "raised", "an error of the component", self.call)
        self.perform(Inspect(self.call.number, aspect))
        return self.seen.found[-1]

    def lost(self) -> list[str]:
        """The resources of which errors are lost."""
        failure = self.call.failure
        at_once = list(failure.lost) if failure is not None else []
        return [RESOURCES[each] for each in sorted({*at_once, *(resource for _, resource in self.late)})]

    def require_cancellation(self) -> None:
        """Go on only where requests can be cancelled.

        Raises:
            NotApplicable: they cannot.
        """
        if not self.driver.can_cancel:
            raise NotApplicable(f"a request cannot be cancelled from outside under the {self.driver.name} driver")
