"""SQLAlchemy's engine and QueuePool over a SQLite file."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from patternproof.ports.connection_pool import ConnectionPoolSettings

from ._sqlalchemy_engine import Paired, Pool, engine_pool

RUNTIME = "threads"
ADAPTS = {"sqlalchemy"}
CLAIMS: set[str] = set()


class PairedConnection(Paired, sqlite3.Connection):
    """A connection to the file, paired with one of the kit's."""


def connection_pool(connect: Callable[[], Any], settings: ConnectionPoolSettings) -> Iterator[Pool]:
    with tempfile.TemporaryDirectory(prefix="patternproof-sqlite-") as folder:
        file = Path(folder, "database")
        open_real = partial(sqlite3.connect, file, factory=PairedConnection, check_same_thread=False)
        yield from engine_pool("sqlite:///", connect, open_real, settings)
