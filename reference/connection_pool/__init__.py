"""The connection pool: `accounts` decide; `tasks` and `threads` do what they decided."""

from .tasks import ConnectionPool
from .threads import ThreadedConnectionPool

__all__ = ["ConnectionPool", "ThreadedConnectionPool"]
