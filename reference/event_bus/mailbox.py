"""What waits for one subscriber; decides, and does no I/O."""

from __future__ import annotations

from collections import deque

from patternproof.ports.event_bus import Event, EventBusSettings, Overflowed, SubscriptionClosedError


class Mailbox:
    """The events that wait for one subscriber, the oldest first.

    While it has room put() keeps what it is given; whether it has is up to whoever puts, under the policy "block". A reader that
    waits makes room for one event more: that is as good as received.

    Args:
        settings: capacity and overflow policy.
    """

    __slots__ = ("__weakref__", "_capacity", "_gap", "_overflow", "disconnected", "dropped", "ended", "readers", "waiting")

    def __init__(self, settings: EventBusSettings) -> None:
        self._capacity = settings.capacity
        self._overflow = settings.overflow
        # Changed by put, take and end only, but for `readers`, which whoever reads counts.
        self.waiting: deque[Event] = deque()
        self.readers = 0
        self.dropped = 0
        self._gap = 0
        self.ended = False
        self.disconnected = False

    def __repr__(self) -> str:
        state = "disconnected, " * self.disconnected + "ended, " * self.ended
        return f"<{type(self).__name__} {state}{len(self.waiting)} waiting, {self.dropped} dropped, {self.readers} readers>"

    @property
    def is_full(self) -> bool:
        return len(self.waiting) >= self._capacity + self.readers

    def put(self, event: Event) -> None:
        """Keep an event, or do as the policy says where there is no room."""
        if len(self.waiting) < self._capacity + self.readers:
            self.waiting.append(event)
            return
        self.dropped += 1
        self._gap += 1
        if self._overflow == "drop_oldest":
            self.waiting.popleft()
            self.waiting.append(event)
        elif self._overflow == "disconnect":
            self.disconnected = True

    def take(self) -> Event | None:
        """The next event; None: none has come yet.

        Raises:
            Overflowed: some were dropped, and that was not told yet; or, once nothing waits, it was disconnected.
            SubscriptionClosedError: it has ended, and nothing waits.
        """
        if self.waiting and (not self._gap or self.disconnected):
            return self.waiting.popleft()
        if self._gap:
            gap, self._gap = self._gap, 0
            raise Overflowed(gap)
        if self.ended or self.disconnected:
            raise SubscriptionClosedError("the subscription has ended, and nothing is left to be received")
        return None

    def end(self, drain: bool) -> None:
        """Let nothing more come; `drain` says whether what waits may still be taken."""
        self.ended = True
        if not drain:
            self.waiting.clear()
