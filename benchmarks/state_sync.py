"""Syncing one change of a state of many keys."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from patternproof.adapters import loro, pycrdt
from patternproof.reference.state_sync import StateSync

from patternproof.ports.state_sync import StateSyncSettings

from .contest import Contest, Peer, Work, in_loop

TIMES = 100
ROUNDS = 9
KEYS = 1_000


class Wire:
    """A network that loses nothing."""

    def __init__(self) -> None:
        self._inboxes: dict[str, Callable[[str, bytes], Awaitable[bytes]]] = {}

    def register(self, name: str, receive: Callable[[str, bytes], Awaitable[bytes]]) -> None:
        self._inboxes[name] = receive

    async def call(self, sender: str, receiver: str, request: bytes) -> bytes:
        return await self._inboxes[receiver](sender, request)


class Copied:
    """What one writes without a library: the whole state goes over, and back."""

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}

    def set(self, key: str, value: Any) -> None:
        self._data[key] = value

    def known(self) -> bytes:
        return b""

    def update_for(self, known: bytes) -> bytes:
        return json.dumps(self._data).encode()

    def apply(self, update: bytes) -> None:
        self._data |= json.loads(update)


def contests() -> Iterator[Contest]:
    """One replica writes a key and syncs, another syncs. The libraries carry updates only, and say nothing of what was done."""
    yield Contest(
        f"replicas for asyncio, one change of {KEYS:,} keys to the store and on",
        _reference(),
        TIMES,
        ROUNDS,
        {
            "all of it in JSON": Peer(_exchanging(Copied)),
            "pycrdt": Peer(_exchanging(pycrdt.Document)),
            "loro": Peer(_exchanging(loro.Document)),
        },
    )


def _reference() -> Work:
    system = StateSync(Wire(), StateSyncSettings())
    one, other = system.replica("A"), system.replica("B")

    async def prepare(_: int) -> None:
        for number in range(KEYS):
            await one.write(f"key {number}", "as it was")
        await one.sync()
        await other.sync()

    async def work(times: int) -> None:
        for number in range(times):
            await one.write("key 7", f"value {number}")
            await one.sync()
            await other.sync()

    in_loop(prepare)(1)
    return in_loop(work)


def _exchanging(make: Callable[[], Any]) -> Work:
    one, store, other = make(), make(), make()
    for number in range(KEYS):
        one.set(f"key {number}", "as it was")
    first = one.update_for(store.known())
    store.apply(first)
    other.apply(first)

    def work(times: int) -> None:
        for number in range(times):
            one.set("key 7", f"value {number}")
            _exchange(one, store)
            _exchange(other, store)

    return work


def _exchange(document: Any, store: Any) -> None:
    """One sync: each side sends what it knows, and is sent what it lacks."""
    update, lacking = document.update_for(store.known()), store.update_for(document.known())
    store.apply(update)
    document.apply(lacking)
