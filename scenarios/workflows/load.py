"""Whole workflows under load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Annotated, Any, TypeVar

import msgspec

from patternproof.load.evidence import Said, said
from patternproof.load.real import Workshop
from patternproof.outcome import NotOffered

from .load_core import Core, Sent, Total, commands_are_answered, messages_change_the_state
from .load_guard import Drained, Flip, Guard, Query, errors_are_typed, it_closes, it_drains, it_opens
from .load_system import ShutDown, Systems, everything_is_cleaned_up

T = TypeVar("T")
Seconds = Annotated[float, msgspec.Meta(ge=0, le=10)]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Order(msgspec.Struct, tag_field="work", tag="order", forbid_unknown_fields=True):
    """Send a command over the core component."""

    note: str = ""


class Tell(msgspec.Struct, tag_field="work", tag="tell", forbid_unknown_fields=True):
    """Have the peer send a message that adds one to a key, and add one to another key of the state beside the component."""

    key: Key
    rival: Key
    turns: Annotated[int, msgspec.Meta(ge=0, le=50)] = 0
    """How many turns of the loop later, so that the two meet."""


class Ask(msgspec.Struct, tag_field="work", tag="ask", forbid_unknown_fields=True):
    """Make a query over the guarded client."""

    takes: Seconds = 0.0
    """Seconds that the dependency takes."""


class Turn(msgspec.Struct, tag_field="work", tag="turn", forbid_unknown_fields=True):
    """From now on dependency and peer work, or fail; and make queries at once, one after the other."""

    works: bool
    queries: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class Stop(msgspec.Struct, tag_field="work", tag="stop", forbid_unknown_fields=True):
    """Make a system, give it jobs, and shut it down in the middle of them."""

    jobs: Annotated[int, msgspec.Meta(ge=1, le=50)] = 3
    takes: Seconds = 0.02


class Collect(msgspec.Struct, tag_field="work", tag="collect", forbid_unknown_fields=True):
    """Say what has become of it all, once nobody works any more."""


Piece = Order | Tell | Ask | Turn | Stop | Collect


class Bench:
    """The parts of workflows at work, as far as there are any.

    Args:
        shop: where.
        stack: closed with it.

    Raises:
        NotOffered: there are none.
    """

    decoder = msgspec.json.Decoder(Piece)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop
        self._refused: list[NotOffered] = []
        self._core = self._tried(lambda: Core(shop, stack))
        self._guard = self._tried(lambda: Guard(shop, stack))
        self._systems = self._tried(lambda: Systems(shop, stack))
        if self._core is None and self._guard is None and self._systems is None:
            raise self._refused[0]

    def _tried(self, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except NotOffered as error:
            self._refused.append(error)
            return None

    async def do(self, piece: Piece) -> Any:
        """Do a piece of work; of a part that is not there, nothing comes."""
        match piece:
            case Order(note) if self._core is not None:
                return {"sent": [await self._core.send(note)]}
            case Tell(key, rival, turns) if self._core is not None:
                await self._core.peer.tell(key)
                for _ in range(turns):
                    await self._shop.pause(0)
                await self._core.update(rival)
            case Ask(takes) if self._guard is not None:
                return {"queries": [await self._guard.query(takes)]}
            case Turn(works, queries):
                return await self._turned(works, queries)
            case Stop(jobs, takes) if self._systems is not None:
                return {"down": [await self._systems.shut_down(jobs, takes)]}
            case Collect():
                return await self._collected()
        return {}

    async def _turned(self, works: bool, queries: int) -> Any:
        if self._core is not None:
            self._core.peer.works = works
        if self._guard is None:
            return {}
        return {"flips": [await self._guard.turn(works)], "queries": [await self._guard.query(0.0) for _ in range(queries)]}

    async def _collected(self) -> Any:
        found: dict[str, Any] = {}
        if self._core is not None:
            found |= {"totals": await self._core.totals(), "again": self._core.again()}
        if self._guard is not None:
            found |= {"drained": [await self._guard.drained()]}
        return found


class Evidence(msgspec.Struct):
    """What all users were told."""

    sent: list[Sent] = []
    again: list[int] = []
    """Commands that came to the peer more than once."""
    totals: list[Total] = []
    queries: list[Query] = []
    flips: list[Flip] = []
    drained: list[Drained] = []
    down: list[ShutDown] = []


AFTER = ({"work": "collect"},)
"""What is done once all users are gone."""


def judge(seen: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    queries, flips = sorted(seen.queries, key=lambda query: query.asked), sorted(seen.flips)
    guarded = (errors_are_typed(queries), it_opens(queries, flips), it_closes(queries, flips), it_drains(seen.drained))
    return [
        said("WF-01", _all_of(commands_are_answered(seen.sent, seen.again), messages_change_the_state(seen.totals))),
        said("WF-03", _all_of(*guarded)),
        said("WF-05", everything_is_cleaned_up(seen.down)),
    ]


def _all_of(*parts: Iterator[int]) -> Iterator[int]:
    """As often as every part of a requirement could have been broken."""
    yield min(sum(part) for part in parts)
