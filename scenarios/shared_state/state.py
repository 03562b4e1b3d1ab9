"""What the model knows of shared states."""

from __future__ import annotations

from typing import NamedTuple

from patternproof.ports.shared_state import SharedStateSettings

from .events import BACK, MIXED, RESTAMPED, Version

TOLERANCE = 1.0
"""Seconds by which two readings of one last_updated may differ: stores round."""
CHANGED = -1
"""Stands among the updates for what was changed in a snapshot."""
NO, YES, EITHER = 0, 1, 2
REENTRANT = ("reading", "updating")
AWAITING = ("slow", *REENTRANT)
"""The kinds of listeners that are coroutine functions."""
ACTING = ("updating", "inviting")
"""The kinds of listeners that do something once that another version may overtake."""
HEARERS = ("slow", "failing")
"""The kinds of listeners that may give up being told; only with deviations."""


class Listener(NamedTuple):
    """A listener that was added and not removed, or is still in a call."""

    number: int
    kind: str
    told: tuple[Version, ...] = ()
    """Since the last batch."""
    running: tuple[int, ...] = ()
    """Of one that is slow: the versions that it has not ended yet."""
    queue: tuple[Version, ...] = ()
    """What it has still to be told."""
    spent: bool = False
    """Of one that updates or adds another: whether it has; of others, that they are told no more: only with deviations."""
    removed: bool = False
    misses: bool = False
    """Whether it does not hear the next version; only with deviations."""


class Tracked(NamedTuple):
    """A call as the model sees it."""

    number: int
    kind: str
    """update, idle, fail, abort, held, get or change."""
    phase: str = "waiting"
    expected: int | None = None
    """The version that update_if() was asked for."""
    version: Version | None = None
    found: tuple[int, ...] | None = None
    behind: int = -1
    """The slow listener that it waits for; only with deviations."""


class Base(NamedTuple):
    """What an update that overlaps with others may start from; only with deviations."""

    updates: tuple[int, ...]
    version: int


class State(NamedTuple):
    """The latest version, listeners, calls, and what was observable since the last batch."""

    settings: SharedStateSettings
    updates: tuple[int, ...] = ()
    version: int = 0
    before: tuple[int, ...] = ()
    """The updates in the version before the latest."""
    listeners: tuple[Listener, ...] = ()
    calls: tuple[Tracked, ...] = ()
    begun: int = 0
    """The number of the next call."""
    come: int = 0
    """The number of the next listener."""
    early: tuple[int, ...] = ()
    """Calls that were cancelled in the turn in which they begin, and before."""
    due: tuple[int, ...] = ()
    """Listeners whose updates are still to come."""
    nested: tuple[tuple[int, str], ...] = ()
    reported: tuple[tuple[int, int], ...] = ()
    misreported: bool = False
    """Whether a listener of errors fails each time."""
    # What only deviations change.
    lacking: int = 0
    """By how much the count in the data lags behind the updates in it."""
    bases: tuple[Base, ...] = ()
    """The versions since the last batch, for updates that overlap."""
    wall: float = 0.0
    stamp: float = 0.0
    shown: float = 0.0
    """The latest last_updated that was seen."""
    handed: bool = True
    """Whether anybody has seen the latest version; the kit has seen the first."""
    restamped: bool = False
    altered: int = NO
    spoilt: tuple[int, int] = (0, 0)
    """How often readers have changed what they share of the latest version, and by how much its count lags for that."""
    readers: str = ""
    torn: bool = False
    """Whether no order of the calls may explain any more what they saw."""
    shaken: tuple[str, ...] = ()
    """What has happened after which, with a deviation, anything may be seen."""
    wild: bool = False
    """Whether anything may be seen from here on."""

    def with_call(self, call: Tracked) -> State:
        others = tuple([each for each in self.calls if each.number != call.number])
        return self._replace(calls=tuple(sorted((*others, call))), begun=max(self.begun, call.number + 1))

    def call(self, number: int) -> Tracked | None:
        """A call in flight, or over since the last batch."""
        return next((each for each in self.calls if each.number == number), None)

    def with_listener(self, listener: Listener) -> State:
        return self._replace(listeners=tuple([listener if each.number == listener.number else each for each in self.listeners]))

    def listener(self, number: int) -> Listener | None:
        """A listener that is there, or still in a call."""
        return next((each for each in self.listeners if each.number == number), None)

    def shaken_by(self, what: str) -> State:
        return self if what in self.shaken else self._replace(shaken=tuple(sorted((*self.shaken, what))))

    @property
    def held(self) -> Tracked | None:
        """The call whose function is held."""
        return next((each for each in self.calls if each.phase == "held"), None)

    @property
    def as_version(self) -> Version:
        """The latest version, as it is seen."""
        changed, lacking = self.spoilt
        late = RESTAMPED if self.restamped else BACK if self.stamp < self.shown - TOLERANCE else ""
        return Version(self.version, self.updates + (CHANGED,) * changed, MIXED if self.lacking + lacking else late)

    def seen(self) -> State:
        """The state once somebody has seen the latest version."""
        return self._replace(handed=True, shown=max(self.shown, self.stamp))
