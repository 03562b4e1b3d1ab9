"""What is seen of workflows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .events import NAMES


class Call(NamedTuple):
    """A call as seen: under way, or over since the last look."""

    number: int
    phase: str
    """waiting, returned, raised, rejected, cancelled, or what it did instead."""

    def fits(self, seen: Call) -> bool:
        """Whether it is what was seen, which may tell more of what it did instead."""
        return self.number == seen.number and (seen.phase == self.phase or seen.phase.startswith(f"{self.phase}: "))

    def __str__(self) -> str:
        return f"call {self.number} {self.phase}"


LIFELINES = {"number": "call {}".format}
"""As those of the events."""
ELSE = "returned something else"
RAW = "raised something else"
LOST = "raised without its cause"


def all_fit(plain: tuple[Call, ...], seen: tuple[Call, ...]) -> bool:
    """Whether calls are what was seen of them."""
    return len(plain) == len(seen) and all(each.fits(other) for each, other in zip(plain, seen, strict=True))


def _told(calls: Iterable[object], *more: str) -> str:
    return "; ".join([*map(str, calls), *filter(None, more)]) or "nothing to see"


class CoreSeen(NamedTuple):
    """Of a core component."""

    calls: tuple[Call, ...] = ()
    arrived: tuple[int, ...] = ()
    """The commands that have reached the peer since the last look."""
    state: tuple[tuple[str, int], ...] = ()
    """The shared state."""

    def __str__(self) -> str:
        arrived = f"the peer gets {', '.join(f'command {each}' for each in self.arrived)}" if self.arrived else ""
        state = ", ".join(f"{key} {number}" for key, number in self.state) or "nothing"
        return _told(self.calls, arrived, f"the state has {state}")


class UiSeen(NamedTuple):
    """Of a UI component."""

    calls: tuple[Call, ...] = ()
    published: tuple[int, ...] = ()
    """Its actions that were published since the last look."""
    actions: tuple[int, ...] = ()
    """Its record."""
    context: str | None = None
    tools: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        published = f"published: {', '.join(f'action {each}' for each in self.published)}" if self.published else ""
        actions = f"recorded: {', '.join(f'action {each}' for each in self.actions)}" if self.actions else ""
        tools = ", ".join(f"{tool}: {status}" for tool, status in self.tools)
        return _told(self.calls, published, actions, f"shows {self.context or 'no context'}{f', and {tools}' if tools else ''}")


class GuardSeen(NamedTuple):
    """Of a guarded client."""

    calls: tuple[Call, ...] = ()
    reached: tuple[int, ...] = ()
    """The queries that the dependency has before it, with repetitions."""
    errors: int | None = 0
    """Error events since the last look; None: nobody could listen."""
    open: int | None = None
    """Connections that are open once the pool was closed; None: it was not."""

    def __str__(self) -> str:
        reached = f"the dependency has {', '.join(f'query {each}' for each in self.reached)}" if self.reached else ""
        errors = f"error events: {self.errors}" if self.errors else ""
        return _told(self.calls, reached, errors, "" if self.open is None else f"open connections: {self.open}")


class LocalSeen(NamedTuple):
    """Of two components with local state."""

    calls: tuple[str, ...] = ()
    """What has ended since the last look: the name, and how; or is under way."""
    values: tuple[int | None, ...] = (None, None)
    """The change that each shows."""
    announced: tuple[int, ...] = ()
    """How often each change was announced."""

    def __str__(self) -> str:
        shown = (
            f"{name} shows {'nothing' if value is None else f'change {value}'}"
            for name, value in zip(NAMES, self.values, strict=True)
        )
        times = (f"change {number} was announced {count} times" for number, count in enumerate(self.announced) if count != 1)
        return _told(self.calls, *shown, *times)


class SystemSeen(NamedTuple):
    """Of a system."""

    calls: tuple[Call, ...] = ()
    reached: tuple[int, ...] = ()
    """What the dependency is at."""
    down: str = ""
    """How far cleaning up is: waiting, over or raised something; empty: not begun."""
    left: tuple[str, ...] = ()
    """What remains once it is over."""
    order: str = ""
    """What was cleaned up too early."""

    def __str__(self) -> str:
        reached = f"the dependency is at {', '.join(f'work {each}' for each in self.reached)}" if self.reached else ""
        left = f"what remains: {', '.join(self.left)}" if self.left else ""
        return _told(self.calls, reached, f"cleaning up: {self.down}" if self.down else "", left, self.order)


Seen = CoreSeen | UiSeen | GuardSeen | LocalSeen | SystemSeen
