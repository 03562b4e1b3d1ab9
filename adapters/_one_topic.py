"""Subscribing where a subscription has one topic."""

from __future__ import annotations

from patternproof.ports import Unsupported
from patternproof.ports.event_bus import EventBusSettings, Topic


def only(topics: tuple[Topic, ...]) -> Topic:
    """The topic that was asked for.

    Raises:
        Unsupported: several were.
    """
    if len(topics) != 1:
        raise Unsupported("topics")
    return topics[0]


def offer(settings: EventBusSettings, overflow: str, *others: str) -> None:
    """Refuse what a bus does not have: any policy but one, and settings that are not named.

    Raises:
        Unsupported: it is asked for.
    """
    plain = EventBusSettings()
    lacking = [
        name for name in ("capacity", "max_bytes") if name not in others and getattr(settings, name) != getattr(plain, name)
    ]
    lacking += ["overflow"] if settings.overflow != overflow else []
    if lacking:
        raise Unsupported(*lacking)
