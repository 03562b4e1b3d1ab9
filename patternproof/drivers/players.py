"""The threads of an example, and what each is about."""

from __future__ import annotations

import re
import sys
from _thread import LockType, allocate_lock, get_ident
from enum import Enum
from threading import Thread, get_native_id
from types import FrameType
from typing import Any

from patternproof.drivers import clocks
from patternproof.drivers.stillness import processor_time

MOST_DOOMS = 50
"""How often a thread is told that the example is over before it is left alone."""

_UNNAMED = re.compile(r"^Thread-\d+(?: \((.*)\))?$")
"""The names that Python gives; its numbers depend on what ran before."""

acquire_lock = LockType.acquire
release_lock = LockType.release
"""The native methods: the kit's own waiting never passes through the exchanged ones."""


class Abandoned(BaseException):
    """The example is over: raised where a thread waits, so that it ends.

    Not an Exception, so that no implementation takes it for a failure of its own.
    """


class State(Enum):
    """What a thread is about. Only the thread itself leaves RUNNING."""

    STARTING = "starting"
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"


class Player:
    """One thread of an example."""

    def __init__(self, thread: Thread) -> None:
        self.thread = thread
        self.state = State.STARTING
        self.number = 0
        """Its place among those that wait."""
        self.waits_for: Any = None
        self.deadline: float | None = None
        self.busy = True
        """Inside the kit's own code, or the threading module's, where waiting is native."""
        self.away = False
        """Left to run beside the others: it waits for its turn at the next chance."""
        self.doomed = False
        self.dooms = 0
        self.gone = False
        """Given up: its waiting is native, and for as long as it takes."""
        self.started = locked()
        self.wake = locked()
        self.turn_over = locked()
        self.watch()

    def watch(self) -> None:
        """Measure `used` and `watched` from now on."""
        self._used_before = processor_time(self.thread)
        self._watched_since = clocks.real_monotonic()

    def used(self) -> float:
        """Seconds of processor time since `watch`."""
        return processor_time(self.thread) - self._used_before

    def watched(self) -> float:
        """Real seconds since `watch`."""
        return clocks.real_monotonic() - self._watched_since

    def raise_if_doomed(self) -> None:
        """Tell the thread that the example is over, a limited number of times."""
        if self.doomed and not self.gone:
            self.dooms += 1
            self.gone = self.dooms >= MOST_DOOMS
            raise Abandoned


players: dict[int, Player] = {}
"""The threads of the example that is running, by identifier."""


def player_here() -> Player | None:
    """The calling thread's player.

    Identifiers are used again: a thread that was adopted may have ended, and the calling one have got its identifier.
    """
    player = players.get(get_ident())
    return player if player is not None and player.thread.native_id == get_native_id() else None


def locked() -> LockType:
    """A lock for one thread to wait on and another to release."""
    lock = allocate_lock()
    acquire_lock(lock)
    return lock


def frame_of(player: Player) -> FrameType | None:
    """The innermost frame of a thread; None once it has ended."""
    return sys._current_frames().get(player.thread.ident or 0)


def where(player: Player) -> str:
    """The thread's name, and the innermost line that is neither the kit's nor the threading module's."""
    frame = frame_of(player)
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(("patternproof.drivers", "threading", "queue")):
        frame = frame.f_back
    name = _UNNAMED.sub(lambda match: f"of {match[1] or 'the implementation'}", player.thread.name)
    if frame is None:
        return f"thread {name}: in the kit's own code"
    return f"thread {name} at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
