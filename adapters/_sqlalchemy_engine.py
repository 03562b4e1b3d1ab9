"""A SQLAlchemy engine whose connections are paired with the kit's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import QueuePool

from patternproof.ports import Unsupported
from patternproof.ports.connection_pool import ConnectionPoolSettings

from ._borrowing import Borrowing
from .sqlalchemy import queue_pool_options, translate


class Paired:
    """Mixed into a driver's connection: it is opened, fails and is closed together with one of the kit's, its `twin`."""

    twin: Any

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        self._fail_with_twin()
        return super().cursor(*arguments, **options)  # type: ignore[misc]  # the driver's class comes next

    def rollback(self) -> None:
        self._fail_with_twin()
        super().rollback()  # type: ignore[misc]  # the driver's class comes next
        self.twin.reset()

    def close(self) -> None:
        super().close()  # type: ignore[misc]  # the driver's class comes next
        self.twin.close()

    def request(self, payload: Any) -> Any:
        """A statement in the database, and a request over the kit's connection, which tells how it failed."""
        if self.twin.is_alive():
            cursor = self.cursor()
            cursor.execute("select 1")
            cursor.close()
        return self.twin.request(payload)

    def _fail_with_twin(self) -> None:
        if not self.twin.is_alive():
            super().close()  # type: ignore[misc]  # the driver's class comes next


class Pool:
    """The port over an engine's pool."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(self) -> Borrowing:
        return Borrowing(self._engine.raw_connection, translate)

    def close(self) -> None:
        """Refuse: dispose() lets go of the idle connections, and the pool goes on serving."""
        raise Unsupported("close")


def engine_pool(
    url: str, connect: Callable[[], Any], open_real: Callable[[], Any], settings: ConnectionPoolSettings
) -> Iterator[Pool]:
    """A pool of pairs, disposed of at the end.

    Args:
        url: names the dialect; `open_real` knows the address.
        connect: makes a connection of the kit's.
        open_real: makes a connection of the driver's, of a class with `Paired` in it.
        settings: refused where QueuePool does not have them.
    """

    def open_pair() -> Any:
        twin = connect()
        try:
            connection = open_real()
        except BaseException:
            twin.close()
            raise
        connection.twin = twin
        return connection

    pool = QueuePool(open_pair, pre_ping=True, **queue_pool_options(settings))
    engine = create_engine(url, pool=pool)
    yield Pool(engine)
    engine.dispose()
