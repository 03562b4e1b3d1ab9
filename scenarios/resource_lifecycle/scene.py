"""What the steps of one example act on."""

from __future__ import annotations

from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang
from patternproof.history import History
from patternproof.outcome import AdapterError, NotApplicable, NotOffered
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings
from patternproof.scene import JudgedScene

from .events import (
    BEGINS,
    CLEANS,
    INSIDE,
    RETURNED,
    UP,
    WAITING,
    Ail,
    Call,
    Cancel,
    CheckHealth,
    CleanUp,
    CleanupEnds,
    Enter,
    Get,
    InitializeEnds,
    Leave,
    Register,
    Seen,
)
from .model import PLAIN
from .resources import Resource
from .rig import ResourceLifecycleRig, rig


class Scene(JudgedScene):
    """One example: a manager, its resources by id, and what was seen of them.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "resource_lifecycle"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make`, `new` and `take` only.
        self._rig: ResourceLifecycleRig | None = None
        self._count = 0
        self._last: dict[type, int] = {}
        """The number of the latest call of each kind."""
        self.calls: dict[int, Call] = {}

    def __repr__(self) -> str:
        return f"<Scene {len(self.calls)} calls>"

    @property
    def rig(self) -> ResourceLifecycleRig:
        """The rig of the example's manager.

        Raises:
            LookupError: no step has made one.
        """
        if self._rig is None:
            raise LookupError("there is no resource manager yet; begin the example with 'Given a resource manager'")
        return self._rig

    def make(self, claim: str = "", settings: ResourceLifecycleSettings = PLAIN) -> None:
        """Make the manager.

        Raises:
            LookupError: there is one already.
            NotOffered: it does not have one of the settings, or the claim is not made.
        """
        if self._rig is not None:
            raise LookupError("there is a resource manager already; an example has one")
        if claim and claim not in self.adapter.claims:
            raise NotOffered(f"{claim!r} is not claimed")
        self._rig = self.stack.enter_context(rig(self.adapter, self.driver, settings))

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
        self.calls.update({call.number: call for call in seen.calls})

    def new(self, kind: type) -> int:
        """The number of a new call."""
        number, self._count = self._count, self._count + 1
        self._last[kind] = number
        return number

    def last(self, kind: type) -> Call:
        """The latest call of a kind, as last seen.

        Raises:
            LookupError: there was none.
        """
        if kind not in self._last:
            raise LookupError(f"nothing of that kind has happened yet: {kind.__name__}")
        return self.calls[self._last[kind]]

    def register(self, *ids: str, manner: str = "ok", needs: str = "") -> None:
        """Register resources, all at one moment."""
        if needs:
            self.require_claim("dependencies")
        if not self.driver.holds and manner in ("slow", "lingers"):
            raise NotApplicable(f"nothing can be held under the {self.driver.name} driver")
        self.perform(*(Register(self.new(Register), id, manner, needs) for id in ids))

    def has_registered(self, id: str, manner: str = "ok") -> None:
        """Register a resource.

        Raises:
            PremiseMissing: that does not succeed.
        """
        self.register(id, manner=manner)
        call = self.last(Register)
        self.reach(call.phase == RETURNED, f"the registration of {id} to succeed", call)

    def is_registering(self, id: str) -> None:
        """Begin to register a resource that takes its time.

        Raises:
            PremiseMissing: it does not wait for that.
        """
        self.register(id, manner="slow")
        call = self.last(Register)
        self.reach(call.phase == WAITING, f"the registration of {id} to wait for its initialisation", call)

    def resources(self, id: str) -> list[Resource]:
        """The resources that were handed in under an id.

        Raises:
            LookupError: there is none.
        """
        found = [each for each in self.rig.resources.values() if each.id == id]
        if not found:
            known = ", ".join(dict.fromkeys(each.id for each in self.rig.resources.values())) or "none so far"
            raise LookupError(f"no resource {id!r} was registered; known: {known}")
        return found

    def registrations(self, id: str) -> list[Call]:
        """What has become of the registrations of an id."""
        return [self.calls[each.number] for each in self.resources(id)]

    def count(self, resource: Resource, act: str) -> int:
        """How often a resource has done something."""
        return self.rig.log.count((resource.number, act))

    def is_initialised(self, resource: Resource) -> int:
        """How often a resource's initialisation has begun."""
        return self.count(resource, BEGINS)

    def cleaned(self, resource: Resource) -> int:
        """How often a resource's cleanup has begun."""
        return self.count(resource, CLEANS)

    def is_open(self, resource: Resource) -> bool:
        """Whether a resource is initialised and not cleaned up."""
        return resource.last == UP

    def order(self, ids: list[str]) -> list[str]:
        """The ids of what was cleaned up, in that order."""
        return [self.rig.resources[number].id for number, act in self.rig.log if act == CLEANS]

    def get(self, id: str) -> Call:
        """Get a resource.

        Raises:
            NotOffered: resources have no ids.
        """
        self.perform(Get(self.new(Get), id))
        if self.rig.refused is not None:
            raise NotOffered(f"the resource manager has no {self.rig.refused.args[0]}()")
        return self.last(Get)

    def require_refusal(self) -> None:
        """Go on only where a taken id is not replaced, as a manager with the claim ``replace`` may do without being asked.

        Raises:
            NotOffered: another one, made to try it, does that.
        """
        if "replace" not in self.adapter.claims:
            return
        with rig(self.adapter, self.driver, PLAIN) as tried:
            tried.perform(Register(0, "tried"))
            seen = tried.perform(Register(1, "tried"))
        if any(call.phase == RETURNED for call in seen.calls):
            raise NotOffered("a taken id is always replaced, as is claimed")

    def require_ids(self) -> None:
        """Go on only where resources have ids."""
        self.get("nothing")

    def ail(self, id: str, how: str) -> None:
        """Let a resource fall ill."""
        self.require_health()
        self.perform(Ail(self.resources(id)[-1].number, how))

    def check(self) -> None:
        """Ask for the health."""
        self.require_health()
        self.perform(CheckHealth(self.new(CheckHealth)))

    def clean_up(self, times: int = 1) -> None:
        """Clean everything up, at one moment."""
        self.perform(*(CleanUp(self.new(CleanUp)) for _ in range(times)))

    def enter(self) -> None:
        """Enter the scope.

        Raises:
            NotOffered: the manager has none.
            PremiseMissing: it cannot be entered.
        """
        name = "__enter__" if self.adapter.runtime == "threads" else "__aenter__"
        if not hasattr(type(self.rig.manager), name):
            raise NotOffered("the resource manager is no context manager")
        self.perform(Enter(self.new(Enter)))
        self.reach(self.last(Enter).phase == INSIDE, "the scope to be entered", self.last(Enter))

    def leave(self, how: str) -> None:
        """Leave the scope: ok, fail or cancel.

        Raises:
            NotApplicable: the driver cannot cancel.
        """
        number = self.last(Enter).number
        if how == "cancel" and not self.driver.can_cancel:
            raise NotApplicable(f"a call cannot be cancelled from outside under the {self.driver.name} driver")
        self.perform(Cancel(number) if how == "cancel" else Leave(number, how))

    def initialised(self, resource: Resource, how: str = "ok") -> None:
        """Let the initialisation of a resource end."""
        self.perform(InitializeEnds(resource.number, how))

    def cleanup_ended(self, resource: Resource, how: str = "ok") -> None:
        """Let the cleanup of a resource end."""
        self.perform(CleanupEnds(resource.number, how))

    def require_health(self) -> None:
        """Go on only where the manager reports health.

        Raises:
            NotOffered: it does not.
        """
        if not hasattr(self.rig.manager, "health"):
            if "restart" in self.adapter.claims:
                raise AdapterError(f"{self.adapter.file}: CLAIMS names 'restart', and the resource manager has no health()")
            raise NotOffered("the resource manager has no health()")

    def require_claim(self, claim: str) -> None:
        """Go on only where a claim is made.

        Raises:
            NotOffered: it is not.
        """
        if claim not in self.adapter.claims:
            raise NotOffered(f"{claim!r} is not claimed")

    def _history(self) -> History | None:
        return self._rig.history if self._rig is not None else None
