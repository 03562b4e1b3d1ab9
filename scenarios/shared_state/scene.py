"""What the steps of one example act on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang
from patternproof.history import History
from patternproof.outcome import AdapterError, NotApplicable, NotOffered
from patternproof.ports.shared_state import SharedStateSettings
from patternproof.scene import JudgedScene

from .events import AddListener, Advance, Call, Cancel, Get, Seen, Update, Version
from .model import PLAIN
from .rig import SharedStateRig, rig

A_LITTLE = 0.005
"""Seconds between a call and its cancellation, where turns of the loop cannot be counted."""


A_WHILE = 1.0
"""Seconds in which news of another process arrives."""


class Scene(JudgedScene):
    """One example: a state, its callers and listeners by name, and what was seen of them.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "shared_state"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make`, `number`, `listen` and `take` only.
        self._rig: SharedStateRig | None = None
        self._numbers: dict[str, int] = {}
        self._listeners: dict[str, int] = {}
        self._count = 0
        self.calls: dict[int, Call] = {}
        self.heard: dict[int, list[Version]] = {}
        self.heard_before: dict[str, int] = {}
        """How much a listener had heard when it was removed."""
        self.reported: list[tuple[int, int]] = []
        self.altered = False
        self.order = ""
        self.seen = Seen()
        """What was seen last."""
        self.is_beyond_model = False
        """Whether more has happened than the model can follow."""

    def __repr__(self) -> str:
        return f"<Scene {len(self.calls)} calls, {len(self._listeners)} listeners>"

    @property
    def rig(self) -> SharedStateRig:
        """The rig of the example's state.

        Raises:
            LookupError: no step has made one.
        """
        if self._rig is None:
            raise LookupError("there is no shared state yet; begin the example with 'Given a shared state'")
        return self._rig

    def make(self, settings: SharedStateSettings = PLAIN) -> None:
        """Make the state.

        Raises:
            LookupError: there is one already.
        """
        if self._rig is not None:
            raise LookupError("there is a shared state already; an example has one")
        self._rig = self.stack.enter_context(rig(self.adapter, self.driver, settings))

    def perform(self, *events: Any, turns: tuple[int, ...] | None = None) -> None:
        """Make events happen at one moment, and take in what is seen."""
        try:
            seen = self.rig.perform(*events, turns=turns)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        self.take(seen)

    def settle(self) -> None:
        """Let whatever comes from outside arrive, and take in what is seen."""
        self.perform(Advance(A_WHILE))

    def take(self, seen: Seen) -> None:
        """Take in what is seen."""
        self.seen = seen
        self.calls.update({call.number: call for call in seen.calls})
        for hearing in seen.heard:
            self.heard.setdefault(hearing.listener, []).extend(hearing.versions)
        self.reported.extend(seen.reported)
        self.altered = self.altered or seen.altered
        self.order = self.order or seen.order
        if seen.failed:
            self.expect(False, "an answer", seen.failed)

    def new(self, name: str = "") -> int:
        """The number of a new call; without a name it is not spoken of again.

        Raises:
            LookupError: the name is taken.
        """
        if name in self._numbers:
            raise LookupError(f"{name} has made a call already; give each call of an example a caller of its own")
        number, self._count = self._count, self._count + 1
        if name:
            self._numbers[name] = number
        return number

    def number(self, name: str) -> int:
        """The number of a call.

        Raises:
            LookupError: nobody of that name has made one.
        """
        if name not in self._numbers:
            known = ", ".join(self._numbers) or "none so far"
            raise LookupError(f"{name!r} has made no call; callers: {known}")
        return self._numbers[name]

    def call(self, name: str) -> Call:
        """A call as last seen."""
        return self.calls[self.number(name)]

    def name(self, number: int) -> str:
        """Who has made a call."""
        return next((name for name, each in self._numbers.items() if each == number), f"call {number}")

    def update(self, *names: str, how: str = "ok") -> None:
        """Let callers update the state, all at one moment."""
        self.perform(*(Update(self.new(name), how) for name in names))

    def has_updated(self, name: str) -> None:
        """Let a caller update the state.

        Raises:
            PremiseMissing: it does not succeed.
        """
        self.update(name)
        self.reach(self.call(name).phase == "returned", f"the update of {name} to succeed", self.call(name))

    def read(self) -> Version:
        """The latest version.

        Raises:
            PremiseMissing: it is not to be had.
        """
        number = self.new()
        self.perform(Get(number))
        call = self.calls[number]
        self.expect(call.version is not None, "a snapshot", call)
        assert call.version is not None, "it was just expected"
        return call.version

    def listen(self, name: str, how: str = "plain") -> None:
        """Add a listener.

        Raises:
            NotOffered: the state takes none, or none of that kind.
            LookupError: the name is taken.
        """
        if name in self._listeners:
            raise LookupError(f"there is a listener {name} already; give each a name of its own")
        if not hasattr(self.rig.state, "add_listener"):
            raise NotOffered("the shared state has no add_listener()")
        number = self._listeners[name] = len(self._listeners)
        self.perform(AddListener(number, how))
        if self.rig.refused is not None:
            raise NotOffered(str(self.rig.refused))

    def listener(self, name: str) -> int:
        """The number of a listener.

        Raises:
            LookupError: there is none of that name.
        """
        if name not in self._listeners:
            known = ", ".join(self._listeners) or "none so far"
            raise LookupError(f"there is no listener {name!r}; known: {known}")
        return self._listeners[name]

    def told(self, name: str) -> Sequence[Version]:
        """What a listener has heard in the example."""
        return self.heard.get(self.listener(name), [])

    def update_and_cancel(self, name: str, distance: int) -> None:
        """Let a caller update the state and be cancelled, a number of turns of the loop later or about as soon.

        Raises:
            NotApplicable: the driver cannot cancel.
        """
        if not self.driver.can_cancel:
            raise NotApplicable(f"a call cannot be cancelled from outside under the {self.driver.name} driver")
        number = self.new(name)
        if self.driver.has_turns or not distance:
            self.perform(Update(number), Cancel(number), turns=(distance,) if self.driver.has_turns else None)
        else:
            self.perform(Update(number), Advance(distance * A_LITTLE), Cancel(number))

    def require_member(self, name: str, claim: str = "") -> None:
        """Go on only where the state has a member.

        Raises:
            NotOffered: it has not.
            AdapterError: the adapter claims that it has.
        """
        if hasattr(self.rig.state, name):
            return
        if claim in self.adapter.claims:
            raise AdapterError(f"{self.adapter.file}: CLAIMS names {claim!r}, and the shared state has no {name}()")
        raise NotOffered(f"the shared state has no {name}()")

    def require_time(self) -> None:
        """Go on only where the state keeps last_updated.

        Raises:
            NotOffered: it does not.
        """
        if not self.rig.snapshots.is_timed:
            raise NotOffered("the snapshots have no last_updated")

    def _history(self) -> History | None:
        return self._rig.history if self._rig is not None else None

    def _is_beyond_model(self) -> bool:
        return self.is_beyond_model
