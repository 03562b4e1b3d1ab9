"""Rival updates of one key among readers, under load."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from patternproof.flavour import resolved
from patternproof.load.evidence import Broken, Said, said
from patternproof.load.real import Workshop
from patternproof.ports.shared_state import SharedStateSettings, VersionConflictError

COUNT = "count"
MOST_OVERTAKING = 500
"""Readers that ask after a writer and are served before it, from which a writer starves (SS-12)."""
RIVALRY = 0.001
"""Seconds between reading a version and competing for it, in which a rival may be quicker."""


class Add(msgspec.Struct, tag_field="work", tag="add", forbid_unknown_fields=True):
    """Add one to the count."""


class Compete(msgspec.Struct, tag_field="work", tag="compete", forbid_unknown_fields=True):
    """Read the version, and add one to the count if it is still that."""


class Read(msgspec.Struct, tag_field="work", tag="read", forbid_unknown_fields=True):
    """Read the state."""


class Seen(NamedTuple):
    """A call as it went. Ticks order all that happens in the server."""

    kind: str
    """add, compete or read."""
    outcome: str
    """returned, conflict, lacking, or what it did instead."""
    asked: int
    over: int
    found: int = -1
    """What an update found, or what was read; -1: nothing."""
    version: int = -1
    """What was read, or competed for."""

    def __str__(self) -> str:
        found = f" with count {self.found}" if self.found >= 0 else ""
        version = f", version {self.version}" if self.version >= 0 else ""
        return f"{self.kind} in ticks {self.asked} to {self.over}: {self.outcome}{found}{version}"


def _add(data: dict[str, Any]) -> int:
    found = int(data[COUNT])
    data[COUNT] = found + 1
    return found


class Bench:
    """A state at work.

    Args:
        shop: where.
        stack: closed with it.
    """

    decoder = msgspec.json.Decoder(Add | Compete | Read)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop
        store = None
        if shop.adapter.claims & {"persistent", "distributed"}:
            store = stack.enter_context(TemporaryDirectory(prefix="patternproof-")) + "/state"
        self._state = shop.made(stack, "shared_state", {COUNT: 0}, SharedStateSettings(store))

    async def do(self, piece: Add | Compete | Read) -> Any:
        """Do a piece of work."""
        kind, asked, version, count = type(piece).__name__.lower(), self._shop.tick(), -1, -1
        try:
            match piece:
                case Add():
                    count = await resolved(self._state.update(_add))
                case Read():
                    version, count = await self._read()
                case Compete():
                    version, _ = await self._read()
                    await self._shop.pause(RIVALRY)
                    asked = self._shop.tick()
                    count = await self._compete(version)
            outcome = "returned"
        except VersionConflictError:
            outcome = "conflict"
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            outcome = f"raised {type(error).__name__}: {error}"
        outcome = "lacking" if isinstance(piece, Compete) and not hasattr(self._state, "update_if") else outcome
        return {"seen": [Seen(kind, outcome, asked, self._shop.tick(), count, version)]}

    async def _read(self) -> tuple[int, int]:
        snapshot = await resolved(self._state.get())
        data: Mapping[str, Any] = snapshot.data
        return int(snapshot.version), int(data[COUNT])

    async def _compete(self, version: int) -> int:
        compete = getattr(self._state, "update_if", None)
        return -1 if compete is None else int(await resolved(compete(version, _add)))


class Evidence(msgspec.Struct):
    """What all users were told."""

    seen: list[Seen] = []


AFTER = ({"work": "read"},)
"""What is done once all users are gone."""


def judge(evidence: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    seen = sorted(evidence.seen, key=lambda each: each.over)
    updates = [each for each in seen if each.kind != "read" and each.outcome == "returned"]
    reads = [each for each in seen if each.kind == "read" and each.outcome == "returned"]
    lost = said("SS-03", _none_is_lost(updates))
    return [
        said("SS-01", _returns(seen, [] if lost.message else reads)),  # where some are lost, the count says nothing of versions
        lost,
        said("SS-05", _in_real_time(updates, reads)),
        said("SS-12", _writers_come_through(seen)),
        said("SS-13", _one_of_rivals(seen)),
    ]


def _returns(seen: Sequence[Seen], reads: Sequence[Seen]) -> Iterator[int]:
    """Each update returns, and raises the version by one: in all reads version and count differ by the same."""
    for each in seen:
        if each.outcome not in ("returned", "conflict", "lacking"):
            raise Broken(f"expected a result; seen: it {each.outcome}", [each])
    for one, other in pairwise(reads):
        if other.version - other.found != one.version - one.found:
            raise Broken("expected the version to grow by one with each update; seen: otherwise", [one, other])
        yield int(other.found != one.found)


def _none_is_lost(updates: Sequence[Seen]) -> Iterator[int]:
    by_count: dict[int, Seen] = {}
    for each in updates:
        if each.found in by_count:
            raise Broken(
                f"expected each update to find another count; seen: two found {each.found}", [by_count[each.found], each]
            )
        by_count[each.found] = each
        yield 1


def _in_real_time(updates: Sequence[Seen], reads: Sequence[Seen]) -> Iterator[int]:
    """Who asks after an update was over finds it: the count that is found next is larger."""
    events = sorted([*updates, *reads], key=lambda each: each.asked)
    over = sorted(events, key=lambda each: each.over)
    latest: Seen | None = None
    done = 0
    for each in events:
        while over[done].over < each.asked:
            latest = over[done] if latest is None or _after(over[done]) > _after(latest) else latest
            done += 1
        if latest is not None and each.found < _after(latest):
            raise Broken(f"expected count {_after(latest)} or more; seen: {each.found}", [latest, each])
        yield int(latest is not None)


def _after(seen: Seen) -> int:
    """The least count that there is once a call is over."""
    return seen.found + (seen.kind != "read")


def _writers_come_through(seen: Sequence[Seen]) -> Iterator[int]:
    reads = sorted(each.asked for each in seen if each.kind == "read")
    for each in seen:
        if each.kind != "add" or each.outcome != "returned":
            continue
        overtaking = bisect(reads, each.over) - bisect(reads, each.asked)
        if overtaking > MOST_OVERTAKING:
            raise Broken(f"expected a writer to come through among readers; seen: {overtaking} went before it", [each])
        yield int(bool(reads) and reads[0] < each.asked < reads[-1])


def _one_of_rivals(seen: Sequence[Seen]) -> Iterator[int]:
    won: dict[int, Seen] = {}
    for each in seen:
        if each.kind != "compete":
            continue
        if each.outcome == "returned" and each.version in won:
            raise Broken(f"expected one update of version {each.version}; seen: two", [won[each.version], each])
        if each.outcome == "returned":
            won[each.version] = each
        yield int(each.outcome == "conflict")
