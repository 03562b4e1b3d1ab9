"""SQLAlchemy's engine and QueuePool over PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg

from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.servers import postgres_url

from ._sqlalchemy_engine import Paired, Pool, engine_pool

RUNTIME = "threads"
ADAPTS = {"sqlalchemy", "psycopg"}
CLAIMS: set[str] = set()


class PairedConnection(Paired, psycopg.Connection[Any]):
    """A connection to PostgreSQL, paired with one of the kit's."""


def connection_pool(connect: Callable[[], Any], settings: ConnectionPoolSettings) -> Iterator[Pool]:
    open_real = partial(PairedConnection.connect, postgres_url())
    yield from engine_pool("postgresql+psycopg://", connect, open_real, settings)
