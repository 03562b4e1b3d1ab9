"""The event bridge and the state switch for threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Condition, Lock
from typing import Any, TypeVar

from patternproof.ports.event_bus import Event, Topic, UserAction
from patternproof.ports.migration import Action, Flag, action_of, event_of
from patternproof.ports.shared_state import Snapshot, Updater

from .bridge import MOST_DONE
from .switch import replacing

T = TypeVar("T")


class Deed:
    """An action that is under way, or has taken effect."""

    def __init__(self) -> None:
        self.effect: Future[Any] = Future()
        self.announced = False
        """Whether its event is on the bus, or somebody is about to publish it."""


class ThreadedEventBridge:
    """As `EventBridge`, for threads: whoever comes first with an action performs it, and the others wait for that.

    Args:
        direct: the old way, plain.
        bus: the new one, plain.
    """

    def __init__(self, direct: Any, bus: Any) -> None:
        self._direct = direct
        self._bus = bus
        self._lock = Lock()
        # Changed with the lock held only.
        self._deeds: OrderedDict[str, Deed] = OrderedDict()
        bus.handle((Topic.USER,), self._hear)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self._deeds)} done or under way>"

    def perform(self, action: Action) -> Any:
        deed, first = self._deed(action)
        result = self._effect(deed, action, first)
        self._announce(deed, action)
        return result

    def _hear(self, event: Event) -> None:
        if isinstance(event, UserAction):
            action = action_of(event)
            deed, first = self._deed(action)
            with self._lock:
                deed.announced = True
            self._effect(deed, action, first)

    def _deed(self, action: Action) -> tuple[Deed, bool]:
        with self._lock:
            first = action.id not in self._deeds
            return self._deeds.setdefault(action.id, Deed()), first

    def _effect(self, deed: Deed, action: Action, first: bool) -> Any:
        if not first:
            return deed.effect.result()
        try:
            result = self._direct.perform(action)
        except BaseException as error:
            with self._lock:
                del self._deeds[action.id]
            deed.effect.set_exception(error)
            raise
        deed.effect.set_result(result)
        self._forget()
        return result

    def _forget(self) -> None:
        with self._lock:
            done = [each for each, deed in self._deeds.items() if deed.effect.done()]
            for oldest in done[: len(done) - MOST_DONE]:
                del self._deeds[oldest]

    def _announce(self, deed: Deed, action: Action) -> None:
        with self._lock:
            announced, deed.announced = deed.announced, True
        if announced:
            return
        try:
            self._bus.publish(event_of(action))
        except BaseException:
            with self._lock:
                deed.announced = False
            raise


class ThreadedStateSwitch:
    """As `StateSwitch`, for threads.

    Args:
        old: the store where the flag is not set, plain.
        new: the store where it is, plain.
        flag: whether to use the new one.
    """

    def __init__(self, old: Any, new: Any, flag: Flag) -> None:
        self._stores = {False: old, True: new}
        self._flag = flag
        self._changed = Condition()
        # Changed with the condition held only.
        self._new = bool(flag())
        self._moving = False
        self._under_way = 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in the {'new' if self._new else 'old'} store, {self._under_way} under way>"

    def update(self, function: Updater[T]) -> T:
        with self._store() as store:
            result: T = store.update(function)
            return result

    def get(self) -> Snapshot:
        with self._store() as store:
            snapshot: Snapshot = store.get()
            return snapshot

    @contextmanager
    def _store(self) -> Iterator[Any]:
        with self._changed:
            self._changed.wait_for(lambda: not self._moving)
            self._moving = bool(self._flag()) != self._new
            moves = self._moving
            if moves:
                self._changed.wait_for(lambda: not self._under_way)
            self._under_way += 1
        try:
            if moves:
                self._move()
            yield self._stores[self._new]
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _move(self) -> None:
        """Copy all to the other store; no call is under way, and none begins."""
        try:
            self._stores[not self._new].update(replacing(self._stores[self._new].get().data))
            self._new = not self._new
        finally:
            with self._changed:
                self._moving = False
                self._changed.notify_all()
