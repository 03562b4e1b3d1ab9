"""What the model knows of a state switch."""

from __future__ import annotations

from typing import NamedTuple

from .events import NEW, OLD, Use

FREE = -1


class Under(NamedTuple):
    """An update or a read that is under way."""

    number: int
    reads: bool = False
    sure: tuple[int, ...] = ()
    """Of a read: the updates that it is to see."""
    fresh: bool = True
    """Whether the flag was not turned since it began."""
    moves: str = ""
    """Where it is bringing the data to, where that is done plainly."""
    left: bool = False
    """Whether it will be lost; only with deviations."""
    repeated: bool = False
    """Whether it will take effect twice; only with deviations."""


class State(NamedTuple):
    """A switch, and what was observable since the last batch."""

    flag: str = OLD
    home: str = OLD
    """Where the data is, where whoever comes first after the flag was turned brings it over."""
    stalled: tuple[tuple[str, int], ...] = ()
    """Stores that are slow with their next call, and whose call that is; FREE: none so far."""
    under: tuple[Under, ...] = ()
    acknowledged: tuple[int, ...] = ()
    doubtful: tuple[int, ...] = ()
    """Updates of which nobody knows whether they took effect."""
    arrived: bool = False
    """Whether an update was acknowledged that had begun after the flag was turned last."""
    begun: int = 0
    """One more than the highest number so far."""
    over: tuple[Use, ...] = ()
    reads: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """The reads that are over, and what each had to see."""
    looked: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """The stores that were looked into, and what is to be there; instead of a store nothing, where anything may be."""
    lost: tuple[int, ...] = ()
    """Updates that are gone; this and what follows only with deviations."""
    doubled: tuple[int, ...] = ()
    alone: tuple[tuple[int, str], ...] = ()
    """Updates that are in one store alone."""
    fragile: tuple[int, ...] = ()
    """Updates that are lost once what brings the data over has ended."""
    copied: tuple[int, ...] = ()
    """Updates that were brought over once."""
    stuck: bool = False
    """Whether nothing ends any more."""
    plain: bool = True

    @property
    def caught(self) -> set[int]:
        """The numbers of those whose call a store is slow with."""
        return {number for _, number in self.stalled} - {FREE}

    def with_under(self, use: Under) -> State:
        """With an update or a read as it is now."""
        return self._replace(under=tuple([use if each.number == use.number else each for each in self.under]))

    def stall(self, store: str, number: int) -> State:
        """With a store that is slow with somebody's call, or with the next one."""
        return self._replace(stalled=tuple(sorted((*self.without_stall(store).stalled, (store, number)))))

    def without_stall(self, store: str) -> State:
        """With a store that is not slow."""
        return self._replace(stalled=tuple([each for each in self.stalled if each[0] != store]))

    def freed(self, number: int) -> State:
        """Without what stalls a call."""
        return self._replace(stalled=tuple([each for each in self.stalled if each[1] != number]))

    def ended(self, use: Under, phase: str) -> State:
        """With an update or a read that is over, which is so in the order of the numbers."""
        under = tuple([each for each in self.under if each.number != use.number])
        after = self._replace(under=under, over=tuple(sorted((*self.over, Use(use.number, phase)))))
        if phase == "read":
            return after._replace(reads=tuple(sorted((*self.reads, (use.number, use.sure)))))
        if use.reads:
            return after
        if phase != "returned":
            return after._replace(doubtful=tuple(sorted((*self.doubtful, use.number))))
        return after._replace(acknowledged=tuple(sorted((*self.acknowledged, use.number))), arrived=self.arrived or use.fresh)

    def gone(self, store: str) -> set[int]:
        """The updates that are not there, though they were acknowledged."""
        return {*self.lost, *(number for number, there in self.alone if there != store)}

    def other(self) -> str:
        """The store at which the flag does not stand."""
        return OLD if self.flag == NEW else NEW
