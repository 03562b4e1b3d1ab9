"""What evidence of load says of workflows."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from patternproof.scenarios.workflows import load
from patternproof.scenarios.workflows.load_core import Sent, Total
from patternproof.scenarios.workflows.load_guard import CLEARLY, GUARDING, LAST, LEAST_CALM, PLAINLY, Drained, Flip, Query
from patternproof.scenarios.workflows.load_system import ShutDown

from patternproof.load.evidence import Said


def by_id(seen: load.Evidence) -> dict[str, Said]:
    return {each.requirement: each for each in load.judge(seen)}


COMMANDS = [Sent(1, "returned", "ok", 1, 4), Sent(2, "faulted", "fault", 2, 3)]
TOTALS = [Total("told", 3, 3, 3), Total("rival", 2, 3, 2)]


@pytest.mark.parametrize(
    ("sent", "again", "totals", "wrong"),
    [
        (COMMANDS, [], TOTALS, ""),
        ([*COMMANDS, Sent(3, "returned another's", "ok", 5, 6)], [], TOTALS, "comes back with the response to it"),
        ([*COMMANDS, Sent(3, "returned", "fault", 5, 6)], [], TOTALS, "fails with the kind of the peer's fault"),
        ([*COMMANDS, Sent(3, "returned", "", 5, 6)], [], TOTALS, "it never came to the peer"),
        (COMMANDS, [2], TOTALS, "it came more than once"),
        (COMMANDS, [], [Total("told", 3, 3, 2)], "expected 3 additions to 'told'; seen: 2"),
        (COMMANDS, [], [Total("told", 2, 3, 4)], "expected 2 to 3 additions to 'told'; seen: 4"),
    ],
)
def test_commands_come_back_and_messages_change_the_state(sent: Any, again: Any, totals: Any, wrong: str) -> None:
    found = by_id(load.Evidence(sent=sent, again=again, totals=totals))["WF-01"]
    assert wrong in found.message
    assert bool(found.message) == bool(wrong)
    assert found.times == 1


class Client:
    """Writes down queries one after the other, a hundredth of a second each."""

    def __init__(self) -> None:
        self.seen = load.Evidence(drained=[Drained(0, 3, 3, exactly=True)])
        self._ticks, self._numbers, self._at, self._works = count(1), count(1), 0.0, True
        for _ in range(LEAST_CALM):
            self.query("returned")

    def turn(self, works: bool) -> None:
        self._works = works
        self.seen.flips.append(Flip(next(self._ticks), works, self._at))

    def query(self, outcome: str) -> None:
        ran = outcome != "rejected"
        asked, at = next(self._ticks), self._at
        ticks = (next(self._ticks), next(self._ticks)) if ran else (0, 0)
        self._at += 0.01
        over, till = next(self._ticks), self._at if ran else 0.0
        self.seen.queries.append(Query(next(self._numbers), outcome, asked, *ticks, over, self._works, at, till))

    def fails(self, raised: int, rejected: int = 0) -> None:
        self.turn(works=False)
        for outcome in ("raised",) * raised + ("rejected",) * rejected:
            self.query(outcome)

    def recovers(self, outcome: str) -> None:
        self.turn(works=True)
        self._at += CLEARLY * GUARDING.reset_timeout
        for _ in range(LAST + 1):
            self.query(outcome)

    @property
    def said(self) -> Said:
        return by_id(self.seen)["WF-03"]


def test_a_client_that_is_guarded_and_recovers_is_right() -> None:
    client = Client()
    client.fails(3, 5)
    client.recovers("returned")
    assert (client.said.message, client.said.times) == ("", 3)


def test_a_breaker_that_counts_somewhat_otherwise_is_another_requirements() -> None:
    client = Client()
    client.fails(PLAINLY - 1, 3)
    client.recovers("returned")
    assert client.said.message == ""


def test_without_a_recovery_it_is_not_exercised() -> None:
    client = Client()
    client.fails(3, 5)
    assert (client.said.message, client.said.times) == ("", 0)


def test_a_breaker_that_never_opens_is_wrong() -> None:
    client = Client()
    client.fails(PLAINLY + 1)
    assert client.said.message == "expected the breaker to be open after 6 failures in a row; seen: it lets queries through"


def test_a_breaker_that_never_closes_is_wrong() -> None:
    client = Client()
    client.fails(3, 5)
    client.recovers("rejected")
    assert client.said.message.endswith("seen: every query is rejected")


@pytest.mark.parametrize(
    ("drained", "wrong"),
    [
        (Drained(1, 3, 3, exactly=True), "expected every connection to come back and be closed; seen: 1 that are not"),
        (Drained(0, 3, 2, exactly=True), "expected an error event for each of 3 failures; seen: 2"),
        (Drained(0, 3, 2, exactly=False), ""),
        (Drained(0, 3, 5, exactly=True), ""),
    ],
)
def test_the_pool_drains_and_failures_are_published(drained: Drained, wrong: str) -> None:
    client = Client()
    client.fails(3, 5)
    client.recovers("returned")
    client.seen.drained[:] = [drained]
    assert client.said.message == wrong


@pytest.mark.parametrize(("works", "outcome"), [(False, "raised OSError: no"), (False, "returned"), (True, "rejected too late")])
def test_a_query_that_ends_otherwise_than_the_dependency_is_wrong(works: bool, outcome: str) -> None:
    client = Client()
    client.turn(works)
    client.query(outcome)
    assert f"seen: it {outcome}" in client.said.message


def shut_down(**more: Any) -> ShutDown:
    plain = {"outcome": "over", "under_way": 3, "hanging": 0, "left": [], "order": "", "afterwards": "refused"}
    return ShutDown(**{"number": 1, "began": 1, "over": 2} | plain | more)


@pytest.mark.parametrize(
    ("down", "wrong"),
    [
        (shut_down(), ""),
        (shut_down(outcome="did not end"), "seen: it did not end"),
        (shut_down(hanging=2), "seen: 2 jobs that never do"),
        (shut_down(left=["tasks", "connections"]), "seen: tasks and connections"),
        (shut_down(order="the pool was first"), "seen: the pool was first"),
        (shut_down(afterwards="done"), "seen: it done"),
    ],
)
def test_a_system_that_is_shut_down_leaves_nothing(down: ShutDown, wrong: str) -> None:
    found = by_id(load.Evidence(down=[down]))["WF-05"]
    assert wrong in found.message
    assert bool(found.message) == bool(wrong)


def test_a_system_that_had_nothing_to_do_was_not_shut_down_in_the_middle_of_work() -> None:
    assert by_id(load.Evidence(down=[shut_down(under_way=0)]))["WF-05"].times == 0
