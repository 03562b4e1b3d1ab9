"""The event bus, for asyncio and for threads."""

from .tasks import EventBus
from .threads import ThreadedEventBus

__all__ = ["EventBus", "ThreadedEventBus"]
