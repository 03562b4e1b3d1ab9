"""State synchronisation, for asyncio and for threads."""

from .distributed import DistributedStateSync
from .store import Store
from .tasks import StateSync
from .threads import ThreadedStateSync

__all__ = ["DistributedStateSync", "StateSync", "Store", "ThreadedStateSync"]
