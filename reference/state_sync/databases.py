"""Transactions in SQLite and in PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from patternproof.ports.state_sync import StoreError

from .store import StoreUnreachableError

if TYPE_CHECKING:
    import psycopg

Execute = Callable[..., list[Any]]
"""``execute(statement, *values) -> rows``; a question mark stands for each value."""
PATIENCE = 10
"""Seconds that a database has to accept a connection."""


@contextmanager
def transaction(address: str, making: bool = False) -> Iterator[Execute]:
    """One transaction, which excludes all others of the same store; committed at the end of the scope.

    Args:
        address: ``sqlite:///path`` or ``postgresql://…``; what stands behind a ``#`` is the schema that has the tables.
        making: whether to make the schema.

    Raises:
        StoreUnreachableError: nothing answers there; whether a commit has happened cannot be told.
        StoreError: the address is of no known kind, or what is there is no such database.
    """
    begun = _begin_of(address)
    try:
        with begun(address, making) as execute:
            yield execute
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("sqlite3", "psycopg"):
            raise
        kind = StoreUnreachableError if _may_pass(error) else StoreError
        raise kind(f"the store at {shown(address)} cannot be used: {error}") from error


def _may_pass(error: Exception) -> bool:
    """Whether it is one of those that the DB-API says may be gone the next time (PEP 249)."""
    return any(each.__name__ == "OperationalError" for each in type(error).__mro__)


def shown(address: str) -> str:
    """An address without its password."""
    password = urlsplit(address).password
    return address if password is None else address.replace(f":{password}@", ":***@")


def _begin_of(address: str) -> Callable[[str, bool], AbstractContextManager[Execute]]:
    kinds = {"sqlite": _in_sqlite, "postgresql": _in_postgres, "postgres": _in_postgres}
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise StoreError(f"the store's address {address!r} cannot be read: {error}") from error
    if parts.scheme not in kinds or (parts.scheme == "sqlite" and not parts.path.strip("/")):
        raise StoreError(f"expected a store at sqlite:///path, postgresql://… or http://…, got {address!r}")
    return kinds[parts.scheme]


@contextmanager
def _in_sqlite(address: str, making: bool) -> Iterator[Execute]:
    connection = sqlite3.connect(urlsplit(address).path, isolation_level=None)
    try:
        connection.execute("pragma synchronous = full")
        connection.execute("begin immediate")
        yield lambda statement, *values: connection.execute(statement, values).fetchall()
        connection.execute("commit")
    finally:
        connection.close()


@contextmanager
def _in_postgres(address: str, making: bool) -> Iterator[Execute]:
    try:
        import psycopg  # of the stores only this one needs it
    except ImportError as error:
        raise StoreError(f"the store at {shown(address)} needs psycopg: install patternproof[servers]") from error
    url, _, schema = address.partition("#")
    with psycopg.connect(url, connect_timeout=PATIENCE) as connection:
        execute = partial(_rows, connection)
        execute("select pg_advisory_xact_lock(hashtext(?))", f"state_sync {schema}")
        if schema:
            quoted = psycopg.sql.Identifier(schema).as_string(connection)
            if making:
                execute(f"create schema if not exists {quoted}")
            execute("select set_config('search_path', ?, true)", quoted)
        yield execute


def _rows(connection: psycopg.Connection[Any], statement: str, *values: Any) -> list[Any]:
    cursor = connection.execute(statement.replace("?", "%s").encode(), values or None)
    return cursor.fetchall() if cursor.description else []
