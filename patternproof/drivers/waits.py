"""What waits in a thread, waiting in virtual time.

Everything in the standard library that waits for another thread does so through the methods of few C types: a `Condition`, an
`Event`, a `Semaphore` and a `queue.Queue` wait for a lock. These methods are exchanged while an example runs; in a thread that
is not one of the example's they go straight on to the original.
"""

from __future__ import annotations

import queue
import threading
import time
from _queue import SimpleQueue
from _thread import LockType, RLock
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from patternproof.drivers.baton import Baton
from patternproof.drivers.exchange import exchange_function, exchanged_methods
from patternproof.drivers.players import Abandoned, Player, State, acquire_lock, locked, player_here, players

_baton: Baton | None = None
_sleep_is_exchanged = False


def _current() -> Player | None:
    """The calling thread's player, in its turn; None where waiting is native."""
    player = player_here()
    if player is None or player.busy or player.gone or _baton is None:
        return None
    if player.away:
        _baton.give_way(player)
    return player


def _wait(player: Player, attempt: Callable[[], bool], on: Any, timeout: float | None = None) -> bool:
    assert _baton is not None, "a thread has a player only while an example runs"
    return _baton.wait(player, attempt, on, None if timeout is None else _baton.now() + timeout)


def _wake(on: Any) -> None:
    if _baton is not None:
        _baton.wake(on)


def _acquiring(native: Callable[..., bool]) -> Callable[..., bool]:
    def acquire(self: Any, blocking: bool = True, timeout: float = -1) -> bool:
        player = _current()
        if player is None or not blocking or not (timeout == -1 or 0 <= timeout <= threading.TIMEOUT_MAX):
            return native(self, blocking, timeout)
        if _wait(player, partial(native, self, False), self, None if timeout == -1 else timeout):
            return True
        return player.gone and native(self)

    return acquire


def _releasing(native: Callable[..., Any]) -> Callable[..., Any]:
    def release(self: Any, *arguments: Any) -> Any:
        result = native(self, *arguments)
        _wake(self)
        return result

    return release


def _acquire_restore(self: Any, state: tuple[int, int]) -> None:
    player = _current()
    if player is None or not _wait(player, partial(_acquire_rlock, self, False), self):
        _native_acquire_restore(self, state)
        return
    for _ in range(state[0] - 1):
        _acquire_rlock(self)


def _get(self: Any, block: bool = True, timeout: float | None = None) -> Any:
    player = _current()
    if player is None or not block or (timeout is not None and timeout < 0):
        return _native_get(self, block, timeout)
    got: list[Any] = []

    def attempt() -> bool:
        try:
            got.append(_native_get(self, False))
        except queue.Empty:
            return False
        return True

    if _wait(player, attempt, self, timeout):
        return got[0]
    if player.gone:
        return _native_get(self)
    raise queue.Empty


def _sleeping(native: Callable[[float], None]) -> Callable[[float], None]:
    def sleep(seconds: float, /) -> None:
        player = _current()
        if player is None or _baton is None or not seconds >= 0:
            native(seconds)
        elif seconds == 0:
            _baton.give_way(player)
        else:
            _wait(player, lambda: False, object(), seconds)
            if player.gone:
                acquire_lock(locked())

    return sleep


def _start(self: threading.Thread) -> None:
    player, baton = _current(), _baton
    if player is None or baton is None or self._started.is_set():  # type: ignore[attr-defined]  # no public name tells it
        _native_start(self)
        return
    self.daemon = True  # a thread that the example leaves behind must not hold up the end of the process
    child = Player(self)
    take_part(child, baton)
    player.busy = True
    try:
        _native_start(self)
        baton.add(child)
    finally:
        player.busy = False


def take_part(player: Player, baton: Baton) -> None:
    """Have a thread that is about to start run its part in turn with the others."""
    thread = player.thread
    part = thread.run

    def run() -> None:
        del thread.run
        baton.enter(player)
        try:
            player.raise_if_doomed()
            part()
        except Abandoned:
            pass
        finally:
            baton.leave(player)

    thread.run = run  # type: ignore[method-assign]  # the instance's own, so that subclasses are served too


def _join(self: threading.Thread, timeout: float | None = None) -> None:
    player = _current()
    other = players.get(self.ident or 0)
    if player is None or other is None or other is player or other.thread is not self:
        _native_join(self, timeout)
        return
    ended = _wait(player, lambda: other.state is State.ENDED, other, None if timeout is None else max(timeout, 0))
    if ended or player.gone:
        player.busy = True
        _native_join(self)
        player.busy = False


_time_sleep = time.sleep
_acquire_rlock = RLock.acquire
_native_acquire_restore = RLock._acquire_restore  # type: ignore[attr-defined]  # what a Condition calls
_native_get = SimpleQueue.get
_native_start = threading.Thread.start
_native_join = threading.Thread.join

_LOCK: dict[str, Callable[..., Any]] = {
    **{name: _acquiring(getattr(LockType, name)) for name in ("acquire", "acquire_lock", "__enter__")},
    **{name: _releasing(getattr(LockType, name)) for name in ("release", "release_lock", "__exit__")},
}
_RLOCK: dict[str, Callable[..., Any]] = {
    **{name: _acquiring(getattr(RLock, name)) for name in ("acquire", "__enter__")},
    **{name: _releasing(getattr(RLock, name)) for name in ("release", "__exit__", "_release_save")},
    "_acquire_restore": _acquire_restore,
}
_QUEUE: dict[str, Callable[..., Any]] = {
    "get": _get,
    **{name: _releasing(getattr(SimpleQueue, name)) for name in ("put", "put_nowait")},
}


@contextmanager
def virtual_waits(baton: Baton) -> Iterator[None]:
    """Make the waits of the baton's threads virtual, for the scope of an example."""
    global _baton, _sleep_is_exchanged
    if not _sleep_is_exchanged:
        exchange_function(_time_sleep, _sleeping)
        _sleep_is_exchanged = True
    with ExitStack() as stack:
        for kind, methods in ((LockType, _LOCK), (RLock, _RLOCK), (SimpleQueue, _QUEUE)):
            stack.enter_context(exchanged_methods(kind, methods))
        stack.enter_context(_threads_exchanged())
        _baton = baton
        try:
            yield
        finally:
            _baton = None


@contextmanager
def _threads_exchanged() -> Iterator[None]:
    threading.Thread.start, threading.Thread.join = _start, _join  # type: ignore[method-assign]  # for a scope
    try:
        yield
    finally:
        threading.Thread.start, threading.Thread.join = _native_start, _native_join  # type: ignore[method-assign]  # back again
