"""The shared state in PostgreSQL, for many processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import psycopg
from patternproof.reference.connection_pool import ConnectionPool
from patternproof.reference.shared_state.listeners import ErrorListener, Line
from patternproof.reference.shared_state.stores import (
    SCHEMA,
    StoreAddressError,
    StoreSchemaError,
    StoreUnavailableError,
    decoded,
    encoded,
)
from patternproof.reference.shared_state.tasks import SharedState
from patternproof.reference.shared_state.versions import first, following, require

from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolClosedError
from patternproof.ports.shared_state import Listener, Remove, Snapshot, Updater

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Any]

MOST_CONNECTIONS: Final = 4
"""Connections for calls; one more is there for listening."""
KEPT: Final = 1_000
"""Versions that are kept for listeners that have fallen behind."""
RECONNECT_SECONDS: Final = 0.2
"""Seconds between two attempts to listen again, once the connection is lost."""
_LOCK: Final = 7_264_510
"""The advisory lock of those who make the tables."""
_CHANNEL: Final = "patternproof_shared_state"
_TABLES: Final = """
create table if not exists patternproof_schema (version integer not null);
insert into patternproof_schema select {schema} where not exists (select from patternproof_schema);
create table if not exists patternproof_state (name text primary key, version bigint not null);
create table if not exists patternproof_version (
    name text, data text not null, version bigint, last_updated text not null, primary key (name, version)
)
"""
_LATEST: Final = (
    "select data, version, last_updated from patternproof_state join patternproof_version using (name, version) where name = %s"
)
_FOLLOWING: Final = (
    "select data, version, last_updated from patternproof_version where name = %s and version > %s order by version"
)
_INSERT: Final = "insert into patternproof_version (name, data, version, last_updated) values (%s, %s, %s, %s)"


class _Session:
    """A connection of the pool; a request is a coroutine function that uses it."""

    def __init__(self, real: Connection) -> None:
        self._real = real

    async def request(self, payload: Callable[[Connection], Awaitable[Any]]) -> Any:
        return await payload(self._real)

    def is_alive(self) -> bool:
        return not (self._real.closed or self._real.broken)

    async def reset(self) -> None:
        await self._real.rollback()

    async def close(self) -> None:
        await self._real.close()


class PostgresSharedState(SharedState):
    """As `SharedState`, in a database: all that are opened with one address and one name are one state.

    An update runs in a transaction that locks the state's row, so updates of all processes follow one another, and it is
    acknowledged once it is committed. Every version is a row of its own, and a NOTIFY tells every process that there is a new
    one; each then reads those that it has not told yet. So listeners hear all of them in order, though notifications are merged
    or lost.

    Made by `opened`.
    """

    def __init__(self, url: str, name: str, pool: ConnectionPool) -> None:
        super().__init__({})
        self._url, self._name, self._pool = url, name, pool
        # Changed by this process's one task that listens, but for `_known`, which any call may raise.
        self._told = 0
        self._known = 0
        """The latest version that this process has seen: who is added now hears from the one after it."""

    async def get(self) -> Snapshot:
        """The latest version in the database."""
        return await self._request(self._latest)

    async def update(self, function: Updater[T]) -> T:
        """Change the data by ``function(data)``, all or nothing, and return its result.

        A cancellation during the commit leaves open whether it happened; listeners are told if it did.

        Raises:
            UpdaterError: as in `SharedState.update`.
            StoreUnavailableError: the database cannot be reached, so that it is not known whether the update happened.
            Exception: whatever the function raised, the very same object.
        """
        return await self._request(lambda connection: self._change(connection, function, None))

    async def update_if(self, version: int, function: Updater[T]) -> T:
        """As `update`, where `version` is the latest one.

        Raises:
            VersionConflictError: it is not; the function was not called.
        """
        return await self._request(lambda connection: self._change(connection, function, version))

    async def _request(self, payload: Callable[[Connection], Awaitable[T]]) -> T:
        try:
            async with self._pool.acquire() as handle:
                result: T = await handle.request(payload)
                return result
        except psycopg.OperationalError as error:
            raise StoreUnavailableError(f"{_shown(self._url)}: {error}") from error
        except PoolClosedError as error:
            raise StoreUnavailableError(f"{_shown(self._url)}: the state is closed; open it again to use it") from error

    async def _latest(self, connection: Connection) -> Snapshot:
        cursor = await connection.execute(_LATEST, (self._name,))
        snapshot = decoded(*await cursor.fetchone())  # type: ignore[misc]  # the row was made before anybody could ask
        self._known = max(self._known, snapshot.version)
        return snapshot

    async def _change(self, connection: Connection, function: Updater[T], version: int | None) -> T:
        async with connection.transaction():
            await connection.execute("select from patternproof_state where name = %s for update", (self._name,))
            before = await self._latest(connection)
            if version is not None:
                require(before, version)
            snapshot, result = following(before, function)
            await connection.execute(_INSERT, (self._name, *encoded(snapshot)))
            await self._advance(connection, snapshot.version)
        self._known = max(self._known, snapshot.version)
        return result

    async def _advance(self, connection: Connection, version: int) -> None:
        await connection.execute("update patternproof_state set version = %s where name = %s", (version, self._name))
        old = "delete from patternproof_version where name = %s and version <= %s"
        await connection.execute(old, (self._name, version - KEPT))
        await connection.execute("select pg_notify(%s, %s)", (_CHANNEL, self._name))

    def add_listener(self, listener: Listener) -> Remove:
        """As `SharedState.add_listener`; versions of other processes that this one has not seen yet count as the next ones."""
        known = self._known
        return super().add_listener(lambda snapshot: listener(snapshot) if snapshot.version > known else None)

    async def listen(self, listening: Connection) -> None:
        """Tell the listeners of every version as it comes, over this connection and, once it is lost, over others."""
        while True:
            try:
                async for notification in listening.notifies():
                    if notification.payload == self._name:
                        await self._tell_new()
            except (psycopg.OperationalError, StoreUnavailableError):
                listening = await self._listening_again()

    async def _listening_again(self) -> Connection:
        while True:
            await asyncio.sleep(RECONNECT_SECONDS)
            with suppress(psycopg.OperationalError, StoreUnavailableError):
                listening = await _listening(self._url)
                await self._tell_new()
                return listening

    async def _tell_new(self) -> None:
        for snapshot in await self._request(self._following):
            self._tell_version(snapshot)

    async def _following(self, connection: Connection) -> list[Snapshot]:
        cursor = await connection.execute(_FOLLOWING, (self._name, self._told))
        return [decoded(*row) for row in await cursor.fetchall()]

    def _tell_version(self, snapshot: Snapshot) -> None:
        if snapshot.version != self._told + 1:
            missed = f"listeners have missed versions {self._told + 1} to {snapshot.version - 1}: only the last {KEPT} are kept"
            self._listeners.report(LookupError(missed), snapshot)
        self._told = snapshot.version
        self._known = max(self._known, snapshot.version)
        with self._lock:
            lines: list[Line] = self._listeners.append(snapshot)
        for line in lines:
            self._tell(line)

    def add_error_listener(self, listener: ErrorListener) -> None:
        """As `SharedState.add_error_listener`; it is told of missed versions as well."""
        super().add_error_listener(listener)

    async def begin(self, initial: Mapping[str, Any], connection: Connection) -> None:
        """Make the tables and version 0 where there are none.

        Raises:
            StoreSchemaError: the tables are of another version.
        """
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            await connection.execute(_TABLES.format(schema=SCHEMA))
            cursor = await connection.execute("select version from patternproof_schema")
            found = [version for (version,) in await cursor.fetchall()]
            if found != [SCHEMA]:
                raise StoreSchemaError(_shown(self._url), ", ".join(map(str, found)))
            made = "insert into patternproof_state (name, version) values (%s, 0) on conflict do nothing returning name"
            cursor = await connection.execute(made, (self._name,))
            if await cursor.fetchone() is not None:
                await connection.execute(_INSERT, (self._name, *encoded(first(initial))))
        self._told = (await self._latest(connection)).version

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r} version {self._known} seen, {len(self._listeners)} listeners>"


@asynccontextmanager
async def opened(url: str, name: str, initial: Mapping[str, Any]) -> AsyncIterator[PostgresSharedState]:
    """A state in a database, for the scope.

    Args:
        url: ``postgresql://...``.
        name: of the state; any text.
        initial: the data of version 0, where there is no state of that name.

    Raises:
        StoreAddressError: the address is not one of PostgreSQL.
        StoreUnavailableError: the server cannot be reached, or refuses.
        StoreSchemaError: the tables are of another version.
        UpdaterError: the initial data holds something that a state cannot hold.
    """
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise StoreAddressError(f"{_shown(url)}: expected an address that begins with postgresql://")
    pool = ConnectionPool(lambda: _session(url), ConnectionPoolSettings(max_size=MOST_CONNECTIONS))
    listening = await _listening(url)
    state = PostgresSharedState(url, name, pool)
    try:
        await state.begin(initial, listening)
        task = asyncio.get_running_loop().create_task(state.listen(listening))
        try:
            yield state
        finally:
            task.cancel()
            await asyncio.wait([task])
    finally:
        await listening.close()
        await pool.close()


async def _session(url: str) -> _Session:
    return _Session(await _connected(url))


async def _listening(url: str) -> Connection:
    connection = await _connected(url)
    await connection.execute(f"listen {_CHANNEL}")
    return connection


async def _connected(url: str) -> Connection:
    try:
        return await psycopg.AsyncConnection.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        raise StoreUnavailableError(f"{_shown(url)}: {error}") from error


def _shown(url: str) -> str:
    """An address without its password."""
    parts = urlsplit(url)
    return url if parts.password is None else url.replace(f":{parts.password}@", ":***@")
