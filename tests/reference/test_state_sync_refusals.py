"""How the reference's replicas and stores refuse what is wrong."""

from __future__ import annotations

import asyncio
import math
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from patternproof.reference.state_sync import DistributedStateSync, StateSync, ThreadedStateSync
from patternproof.reference.state_sync.distributed import opened
from patternproof.reference.state_sync.http import HttpStore, serve
from patternproof.reference.state_sync.sql import SqlStore
from patternproof.reference.state_sync.store import CENTRE, StoreUnreachableError
from patternproof.reference.state_sync.wire import decode_reply, decode_request

from patternproof.flavour import resolved
from patternproof.outcome import Unavailable
from patternproof.ports.state_sync import DuplicateReplicaError, StateSyncSettings, StoreError, SyncError, Unreachable
from patternproof.servers import postgres_url

SYSTEMS = (StateSync, ThreadedStateSync)


class Wire:
    """A network that works."""

    def __init__(self) -> None:
        self.inboxes: dict[str, Callable[[str, bytes], Any]] = {}

    def register(self, name: str, receive: Callable[[str, bytes], Any]) -> None:
        self.inboxes[name] = receive

    async def call(self, sender: str, receiver: str, request: bytes) -> bytes:
        answer: bytes = await resolved(self.inboxes[receiver](sender, request))
        return answer


@contextmanager
def speaking(answer: bytes) -> Iterator[int]:
    """A port where something answers everything with this."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_one() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve_one)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def replica_at(address: str) -> Any:
    return DistributedStateSync(Wire(), StateSyncSettings(store=address)).replica("A")


# Addresses


@pytest.mark.parametrize(
    "address",
    ["sqlite://", "sqlite://store", "sqlite:///", "http://", "http://here:port", "http://[", "postgresql://[", "mysql://here"],
)
def test_an_address_that_cannot_be_one_of_a_store_is_named(address: str) -> None:
    with pytest.raises(StoreError) as raised:
        opened(address)
    assert repr(address) in str(raised.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachableError, match="missing/store cannot be used: unable to open database file"):
        opened(f"sqlite://{tmp_path}/missing/store")


def test_a_database_that_refuses_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreUnreachableError, match=r"at postgresql://me:\*\*\*@127\.0\.0\.1:9/x cannot be used: .*refused"):
        opened("postgresql://me:secret@127.0.0.1:9/x")


def test_what_speaks_another_protocol_than_postgresql_is_named() -> None:
    pytest.importorskip("psycopg")
    with (
        speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port,
        pytest.raises(StoreError, match=f"127.0.0.1:{port}/x cannot be used"),
    ):
        opened(f"postgresql://127.0.0.1:{port}/x")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"-ERR unknown command 'POST'\r\n", "expected HTTP from the store at"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "seen status 404: is the address right"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "is that a store for state_sync"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"protocol":1}', "is that a store for state_sync"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<ht", "cannot be reached"),
        (b"", "cannot be reached"),
    ],
)
def test_what_is_no_store_over_http_is_a_failed_sync_and_changes_nothing(answer: bytes, told: str) -> None:
    async def main() -> None:
        with speaking(answer) as port:
            replica = replica_at(f"http://127.0.0.1:{port}")
            await replica.write("colour", "red")
            with pytest.raises(SyncError, match=told):
                await replica.sync()
        assert (await replica.snapshot(), replica.last_sync) == ({"colour": "red"}, None)

    asyncio.run(main())


def test_a_page_in_place_of_the_contents_is_told() -> None:
    with (
        speaking(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>") as port,
        pytest.raises(StoreError, match=f"expected a store at http://127.0.0.1:{port}, seen b'<html>'"),
    ):
        HttpStore(f"http://127.0.0.1:{port}").contents()


def test_a_server_answers_what_is_no_request_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        serving = asyncio.create_task(serve(SqlStore(f"sqlite://{tmp_path}/store"), "127.0.0.1", 0))
        address = ""
        while not address:
            await asyncio.sleep(0)
            address = capsys.readouterr().out.strip()
        for request in (b"*1\r\n$4\r\nPING\r\n\r\n", b"GET /elsewhere HTTP/1.1\r\n\r\n", b"hello"):
            reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
            writer.write(request)
            writer.write_eof()
            assert (await reader.read()).startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
            writer.close()
        assert await asyncio.to_thread(HttpStore(address).contents) == {}
        serving.cancel()

    asyncio.run(main())


# Stores of another version


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a store that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/store"
    try:
        return f"{postgres_url()}#test_{uuid4().hex}"
    except Unavailable as error:
        pytest.skip(str(error))


def changed(address: str, statement: str) -> None:
    """Have a statement done in a store."""
    from patternproof.reference.state_sync.databases import transaction

    with transaction(address) as execute:
        execute(statement)


def test_a_store_of_another_version_is_named_and_left_alone(address: str) -> None:
    async def main() -> None:
        replica = replica_at(address)
        await replica.write("colour", "red")
        await replica.sync()

    asyncio.run(main())
    changed(address, "update state_sync_meta set value = 9 where name = 'schema'")
    with pytest.raises(StoreError, match=r"expected schema 1 in the store at .*, seen schema 9: upgrade the older side"):
        opened(address)
    changed(address, "update state_sync_meta set value = 1 where name = 'schema'")
    assert opened(address).contents() == {"colour": "red"}


def test_tables_of_something_else_are_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store") as connection:
        connection.execute("create table state_sync_meta (something integer)")
    with pytest.raises(StoreError, match=f"the store at sqlite://{tmp_path}/store cannot be used: no such column"):
        opened(f"sqlite://{tmp_path}/store")


def test_any_text_can_be_a_key_in_any_store(address: str) -> None:
    keys = ["", "\0", "ä'\"\\%s?", "\ud800", "x" * 1000]

    async def main() -> Any:
        one, other = replica_at(address), replica_at(address)
        for key in keys:
            await one.write(key, {"text": key})
        await one.sync()
        await other.sync()
        return await other.snapshot()

    assert asyncio.run(main()) == {key: {"text": key} for key in keys}


@pytest.mark.parametrize(
    ("decode", "message"),
    [
        (decode_request, b'{"protocol":1}'),
        (decode_request, b'{"protocol":1,"since":"x","changes":{},"keeps_conflicts":false}'),
        (decode_request, b'{"protocol":1,"since":0,"changes":{"x":[1]},"keeps_conflicts":false}'),
        (decode_reply, b'{"protocol":1,"count":0,"changes":[],"conflicts":[]}'),
        (decode_reply, b"[]"),
        (decode_reply, b"\xff"),
    ],
)
def test_a_message_of_another_shape_is_told(decode: Callable[[bytes], Any], message: bytes) -> None:
    with pytest.raises(StoreError, match="of protocol 1, seen b"):
        decode(message)


# Replicas


@pytest.mark.parametrize("interval", [0.0, -1.0, math.nan])
@pytest.mark.parametrize("system", SYSTEMS)
def test_an_interval_that_is_none_is_refused(system: Any, interval: float) -> None:
    with pytest.raises(ValueError, match=rf"sync_interval must be above 0 s, or None for none, got {interval!r}"):
        system(Wire(), StateSyncSettings(sync_interval=interval))


@pytest.mark.parametrize("kind", [StateSync, ThreadedStateSync, DistributedStateSync])
@pytest.mark.parametrize("name", ["A", CENTRE])
def test_a_name_that_is_taken_is_refused_and_the_replica_that_has_it_goes_on(kind: Any, name: str, tmp_path: Path) -> None:
    async def main() -> None:
        settings = StateSyncSettings(store=f"sqlite://{tmp_path}/store") if kind is DistributedStateSync else StateSyncSettings()
        system = kind(Wire(), settings)
        first = system.replica("A")
        await resolved(first.write("colour", "red"))
        with pytest.raises(DuplicateReplicaError, match=f"the name '{name}' is taken"):
            system.replica(name)
        assert await resolved(first.read("colour")) == "red"

    asyncio.run(main())


@pytest.mark.parametrize("value", [object(), {1: 2}, (1, 2), {1, 2}, b"red", math.nan, [math.inf], {"a": [object()]}])
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_value_that_json_cannot_hold_is_refused_and_changes_nothing(system: Any, value: Any) -> None:
    async def main() -> None:
        replica = system(Wire(), StateSyncSettings()).replica("A")
        await resolved(replica.write("colour", "red"))
        with pytest.raises(ValueError, match="expected a value for 'colour' that JSON can hold"):
            await resolved(replica.write("colour", value))
        assert await resolved(replica.snapshot()) == {"colour": "red"}

    asyncio.run(main())


def test_a_key_that_is_no_text_is_refused() -> None:
    async def main() -> None:
        replica = StateSync(Wire(), StateSyncSettings()).replica("A")
        with pytest.raises(ValueError, match="expected a text as the key, got 7"):
            await replica.write(7, "red")  # type: ignore[arg-type]  # what is wrong here
        assert await replica.snapshot() == {}

    asyncio.run(main())


def test_nobody_can_change_a_value_but_by_writing_it() -> None:
    async def main() -> None:
        replica = StateSync(Wire(), StateSyncSettings()).replica("A")
        value = {"tags": ["one"]}
        await replica.write("thing", value)
        value["tags"].append("two")
        (await replica.read("thing"))["tags"].append("three")
        (await replica.snapshot())["thing"]["tags"].append("four")
        assert await replica.read("thing") == {"tags": ["one"]}

    asyncio.run(main())


@pytest.mark.parametrize(
    ("merged", "told"), [(lambda *_: 1 / 0, "division by zero"), (lambda *_: object(), "that JSON can hold")]
)
def test_a_merge_function_that_fails_is_a_failed_sync_that_has_changed_nothing(merged: Any, told: str) -> None:
    async def main() -> None:
        system = StateSync(Wire(), StateSyncSettings(merge=merged))
        one, other = system.replica("A"), system.replica("B")
        for replica, value in ((one, "red"), (other, "blue")):
            await replica.write("colour", value)
        await other.write("shape", "round")
        await other.sync()
        with pytest.raises(SyncError, match=rf"the merge function failed for 'colour': .*{told}"):
            await one.sync()
        assert (await one.snapshot(), one.last_sync) == ({"colour": "red"}, None)
        assert await system.central() == {"colour": "blue", "shape": "round"}

    asyncio.run(main())


def test_a_store_that_is_away_is_worth_a_retry_and_one_that_is_none_is_not(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"something else " * 100)

    async def main() -> None:
        system = DistributedStateSync(Wire(), StateSyncSettings(store="http://127.0.0.1:9", retries=1, retry_delay=0.0))
        with pytest.raises(SyncError) as raised:
            await system.replica("A").sync()
        assert isinstance(raised.value.__cause__, Unreachable)

    asyncio.run(main())
    with pytest.raises(StoreError) as raised:
        opened(f"sqlite://{tmp_path}/store")
    assert not isinstance(raised.value, StoreUnreachableError)
