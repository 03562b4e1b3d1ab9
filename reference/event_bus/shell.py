"""What the buses for asyncio and for threads share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, get_args

from patternproof.ports.event_bus import (
    BusClosedError,
    ErrorListener,
    Event,
    EventBusSettings,
    EventTooLargeError,
    OverflowPolicy,
    Topic,
    UnknownEventError,
    UnknownTopicError,
    decode,
    encode,
)

from .mailbox import Mailbox

S = TypeVar("S", bound=Mailbox)
_log = logging.getLogger(__name__)


class Shell(Generic[S]):
    """Subscriptions by topic, and what is refused.

    Args:
        settings: of the bus.

    Raises:
        ValueError: a setting is out of its range; the message names it.
    """

    encode: Callable[[Event], bytes] = staticmethod(encode)
    decode: Callable[[bytes], Event] = staticmethod(decode)

    def __init__(self, settings: EventBusSettings) -> None:
        _validate(settings)
        self._settings = settings
        self._blocks = settings.overflow == "block"
        self._listeners: list[ErrorListener] = []
        # Changed by _add, _remove and close() only. The tuples are replaced, never changed under who goes through one.
        self._routes: dict[Topic, tuple[S, ...]] = dict.fromkeys(Topic, ())
        self._closed = False

    def __repr__(self) -> str:
        counts = ", ".join(f"{topic}: {len(subscriptions)}" for topic, subscriptions in self._routes.items() if subscriptions)
        return f"<{type(self).__name__} {'closed, ' * self._closed}subscriptions {counts or 'none'}>"

    def add_error_listener(self, listener: ErrorListener) -> None:
        """Have a plain function called with the error of each handler that fails; with none they are logged."""
        self._listeners.append(listener)

    def _checked(self, event: Any) -> tuple[S, ...]:
        """The subscriptions that an event is for."""
        if self._closed:
            raise BusClosedError("the bus is closed")
        if not isinstance(event, Event):
            known = ", ".join(kind.__name__ for kind in Event.__subclasses__())
            raise UnknownEventError(f"publish() takes one of {known}; got {type(event).__name__}")
        most = self._settings.max_bytes
        if most is not None and (size := len(encode(event))) > most:
            raise EventTooLargeError(f"{type(event).__name__} takes {size} bytes; the bus was made for at most {most}")
        return self._routes[event.topic]

    def _add(self, subscription: S, topics: Iterable[Topic]) -> None:
        if self._closed:
            raise BusClosedError("the bus is closed")
        for topic in known_topics(topics):
            self._routes[topic] += (subscription,)

    def _remove(self, subscription: S) -> None:
        for topic, subscriptions in self._routes.items():
            if subscription in subscriptions:
                self._routes[topic] = tuple([each for each in subscriptions if each is not subscription])

    def _subscriptions(self) -> list[S]:
        return list(dict.fromkeys(each for subscriptions in self._routes.values() for each in subscriptions))

    def _report(self, error: BaseException) -> None:
        if not self._listeners:
            _log.error("a handler failed: %s", error, exc_info=error)
        for listener in self._listeners:
            try:
                listener(error)
            except Exception:  # noqa: BLE001  # whatever a listener raises, the others are still to hear
                _log.exception("an error listener failed")


def known_topics(topics: Iterable[Topic]) -> frozenset[Topic]:
    """Topics as a set.

    Raises:
        UnknownTopicError: there is no such topic, or none was given.
    """
    found = set()
    for topic in topics:
        try:
            found.add(Topic(topic))
        except ValueError as error:
            raise UnknownTopicError(f"no topic {topic!r}; there are {', '.join(Topic)}") from error
    if not found:
        raise UnknownTopicError(f"a subscription asks for at least one topic of {', '.join(Topic)}; got none")
    return frozenset(found)


def _validate(settings: EventBusSettings) -> None:
    capacity, overflow, most = settings.capacity, settings.overflow, settings.max_bytes
    _require(_is_count(capacity), f"capacity must be at least 1 event, got {capacity!r}")
    policies = get_args(OverflowPolicy)
    _require(overflow in policies, f"overflow must be one of {', '.join(policies)}; got {overflow!r}")
    _require(most is None or _is_count(most), f"max_bytes must be at least 1, or None for no limit, got {most!r}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
