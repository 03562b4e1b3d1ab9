"""The shared state in a SQLite file, for threads."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from patternproof.reference.shared_state.stores import (
    SCHEMA,
    StoreAddressError,
    StoreError,
    StoreSchemaError,
    StoreUnavailableError,
    decoded,
    encoded,
)
from patternproof.reference.shared_state.threads import ThreadedSharedState
from patternproof.reference.shared_state.versions import first

from patternproof.ports.shared_state import Snapshot

_TABLE = "create table state (id integer primary key check (id = 1), data text, version integer, last_updated text)"
_UPSERT = "insert or replace into state (id, data, version, last_updated) values (1, ?, ?, ?)"


class SqliteSharedState(ThreadedSharedState):
    """As `ThreadedSharedState`, in a file that outlives the process.

    An update is acknowledged, and seen by anybody, once it is on the disk: a row is replaced in one transaction, so a crash at
    any point leaves the last version acknowledged, or the one that was just being written. The file belongs to one process at a
    time.

    Args:
        path: of the file; it is made where there is none.
        initial: the data of version 0, where the file is new.

    Raises:
        StoreAddressError: the path is that of a folder, or in a folder that does not exist, or an address of another kind.
        StoreUnavailableError: another process, or another object, uses the file.
        StoreSchemaError: its tables are of another version, or of something else than a shared state.
        UpdaterError: the initial data holds something that a state cannot hold.
    """

    def __init__(self, path: str, initial: Mapping[str, Any]) -> None:
        super().__init__(initial)
        _require_file(path)
        self._path = path
        self._closed = False
        self._database = _opened(path)
        try:
            self._snapshot = self._begun(initial)
        except sqlite3.OperationalError as error:
            self._database.close()
            raise StoreUnavailableError(f"{path}: {error}; is it used by another process?") from error
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise StoreSchemaError(path, f"no SQLite file ({error})") from error
        except StoreError:
            self._database.close()
            raise

    def _begun(self, initial: Mapping[str, Any]) -> Snapshot:
        self._database.execute("pragma locking_mode = exclusive")
        self._database.execute("pragma synchronous = full")
        with _transaction(self._database):
            found = self._database.execute("pragma user_version").fetchone()[0]
            tables = self._database.execute("select count(*) from sqlite_schema").fetchone()[0]
            if tables and found != SCHEMA:
                raise StoreSchemaError(self._path, found)
            if not tables:
                self._database.execute(_TABLE)
                self._database.execute(f"pragma user_version = {SCHEMA}")
                self._database.execute(_UPSERT, encoded(first(initial)))
            return decoded(*self._database.execute("select data, version, last_updated from state").fetchone())

    def _keep(self, snapshot: Snapshot) -> None:
        if self._closed:
            raise StoreUnavailableError(f"{self._path}: the state is closed; open it again to update it")
        with _transaction(self._database):
            self._database.execute(_UPSERT, encoded(snapshot))

    def close(self) -> None:
        """Let go of the file; afterwards updates raise StoreUnavailableError, and readers are given the last version."""
        with self._lock:
            self._closed = True
            self._database.close()


class _transaction:  # noqa: N801  # used as a function is
    """A scope whose changes are made all at once at its end, or not at all."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("begin exclusive")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._database.execute("commit")
        else:
            with suppress(sqlite3.Error):
                self._database.execute("rollback")


def _require_file(path: str) -> None:
    if "://" in path:
        raise StoreAddressError(f"{path}: expected the path of a file, found an address; a SQLite state needs no server")
    place = Path(path)
    if place.is_dir():
        raise StoreAddressError(f"{path}: expected the path of a file, found a folder")
    if not place.parent.is_dir():
        raise StoreAddressError(f"{path}: expected a file in a folder that exists, found no folder {place.parent}")


def _opened(path: str) -> sqlite3.Connection:
    try:
        # Whoever holds the state's lock uses it, whichever thread that is.
        return sqlite3.connect(path, timeout=0.0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"{path}: {error}") from error
