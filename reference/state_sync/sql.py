"""Tables of a store in SQLite and in PostgreSQL.

Every request is one transaction that holds the table from its beginning: two requests at a time would read the same entries, and
the later would undo the earlier. What is acknowledged is committed.
"""

from __future__ import annotations

import json
from typing import Any

from patternproof.ports.state_sync import StoreError

from .databases import Execute, shown, transaction
from .entries import Entry
from .store import Store
from .wire import pack, unpack

SCHEMA = 1
_TABLES = (
    "create table if not exists state_sync_meta (name text primary key, value bigint not null)",
    "create table if not exists state_sync_entries (key text primary key, changed bigint not null, entry text not null)",
    "create index if not exists state_sync_changed on state_sync_entries (changed)",
)


class Rows:
    """A table within one transaction. Keys are in JSON as well: a database need not take every text, and no two in one order.

    Args:
        execute: runs a statement with its values, and gives the rows.
    """

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    def prepare(self, name: str) -> None:
        """Make what is not there yet.

        Args:
            name: of the store, for the message.

        Raises:
            StoreError: the schema is of another version.
        """
        for statement in _TABLES:
            self._execute(statement)
        found = self._meta("schema")
        if found is None:
            self._set("schema", SCHEMA)
        elif found != SCHEMA:
            raise StoreError(f"expected schema {SCHEMA} in the store at {name}, seen schema {found}: upgrade the older side")

    def count(self) -> int:
        return self._meta("count") or 0

    def get(self, key: str) -> Entry | None:
        rows = self._execute("select entry from state_sync_entries where key = ?", json.dumps(key))
        return unpack(json.loads(rows[0][0])) if rows else None

    def put(self, key: str, entry: Entry) -> None:
        count = self.count() + 1
        self._set("count", count)
        self._execute(
            "insert into state_sync_entries values (?, ?, ?) "
            "on conflict (key) do update set changed = excluded.changed, entry = excluded.entry",
            json.dumps(key),
            count,
            json.dumps(pack(entry)),
        )

    def since(self, count: int) -> dict[str, Entry]:
        rows = self._execute("select key, entry from state_sync_entries where changed > ? order by changed", count)
        return {json.loads(key): unpack(json.loads(entry)) for key, entry in rows}

    def _meta(self, name: str) -> int | None:
        rows = self._execute("select value from state_sync_meta where name = ?", name)
        return int(rows[0][0]) if rows else None

    def _set(self, name: str, value: int) -> None:
        self._execute(
            "insert into state_sync_meta values (?, ?) on conflict (name) do update set value = excluded.value", name, value
        )


class SqlStore:
    """A store in a database; each request connects anew, so that a restart of the server is none of its concern.

    Args:
        address: ``sqlite:///path`` or ``postgresql://…``.

    Raises:
        StoreError: the address is of no known kind, nothing can be reached there, or its schema is of another version.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        with transaction(address, making=True) as execute:
            Rows(execute).prepare(shown(address))

    def __repr__(self) -> str:
        return f"<SqlStore {shown(self.address)}>"

    def receive(self, request: bytes) -> bytes:
        """Answer a request in one transaction.

        Raises:
            StoreUnreachableError: the database cannot be reached; whether the request was taken in cannot be told.
        """
        with transaction(self.address) as execute:
            return Store(Rows(execute)).receive(request)

    def contents(self) -> Any:
        """Every key with its value."""
        with transaction(self.address) as execute:
            return Store(Rows(execute)).contents()
