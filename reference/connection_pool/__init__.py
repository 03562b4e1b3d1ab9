"""The connection pool, for asyncio and for threads."""

from .tasks import ConnectionPool
from .threads import ThreadedConnectionPool

__all__ = ["ConnectionPool", "ThreadedConnectionPool"]
