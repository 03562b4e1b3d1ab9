"""The central store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from patternproof.ports.state_sync import StoreError

from .entries import Entry, are_in_conflict, join
from .wire import Reply, Request, decode_request, encode_refusal, encode_reply

CENTRE = "centre"
"""The store's name in the network."""


class StoreUnreachableError(StoreError):
    """Nothing answers at a store's address, or not in time; it may be back later."""


class Table(Protocol):
    """Where a store keeps its entries; the changes are counted, and each entry knows the count of its last one."""

    def count(self) -> int:
        """Changes so far."""

    def get(self, key: str) -> Entry | None:
        """The entry of a key."""

    def put(self, key: str, entry: Entry) -> None:
        """Change the entry of a key, and count the change."""

    def since(self, count: int) -> dict[str, Entry]:
        """The entries whose last change came after the first `count` changes."""


class Memory:
    """A table in this process."""

    def __init__(self) -> None:
        # Changed by `put` only.
        self._entries: dict[str, tuple[Entry, int]] = {}
        self._count = 0

    def count(self) -> int:
        return self._count

    def get(self, key: str) -> Entry | None:
        return self._entries[key][0] if key in self._entries else None

    def put(self, key: str, entry: Entry) -> None:
        self._count += 1
        self._entries.pop(key, None)  # the latest change stands last, so that `since` need not look at the others
        self._entries[key] = (entry, self._count)

    def since(self, count: int) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for key, (entry, changed) in reversed(self._entries.items()):
            if changed <= count:
                break
            found[key] = entry
        return found


class Store:
    """Joins what the replicas push, and tells each what it has not heard of; every request is one transaction of its table."""

    def __init__(self, table: Table | None = None) -> None:
        self._table = table or Memory()

    def __repr__(self) -> str:
        return f"<Store {self._table.count()} changes>"

    def contents(self) -> Mapping[str, Any]:
        """Every key with its value."""
        entries = self._table.since(0)
        return {key: entries[key].value for key in sorted(entries) if entries[key].value is not None}

    def receive(self, request: bytes) -> bytes:
        """Answer a request; one of another protocol is refused."""
        try:
            return encode_reply(self._answer(decode_request(request)))
        except StoreError as error:
            return encode_refusal(str(error))

    def _answer(self, request: Request) -> Reply:
        conflicts = set()
        kept: dict[str, Entry] = {}
        for key, pushed in request.changes.items():
            here = self._table.get(key)
            if are_in_conflict(here, pushed):
                conflicts.add(key)
                if request.keeps_conflicts and here is not None:
                    kept[key] = here
                    continue
            after = join(here, pushed)
            if after != here:
                self._table.put(key, after)
        changes = {key: entry for key, entry in self._table.since(request.since).items() if entry != request.changes.get(key)}
        return Reply(self._table.count(), changes | kept, frozenset(conflicts))
