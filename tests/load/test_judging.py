"""What evidence of load says, without any load."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from patternproof.scenarios.circuit_breaker import load as breakers
from patternproof.scenarios.connection_pool import load as pools
from patternproof.scenarios.event_bus import load as buses
from patternproof.scenarios.shared_state import load as states

from patternproof.load.evidence import Said


def broken(said: Sequence[Said]) -> dict[str, str]:
    return {each.requirement: each.message for each in said if each.message}


class Breaker:
    """Writes down calls one after the other, a hundredth of a second each."""

    def __init__(self) -> None:
        self.seen = breakers.Evidence()
        self._ticks, self._at, self._works = count(1), 0.0, True
        for _ in range(breakers.LEAST_CALM):
            self.call("returned")

    def turn(self, works: bool) -> None:
        self._works = works
        self.seen.flips.append(breakers.Flip(next(self._ticks), works))

    def call(self, outcome: str, ran: bool = True, seconds: float = 0.01) -> None:
        asked, began = next(self._ticks), self._at
        ticks = (next(self._ticks), next(self._ticks)) if ran else (0, 0)
        self._at += seconds
        self.seen.records.append(breakers.Record(outcome, asked, *ticks, next(self._ticks), self._works, began, self._at))

    def wait(self, seconds: float) -> None:
        self._at += seconds

    def fails(self, times: int) -> None:
        self.turn(works=False)
        for _ in range(times):
            self.call("raised")

    def broken(self) -> dict[str, str]:
        return broken(breakers.judge(self.seen))


def test_a_circuit_that_opens_in_time_and_lets_one_probe_through_is_right() -> None:
    breaker = Breaker()
    breaker.fails(3)
    for _ in range(5):
        breaker.call("rejected", ran=False)
    breaker.wait(1.0)
    breaker.call("raised")
    assert breaker.broken() == {}
    assert {each.requirement for each in breakers.judge(breaker.seen) if each.times} == {"CB-04", "CB-05", "CB-07"}


def test_a_circuit_that_opens_too_early_or_never_is_wrong() -> None:
    early = Breaker()
    early.fails(2)
    early.call("rejected", ran=False)
    assert early.broken() == {"CB-04": "expected no rejection before 3 failures; seen: one after 2"}
    never = Breaker()
    never.fails(9)
    assert set(never.broken()) == {"CB-04"}


def test_a_call_that_runs_before_a_probe_is_due_is_wrong() -> None:
    breaker = Breaker()
    breaker.fails(3)
    breaker.call("rejected", ran=False)
    breaker.wait(0.4)
    breaker.call("raised")
    assert breaker.broken() == {"CB-05": "expected no call to run while the circuit is open; seen: one ran"}


def test_rejections_that_are_slow_are_wrong() -> None:
    slow = breakers.Evidence(bursts=[("returned", 800.0), ("rejected", 2_000.0)] * breakers.LEAST_BURSTS)
    assert set(broken(breakers.judge(slow))) == {"CB-20"}
    fast = breakers.Evidence(bursts=[("returned", 800.0), ("rejected", 90_000.0)] * breakers.LEAST_BURSTS)
    assert broken(breakers.judge(fast)) == {}


def loan(borrower: str, connection: int, got: int, left: int, **more: Any) -> pools.Loan:
    return pools.Loan(
        **{"outcome": "returned", "existing": 3, "waited": 0.01}
        | more
        | {"borrower": borrower, "connection": connection, "got": got, "left": left}
    )


@pytest.mark.parametrize(
    ("loans", "filled", "wrong"),
    [
        ([loan("a", 1, 1, 2), loan("b", 1, 3, 4), loan("c", 2, 2, 9)], [3], set()),
        ([loan("a", 1, 1, 5), loan("b", 1, 3, 4)], [3], {"CP-03"}),
        ([loan("a", 1, 1, 2, existing=4)], [3], {"CP-02"}),
        ([loan("a", 1, 1, 2)], [2], {"CP-14"}),
        ([loan("a", 0, 0, 0, outcome="timed out")], [3], {"CP-14"}),
    ],
)
def test_loans_overlap_nowhere_and_all_connections_come_back(loans: list[Any], filled: list[int], wrong: set[str]) -> None:
    assert set(broken(pools.judge(pools.Evidence(loans, filled)))) == wrong


@pytest.mark.parametrize(("longest", "wrong"), [(0.02, set()), (2.0, {"CP-18"})])
def test_no_borrower_waits_much_longer_than_its_share(longest: float, wrong: set[str]) -> None:
    ticks = count(1)
    waits = {f"b{number}": longest if number == 0 else 0.01 for number in range(30)}
    loans = [loan(name, 1, next(ticks), next(ticks), waited=wait) for _ in range(10) for name, wait in waits.items()]
    assert set(broken(pools.judge(pools.Evidence(loans)))) == wrong


SUBSCRIBED = [("p", 0), ("p", 1), ("q", 0)]


@pytest.mark.parametrize(
    ("got", "dropped", "wrong"),
    [
        (SUBSCRIBED, 0, set()),
        (SUBSCRIBED[:2], 1, set()),
        (SUBSCRIBED[:2], 0, {"EB-01"}),
        ([*SUBSCRIBED, ("p", 1)], 0, {"EB-01"}),
        ([("p", 1), ("p", 0), ("q", 0)], 0, {"EB-04"}),
        (SUBSCRIBED[:1], 1, {"EB-13"}),
    ],
)
def test_each_event_comes_once_and_in_order_or_is_counted(got: list[Any], dropped: int, wrong: set[str]) -> None:
    published = [buses.Published(publisher, number, "published", 0.0) for publisher, number in SUBSCRIBED]
    seen = buses.Evidence(published, [0], [buses.Got("A", got, dropped)], ["drop_oldest"])
    assert set(broken(buses.judge(seen))) == wrong


def test_nothing_comes_to_who_has_left_and_nobody_waits_for_who_is_slow() -> None:
    assert set(broken(buses.judge(buses.Evidence(late=[0, 2])))) == {"EB-09"}
    slow = [buses.Published("p", number, "published", 0.02) for number in range(buses.FEW)]
    assert set(broken(buses.judge(buses.Evidence(slow, policy=["drop_oldest"])))) == {"EB-07"}


def added(asked: int, over: int, found: int) -> states.Seen:
    return states.Seen("add", "returned", asked, over, found)


def read(asked: int, over: int, found: int, version: int) -> states.Seen:
    return states.Seen("read", "returned", asked, over, found, version)


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        ([added(1, 2, 0), added(3, 6, 1), read(4, 5, 1, 11), read(7, 8, 2, 12)], set()),
        ([added(1, 3, 0), added(2, 4, 0)], {"SS-03"}),
        ([added(1, 2, 0), read(3, 4, 0, 10)], {"SS-05"}),
        ([read(1, 2, 0, 0), added(3, 4, 0), read(5, 6, 1, 2)], {"SS-01"}),
        ([states.Seen("compete", "returned", 1, 2, 0, 5), states.Seen("compete", "returned", 3, 4, 1, 5)], {"SS-13"}),
        ([states.Seen("add", "raised OSError: no", 1, 2)], {"SS-01"}),
    ],
)
def test_no_update_is_lost_and_who_asks_later_finds_it(seen: list[states.Seen], wrong: set[str]) -> None:
    assert set(broken(states.judge(states.Evidence(seen)))) == wrong


def test_a_writer_that_readers_overtake_for_ever_starves() -> None:
    readers = [read(number, number, 0, 0) for number in range(2, states.MOST_OVERTAKING + 9)]
    assert set(broken(states.judge(states.Evidence([added(1, 10_000, 0), *readers])))) == {"SS-12"}
