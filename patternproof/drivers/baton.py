"""Running the threads of an example one at a time.

Each thread runs until it waits, is held or ends, and only then the next goes on, in the order in which they became ready: the
same history gives the same result at every run and under any load. What a thread waits for is known exactly, because it parks
on a lock of its own here and tries again when told so, whatever it waits for. A thread that waits where the kit cannot see it
(a socket, a lock of a C library) or that spins is left to run beside the others, and counts as settled once it stands still.
"""

from __future__ import annotations

import _queue
from _thread import LockType, RLock, get_ident
from collections import deque
from collections.abc import Callable
from itertools import count
from threading import Thread
from typing import Any

from patternproof.drivers import clocks, relapses
from patternproof.drivers.base import Hang
from patternproof.drivers.players import Player, State, acquire_lock, frame_of, locked, players, release_lock, where
from patternproof.drivers.stillness import glance, still

SLICE = 0.02
"""Real seconds after which a running thread is looked at, to see whether it stands still or others should run beside it."""
MOST_TURNS = 20_000
"""Turns of threads in one settling after which the implementation counts as spinning."""
MOST_PROCESSOR_SECONDS = 3.0
"""Processor time that a thread may use in one settling, far beyond what any right one needs."""
MOST_IN_RELAPSE = 0.1
"""The same where it has spun before: that is proved, and a run must not take as long as each of a hundred proofs."""
MOST_SECONDS = 30.0
"""Real seconds that a settling may take while a thread neither stands still nor uses the processor."""

_acquire_rlock = RLock.acquire
_release_rlock = RLock.release


class Baton:
    """Lets the threads of one example run in turn.

    Args:
        now: the virtual monotonic time, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.members: list[Player] = []
        self._ready: deque[Player] = deque()  # its appends and pops are atomic: any thread may make another ready
        self._order = count()

    # Called in the threads of the example.

    def enter(self, player: Player) -> None:
        """Make the calling thread that player, and wait for its first turn."""
        clocks.attach(self.now)
        players[get_ident()] = player
        release_lock(player.started)
        acquire_lock(player.wake)
        player.busy = False

    def leave(self, player: Player) -> None:
        """End the calling thread's part in the example."""
        player.busy = True
        players.pop(get_ident(), None)
        clocks.detach()
        player.state = State.ENDED
        self.members.remove(player)
        self.wake(player)
        release_lock(player.turn_over)

    def wait(self, player: Player, attempt: Callable[[], bool], on: Any, deadline: float | None = None) -> bool:
        """Wait in the calling thread until ``attempt()`` succeeds.

        Args:
            player: the calling thread's.
            attempt: tried at once, and again whenever `on` is woken; it never waits.
            on: what the thread waits for.
            deadline: virtual time at which to give up; None: never.

        Returns:
            Whether it succeeded.

        Raises:
            Abandoned: the example is over.
        """
        player.number = next(self._order)
        while not attempt():
            if player.gone or (deadline is not None and self.now() >= deadline):
                return False
            player.waits_for, player.deadline = on, deadline
            self._park(player, State.WAITING)
        return True

    def give_way(self, player: Player) -> None:
        """Let every other thread that is ready run first."""
        self._park(player, State.READY)

    def _park(self, player: Player, state: State) -> None:
        player.busy = True
        turn_over, player.turn_over = player.turn_over, locked()
        player.state = state  # from here on another thread may make it ready and give it the next turn
        if state is State.READY:
            self._ready.append(player)
        release_lock(turn_over)
        acquire_lock(player.wake)
        player.busy = False
        player.raise_if_doomed()

    # Called in any thread.

    def add(self, player: Player) -> None:
        """Let a thread that was started have its turn, after those that are ready."""
        acquire_lock(player.started)
        self.members.append(player)
        player.state = State.READY
        self._ready.append(player)

    def wake(self, on: Any) -> None:
        """Let the threads that wait for it try again, first come first."""
        for player in sorted([each for each in self.members if each.waits_for is on], key=lambda each: each.number):
            self.make_ready(player)

    def make_ready(self, player: Player) -> None:
        if player.state is State.WAITING:
            player.state = State.READY
            self._ready.append(player)

    # Called in the thread of the kit.

    def adopt(self, thread: Thread) -> Player:
        """Count a thread that already runs as one of the example's."""
        player = Player(thread)
        player.state, player.away, player.busy = State.RUNNING, True, False
        self.members.append(player)
        players[thread.ident or 0] = player
        clocks.attach(self.now, thread.ident)
        return player

    def next_deadline(self) -> float | None:
        """The earliest virtual time at which a wait is over."""
        waiting = (each.deadline for each in self.members if each.state is State.WAITING)
        return min((deadline for deadline in waiting if deadline is not None), default=None)

    def wake_due(self) -> None:
        """Let the threads whose waits are over go on, the earliest first."""
        due = [(each.deadline, each.number, each) for each in self.members if each.deadline is not None]
        for deadline, _, player in sorted(due, key=lambda each: each[:2]):
            if deadline <= self.now():
                self.make_ready(player)

    def run(self) -> None:
        """Let the threads run until none can go on by itself.

        Raises:
            Hang: one spins, or they wake one another without an end.
        """
        for player in self._away():
            player.watch()
        turns = 0
        while self._ready or self._freed_unseen() or not self._rest_is_still():
            turns += len(self._ready)
            if turns > MOST_TURNS:
                raise Hang(f"the implementation spins: {MOST_TURNS} turns of its threads and still not at rest", self.stacks())
            for _ in range(len(self._ready)):
                self._give_turn(self._ready.popleft())

    def run_first(self, player: Player) -> None:
        """Let one thread have its turn before all others that are ready."""
        self._ready.remove(player)
        self._give_turn(player)

    def _give_turn(self, player: Player) -> None:
        if player.state is not State.READY:
            return
        player.state, player.away, player.waits_for, player.deadline = State.RUNNING, False, None, None
        player.watch()
        turn_over = player.turn_over
        release_lock(player.wake)
        while not acquire_lock(turn_over, True, SLICE):
            if _still([player]) or (self._ready and player.used() > SLICE):
                player.away = True
                return
            self._limit(player)

    def _freed_unseen(self) -> bool:
        """Wake who waits for something that code outside of Python let go."""
        for player in self.members:
            if player.state is State.WAITING and _is_free(player.waits_for):
                self.make_ready(player)
        return bool(self._ready)

    def _away(self) -> list[Player]:
        return [player for player in self.members if player.state is State.RUNNING]

    def _rest_is_still(self) -> bool:
        away = self._away()
        if not away or _still(away):
            return not self._ready
        for player in away:
            self._limit(player)
        return False

    def _limit(self, player: Player) -> None:
        frame = frame_of(player)
        most = MOST_IN_RELAPSE if relapses.is_relapse(frame) else MOST_PROCESSOR_SECONDS
        if player.used() > most:
            relapses.remember(frame)
            raise Hang(f"the implementation spins: {where(player)}, after {most:g} s of it", self.stacks())
        if player.watched() > MOST_SECONDS:
            raise Hang(f"the implementation is never at rest: {where(player)}, after {MOST_SECONDS:g} s", self.stacks())

    def stacks(self, held: type | tuple[type, ...] = ()) -> list[str]:
        """Where each thread of the example stands; without those that wait for something of the types `held`."""
        return [where(player) for player in self.members if not isinstance(player.waits_for, held)]


def _still(members: list[Player]) -> bool:
    """Whether all of them stand still; one inside of the kit's own code is about to go on, however long it is kept from it."""
    if any(player.busy for player in members):
        glance()
        return False
    return still([player.thread for player in members])


def _is_free(what: Any) -> bool:
    if isinstance(what, LockType):
        return not what.locked()
    if isinstance(what, RLock):
        free = _acquire_rlock(what, False)
        if free:
            _release_rlock(what)
        return free
    return isinstance(what, _queue.SimpleQueue) and not what.empty()
