"""What the model knows of an event bus."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from typing import NamedTuple

from patternproof.modelling import Names
from patternproof.ports.event_bus import EventBusSettings

from .events import PULL, Publishing, Receipt

NOBODY = -1
OPEN, CUT, LEAVING, GONE = "open", "cut", "leaves", "gone"
"""Phases of a subscription: it gets events; it was disconnected; unsubscribe() waits for its handler; it is gone."""
UNDEAD, WANING, GHOST, HAUNTS, DEAF = "undead", "waning", "ghost", "haunts", "deaf"
"""Phases that only deviations know: gone, it still gets events; gone, it was disconnected; gone, it holds publishers up; it does
so after it was looked for; its handler is dead."""
LIVE = (OPEN, CUT, LEAVING, DEAF)
CHANGED = " changed"


class Item(NamedTuple):
    """An event on its way."""

    number: int
    publisher: int
    topic: str
    special: bool = False
    changed: bool = False
    """Whether it will arrive as another than was published; only with deviations."""

    def __str__(self) -> str:
        return f"{self.number}{CHANGED if self.changed else ''}"


class Tracked(NamedTuple):
    """A subscription."""

    number: int
    style: str = PULL
    topics: str = "X"
    phase: str = OPEN
    buffer: tuple[Item, ...] = ()
    """What waits for it, the first come first."""
    running: tuple[Item, ...] = ()
    """What its handler is busy with."""
    receiving: bool = False
    """Whether a receive waits."""
    dropped: int = 0
    unsaid: bool = False
    """Whether events were dropped of which no receive has told yet."""
    got: tuple[int, ...] = ()
    """What it got and another has still to get."""
    robbed: bool = False
    """Whether a receive that is over takes the next event; only with deviations."""
    latest: int = NOBODY
    """The event that it got last; kept only with a deviation that asks for it."""
    publishing: tuple[Item, ...] = ()
    """What its handler is busy with, too, and publishes something else before it returns."""

    @property
    def idle(self) -> bool:
        """Whether the next event goes to a reader at once."""
        return self.receiving if self.style == PULL else not self.running and not self.publishing and not self.buffer

    @property
    def busy(self) -> tuple[Item, ...]:
        """What its handler has not returned from."""
        return self.running + self.publishing

    def pending(self) -> tuple[int, ...]:
        """The numbers of what waits for it."""
        return tuple([item.number for item in self.buffer])


class Flight(NamedTuple):
    """An event that some of its subscriptions have still to get."""

    item: Item
    owed: tuple[int, ...] = ()
    accepted: bool = False
    """Whether publish() has returned already."""
    awaited: tuple[int, ...] = ()
    """The subscriptions whose handlers it waits for; only with deviations."""
    behind: bool = False
    """Whether these are called only once the handlers of an earlier event have returned; only with deviations."""
    disturbed: bool = False
    """Whether subscriptions have come or gone since; kept only with a deviation that asks for it."""


class State(NamedTuple):
    """A bus, its subscriptions until they are looked after, and what was observable since the last batch.

    What was seen since then is kept sorted: the same in another order of events of one batch is the same state.
    """

    settings: EventBusSettings
    hand: int = 0
    """Events that a subscription holds beyond its capacity: one that is ready to be handed out is in nobody's buffer."""
    subs: tuple[Tracked, ...] = ()
    come: int = 0
    """One more than the highest number of any subscription so far."""
    events: int = 0
    """One more than the highest number of any event so far."""
    flights: tuple[Flight, ...] = ()
    queue: tuple[Item, ...] = ()
    """What publishers will publish once they are done with what is before."""
    ending: tuple[tuple[int, Item, int], ...] = ()
    """Subscriptions, what their handlers are busy with, and the events that have to be published before these return."""
    closed: bool = False
    stuck: bool = False
    """Whether nothing can be published any more; only with a deviation."""
    latest: Item | None = None
    """The last event published; kept only with a deviation that asks for it."""
    replays: bool = False
    past: tuple[Item, ...] = ()
    """All that was published, where new subscriptions may get it."""
    published: tuple[Publishing, ...] = ()
    received: tuple[Receipt, ...] = ()
    before: tuple[tuple[int, Item], ...] = ()
    """What was received since all last settled, by receives that may have been cancelled."""
    lately: tuple[tuple[int, int], ...] = ()
    """Publishers, and the numbers of what they published since then."""
    handed: tuple[tuple[int, Item], ...] = ()
    """What went since then to readers that waited: until they run, a bus may count it among what waits for them."""
    changed: bool = False
    """Whether a subscription began or ended since."""
    reported: tuple[int, ...] = ()
    perhaps: tuple[int, ...] = ()
    """Subscriptions of whose handlers an error may be reported or not."""
    trouble: tuple[tuple[int, str], ...] = ()
    """What goes wrong with the beginning or the end of subscriptions; only with deviations."""
    left: tuple[str, ...] = ()
    wired: tuple[str, ...] = ()
    plain: bool = True
    """Whether a deviant bus has always taken the plainest choice."""

    @property
    def blocks(self) -> bool:
        return self.settings.overflow == "block"

    @property
    def drops(self) -> bool:
        return self.settings.overflow.startswith("drop")

    def sub(self, number: int) -> Tracked | None:
        return next((each for each in self.subs if each.number == number), None)

    def with_sub(self, sub: Tracked) -> State:
        """With a subscription changed."""
        return self._replace(subs=tuple([sub if each.number == sub.number else each for each in self.subs]))

    def told(self, sub: Tracked, what: str) -> State:
        """With something that a receive came to."""
        received = sorted((*self.received, Receipt(sub.number, what)), key=itemgetter(0))
        return self.with_sub(sub)._replace(received=tuple(received))

    def ended(self, item: Item, phase: str) -> State:
        """With a publish() that is over, or waits for ever."""
        past = (*self.past, item) if self.replays and phase == "done" else self.past
        return self._replace(published=tuple(sorted((*self.published, Publishing(item.number, phase)))), past=past)

    def given(self, sub: Tracked, item: Item) -> State:
        """With an event that a subscription got: taken down where another has still to get it."""
        elsewhere = any(item.number in each.pending() for each in self.subs if each.number != sub.number)
        owed = any(item.number == flight.item.number for flight in self.flights)
        after = self.told(sub._replace(got=(*sub.got, item.number)) if elsewhere or owed else sub, str(item))
        return after._replace(before=tuple(sorted((*after.before, (sub.number, item))))) if sub.style == PULL else after

    def handed_over(self, sub: int, item: Item) -> State:
        """With an event that went to a reader that waited."""
        return self._replace(handed=tuple(sorted((*self.handed, (sub, item)))))

    def pruned(self) -> State:
        """Without what makes no difference any more."""
        if not any(each.got for each in self.subs):
            return self
        owed = {flight.item.number for flight in self.flights}
        subs = []
        for sub in self.subs:
            others = owed.union(*(each.pending() for each in self.subs if each.number != sub.number))
            subs.append(sub._replace(got=tuple([number for number in sub.got if number in others])))
        return self._replace(subs=tuple(subs))

    def publisher_waits(self, publisher: int) -> bool:
        """Whether a publisher is held up in a publish()."""
        return any(flight.item.publisher == publisher and not flight.accepted for flight in self.flights)

    def has_room(self, sub: Tracked) -> bool:
        return sub.idle or len(sub.buffer) < self.settings.capacity + self.hand

    @property
    def drained(self) -> bool:
        """Whether nothing that was accepted is still to be received, and no handler runs, be its subscription gone."""
        busy = any(each.busy or (each.buffer and each.phase in LIVE) for each in self.subs)
        return not self.flights and not busy


def wrong(deviations: Names, sub: Tracked, name: str) -> bool:
    """Whether a deviation holds, of all subscriptions or of those of this style."""
    return bool(deviations) and (name in deviations or (by_fetching if sub.style == PULL else by_handlers)(name) in deviations)


@cache
def by_fetching(name: str) -> str:
    """The name of the same deviation, of subscribers that fetch their events alone."""
    return f"{name}, when fetched"


@cache
def by_handlers(name: str) -> str:
    """The name of the same deviation, of handlers alone."""
    return f"{name}, with handlers"


def nexts(state: State, sub: Tracked, deviations: Names) -> Iterator[int]:
    """The places in a buffer of what may come next, the plainest first."""
    if wrong(deviations, sub, "latest first"):
        yield len(sub.buffer) - 1
    elif wrong(deviations, sub, "out of order"):
        yield from range(len(sub.buffer))
    elif wrong(deviations, sub, "topic by topic"):
        yield min(range(len(sub.buffer)), key=lambda index: sub.buffer[index].topic)
    elif wrong(deviations, sub, "an order of its own") and sub.number % 2:
        yield max(_firsts(sub))
    elif wrong(deviations, sub, "each an order of its own"):
        yield from _firsts(sub)
    else:
        right = [index for index in _firsts(sub) if not _is_preceded(state, sub, sub.buffer[index])]
        yield from right or [0]


def _firsts(sub: Tracked) -> list[int]:
    """The first of each publisher: what one publishes stays in order, and the order of different publishers is free."""
    return [
        index
        for index, item in enumerate(sub.buffer)
        if all(earlier.publisher != item.publisher for earlier in sub.buffer[:index])
    ]


def _is_preceded(state: State, sub: Tracked, item: Item) -> bool:
    """Whether another subscription has seen, or will see, something before this that this one has still to get, too."""
    others = [each for each in state.subs if each.got and each.number != sub.number]
    return any(
        number in other.got and _follows(state, other, number, item.number)
        for other in others
        for number in sub.pending()
        if number != item.number
    )


def _follows(state: State, other: Tracked, first: int, second: int) -> bool:
    if second in other.got:
        return other.got.index(first) < other.got.index(second)
    owed = any(flight.item.number == second and other.number in flight.owed for flight in state.flights)
    return owed or second in other.pending()
