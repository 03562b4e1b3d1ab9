"""The driver for implementations that are called from threads."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import count
from types import TracebackType
from typing import Any, Self

from patternproof.drivers import baton as batons
from patternproof.drivers import clocks
from patternproof.drivers.base import Driver, Hang, Operation, Outcome, Pending, Raised, Returned, deliver
from patternproof.drivers.players import Abandoned, Player, State, player_here, players, release_lock
from patternproof.drivers.tools import OF_THE_TOOLS
from patternproof.drivers.waits import take_part, virtual_waits

MOST_DEADLINES = 200_000
"""Waits that may come to their end while time passes in one go, before the implementation counts as spinning."""


class _Gate:
    """Where a run of an operation is held."""

    outcome: Outcome | None = None

    def is_open(self) -> bool:
        return self.outcome is not None


class Threaded(Driver):
    """Real threads that run one at a time, in virtual time; a new thread for each call."""

    name = "threaded"
    can_cancel = False

    def __init__(self) -> None:
        self._now = clocks.START
        self._baton = batons.Baton(self.time)
        self._calls: list[Player] = []
        self._gates: list[_Gate] = []
        self._wall = clocks.WallClock()
        self._scope = ExitStack()
        self._over = False
        self.uncaught: list[BaseException] = []
        """Errors that ended threads of the implementation."""

    def __enter__(self) -> Self:
        self._wall.start()
        self._scope.callback(self._wall.stop)
        self._scope.enter_context(virtual_waits(self._baton))
        previous, threading.excepthook = threading.excepthook, self._keep_uncaught
        self._scope.callback(setattr, threading, "excepthook", previous)
        self._home = threading.current_thread()
        for thread in threading.enumerate():
            if thread.ident is not None and thread is not self._home and self._may_be_of_the_adapter(thread):
                self._baton.adopt(thread)
        return self

    @staticmethod
    def _may_be_of_the_adapter(thread: threading.Thread) -> bool:
        """Whether its import or an earlier example may have started the thread; timers of examples have ended with them."""
        return thread not in OF_THE_TOOLS and not isinstance(thread, threading.Timer)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._scope:
            self._end_threads()

    def callable(self, operation: Operation) -> Callable[[], Any]:
        def run() -> Any:
            operation.runs += 1
            if operation.preset is not None:
                return deliver(operation.preset)
            return self._hold(operation)

        return run

    def _hold(self, operation: Operation) -> Any:
        player, gate = self._player(), _Gate()
        self._gates.append(gate)
        operation.held.append(gate)
        try:
            self._baton.wait(player, gate.is_open, gate)
            return deliver(gate.outcome or Raised(Abandoned()))
        finally:
            with suppress(ValueError):
                operation.held.remove(gate)

    def _player(self) -> Player:
        if self._over:
            raise Abandoned
        thread = threading.current_thread()
        assert thread is not self._home, "an operation that is held was called in the kit's own thread: use begin"
        player = player_here() or self._baton.adopt(thread)
        if player.away:
            self._baton.give_way(player)
        return player

    def free(self, held: Any, outcome: Outcome) -> None:
        held.outcome = outcome
        self._baton.wake(held)

    def begin(self, call: Callable[[], Any]) -> Pending:
        pending = Pending()
        thread = threading.Thread(target=self._follow, args=(pending, call), name=f"call {len(self._calls)}", daemon=True)
        pending.handle = player = Player(thread)
        self._calls.append(player)
        take_part(player, self._baton)
        thread.start()
        self._baton.add(player)
        return pending

    @staticmethod
    def _follow(pending: Pending, call: Callable[[], Any]) -> None:
        try:
            pending.outcome = Returned(call())
        except Abandoned:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it raises is the call's outcome
            pending.outcome = Raised(error)

    def now(self, function: Callable[[], Any]) -> Any:
        pending = self.begin(function)
        self._baton.run_first(pending.handle)
        if pending.outcome is None:
            self.settle()
        if pending.outcome is None:
            raise Hang("a function that should answer at once waits", self.stacks())
        return deliver(pending.outcome)

    def cancel(self, pending: Pending) -> None:
        raise NotImplementedError("a thread cannot be cancelled at the point where it stands")

    def settle(self) -> None:
        self._baton.run()

    def pass_time(self, seconds: float) -> None:
        self.pass_until(seconds, lambda: False)

    def pass_until(self, seconds: float, enough: Callable[[], bool]) -> float:
        self.settle()  # threads do not wait for one another to begin, as tasks of a loop do
        end = self._now + seconds
        deadlines = count()
        while (due := self._baton.next_deadline()) is not None and due <= end:
            if next(deadlines) > MOST_DEADLINES:
                raise Hang(f"the implementation spins: {MOST_DEADLINES} waits in {seconds:g} s", self.stacks())
            self._move_to(due)
            self._baton.wake_due()
            self.settle()
            if enough():
                return end - self._now
        self._move_to(end)
        return 0.0

    def _move_to(self, when: float) -> None:
        self.move_wall_clock(max(0.0, when - self._now))
        self._now = max(when, self._now)

    def move_wall_clock(self, seconds: float) -> None:
        self._wall.shift(seconds)

    def time(self) -> float:
        return self._now

    def stacks(self) -> list[str]:
        return self._baton.stacks()

    def waiting(self) -> list[str]:
        return self._baton.stacks(held=_Gate)

    def _keep_uncaught(self, failure: threading.ExceptHookArgs) -> None:
        if failure.exc_value is not None:
            self.uncaught.append(failure.exc_value)

    def _end_threads(self) -> None:
        self._over = True
        for gate in self._gates:
            if gate.outcome is None:
                self.free(gate, Raised(Abandoned()))
        try:
            self._stop_spinning()
            self.settle()
            self._doom()
        except Hang:
            self._stop_spinning()
        finally:
            self._give_up()

    def _doom(self) -> None:
        """End the calls and timers that still wait; other threads of the implementation may serve later examples."""
        for player in [*self._baton.members]:
            if player in self._calls or isinstance(player.thread, threading.Timer):
                player.doomed = True
                self._baton.make_ready(player)
        self.settle()

    def _stop_spinning(self) -> None:
        for player in self._baton.members:
            if player.state is State.RUNNING and player.used() > batons.SLICE:  # no other: it may hold a lock that is everybody's
                stop = ctypes.pythonapi.PyThreadState_SetAsyncExc
                stop(ctypes.c_ulong(player.thread.ident or 0), ctypes.py_object(Abandoned))

    def _give_up(self) -> None:
        for player in [*self._baton.members]:
            player.gone = True
            players.pop(player.thread.ident or 0, None)
            clocks.detach(player.thread.ident)
            if player.wake.locked():
                release_lock(player.wake)
