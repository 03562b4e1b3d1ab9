"""What subscribers are still owed, where answers take real time."""

from __future__ import annotations

from collections.abc import Sequence

from patternproof.drivers import Cancelled, Pending, Returned
from patternproof.ports.event_bus import EventBusSettings

from .samples import TOPIC_OF
from .subscribers import Subscriber


class Owing:
    """Tells whether something is still to come, or all that waits has reason to.

    It judges nothing: what is owed decides how long the kit looks, and never what is right.

    Args:
        settings: of the bus.
        subscribers: of the bus, by number; whoever makes them adds to it.
    """

    def __init__(self, settings: EventBusSettings, subscribers: dict[int, Subscriber]) -> None:
        self._settings = settings
        self._subscribers = subscribers
        # Changed by `begins`, and by whoever stops a broker, only.
        self._recipients: dict[int, list[int]] = {}
        """Who had subscribed when the publishing of an event began that is not over; numbers, since they may be let go of."""
        self.broker_is_away = False
        """Whether nothing can come now."""

    def begins(self, number: int, topic: str) -> None:
        """An event is about to be published."""
        self._recipients[number] = [each.number for each in self._subscribers.values() if each.stands_for(TOPIC_OF[topic])]

    def accepted(self, number: int) -> None:
        """The publishing of an event has ended well."""
        for recipient in self._recipients.pop(number, ()):
            if recipient in self._subscribers:
                self._subscribers[recipient].owed.add(str(number))

    def anything(self, publishing: Sequence[int], closing: Pending | None) -> bool:
        """Whether an answer is still to come.

        Args:
            publishing: the events whose publish() is not over.
            closing: the call of close(), if there was one.
        """
        if self.broker_is_away:
            return False
        if any(each.awaits() for each in self._subscribers.values()) or (publishing and not self._may_wait()):
            return True
        match closing.outcome if closing is not None else Cancelled():
            case None:
                return not any(each.busy or each.outstanding for each in self._subscribers.values())
            case Returned():
                return any(each.receives for each in self._subscribers.values())  # it is to be told of the end
        return False

    def _may_wait(self) -> bool:
        """Whether a publisher may have to wait for room."""
        full = [each for each in self._subscribers.values() if each.busy or each.outstanding >= self._settings.capacity]
        return self._settings.overflow == "block" and bool(full)
