"""What the model knows of resource managers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings

from .events import (
    BEGINS,
    CANCELLED,
    CLEANS,
    CYCLE,
    DOWN,
    DUPLICATE,
    ENDS,
    FAILS,
    GIVES,
    MISSING,
    RAISED,
    REFUSED,
    RETURNED,
    STOPS,
    TIMEOUT,
    UNCLEAN,
    UNCLEANED,
    UP,
    WAITING,
)

PENDING, INITIALISING, IS_UP, CLEANING, GONE = "pending", "initialising", "up", "cleaning", "gone"
"""Phases of a resource: not begun, in initialize(), registered, in cleanup(), none of the manager's concern any more."""
GHOST, AGAIN = "ghost", "again"
"""Only with deviations: cleaned up, but still to be got, or to be cleaned up once more."""
COLD = "cold"
"""Only with a deviation: cleaned up, and initialised again by whoever gets it."""
DONE = "done"
"""Only with a deviation: cleaned up by the cleanup under way, and cleaned up once more by another at the same time."""
LEFT = "left"
"""Open, if in part, and forgotten or given up: nobody is to clean it up, though with some deviations somebody does."""

AN_ERROR, TAKEN, CIRCLE, TIMED_OUT = "some error", "an error as it is taken", "an error as it is a circle", "an error in time"
RETURNED_OR_ERROR, AN_END = "returned or some error", "some end"
GIVEN_OR_ERROR = "gives the resource or some error"
REPORTS_OR_ERROR = "reports or some error"
REPORTS = "reports"
ERRORS = frozenset({RAISED, DUPLICATE, MISSING, CYCLE, UNCLEANED, TIMEOUT, REFUSED})
MEANS = {
    AN_ERROR: ERRORS,
    TAKEN: ERRORS,
    CIRCLE: ERRORS,
    TIMED_OUT: ERRORS,
    RETURNED_OR_ERROR: ERRORS | {RETURNED},
    AN_END: frozenset(ENDS),
    GIVEN_OR_ERROR: ERRORS,
    REPORTS_OR_ERROR: ERRORS | {REPORTS},
}
"""What may be seen where the model leaves open how a call ends."""
UNCLEAN_MANNERS = ("unclean", "breaks")
"""How a resource behaves whose cleanup fails."""
PLAINLY = {AN_ERROR: REFUSED, TAKEN: DUPLICATE, CIRCLE: CYCLE, TIMED_OUT: TIMEOUT, RETURNED_OR_ERROR: RETURNED, AN_END: CANCELLED}
PLAINLY |= {GIVEN_OR_ERROR: GIVES, REPORTS_OR_ERROR: REPORTS}
"""What is plainly seen there."""


class Resource(NamedTuple):
    """A resource of which the manager has heard."""

    number: int
    id: str
    manner: str = "ok"
    needs: tuple[str, ...] = ()
    phase: str = PENDING
    acts: tuple[str, ...] = ()
    """Since the last batch."""
    after: tuple[int, ...] = ()
    """The resources that were registered when this one came: they are to be cleaned up after it."""
    held: float = 0.0
    """Seconds that it has been in initialize() or in cleanup()."""
    ails: str = ""
    restarts: int = 0
    """In a row."""
    due: bool = False
    """Whether it was found unhealthy, and is to be restarted before long."""
    twice: bool = False
    """Whether it was healthy after a restart: whether that counts for the next one is not said."""
    doomed: bool = False
    """Whether a cleanup has begun while it was being registered."""
    orphaned: bool = False
    """Whether nobody waits for its initialize() any more."""
    lost: bool = False
    """Whether another has won its id."""
    target: bool = False
    """Whether the cleanup that is under way is to clean it up."""
    shaky: bool = False
    """Whether its cleanup was stopped half-way, and may be tried again; or has come before the end of its initialize()."""
    hasty: bool = False
    """Whether it is being cleaned up before its time; only with deviations."""
    leaks: bool = False
    """Whether the cleanup under way leaves it behind; only with deviations."""
    resumed: bool = False
    """Whether it has waited for others to be out of its way."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is heard of it any more: what is left behind counts where it keeps its id, or is still at work."""
        return self.phase == GONE or (self.phase == LEFT and not self.lost and self.manner != "lingers")

    @property
    def was_up(self) -> bool:
        """Whether there was a moment since the last batch at which it was up."""
        return UP in self.acts or (CLEANS in self.acts and not {BEGINS, FAILS, STOPS}.intersection(self.acts))

    @property
    def cleanup(self) -> tuple[str, str]:
        """What it does as it is cleaned up, if that takes no time."""
        return CLEANS, UNCLEAN if self.manner in UNCLEAN_MANNERS else DOWN

    def doing(self, *acts: str, phase: str = "") -> Resource:
        return self._replace(acts=self.acts + acts, phase=phase or self.phase, held=0.0)


def without_the_past(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """What is still to be reckoned with: each thing more that states remember multiplies them."""
    kept = [each for each in resources if not each.is_over]
    cleaned = {each.number for each in kept if each.phase != GHOST}
    return tuple([each._replace(acts=(), after=tuple([number for number in each.after if number in cleaned])) for each in kept])


class Tracked(NamedTuple):
    """A call as the model sees it."""

    number: int
    kind: str
    """register, get, health, clean or scope."""
    phase: str = WAITING
    about: tuple[str, ...] = ()
    id: str = ""
    report: tuple[tuple[str, bool | None], ...] | None = None
    """By id, whether a resource is healthy; None: it may be reported in either way, or not at all."""
    loose: bool = False
    """Whether any report will do: much has happened since it was asked for."""
    queued: bool = False
    """Whether it has to wait until nothing else is in the way."""
    held: float = 0.0
    """Seconds that a report has waited for checks."""
    leaves: str = ""
    """Of a scope: how it is left, ok, fail or cancel."""
    cancelled: bool = False


class State(NamedTuple):
    """Resources, calls, and what was observable since the last batch."""

    settings: ResourceLifecycleSettings
    resources: tuple[Resource, ...] = ()
    calls: tuple[Tracked, ...] = ()
    begun: int = 0
    """The number of the next call."""
    early: tuple[int, ...] = ()
    """Calls that were cancelled in the turn in which they begin, and before."""
    cleaning: bool = False
    """Whether a cleanup is under way."""
    awaits: bool = False
    """Whether it waits for the resources that were being registered when it began."""
    rests: bool = False
    """Whether it cleans up nothing before these are over."""
    closed: bool = False
    """Whether a cleanup has begun: whoever registers now may be refused."""
    unclean: tuple[str, ...] = ()
    """The ids of what the cleanup under way, or the last one, could not clean up."""
    broken: bool = False
    """Whether a cleanup() has raised what is no Exception."""
    touched: tuple[str, ...] = ()
    """Ids of which something has changed since the last batch."""
    ids: bool = True
    """Whether the manager knows its resources by ids, so that one can be taken."""
    replaces: bool = False
    """Whether the manager may replace a resource, though it was not asked to."""
    scoped: bool = False
    """Whether the scope was entered."""
    sooner: tuple[int, ...] = ()
    """What the cleanup under way has come to; only with deviations."""
    order: bool = False
    needs: bool = False
    leaked: tuple[int, ...] = ()
    shaken: tuple[str, ...] = ()
    """What has happened after which, with a deviation, anything may be seen."""
    wild: bool = False
    """Whether anything may be seen from here on."""

    def resource(self, number: int) -> Resource | None:
        return next((each for each in self.resources if each.number == number), None)

    def with_resource(self, resource: Resource) -> State:
        others = [each for each in self.resources if each.number != resource.number]
        touched = self.touched if resource.id in self.touched else tuple(sorted((*self.touched, resource.id)))
        return self._replace(resources=tuple(sorted((*others, resource))), touched=touched)

    def call(self, number: int) -> Tracked | None:
        """A call in flight, or over since the last batch."""
        return next((each for each in self.calls if each.number == number), None)

    def with_call(self, call: Tracked) -> State:
        others = [each for each in self.calls if each.number != call.number]
        return self._replace(calls=tuple(sorted((*others, call))), begun=max(self.begun, call.number + 1))

    def ended(self, number: int, phase: str, *about: str) -> State:
        """The state once a call in flight is over."""
        call = self.call(number)
        if call is None or call.phase != WAITING:
            return self
        return self.with_call(call._replace(phase=phase, about=about))

    def shaken_by(self, *what: str) -> State:
        added = set(what).difference(self.shaken)
        return self._replace(shaken=tuple(sorted((*self.shaken, *added)))) if added else self

    def registered(self, id: str) -> Resource | None:
        """The resource that is registered under an id; of several, only with deviations, the latest."""
        if not self.ids:
            return None
        found = [each for each in reversed(self.resources) if each.id == id and each.phase in (IS_UP, CLEANING)]
        return next((each for each in found if not any(each.number in other.after for other in found)), None)

    def cold(self, id: str) -> Resource | None:
        """The resource that whoever gets it initialises again."""
        return next((each for each in self.resources if each.id == id and each.phase == COLD), None)

    def under_way(self) -> Iterable[Resource]:
        """The resources that are being registered."""
        return [each for each in self.resources if each.phase in (PENDING, INITIALISING) and not each.orphaned]

    @property
    def is_busy(self) -> bool:
        """Whether a resource is held, and all else may have to wait for that: many managers have one lock."""
        return self.is_checking or any(each.phase in (INITIALISING, CLEANING) and not each.orphaned for each in self.resources)

    @property
    def is_checking(self) -> bool:
        """Whether a check of a resource's health is held."""
        return any(not each.queued for each in self.waiting("health"))

    def waiting(self, kind: str) -> list[Tracked]:
        """The calls of a kind in flight; scopes are in flight once they are being left."""
        return [each for each in self.calls if each.kind == kind and each.phase == WAITING]
