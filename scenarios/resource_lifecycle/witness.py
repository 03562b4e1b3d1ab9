"""What the kit knows of order and leaks by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .events import BEGINS, CLEANS, UP
from .resources import Resource


class Stay:
    """When one resource came, was registered, was up first, and began to be initialised and cleaned up; None: it has not."""

    def __init__(self, resource: Resource, came: int) -> None:
        self.resource, self.came = resource, came
        self.began: int | None = None
        self.up: int | None = None
        self.registered: int | None = None
        """The moment in which its register() was seen to have returned."""
        self.ended: int | None = None
        """When its register() was over."""
        self.cleaned: int | None = None
        self.missed: set[str] = set()
        """What it needs and has begun without: told once, since whoever does so knows nothing of it later either."""

    def needs(self, id: str) -> bool:
        """Whether it needs what has that id, and has waited for it."""
        return id in self.resource.needs and id not in self.missed

    def is_before(self, other: Stay) -> bool:
        """Whether it was registered before the other came."""
        return self.registered is not None and self.registered < other.came


class Cleanup:
    """A call of cleanup_all(), or the leaving of the scope."""

    def __init__(self, begun: int, under_way: Iterable[Stay]) -> None:
        self.begun = begun
        self.under_way = [stay for stay in under_way if stay.began is not None]
        """The resources that were being initialised, or had just been, by calls that were not over."""
        self.late: list[Stay] = []
        """Those that came meanwhile."""
        self.worked = begun
        """When a cleanup was last at work."""


class Witness:
    """Counts whatever happens, and says what may not have happened in that order.

    Args:
        is_given_up: whether a resource has been in cleanup() for so long that nobody need wait for it.
    """

    def __init__(self, is_given_up: Callable[[Resource], bool]) -> None:
        self._is_given_up = is_given_up
        self._now = 0
        self._moment = 0
        self._stays: dict[int, Stay] = {}
        self._cleanups: dict[int, Cleanup] = {}
        self._left: list[int] = []
        self.order = ""
        self.needs = ""

    def came(self, resource: Resource) -> None:
        """A resource is about to be registered."""
        self._now += 1
        stay = self._stays[resource.number] = Stay(resource, self._moment)
        for cleanup in self._cleanups.values():
            cleanup.late.append(stay)

    def registered(self, number: int, succeeded: bool) -> None:
        """A register() is over."""
        self._now += 1
        stay = self._stays[number]
        stay.ended = self._now
        if succeeded:
            stay.registered = self._moment

    def noted(self, resource: Resource, act: str) -> None:
        """A resource does something."""
        self._now += 1
        stay = self._stays[resource.number]
        if act == BEGINS:
            stay.began = stay.began or self._now
            self._look_at_needs(stay)
        elif act == UP:
            stay.up = stay.up or self._now
        elif act == CLEANS and self._cleanups and not self._is_coming(resource.id):
            self._look_at_order(stay)
            stay.cleaned = self._now
        for cleanup in self._cleanups.values():
            cleanup.worked = self._now

    def _is_coming(self, id: str) -> bool:
        """Whether a register() of that id is under way: then that may be what cleans up, and not a cleanup of all."""
        return any(stay.resource.id == id and stay.ended is None for stay in self._stays.values())

    def _look_at_needs(self, stay: Stay) -> None:
        for id in stay.resource.needs:
            if not any(each.resource.is_up and each.resource.id == id for each in self._stays.values()):
                stay.missed.add(id)
                self.needs = f"resource {stay.resource.number} is initialised, and {id}, which it needs, is not there"

    def _look_at_order(self, stay: Stay) -> None:
        for other in self._stays.values():
            if self._is_substitute(stay) or self._is_substitute(other):
                continue
            # What was not up yet could not go first.
            too_late = other.cleaned is not None and stay.up is not None and other.cleaned > stay.up
            if stay.resource.is_up and other.is_before(stay) and too_late:
                self._tell(other, stay)
            elif stay.is_before(other) and other.resource.is_cleaning and not self._is_its_own(other):
                self._tell(stay, other)
            elif too_late and stay.needs(other.resource.id) and not other.is_before(stay):
                self.needs = f"{other.resource.id} is cleaned up before resource {stay.resource.number}, which needs it"

    def _is_its_own(self, stay: Stay) -> bool:
        """Whether nobody need wait for its cleanup: it takes too long, or it came during a cleanup and may be refused."""
        came_late = any(stay in cleanup.late for cleanup in self._cleanups.values())
        return self._is_given_up(stay.resource) or (came_late and stay.registered is None)

    def _is_substitute(self, stay: Stay) -> bool:
        """Whether it has replaced what another depended on: then the orders of registration and of dependence part."""
        return any(stay.resource.id in each.resource.needs and each.is_before(stay) for each in self._stays.values())

    def _tell(self, first: Stay, second: Stay) -> None:
        self.order = (
            f"resource {first.resource.number} begins to clean up before resource {second.resource.number}, "
            "which was registered after it, is done with that"
        )

    def cleanup_begins(self, number: int) -> None:
        """cleanup_all() is about to be called, or the scope to be left."""
        self._now += 1
        self._cleanups[number] = Cleanup(self._now, (stay for stay in self._stays.values() if stay.ended is None))

    def cleanup_ends(self, number: int, in_vain: bool) -> None:
        """It is over; in vain if it was cancelled."""
        cleanup = self._cleanups.pop(number, None)
        if cleanup is not None and not in_vain:
            meanwhile = [stay for stay in cleanup.late if stay.ended is not None and stay.ended < cleanup.worked]
            self._left += [stay.resource.number for stay in (*cleanup.under_way, *meanwhile)]
        if not self._cleanups:
            for stay in self._stays.values():
                stay.cleaned = None

    def over(self, number: int) -> None:
        """A call has ended, of which it may not have been told."""
        if number in self._stays and self._stays[number].ended is None:
            self.registered(number, succeeded=False)
        self.cleanup_ends(number, in_vain=True)

    def leaked(self) -> tuple[int, ...]:
        """The resources that were being registered when a cleanup began, and that are still there after both; told once."""
        over = [number for number in self._left if self._stays[number].ended is not None]
        self._left = [number for number in self._left if number not in over]
        return tuple(sorted({number for number in over if self._stays[number].resource.is_up}))

    def looked(self) -> None:
        """A moment is over."""
        self._moment += 1
        self.order = self.needs = ""
