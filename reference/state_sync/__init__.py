"""State synchronisation, for asyncio and for threads."""

from .store import Store
from .tasks import StateSync
from .threads import ThreadedStateSync

__all__ = ["StateSync", "Store", "ThreadedStateSync"]
