"""The connection pool's model and rig."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from patternproof.reference.connection_pool import ConnectionPool
from patternproof.scenarios.connection_pool.events import (
    ACQUIRE_TIMEOUT,
    MAX_IDLE,
    Acquire,
    Advance,
    Break,
    Cancel,
    Close,
    ConnectEnds,
    ConnectFailure,
    HoldResets,
    LeaveWithError,
    ReadStatistics,
    Request,
    ResetEnds,
    Return,
)
from patternproof.scenarios.connection_pool.model import complete
from patternproof.scenarios.connection_pool.rig import rig

from patternproof import judge
from patternproof.history import Batch, History, alone
from patternproof.modelling import RIGHT, explained, followed
from patternproof.outcome import Status
from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolTimeoutError
from tests.faulty import connection_pool as faulty
from tests.odd import connection_pool as odd
from tests.proof import loaded

pytestmark = pytest.mark.proof

OK, ERROR = ConnectEnds(0, "ok"), ConnectEnds(0, "error")
HELD = (Acquire(0), OK)
ONE = ConnectionPoolSettings(max_size=1)
TWO = ConnectionPoolSettings(max_size=2)
IDLE = ConnectionPoolSettings(max_size=1, max_idle=MAX_IDLE)
READY = ConnectionPoolSettings(max_size=2, min_size=1)
TIMED = ConnectionPoolSettings(max_size=1, acquire_timeout=ACQUIRE_TIMEOUT)
ROOT = Path(__file__).parent.parent.parent


def together(*events: Any, turns: int = 0) -> Batch:
    return Batch(events, (turns,) * (len(events) - 1))


def played(factory: Callable[..., Any], settings: ConnectionPoolSettings, *steps: Any) -> History:
    """What a pool shows as events and batches happen to it."""
    name = str(getattr(factory, "__name__", "pool"))
    with loaded("connection_pool", name, factory) as adapter, adapter.driver() as driver, rig(adapter, driver, settings) as made:
        for step in steps:
            made.run(step if isinstance(step, Batch) else alone(step))
        return made.history


def told(history: History) -> str:
    return "\n".join(history.lines())


RIGHT_OR_NOT_KNOWN = {
    "an idle connection breaks unseen, and min_size counts it": (
        READY,
        (*HELD[:1], Acquire(1), OK, Return(0), Break(1), Break(2), Return(1)),
    ),
    "a request over a broken connection, and the end of its scope": (
        ONE,
        (*HELD, Break(1), together(Request(0), LeaveWithError(0))),
    ),
    "a waiter is cancelled as it is served": (ONE, (*HELD, Acquire(1), Acquire(2), together(Return(0), Cancel(1)))),
    "a waiter gives up as it is served": (TIMED, (*HELD, Acquire(1), together(Return(0), Advance(11.0)))),
    "a borrower is cancelled twice while its connection is reset": (
        ONE,
        (*HELD, HoldResets(), Return(0), Cancel(0), together(Cancel(0), Acquire(1))),
    ),
    "a reset ends after the pool was closed": (ONE, (*HELD, HoldResets(), Return(0), Close(), ResetEnds(0, "ok"))),
    "connecting fails as the pool is closed": (ONE, (Acquire(0), Acquire(1), together(ERROR, Close()))),
}


@pytest.mark.parametrize(("settings", "steps"), RIGHT_OR_NOT_KNOWN.values(), ids=RIGHT_OR_NOT_KNOWN)
def test_nothing_is_said_against_the_reference_when(settings: ConnectionPoolSettings, steps: tuple[Any, ...]) -> None:
    history = played(lambda connect, settings: ConnectionPool(connect, settings), settings, *steps)
    assert explained(complete(), history, RIGHT) == len(history), told(history)


RIGHT_IN_ODD_POOLS = {
    "another try is still to come as one succeeds": (odd.TriesOnceMoreLater, TWO, (Acquire(0), Acquire(1), ERROR, OK)),
    "the slot of a try to come is counted": (odd.TriesOnceMoreLater, ONE, (Acquire(0), ERROR, ReadStatistics())),
    "the pool is closed between two tries": (odd.TriesOnceMoreLater, ONE, (Acquire(0), ERROR, Close(), Advance(4.3))),
    "what is over is closed after its reset": (
        odd.ClosesSurplus,
        TWO,
        (*HELD, Acquire(1), OK, HoldResets(), Return(0), ResetEnds(0, "ok"), Return(1), ResetEnds(0, "ok")),
    ),
}


@pytest.mark.parametrize(("pool", "settings", "steps"), RIGHT_IN_ODD_POOLS.values(), ids=RIGHT_IN_ODD_POOLS)
def test_nothing_is_said_against_an_odd_pool_when(pool: Any, settings: ConnectionPoolSettings, steps: tuple[Any, ...]) -> None:
    history = played(pool, settings, *steps)
    assert explained(complete(), history, RIGHT) == len(history), told(history)


class HandsOverBeforeReset(faulty.Pool):
    """Resets a connection once the next borrower has it."""

    async def _give_back(self, entry: Any) -> None:
        self._accounts.put(entry, self._clock())
        await entry.connection.reset()


class WakesTwo(faulty.Pool):
    """Wakes two waiters for one connection, of whom the second finds nothing."""

    class Accounts(faulty.Slots):
        def put(self, entry: Any, now: float) -> None:
            super().put(entry, now)
            if self.waiters:
                self.waiters.popleft().set_result("nothing")

    async def _wait(self, deadline: float | None) -> Any:
        heard: Any = await super()._wait(deadline)
        if heard == "nothing":
            raise LookupError("nothing is idle")
        return heard


class FreesTwice(faulty.Pool):
    """Frees the slot of what is too old as it is found, and again as it is closed."""

    class Accounts(faulty.Slots):
        def _retire(self, now: float) -> None:
            before = len(self.doomed)
            super()._retire(now)
            self.size -= len(self.doomed) - before


class TakesCancellationForTimeout(faulty.Pool):
    """Tells a waiter that is cancelled that its time is over."""

    async def _wait(self, deadline: float | None) -> Any:
        try:
            return await super()._wait(deadline)
        except asyncio.CancelledError as error:
            raise PoolTimeoutError from error


class HandsOutClosed(faulty.Making):
    """Falls back on what it made first where connecting fails."""

    async def connected(self) -> Any:
        try:
            self.first = await super().connected()
        except ConnectFailure:
            await self.first.close()
        return self.first


NOT_KNOWN = {
    "CP-02": (FreesTwice, IDLE, (*HELD, Return(0), Advance(61.0), Acquire(1), Acquire(2))),
    "CP-05": (WakesTwo, ONE, (*HELD, Acquire(1), Acquire(2), Return(0))),
    "CP-07": (TakesCancellationForTimeout, ONE, (*HELD, Acquire(1), Cancel(1))),
    "CP-09": (HandsOutClosed, ONE, (*HELD, Break(1), Return(0), Acquire(1), ERROR)),
    "CP-10": (HandsOverBeforeReset, ONE, (*HELD, Acquire(1), HoldResets(), Return(0))),
}
"""What no deviation knows, by the requirement that it breaks."""


@pytest.mark.parametrize("requirement", NOT_KNOWN)
def test_what_no_deviation_knows_is_blamed_on_the_requirement_that_speaks_of_it(requirement: str) -> None:
    pool, settings, steps = NOT_KNOWN[requirement]
    history, model = played(pool, settings, *steps), complete()
    states = list(followed(model, history, RIGHT))
    assert len(states) == len(history), told(history)  # it parts at the last moment
    parting = history.moments[-1]
    assert model.blame(states[-1], parting.batch, parting.seen) == requirement, told(history)


@pytest.mark.parametrize("pool", odd.THREADED, ids=str)
def test_nothing_is_said_against_an_odd_pool_for_threads(pool: Any) -> None:
    with loaded("connection_pool", f"threaded_{pool}", pool.factory, frozenset()) as made:
        adapter = replace(made, runtime="threads")
        parts = (judge.run_histories, judge.run_machine, judge.run_interleavings)
        outcomes = [outcome for part in parts for outcome in part(adapter, "connection_pool", "quick", None)]
    assert outcomes
    failures = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert not failures, "\n".join(line for each in failures for line in (each.message, *each.history))


def test_a_waiter_that_is_never_given_up_is_found_whoever_connects() -> None:
    history = played(faulty.WaitsForEverInQueue, TIMED, *HELD, Acquire(1), Advance(11.0))
    assert explained(complete(), history, RIGHT) == len(history) - 1


def test_a_slot_that_is_freed_too_early_is_found_where_the_connection_leaks() -> None:
    history = played(faulty.LeaksAsItIsMade, ONE, Acquire(0), Acquire(1), together(OK, Cancel(0), turns=1))
    assert explained(complete(), history, RIGHT) < len(history), told(history)


UNCOMMITTED = """
from patternproof.reference.adapters import postgres
from patternproof.reference.adapters.postgres import CLAIMS, RUNTIME
from tests.faulty.connection_pool import NeverResets

postgres.ConnectionPool = NeverResets
connection_pool = postgres.connection_pool
"""


def test_uncommitted_work_is_found_in_a_real_database(tmp_path: Path) -> None:
    pytest.importorskip("pgserver")
    (tmp_path / "uncommitted.py").write_text(UNCOMMITTED, encoding="utf-8")
    command = "from patternproof.cli import main; main()"
    options = ("run", "--adapter", "uncommitted.py", "--requirement", "CP-20", "--profile", "quick")
    ended = subprocess.run(
        [sys.executable, "-c", command, *options],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "expected 0 rows; seen: 1 rows" in ended.stdout, ended.stdout + ended.stderr
