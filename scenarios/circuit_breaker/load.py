"""A dependency that fails and recovers, under load."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from math import inf
from typing import Annotated, Any, NamedTuple

import msgspec

from patternproof.flavour import resolved
from patternproof.load.evidence import Broken, Said, said
from patternproof.load.real import Workshop
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

SETTINGS = CircuitBreakerSettings(failure_threshold=3, reset_timeout=1.0)
LEAST_CALM = 5
"""Calls in a row that return before a dependency fails, from which it is plain that the circuit was closed."""
SURELY = 0.9
"""Share of the reset timeout within which no probe is due, whatever the clocks' grain."""
FASTER = 10.0
"""How many times as many calls are rejected, while open, as return from a dependency of a millisecond (CB-20)."""
MILLISECOND = 0.001
LEAST_BURSTS = 3
"""Bursts of each kind that a rate is taken from."""


class Calls(msgspec.Struct, tag_field="work", tag="calls", forbid_unknown_fields=True):
    """Call the breaker, one call after the other."""

    calls: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1
    takes: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    """Seconds that the operation takes."""


class Turn(msgspec.Struct, tag_field="work", tag="turn", forbid_unknown_fields=True):
    """From now on the dependency works, or fails; and call it at once, one call after the other.

    Where calls are many, as many as open a circuit fail at one moment, and nobody can tell whether it was one too many.
    """

    works: bool
    calls: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0


class Record(NamedTuple):
    """A call as it went. Ticks order all that happens in the server; 0: it did not happen."""

    outcome: str
    """returned, raised, rejected, or what it did instead."""
    asked: int
    ran: int
    """The tick at which the operation began."""
    ended: int
    over: int
    works: bool
    """Whether the dependency worked as the operation began."""
    at: float
    """Seconds at which it was asked for."""
    till: float
    """Seconds at which it was over."""
    open: bool = False
    """Whether the breaker called itself open as it was asked for."""

    def __str__(self) -> str:
        how = "worked" if self.works else "failed"
        ran = f"its operation {how} in ticks {self.ran} to {self.ended}" if self.ran else "its operation did not run"
        return f"at {self.at:.3f} s, tick {self.asked}: a call {self.outcome} at tick {self.over}; {ran}"


class Flip(NamedTuple):
    """A change of the dependency."""

    tick: int
    works: bool


class Dependency(Exception):
    """The error of the dependency."""


class Bench:
    """A breaker at work.

    Args:
        shop: where.
        stack: closed with it.
    """

    decoder = msgspec.json.Decoder(Calls | Turn)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop
        self._works = True
        self._breaker = shop.made(stack, "circuit_breaker", SETTINGS)

    async def do(self, piece: Calls | Turn) -> Any:
        """Do a piece of work."""
        if isinstance(piece, Turn):
            self._works = piece.works
            flip = Flip(self._shop.tick(), piece.works)
            return {"flips": [flip], "records": [await self._call(0.0) for _ in range(piece.calls)]}
        began = time.monotonic()
        records = [await self._call(piece.takes) for _ in range(piece.calls)]
        outcome, alike = records[0].outcome, len({each.outcome for each in records}) == 1
        rate = piece.calls / (time.monotonic() - began)
        return {"records": records, "bursts": [(outcome, rate)] if alike and piece.calls > 1 else []}

    async def _call(self, takes: float) -> Record:
        shop, seen = self._shop, {"ran": 0, "ended": 0, "works": self._works}

        async def operation() -> None:
            seen.update(ran=shop.tick(), works=self._works)
            if takes:
                await shop.pause(takes)
            seen["ended"] = shop.tick()
            if not seen["works"]:
                raise Dependency

        asked, at, state = shop.tick(), time.monotonic(), str(self._breaker.state)
        try:
            await resolved(self._breaker.call(shop.flavoured(operation)))
            outcome = "returned"
        except Dependency:
            outcome = "raised"
        except CircuitOpenError:
            outcome = "raised" if seen["ran"] else "rejected"  # what becomes of the operation's own error is another matter
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            outcome = f"raised {type(error).__name__}: {error}"
        ran, ended, works = seen["ran"], seen["ended"], bool(seen["works"])
        is_open = CircuitState.OPEN.value in state.lower()
        return Record(outcome, asked, ran, ended, shop.tick(), works, at, time.monotonic(), is_open)


class Evidence(msgspec.Struct):
    """What all users were told."""

    records: list[Record] = []
    flips: list[Flip] = []
    bursts: list[tuple[str, float]] = []
    """What all calls of a burst came to, and calls a second."""


def judge(seen: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    records = sorted(seen.records, key=lambda record: record.asked)
    failing = list(_failing(sorted(seen.flips), records))
    return [
        said("CB-04", _opens(failing)),
        said("CB-05", _rejects(records, failing)),
        said("CB-07", _probes(failing)),
        said("CB-20", _rejects_fast(seen.bursts)),
        said("CB-21", _overlap(records)),
    ]


class Failing(NamedTuple):
    """A while in which the dependency failed, and which began with the circuit closed."""

    calls: list[Record]
    """Those asked for meanwhile."""
    failed: list[Record]
    """Those whose operation failed, the first to end first."""
    opened: Record | None
    """The one with which the circuit is open for certain."""

    def after(self) -> list[Record]:
        """The calls that were asked for once the circuit was open."""
        return [] if self.opened is None else [each for each in self.calls if each.asked > self.opened.over]

    def rejects_from(self) -> float:
        """The tick at which the first call was asked for that was rejected."""
        return min((call.asked for call in self.calls if call.outcome == "rejected"), default=inf)

    def too_soon(self) -> list[Record]:
        """The calls that were asked for while the circuit was open, and no probe was due."""
        if self.opened is None:
            return []
        due = self.failed[SETTINGS.failure_threshold - 1].till + SETTINGS.reset_timeout * SURELY
        return [call for call in self.after() if call.at < due]


def _failing(flips: Sequence[Flip], records: Sequence[Record]) -> Iterator[Failing]:
    for flip, end in zip(flips, [*flips[1:], None], strict=False):
        if flip.works or not _is_calm([each for each in records if each.over < flip.tick]):
            continue
        calls = [each for each in records if each.asked > flip.tick and (end is None or each.over < end.tick)]
        # Some were asked for before, and had to wait.
        ran = [each for each in records if each.ran > flip.tick and (end is None or each.ran < end.tick)]
        failed = sorted((each for each in ran if not each.works), key=lambda record: record.ended)
        late = [each for each in records if each.works and each.over > flip.tick]
        opened = _opened(failed, late)
        found = Failing(calls, failed, opened)
        closed = _closed_late(found, late)
        yield found if closed is None else found._replace(calls=[each for each in calls if each.asked < closed])


def _closed_late(failing: Failing, late: Sequence[Record]) -> int | None:
    """The tick at which a success that came late has closed the circuit, which is another requirement's; None: none has."""
    soon = failing.too_soon()
    ran = next((call.asked for call in soon if call.ran), None)
    for tick in sorted(each.over for each in late if failing.opened is not None and each.over > failing.opened.over):
        between = [call for call in soon if ran is not None and tick < call.asked < ran]
        if ran is not None and tick < ran and not any(call.outcome == "rejected" for call in between):
            return tick
    return None


def _is_calm(before: Sequence[Record]) -> bool:
    last = before[-LEAST_CALM:]
    return len(last) == LEAST_CALM and all(each.outcome == "returned" for each in last)


def _opened(failed: Sequence[Record], successes: Sequence[Record]) -> Record | None:
    """The call with which as many have failed in a row as open the circuit, with no success that may have come between."""
    most = SETTINGS.failure_threshold
    for first, last in zip(failed, failed[most - 1 :], strict=False):
        over = max(each.over for each in failed if first.ended <= each.ended <= last.ended)
        if not any(each.ended and each.ended < over and each.over > first.ended for each in successes):
            return max((each for each in failed if first.ended <= each.ended <= last.ended), key=lambda record: record.over)
    return None


def _opens(failing: Sequence[Failing]) -> Iterator[int]:
    for each in failing:
        for call in each.calls:
            before = [record for record in each.failed if record.ended < call.over]
            if call.outcome == "rejected" and len(before) < SETTINGS.failure_threshold:
                expected = f"expected no rejection before {SETTINGS.failure_threshold} failures"
                raise Broken(f"{expected}; seen: one after {len(before)}", [*before, call])
        soon = each.too_soon()
        ran = [call for call in soon if call.ran and not call.open and call.asked < each.rejects_from()]
        if ran:
            raise Broken(
                f"expected the circuit to be open after {SETTINGS.failure_threshold} failures in a row; seen: it runs what comes",
                [*each.failed[: SETTINGS.failure_threshold], *ran[:1]],
            )
        yield len(soon)


def _rejects(records: Sequence[Record], failing: Sequence[Failing]) -> Iterator[int]:
    for call in records:
        if call.outcome not in ("returned", "raised", "rejected"):
            raise Broken(f"expected a result, the error of the operation or a rejection; seen: it {call.outcome}", [call])
    for each in failing:
        soon = each.too_soon()
        rejected = [call for call in soon if call.outcome == "rejected"]
        ran = next((call for call in soon if call.ran and (call.open or call.asked > each.rejects_from())), None)
        if ran is not None:
            raise Broken("expected no call to run while the circuit is open; seen: one ran", [each.opened, *rejected[:1], ran])
        yield len(rejected)


def _probes(failing: Sequence[Failing]) -> Iterator[int]:
    for each in failing:
        if not any(call.outcome == "rejected" for call in each.too_soon()):
            continue  # it is not open at all
        probes = [call for call in each.after() if call.ran]
        for probe in probes:
            beside = [other for other in probes if other.ran <= probe.ran < other.ended]
            if len(beside) > SETTINGS.half_open_max_calls:
                raise Broken(
                    f"expected {SETTINGS.half_open_max_calls} probe at a time; seen: {len(beside)}", [each.opened, *beside]
                )
        yield len(probes)


def _rejects_fast(bursts: Sequence[tuple[str, float]]) -> Iterator[int]:
    returned, rejected = (sorted(rate for kind, rate in bursts if kind == outcome) for outcome in ("returned", "rejected"))
    if min(len(returned), len(rejected)) < LEAST_BURSTS:
        return
    usual, fast = returned[len(returned) // 2], rejected[len(rejected) // 2]
    if fast < FASTER * usual:
        expected = f"expected {FASTER:g} times as many rejected calls a second as successful ones"
        raise Broken(f"{expected}; seen: {fast:.0f} and {usual:.0f}")
    yield len(rejected)


def _overlap(records: Sequence[Record]) -> Iterator[int]:
    slow = [call for call in records if call.outcome == "returned" and call.till - call.at >= 50 * MILLISECOND]
    for call in slow:
        inside = [other for other in records if call.ran < other.asked < call.ended and other.outcome == "returned"]
        if not inside:
            continue
        if all(other.ran > call.ended for other in inside):
            raise Broken("expected other calls to go on beside a slow one; seen: all waited for it", [call, *inside[:3]])
        yield 1
