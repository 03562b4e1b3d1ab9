"""What the steps of one example act on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang
from patternproof.outcome import NotApplicable, NotOffered, premise
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.scene import JudgedScene

from .events import (
    Acquire,
    Borrower,
    Cancel,
    Close,
    ConnectEnds,
    Connecting,
    Counts,
    Execute,
    ReadStatistics,
    ResetEnds,
    Return,
    Seen,
)
from .rig import ConnectionPoolRig, rig

MOST_ENDINGS = 20
"""Connects and resets that are let go at the end of an example, before it counts as one without an end."""

_tables = count(1)


class Scene(JudgedScene):
    """One example: a pool, the borrowers by name, and what was seen of them.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "connection_pool"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make`, `begin` and `perform` only.
        self._rig: ConnectionPoolRig | None = None
        self._numbers: dict[str, int] = {}
        self._borrowers: dict[int, Borrower] = {}
        self._misuse: list[str] = []
        self._late: list[str] = []
        self._counts: list[Counts | str] = []
        self.table = ""
        """The name of the example's table, where it has one."""
        self.seen = Seen()
        """What was seen last."""
        self.before = 0
        """How many connections had been made before the latest borrowers came."""

    def __repr__(self) -> str:
        return f"<Scene {', '.join(map(str, self._borrowers.values())) or 'without borrowers'}>"

    @property
    def rig(self) -> ConnectionPoolRig:
        """The rig of the example's pool.

        Raises:
            LookupError: no step has made one.
        """
        if self._rig is None:
            raise LookupError("there is no pool yet; begin the example with 'Given a pool of at most 2 connections'")
        return self._rig

    def make(self, settings: ConnectionPoolSettings) -> None:
        """Make the pool; connecting succeeds at once until a step says otherwise.

        Raises:
            NotOffered: the implementation does not have one of the settings.
            LookupError: there is one already.
        """
        if self._rig is not None:
            raise LookupError("there is a pool already; an example has one")
        self._rig = self.stack.enter_context(rig(self.adapter, self.driver, settings))
        self.perform(Connecting("ok"))

    def perform(self, *events: Any) -> None:
        """Make events happen at one moment, and take in what is seen."""
        try:
            seen = self.rig.perform(*events)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        self.take(seen)

    def take(self, seen: Seen) -> None:
        """Take in what is seen."""
        self.seen = seen
        self._borrowers.update({borrower.number: borrower for borrower in self.seen.borrowers})
        self._misuse.extend(self.seen.misuse)
        self._late.extend(self.seen.late)
        self._counts.extend(self.seen.counts)

    def comes(self, condition: Callable[[], object]) -> object:
        """What a condition comes to; where a server has a part in it, it may be late."""
        for _ in range(self.driver.patience):
            if condition():
                break
            self.driver.settle()
            self.take(self.rig.look())
        return condition()

    def begin(self, *names: str, along: Sequence[Any] = ()) -> None:
        """Let borrowers come, all at one moment, and after what happens along with them at that moment.

        Raises:
            LookupError: a name is taken.
        """
        for name in names:
            if name in self._numbers:
                raise LookupError(f"borrower {name} has come already; give each borrower of an example a name of its own")
            self._numbers[name] = len(self._numbers)
        self.before = len(self.rig.exchange.made)
        self.perform(*along, *(Acquire(self._numbers[name]) for name in names))

    def number(self, name: str) -> int:
        """The number of a borrower.

        Raises:
            LookupError: none of that name has come.
        """
        if name not in self._numbers:
            known = ", ".join(self._numbers) or "none so far"
            raise LookupError(f"no borrower {name!r} has come; known: {known}")
        return self._numbers[name]

    def borrower(self, name: str) -> Borrower:
        """A borrower as last seen."""
        return self._borrowers[self.number(name)]

    def in_phase(self, phase: str) -> list[Borrower]:
        """The borrowers that were last seen in a phase."""
        return [borrower for borrower in self._borrowers.values() if borrower.phase == phase]

    def hold(self, *names: str) -> None:
        """Let borrowers come and get a connection each.

        Raises:
            PremiseMissing: one of them gets none.
        """
        self.begin(*names)
        for name in names:
            self.require_holding(name)

    def wait(self, *names: str) -> None:
        """Let borrowers come one after another, and wait.

        Raises:
            PremiseMissing: one of them does not wait.
        """
        for name in names:
            self.begin(name)
            self.reach(self.borrower(name).phase == "waiting", f"borrower {name} to wait", self.borrower(name))

    def tell(self, name: str, event: Any) -> None:
        """Let something happen to a borrower that holds a connection.

        Raises:
            PremiseMissing: it does not.
        """
        self.require_holding(name)
        self.perform(event)

    def require_holding(self, name: str) -> None:
        """Go on only where a borrower holds a connection.

        Raises:
            PremiseMissing: it does not.
        """
        holds = self.comes(lambda: self.borrower(name).phase == "holding")
        self.reach(holds, f"borrower {name} to hold a connection", self.borrower(name))

    def cancellation(self, name: str) -> Cancel:
        """The cancellation of a borrower.

        Raises:
            NotApplicable: the driver cannot cancel.
        """
        if not self.driver.can_cancel:
            raise NotApplicable(f"a borrower cannot be cancelled from outside under the {self.driver.name} driver")
        return Cancel(self.number(name))

    def close_pool(self, *along: Any) -> None:
        """Close the pool, after what happens along with it at that moment.

        Raises:
            NotOffered: the pool has no close().
        """
        self.perform(*along, Close())
        if not self.rig.offers_close:
            raise NotOffered("the pool has no close()")

    def let_all_go(self) -> None:
        """Let every connect and every reset that takes its time succeed, until none is under way."""
        for _ in range(MOST_ENDINGS):
            if self.seen.attempts:
                self.perform(ConnectEnds(0, "ok"))
            elif self.seen.resets:
                self.perform(ResetEnds(0, "ok"))
            else:
                return

    def let_all_leave(self) -> None:
        """Let everything under way succeed, and every borrower return its connection."""
        self.let_all_go()
        for borrower in self.in_phase("holding"):
            self.perform(Return(borrower.number))
            self.let_all_go()

    def make_table(self) -> None:
        """Make a table of one column, of a name of its own.

        Raises:
            PremiseMissing: nobody gets a connection for it.
        """
        maker = "the one who makes the table"
        self.table = f"patternproof_{os.getpid()}_{next(_tables)}"
        self.hold(maker)
        self.execute(maker, f"create table {self.table} (number integer)", "commit")
        self.tell(maker, Return(self.number(maker)))

    def execute(self, name: str, *statements: str) -> Any:
        """Let a borrower execute statements; gives the first value of the first row of the last one, or None."""
        for statement in statements:
            self.tell(name, Execute(self.number(name), statement))
        rows = self.rig.borrowers[self.number(name)].rows
        return rows[0][0] if rows else None

    def require_claim(self, claim: str) -> None:
        """Go on only where the adapter claims something.

        Raises:
            NotOffered: it does not.
        """
        if claim not in self.adapter.claims:
            raise NotOffered(f"the adapter does not claim {claim!r}")

    def counts(self) -> Counts | str:
        """The statistics as they read now.

        Raises:
            NotOffered: there are none.
        """
        if not hasattr(self.rig.pool, "statistics"):
            raise NotOffered("the pool has no statistics()")
        self.perform(ReadStatistics())
        return self._counts[-1]

    def late_use(self) -> str:
        """What came of the latest use of a handle after its return.

        Raises:
            PremiseMissing: there was none.
        """
        premise(self._late, "no handle was used after its return")
        return self._late[-1]

    def misuse(self) -> list[str]:
        """What was done to the connections that no pool may do."""
        return list(self._misuse)

    def _is_beyond_model(self) -> bool:
        return bool(self.table)  # the model knows of no tables
