"""Both ways, and a flag, under load."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from patternproof.flavour import plainly, resolved
from patternproof.load.evidence import Broken, Said, said
from patternproof.load.real import Workshop
from patternproof.outcome import NotOffered
from patternproof.ports.migration import Action, event_of

from .sides import Bus, Direct, Store

RETURNED, CANCELLED = "returned", "cancelled"
LONGEST = 5.0
"""Seconds after which a call is given up that nobody was to cancel."""
TRIES = 5
"""How often an action is called again that has failed, or was cancelled."""
MOST_QUIET = 10.0
"""Seconds after which it is not waited for any longer that nothing more takes effect."""
Seconds = Annotated[float, msgspec.Meta(ge=0, le=10)]


class Act(msgspec.Struct, tag_field="work", tag="act", forbid_unknown_fields=True):
    """Let an action come in several ways, one soon after the other."""

    name: str
    ways: list[Literal["call", "hasty", "event"]]
    """By a call, by one that is cancelled where it can be, or by its event."""
    apart: Seconds = 0.0
    """Seconds between one and the next."""
    fails: bool = False
    """Whether the direct way fails at first."""


class Add(msgspec.Struct, tag_field="work", tag="add", forbid_unknown_fields=True):
    """Count one more."""

    name: str
    known: int
    """How many of this name were acknowledged before."""
    patience: Seconds | None = None
    """Seconds after which the caller gives up, where it can; None: it does not."""


class Read(msgspec.Struct, tag_field="work", tag="read", forbid_unknown_fields=True):
    """Read the count."""

    name: str
    known: int
    """As that of `Add`."""


class Turn(msgspec.Struct, tag_field="work", tag="turn", forbid_unknown_fields=True):
    """Turn the flag."""


class Collect(msgspec.Struct, tag_field="work", tag="collect", forbid_unknown_fields=True):
    """Say what has taken effect, once nothing more happens."""


class Acted(NamedTuple):
    """What became of an action. Ticks order all that happens in the server."""

    name: str
    ways: list[str]
    outcomes: list[str]
    """Of its calls, those that were made again included: returned, cancelled, or what they did instead."""
    fails: bool
    asked: int
    over: int
    effects: list[int]
    """The ticks at which it took effect."""

    def __str__(self) -> str:
        effects = f"took effect at {', '.join(map(str, self.effects))}" if self.effects else "took no effect"
        came = f"came by {', '.join(self.ways)} in ticks {self.asked} to {self.over}"
        return f"action {self.name} {came}: {', '.join(self.outcomes) or 'no call'}; {effects}"


class Counted(NamedTuple):
    """What a count was found to be, by the only one who counts by this name."""

    kind: str
    """add or read."""
    name: str
    known: int
    outcome: str
    asked: int
    over: int
    found: int = -1

    def __str__(self) -> str:
        found = f" with {self.found} of {self.known} counted before" if self.outcome == RETURNED else ""
        return f"{self.kind} by {self.name} in ticks {self.asked} to {self.over}: {self.outcome}{found}"


class Bench:
    """A bridge and a switch at work, or the one of them that there is.

    Args:
        shop: where.
        stack: closed with it.
    """

    decoder = msgspec.json.Decoder(Act | Add | Read | Turn | Collect)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop
        self._direct, self._bus, self._new = Direct(shop), Bus(shop), False
        self._bridge = self._made(stack, "event_bridge", self._direct, self._bus)
        self._switch = self._made(stack, "state_switch", Store(shop), Store(shop), lambda: self._new)
        if self._bridge is None and self._switch is None:
            raise NotOffered("the adapter has neither 'event_bridge' nor 'state_switch'")

    def _made(self, stack: ExitStack, factory: str, *arguments: Any) -> Any:
        return self._shop.made(stack, factory, *arguments) if self._shop.adapter.has(factory) else None

    async def do(self, piece: Act | Add | Read | Turn | Collect) -> Any:
        """Do a piece of work."""
        match piece:
            case Act() if self._bridge is not None:
                return {"acted": [await self._act(piece)]}
            case Add() | Read() if self._switch is not None:
                return {"counted": [await self._count(piece)]}
            case Turn():
                self._new = not self._new
                return {"turns": [self._shop.tick()]}
            case Collect():
                return {"effects": await self._effects()}
        return {}

    # Actions

    async def _act(self, piece: Act) -> Acted:
        asked, action = self._shop.tick(), Action(piece.name, {"fails": piece.fails})
        outcomes: list[str] = []
        calls = []
        for way in piece.ways:
            if way == "event":
                self._bus.deliver(event_of(action))
            else:
                calls.append(self._begun(action, piece.apart if way == "hasty" else None, outcomes))
            if piece.apart:
                await self._shop.pause(piece.apart)
        for ended in calls:
            await resolved(ended())
        for _ in range(TRIES):
            if RETURNED in outcomes or not calls:
                break
            await resolved(self._begun(action, None, outcomes)())
        effects = [*self._direct.effects.get(piece.name, ())]
        return Acted(piece.name, [*piece.ways], outcomes, piece.fails, asked, self._shop.tick(), effects)

    def _begun(self, action: Action, patience: float | None, outcomes: list[str]) -> Callable[[], Any]:
        """Begin a call, and give what waits for its end."""
        called = self._outcome(lambda: self._bridge.perform(action), patience)
        if self._shop.threads:
            thread = threading.Thread(target=lambda: outcomes.append(plainly(called)[0]), daemon=True)
            thread.start()
            return thread.join
        task = asyncio.ensure_future(called)
        task.add_done_callback(lambda done: outcomes.append(done.result()[0]))
        return lambda: asyncio.wait([task])

    async def _outcome(self, call: Callable[[], Any], patience: float | None) -> tuple[str, Any]:
        """What became of a call, and what it returned."""
        try:
            if self._shop.threads:
                return RETURNED, await resolved(call())
            task = asyncio.ensure_future(resolved(call()))
            await asyncio.wait([task], timeout=LONGEST if patience is None else patience)
            if not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=LONGEST)
            return (RETURNED, task.result()) if task.done() else ("never ended", None)
        except asyncio.CancelledError:
            return CANCELLED if patience is not None else "never ended", None
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            return f"raised {type(error).__name__}: {error}", None

    async def _effects(self) -> list[tuple[str, list[int]]]:
        await self._shop.quiet(lambda: sum(map(len, self._direct.effects.values())), MOST_QUIET)
        return [(name, ticks) for name, ticks in self._direct.effects.items() if ticks]

    # Counts

    async def _count(self, piece: Add | Read) -> Counted:
        def add(data: dict[str, Any]) -> int:
            found = int(data.get(piece.name, 0))
            data[piece.name] = found + 1
            return found

        async def read() -> int:
            snapshot = await resolved(self._switch.get())
            return int(snapshot.data.get(piece.name, 0))

        asked, adds = self._shop.tick(), isinstance(piece, Add)
        patience = piece.patience if isinstance(piece, Add) else None
        outcome, found = await self._outcome((lambda: self._switch.update(add)) if adds else read, patience)
        seen = int(found) if isinstance(found, int) else -1
        return Counted("add" if adds else "read", piece.name, piece.known, outcome, asked, self._shop.tick(), seen)


class Evidence(msgspec.Struct):
    """What all users were told."""

    acted: list[Acted] = []
    effects: list[tuple[str, list[int]]] = []
    """In the end: the actions that have taken effect, with the ticks."""
    counted: list[Counted] = []
    turns: list[int] = []


AFTER = ({"work": "collect"},)
"""What is done once all users are gone."""


def judge(seen: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    return [said("MG-02", _exactly_once(seen)), said("MG-03", _none_is_lost(seen.counted, seen.turns))]


def _exactly_once(seen: Evidence) -> Iterator[int]:
    for each in seen.acted:
        if len(each.effects) > 1:
            raise Broken("expected an action to take effect once; seen: one that did so again", [each])
    if not seen.effects:
        return  # nothing took effect, or that is not known yet
    effects = dict(seen.effects)
    for each in seen.acted:
        took = each._replace(effects=effects.get(each.name, []))
        due = RETURNED in each.outcomes or ("event" in each.ways and not each.fails)
        if len(took.effects) > 1 or (due and not took.effects):
            often = "again" if took.effects else "never"
            raise Broken(f"expected an action to take effect once; seen: one that did so {often}", [took])
        yield int(due and (len(each.ways) > 1 or len(each.outcomes) > 1))


def _none_is_lost(counted: Sequence[Counted], turns: Sequence[int]) -> Iterator[int]:
    """Each counts by a name of its own, one after the other: it finds just what was acknowledged."""
    first = min(turns, default=None)
    for each in counted:
        if each.outcome.startswith("raised"):  # no store does
            raise Broken(f"expected to {each.kind} whenever the flag is turned; seen: one that {each.outcome}", [each])
        if each.outcome != RETURNED:
            continue
        if each.found != each.known:
            raise Broken(f"expected to find {each.known} updates that were acknowledged; seen: {each.found}", [each])
        yield int(first is not None and first < each.over)
