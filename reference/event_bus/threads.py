"""The event bus for threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition, Lock, Thread, current_thread
from typing import Any, Self

from patternproof.ports.event_bus import (
    Event,
    EventBusSettings,
    Overflowed,
    SubscriptionClosedError,
    Topic,
)

from .mailbox import Mailbox
from .shell import Shell


class ThreadedSubscription(Mailbox):
    """As `Subscription`, for threads."""

    __slots__ = ("_arrived", "_bus")

    def __init__(self, bus: ThreadedEventBus, settings: EventBusSettings, lock: Lock) -> None:
        super().__init__(settings)
        self._bus = bus
        self._arrived = Condition(lock)

    def put(self, event: Event) -> None:
        super().put(event)
        self._arrived.notify()

    def receive(self) -> Event:
        with self._arrived:
            while (event := self.take()) is None:
                self.readers += 1
                try:
                    self._arrived.wait()
                finally:
                    self.readers -= 1
            self._bus.go_on()
            return event

    def end(self, drain: bool) -> None:
        super().end(drain)
        self._arrived.notify_all()

    def unsubscribe(self) -> None:
        self._bus.leave(self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        try:
            return self.receive()
        except SubscriptionClosedError:
            raise StopIteration from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.unsubscribe()


class ThreadedEventBus(Shell[ThreadedSubscription]):
    """As `EventBus`, for threads.

    One lock guards all; no handler and no listener is called with it held. Handlers have a thread each, which does not keep the
    process alive.
    """

    def __init__(self, settings: EventBusSettings) -> None:
        super().__init__(settings)
        self._lock = Lock()
        self._room = Condition(self._lock)
        self._held_up: deque[object] = deque()
        self._serving: list[Thread] = []

    def publish(self, event: Event) -> None:
        with self._lock:
            if self._checked(event) and self._blocks:
                self._wait(event)
            for subscription in self._checked(event):
                subscription.put(event)
                if subscription.disconnected:
                    self._remove(subscription)

    def _wait(self, event: Event) -> None:
        """Wait for one's turn, and for room in every subscription."""
        turn = object()
        self._held_up.append(turn)
        try:
            while not self._closed and (self._held_up[0] is not turn or any(each.is_full for each in self._routes[event.topic])):
                self._room.wait()
        finally:
            self._held_up.remove(turn)
            self.go_on()

    def go_on(self) -> None:
        """Wake the publishers that wait; they find out by themselves what for. Called with the lock held."""
        if self._held_up:
            self._room.notify_all()

    def subscribe(self, *topics: Topic) -> ThreadedSubscription:
        with self._lock:
            subscription = ThreadedSubscription(self, self._settings, self._lock)
            self._add(subscription, topics)
            return subscription

    def handle(self, topics: tuple[Topic, ...], handler: Callable[[Event], Any]) -> ThreadedSubscription:
        subscription = self.subscribe(*topics)
        thread = Thread(target=self._serve, args=(subscription, handler), daemon=True)
        with self._lock:
            self._serving.append(thread)
        thread.start()
        return subscription

    def _serve(self, subscription: ThreadedSubscription, handler: Callable[[Event], Any]) -> None:
        try:
            while self._served(subscription, handler):
                pass
        finally:
            with self._lock:
                self._serving.remove(current_thread())

    def _served(self, subscription: ThreadedSubscription, handler: Callable[[Event], Any]) -> bool:
        try:
            event = subscription.receive()
        except SubscriptionClosedError:
            return False
        except Overflowed as gap:
            self._report(gap)
            return True
        try:
            handler(event)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises is reported; the next event is another matter
            self._report(error)
        return True

    def leave(self, subscription: ThreadedSubscription) -> None:
        """Let go of a subscription."""
        with self._lock:
            self._remove(subscription)
            subscription.end(drain=False)
            self.go_on()

    def close(self) -> None:
        """As in the port; waits until handlers have drained what was accepted, unless one of them closes the bus itself."""
        with self._lock:
            self._closed = True
            for subscription in self._subscriptions():
                subscription.end(drain=True)
            self.go_on()
            serving = [*self._serving]
        if current_thread() not in serving:
            for thread in serving:
                thread.join()
