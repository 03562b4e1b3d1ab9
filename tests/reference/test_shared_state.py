"""The reference's shared states, in memory and over stores."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from patternproof.reference.shared_state import SharedState, ThreadedSharedState
from patternproof.reference.shared_state.sqlite import SqliteSharedState
from patternproof.reference.shared_state.stores import StoreAddressError, StoreError, StoreSchemaError, StoreUnavailableError

from patternproof.ports.shared_state import Snapshot, UpdaterError, VersionConflictError

pytestmark = pytest.mark.filterwarnings("error")


def increment(data: dict[str, Any]) -> int:
    data["count"] = data.get("count", 0) + 1
    return int(data["count"])


def failing(data: dict[str, Any]) -> None:
    data.clear()
    raise KeyError("of the function")


def run(test: Callable[[SharedState], Any], initial: dict[str, Any] | None = None) -> Any:
    """Run a coroutine function on a new state, and return what it does."""

    async def made() -> Any:
        return await test(SharedState(initial or {}))

    return asyncio.run(made())


def test_an_update_returns_the_result_and_makes_the_next_version() -> None:
    async def update(state: SharedState) -> tuple[int, Snapshot]:
        return await state.update(increment), await state.get()

    result, snapshot = run(update)
    assert (result, snapshot.version, dict(snapshot.data)) == (1, 1, {"count": 1})


def test_a_function_that_fails_leaves_everything_as_it_was() -> None:
    async def fail(state: SharedState) -> tuple[Snapshot, Snapshot]:
        before = await state.get()
        with pytest.raises(KeyError, match="of the function"):
            await state.update(failing)
        return before, await state.get()

    before, after = run(fail, {"count": 5})
    assert after is before


async def asynchronous(data: dict[str, Any]) -> None:
    data["count"] = 1


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (asynchronous, "expected a plain function, seen one that returned coroutine"),
        (lambda data: data.update(tags={1}), r"data\['tags'\] is a set; a state holds"),
        (lambda data: data.update(inner=[{"at": datetime.now(UTC)}]), r"data\['inner'\]\[0\]\['at'\] is a datetime"),
        (lambda data: data.update({1: 2}), "data has the key 1; expected keys that are text"),
    ],
)
def test_what_is_no_updater_is_told_and_changes_nothing(function: Callable[..., Any], told: str) -> None:
    async def update(state: SharedState) -> int:
        with pytest.raises(UpdaterError, match=told):
            await state.update(function)
        return (await state.get()).version

    assert run(update) == 0


def test_the_first_data_are_copied_and_looked_at() -> None:
    given: dict[str, Any] = {"list": [1]}
    state = SharedState(given)
    given["list"].append(2)
    assert asyncio.run(state.get()).data["list"] == (1,)
    with pytest.raises(UpdaterError, match=r"data\['list'\] is a object"):
        SharedState({"list": object()})


def test_a_snapshot_cannot_be_changed() -> None:
    snapshot = asyncio.run(SharedState({"inner": {"list": [1]}}).get())
    with pytest.raises(TypeError):
        snapshot.data["inner"]["list"] = 2
    assert snapshot.data["inner"]["list"] == (1,)


def test_update_if_names_both_versions() -> None:
    async def compare(state: SharedState) -> None:
        assert await state.update_if(0, increment) == 1
        with pytest.raises(VersionConflictError, match="expected version 0, found version 1") as caught:
            await state.update_if(0, increment)
        assert (caught.value.expected, caught.value.found) == (0, 1)

    run(compare)


def test_listeners_are_told_in_order_even_by_a_listener_that_updates() -> None:
    async def update(state: SharedState) -> list[int]:
        heard: list[int] = []

        async def react(snapshot: Snapshot) -> None:
            if snapshot.version == 1:
                await state.update(increment)

        state.add_listener(react)
        state.add_listener(lambda snapshot: heard.append(snapshot.version))
        for _ in range(2):
            await state.update(increment)
            await asyncio.sleep(0.001)
        return heard

    assert run(update) == [1, 2, 3]


def test_a_listener_that_is_cancelled_from_within_is_told_of_the_next_version() -> None:
    async def update(state: SharedState) -> tuple[list[int], list[str]]:
        heard: list[int] = []
        errors: list[str] = []

        async def give_up(snapshot: Snapshot) -> None:
            heard.append(snapshot.version)
            raise asyncio.CancelledError

        state.add_listener(give_up)
        state.add_error_listener(lambda error: errors.append(str(error.args[0])))
        for _ in range(2):
            await state.update(increment)
            for _ in range(3):
                await asyncio.sleep(0)
        return heard, errors

    assert run(update) == ([1, 2], ["a listener was cancelled"] * 2)


def test_a_listener_of_errors_that_fails_is_nobody_elses_affair() -> None:
    async def update(state: SharedState) -> list[Exception]:
        errors: list[Exception] = []

        def fail(told: object) -> None:
            raise ValueError(told)

        state.add_listener(fail)
        state.add_error_listener(fail)
        state.add_error_listener(errors.append)
        await state.update(increment)
        return errors

    assert [type(error) for error in run(update)] == [ValueError]


def test_last_updated_stands_still_while_the_wall_clock_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    from patternproof.reference.shared_state import versions

    now = datetime(2030, 1, 1, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, _zone: Any = None) -> Any:
            return now

    monkeypatch.setattr(versions, "datetime", Clock)
    state = ThreadedSharedState({})
    now -= timedelta(hours=1)
    state.update(increment)
    assert state.get().last_updated == datetime(2030, 1, 1, tzinfo=UTC)


def test_updates_of_many_threads_are_all_there() -> None:
    state = ThreadedSharedState({})
    heard: list[int] = []
    all_heard = threading.Event()

    def listen(snapshot: Snapshot) -> None:
        heard.append(snapshot.version)
        if snapshot.version == 400:
            all_heard.set()

    state.add_listener(listen)
    threads = [threading.Thread(target=lambda: [state.update(increment) for _ in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all_heard.wait(10)
    assert (state.get().data["count"], heard) == (400, list(range(1, 401)))


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def test_a_file_goes_on_where_it_was_left(path: str) -> None:
    state = SqliteSharedState(path, {"count": 7})
    state.update(increment)
    before = state.get()
    state.close()
    again = SqliteSharedState(path, {"count": 0})
    assert again.get() == before
    again.close()


def test_an_update_that_cannot_be_written_did_not_happen(path: str) -> None:
    state = SqliteSharedState(path, {})
    heard: list[Snapshot] = []
    state.add_listener(heard.append)
    state.close()
    with pytest.raises(StoreUnavailableError, match="state: the state is closed"):
        state.update(increment)
    assert (state.get().version, heard) == (0, [])


def test_a_file_is_used_by_one_process_at_a_time(path: str) -> None:
    state = SqliteSharedState(path, {})
    with pytest.raises(StoreUnavailableError, match=r"state: .*locked; is it used by another process"):
        SqliteSharedState(path, {})
    state.close()


def written(path: str, *statements: str) -> None:
    database = sqlite3.connect(path)
    for statement in statements:
        database.execute(statement)
    database.close()


def test_a_file_of_another_version_is_not_touched(path: str) -> None:
    SqliteSharedState(path, {}).close()
    written(path, "pragma user_version = 7")
    with pytest.raises(StoreSchemaError, match=r"state: expected tables of version 1, found 7"):
        SqliteSharedState(path, {})


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("nowhere/state", StoreAddressError, "no folder"),
        (".", StoreAddressError, "found a folder"),
        ("mysql://host/name", StoreAddressError, "mysql://host/name: expected the path of a file"),
    ],
)
def test_what_is_no_file_is_named(tmp_path: Path, name: str, error: type[StoreError], told: str) -> None:
    with pytest.raises(error, match=told):
        SqliteSharedState(name if "://" in name else str(tmp_path / name), {})


def test_a_file_of_something_else_is_not_touched(path: str) -> None:
    Path(path).write_text("once upon a time " * 100, encoding="utf-8")
    with pytest.raises(StoreSchemaError, match="no SQLite file"):
        SqliteSharedState(path, {})
    assert Path(path).read_text(encoding="utf-8").startswith("once upon a time")


@asynccontextmanager
async def database(name: str, url: str | None = None) -> AsyncIterator[Any]:
    """A state in a real PostgreSQL."""
    from patternproof.reference.shared_state.postgres import opened

    from patternproof.servers import postgres_url

    async with opened(url or postgres_url(), name, {}) as state:
        yield state


@pytest.fixture
def _postgres() -> None:
    pytest.importorskip("psycopg")
    pytest.importorskip("pgserver")


@pytest.mark.usefixtures("_postgres")
def test_two_states_of_one_name_are_one_and_both_hear_every_version() -> None:
    async def update() -> tuple[list[int], list[int], int]:
        async with database("two are one") as one, database("two are one") as other:
            heard: tuple[list[int], list[int]] = ([], [])
            all_heard = asyncio.Event()

            def listen(mine: list[int], snapshot: Snapshot) -> None:
                mine.append(snapshot.version)
                if all(len(each) == 20 for each in heard):
                    all_heard.set()

            one.add_listener(lambda snapshot: listen(heard[0], snapshot))
            other.add_listener(lambda snapshot: listen(heard[1], snapshot))
            await asyncio.gather(*(state.update(increment) for state in (one, other) * 10))
            await asyncio.wait_for(all_heard.wait(), 20)
            return *heard, (await other.get()).data["count"]

    versions = list(range(1, 21))
    assert asyncio.run(update()) == (versions, versions, 20)


@pytest.mark.usefixtures("_postgres")
def test_listeners_hear_on_after_their_connection_was_lost() -> None:
    async def update() -> list[int]:
        async with database("lost") as state:
            heard: list[int] = []
            both_heard = asyncio.Event()

            def listen(snapshot: Snapshot) -> None:
                heard.append(snapshot.version)
                if snapshot.version == 2:
                    both_heard.set()

            state.add_listener(listen)
            await state.update(increment)
            end_others = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'"
            await state._request(lambda connection: connection.execute(end_others))
            await state.update(increment)
            await asyncio.wait_for(both_heard.wait(), 20)
            return heard

    assert asyncio.run(update()) == [1, 2]


@pytest.mark.usefixtures("_postgres")
@pytest.mark.parametrize(
    ("url", "error", "told"),
    [
        ("mysql://user:secret@host/name", StoreAddressError, r"mysql://user:\*\*\*@host/name: expected an address that begins"),
        ("postgresql://user:secret@localhost:1/name", StoreUnavailableError, r"user:\*\*\*@localhost:1/name: .*refused"),
    ],
)
def test_a_server_that_is_wrong_or_refuses_is_named_without_its_password(url: str, error: type[StoreError], told: str) -> None:
    async def connect() -> None:
        async with database("nobody", url):
            pass

    with pytest.raises(error, match=told) as caught:
        asyncio.run(connect())
    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("_postgres")
def test_a_server_that_speaks_another_protocol_is_named() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def connect() -> str:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            address = f"postgresql://user:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}/name"
            with pytest.raises(StoreUnavailableError) as caught:
                async with database("nobody", address):
                    pass
            return str(caught.value)

    told = asyncio.run(connect())
    assert "user:***@127.0.0.1" in told
    assert "invalid response to SSL negotiation" in told


@pytest.mark.usefixtures("_postgres")
def test_a_state_in_a_database_that_is_closed_says_so() -> None:
    async def update() -> None:
        async with database("closed") as state:
            pass
        with pytest.raises(StoreUnavailableError, match="the state is closed"):
            await state.update(increment)

    asyncio.run(update())


@pytest.mark.usefixtures("_postgres")
def test_tables_of_another_version_are_not_touched() -> None:
    async def connect() -> None:
        async with database("schema") as state:

            async def renumber(version: int) -> None:
                await state._request(lambda connection: connection.execute(f"update patternproof_schema set version = {version}"))

            await renumber(7)
            try:
                async with database("schema"):
                    pass
            finally:
                await renumber(1)

    with pytest.raises(StoreSchemaError, match="expected tables of version 1, found 7"):
        asyncio.run(connect())
