"""Tables of a store in SQLite and in PostgreSQL.

Every request is one transaction that holds the table from its beginning: two requests at a time would read the same entries, and
the later would undo the earlier. What is acknowledged is committed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from patternproof.ports.state_sync import StoreError

from .entries import Entry
from .store import Store
from .wire import pack, unpack

if TYPE_CHECKING:
    import psycopg

SCHEMA = 1
_TABLES = (
    "create table if not exists state_sync_meta (name text primary key, value bigint not null)",
    "create table if not exists state_sync_entries (key text primary key, changed bigint not null, entry text not null)",
    "create index if not exists state_sync_changed on state_sync_entries (changed)",
)


class Rows:
    """A table within one transaction.

    Args:
        execute: runs a statement with its values, and gives the rows.
    """

    def __init__(self, execute: Any) -> None:
        self._execute = execute

    def prepare(self) -> None:
        """Make what is not there yet.

        Raises:
            StoreError: the schema is of another version.
        """
        for statement in _TABLES:
            self._execute(statement)
        found = self._meta("schema")
        if found is None:
            self._set("schema", SCHEMA)
        elif found != SCHEMA:
            raise StoreError(f"expected a store with schema {SCHEMA}, seen schema {found}: upgrade the older side")

    def count(self) -> int:
        return self._meta("count") or 0

    def get(self, key: str) -> Entry | None:
        rows = self._execute("select entry from state_sync_entries where key = ?", key)
        return unpack(json.loads(rows[0][0])) if rows else None

    def put(self, key: str, entry: Entry) -> None:
        count = self.count() + 1
        self._set("count", count)
        self._execute(
            "insert into state_sync_entries values (?, ?, ?) "
            "on conflict (key) do update set changed = excluded.changed, entry = excluded.entry",
            key,
            count,
            json.dumps(pack(entry)),
        )

    def since(self, count: int) -> dict[str, Entry]:
        rows = self._execute("select key, entry from state_sync_entries where changed > ? order by changed", count)
        return {key: unpack(json.loads(entry)) for key, entry in rows}

    def _meta(self, name: str) -> int | None:
        rows = self._execute("select value from state_sync_meta where name = ?", name)
        return int(rows[0][0]) if rows else None

    def _set(self, name: str, value: int) -> None:
        self._execute(
            "insert into state_sync_meta values (?, ?) on conflict (name) do update set value = excluded.value", name, value
        )


class SqlStore:
    """A store in a database; used by one thread at a time, and reconnects where the server was restarted.

    Args:
        address: ``sqlite:///path`` or ``postgresql://…``.

    Raises:
        StoreError: the address is of no known kind, nothing can be reached there, or its schema is of another version.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._begin = _begin_of(address)
        with self._transaction(prepared=False) as rows:
            rows.prepare()

    def __repr__(self) -> str:
        return f"<SqlStore {self.address}>"

    @contextmanager
    def _transaction(self, prepared: bool = True) -> Iterator[Rows]:
        try:
            with self._begin(self.address) as rows:
                yield rows
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("sqlite3", "psycopg"):
                raise StoreError(f"the store at {self.address} cannot be used: {error}") from error
            raise

    def receive(self, request: bytes) -> bytes:
        """Answer a request in one transaction.

        Raises:
            StoreError: the database cannot be reached; nothing has changed.
        """
        with self._transaction() as rows:
            return Store(rows).receive(request)

    def contents(self) -> Any:
        """Every key with its value."""
        with self._transaction() as rows:
            return Store(rows).contents()


def _begin_of(address: str) -> Any:
    kinds = {"sqlite": _in_sqlite, "postgresql": _in_postgres, "postgres": _in_postgres}
    scheme = urlsplit(address).scheme
    if scheme not in kinds:
        raise StoreError(f"expected a store at sqlite:///path, postgresql://… or http://…, got {address!r}")
    return kinds[scheme]


@contextmanager
def _in_sqlite(address: str) -> Iterator[Rows]:
    connection = sqlite3.connect(urlsplit(address).path, isolation_level=None)
    try:
        connection.execute("pragma synchronous = full")
        connection.execute("begin immediate")
        yield Rows(lambda statement, *values: connection.execute(statement, values).fetchall())
        connection.execute("commit")
    finally:
        connection.close()


@contextmanager
def _in_postgres(address: str) -> Iterator[Rows]:
    import psycopg  # of the stores only this one needs it

    with psycopg.connect(address) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('state_sync'))")
        yield Rows(lambda statement, *values: _rows(connection, statement, values))


def _rows(connection: psycopg.Connection[Any], statement: str, values: tuple[Any, ...]) -> list[Any]:
    cursor = connection.execute(statement.replace("?", "%s").encode(), values)
    return cursor.fetchall() if cursor.description else []
