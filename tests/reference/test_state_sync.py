"""The reference's replicas, stores and what passes between them."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections.abc import Awaitable, Callable
from itertools import permutations
from pathlib import Path
from typing import Any, TypeVar

import pytest
from patternproof.reference.state_sync import DistributedStateSync, StateSync, ThreadedStateSync
from patternproof.reference.state_sync.distributed import opened
from patternproof.reference.state_sync.entries import Entry, are_in_conflict, covers, join
from patternproof.reference.state_sync.retrying import delay
from patternproof.reference.state_sync.sql import SqlStore
from patternproof.reference.state_sync.store import CENTRE
from patternproof.reference.state_sync.wire import Request, decode_reply, encode_request

from patternproof.ports.state_sync import DuplicateReplicaError, StateSyncSettings, StoreError, SyncError, SyncResult, Unreachable

T = TypeVar("T")


class Wire:
    """A network that works, until it is cut."""

    def __init__(self) -> None:
        self.inboxes: dict[str, Callable[[str, bytes], Awaitable[bytes]]] = {}
        self.cut = False

    def register(self, name: str, receive: Callable[[str, bytes], Awaitable[bytes]]) -> None:
        self.inboxes[name] = receive

    async def call(self, sender: str, receiver: str, request: bytes) -> bytes:
        if self.cut:
            raise Unreachable("cut")
        return await self.inboxes[receiver](sender, request)


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run to the end, in a loop of its own."""

    async def body() -> T:
        return await main()

    return asyncio.run(body())


def entry(value: Any, time: int, writer: str, **seen: int) -> Entry:
    return Entry(value, (time, writer), seen)


ENTRIES = [
    entry("a", 1, "A", A=1),
    entry("b", 1, "B", B=1),
    entry("c", 2, "C", C=1),
    entry("d", 2, "A", A=2),
    entry(None, 3, "B", A=1, B=2),
]


def test_joining_is_commutative_associative_and_idempotent() -> None:
    for one, two, three in permutations(ENTRIES, 3):
        assert join(one, two) == join(two, one)
        assert join(join(one, two), three) == join(one, join(two, three))
        assert join(one, one) == one
        assert join(join(one, two), two) == join(one, two)


def test_what_overwrote_a_value_is_no_conflict_with_it() -> None:
    older, newer = entry("a", 1, "A", A=1), entry("b", 2, "B", A=1, B=1)
    assert covers(newer, older)
    assert not are_in_conflict(newer, older)
    assert join(older, newer) == newer


def test_a_tie_is_broken_by_name() -> None:
    assert join(ENTRIES[0], ENTRIES[1]).value == "b"


def test_replicas_that_have_synced_are_equal() -> None:
    async def main() -> list[Any]:
        system = StateSync(Wire(), StateSyncSettings())
        one, other = system.replica("A"), system.replica("B")
        await one.write("colour", "red")
        await other.write("shape", "round")
        for replica in (one, other, one):
            await replica.sync()
        return [await one.snapshot(), await other.snapshot(), await system.central()]

    assert run(main) == [{"colour": "red", "shape": "round"}] * 3


def test_a_name_that_is_taken_is_refused_and_free_again_once_closed() -> None:
    async def main() -> None:
        system = StateSync(Wire(), StateSyncSettings())
        first = system.replica("A")
        with pytest.raises(DuplicateReplicaError, match="'A' is taken"):
            system.replica("A")
        await first.write("colour", "red")
        await first.sync()
        await first.close()
        again = system.replica("A")
        await again.write("colour", "blue")
        assert (await again.sync()).conflicts == {"colour"}

    run(main)


def test_the_name_of_the_centre_is_taken_as_well() -> None:
    with pytest.raises(DuplicateReplicaError, match="centre"):
        StateSync(Wire(), StateSyncSettings()).replica(CENTRE)


def test_none_is_no_value_to_write() -> None:
    async def main() -> None:
        replica = StateSync(Wire(), StateSyncSettings()).replica("A")
        with pytest.raises(ValueError, match=r"delete\(\) removes a key"):
            await replica.write("colour", None)

    run(main)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (StateSyncSettings(sync_interval=0.0), "sync_interval must be above 0 s"),
        (StateSyncSettings(retries=-1), "retries must be at least 0"),
        (StateSyncSettings(retry_max=-1.0), "retry_max must be at least 0 s"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: StateSyncSettings, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StateSync(Wire(), settings)
    with pytest.raises(ValueError, match=message):
        ThreadedStateSync(Wire(), settings)


def test_waits_double_up_to_the_bound_and_depend_on_chance() -> None:
    settings = StateSyncSettings(retry_delay=1.0, retry_max=4.0, random=lambda: 0.5)
    assert [delay(settings, failures) for failures in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, 2.0]


def test_a_store_of_another_protocol_is_told_and_changes_nothing() -> None:
    async def main() -> None:
        wire = Wire()
        replica = StateSync(wire, StateSyncSettings()).replica("A")
        await replica.write("colour", "red")

        async def other(sender: str, request: bytes) -> bytes:
            return json.dumps({"protocol": 7}).encode()

        wire.register(CENTRE, other)
        with pytest.raises(SyncError, match=r"expected a reply of protocol 1, seen one of protocol 7"):
            await replica.sync()
        assert (await replica.snapshot(), replica.last_sync) == ({"colour": "red"}, None)

    run(main)


def test_a_request_of_another_protocol_is_refused_by_the_store() -> None:
    async def main() -> bytes:
        wire = Wire()
        StateSync(wire, StateSyncSettings())
        return await wire.call("A", CENTRE, b'{"protocol":2}')

    with pytest.raises(StoreError, match="refused the request: expected a request of protocol 1, seen one of protocol 2"):
        decode_reply(run(main))


def test_what_is_no_store_at_all_is_told() -> None:
    with pytest.raises(StoreError, match="is that a store for state_sync"):
        decode_reply(b"<html>")


def test_a_merge_gets_the_last_common_value_even_after_a_lost_reply() -> None:
    calls: list[Any] = []

    def merge(base: Any, local: Any, remote: Any) -> Any:
        calls.append((base, local, remote))
        return "/".join(sorted({local, remote}))

    async def main() -> None:
        wire = Wire()
        system = StateSync(wire, StateSyncSettings(merge=merge))
        one, other = system.replica("A"), system.replica("B")
        await one.write("colour", "red")
        receive = wire.inboxes[CENTRE]

        async def lost(sender: str, request: bytes) -> bytes:
            await receive(sender, request)
            raise Unreachable("lost")

        wire.inboxes[CENTRE] = lost
        with pytest.raises(SyncError):
            await one.sync()
        wire.inboxes[CENTRE] = receive
        await other.sync()
        await other.write("colour", "blue")
        await other.sync()
        await one.write("colour", "green")
        await one.sync()
        assert await one.read("colour") == "blue/green"

    run(main)
    assert calls == [("red", "green", "blue")]


def test_an_unpushed_deletion_of_what_nobody_has_heard_of_is_no_trouble() -> None:
    async def main() -> SyncResult:
        replica = StateSync(Wire(), StateSyncSettings()).replica("A")
        await replica.write("colour", "red")
        await replica.delete("colour")
        await replica.delete("shape")
        result = await replica.sync()
        assert await replica.snapshot() == {}
        return result

    assert run(main).pulled == frozenset()


class Sqlite:
    """Replicas over a store in a file."""

    def __init__(self, folder: Path) -> None:
        self.address = f"sqlite://{folder / 'store'}"

    async def synced(self, name: str, **values: str) -> Any:
        system = DistributedStateSync(Wire(), StateSyncSettings(store=self.address))
        replica = system.replica(name)
        for key, value in values.items():
            await replica.write(key, value)
        await replica.sync()
        return await replica.snapshot()


def test_a_store_in_a_file_is_found_again(tmp_path: Path) -> None:
    store = Sqlite(tmp_path)
    run(lambda: store.synced("A", colour="red"))
    assert run(lambda: store.synced("B", shape="round")) == {"colour": "red", "shape": "round"}


def test_a_schema_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    store = Sqlite(tmp_path)
    run(lambda: store.synced("A", colour="red"))
    with sqlite3.connect(tmp_path / "store") as connection:
        connection.execute("update state_sync_meta set value = 9 where name = 'schema'")
    with pytest.raises(StoreError, match=r"expected schema 1 in the store at .*, seen schema 9"):
        opened(store.address)


@pytest.mark.parametrize("address", ["", "ftp://somewhere", "redis://127.0.0.1:1/0"])
def test_an_address_of_no_known_kind_is_refused_by_name(address: str) -> None:
    with pytest.raises(StoreError, match=f"got {address!r}"):
        opened(address)


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"something else " * 100)
    with pytest.raises(StoreError, match="cannot be used: file is not a database"):
        opened(f"sqlite://{tmp_path / 'store'}")


def test_a_store_that_cannot_be_reached_is_a_failed_sync(tmp_path: Path) -> None:
    async def main() -> None:
        system = DistributedStateSync(Wire(), StateSyncSettings(store="http://127.0.0.1:9"))
        replica = system.replica("A")
        await replica.write("colour", "red")
        with pytest.raises(SyncError, match=r"127\.0\.0\.1:9 cannot be reached"):
            await replica.sync()
        assert await replica.read("colour") == "red"

    run(main)


def test_both_kinds_of_table_answer_alike(tmp_path: Path) -> None:
    from patternproof.reference.state_sync import Store

    chance = random.Random(1)
    memory, file = Store(), SqlStore(f"sqlite://{tmp_path / 'store'}")
    for step in range(60):
        name = chance.choice("AB")
        made = Request(
            chance.randrange(step + 1),
            {chance.choice("xy"): entry(f"v{step}", step, name, **{name: step})},
            chance.random() < 0.5,
        )
        assert decode_reply(memory.receive(encode_request(made))) == decode_reply(file.receive(encode_request(made)))
    assert memory.contents() == file.contents()
