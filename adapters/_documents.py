"""Documents of a CRDT library, synced over the kit's network.

Such a library merges updates and has no transport: each sync is one exchange, what each side knows and what the other lacks. What
a sync did is read off the documents: a copy as of the last sync tells what was changed elsewhere, and the replica remembers what
was changed here.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from patternproof.ports import Unsupported
from patternproof.ports.state_sync import DuplicateReplicaError, Network, StateSyncSettings, SyncResult

CENTRE = "server"


class Document(Protocol):
    """A document with one map."""

    def set(self, key: str, value: Any) -> None:
        """Set a key."""

    def remove(self, key: str) -> None:
        """Remove a key that is there."""

    def contents(self) -> dict[str, Any]:
        """Every key with its value."""

    def known(self) -> bytes:
        """What it knows, for others to find out what it lacks."""

    def update_for(self, known: bytes) -> bytes:
        """What one lacks that knows this."""

    def apply(self, update: bytes) -> None:
        """Take in an update."""


def applied(document: Document, update: bytes) -> set[str]:
    """Let a document take in an update; the keys that show something else since."""
    before = document.contents()
    document.apply(update)
    after = document.contents()
    return {key for key in {*before, *after} if before.get(key) != after.get(key)}


def packed(known: bytes, update: bytes) -> bytes:
    """What one side knows, and what the other lacks."""
    return json.dumps([b64encode(known).decode(), b64encode(update).decode()]).encode()


def unpacked(message: bytes) -> tuple[bytes, bytes]:
    """The opposite of `packed`."""
    known, update = json.loads(message)
    return b64decode(known), b64decode(update)


class Replica:
    """A replica with a document of its own."""

    def __init__(self, name: str, network: Network, make: Callable[[], Document]) -> None:
        self._name, self._network = name, network
        self._here, self._common = make(), make()
        self._server_knows = make().known()
        self._changed: dict[str, int] = {}
        self._writes = 0
        self.last_sync = 0

    async def write(self, key: str, value: Any) -> None:
        self._here.set(key, value)
        self._note(key)

    async def delete(self, key: str) -> None:
        if key in self._here.contents():
            self._here.remove(key)
            self._note(key)

    def _note(self, key: str) -> None:
        self._writes += 1
        self._changed[key] = self._writes

    async def read(self, key: str) -> Any:
        return self._here.contents().get(key)

    async def snapshot(self) -> Mapping[str, Any]:
        return self._here.contents()

    async def sync(self) -> SyncResult:
        sent, own = dict(self._changed), self._here.update_for(self._server_knows)
        reply = await self._network.call(self._name, CENTRE, packed(self._here.known(), own))
        self._server_knows, update = unpacked(reply)
        elsewhere = applied(self._common, update)
        shown = applied(self._here, update)
        self._common.apply(own)
        self._changed = {key: count for key, count in self._changed.items() if sent.get(key) != count}
        self.last_sync += 1
        both = {key for key in sent if key in elsewhere or key in shown}
        return SyncResult(sent.keys() - both, (elsewhere | shown) - both, (), both)

    async def close(self) -> None:
        """Nothing runs by itself."""


class System:
    """Replicas and a server with a document of its own.

    Args:
        network: the way between them.
        settings: of which these have none; the first that is asked for is refused.
        make: makes a new document.
    """

    def __init__(self, network: Network, settings: StateSyncSettings, make: Callable[[], Document]) -> None:
        for name in ("sync_interval", "retries", "merge", "store"):
            if getattr(settings, name):
                raise Unsupported(name)
        self._network, self._make = network, make
        self._server = make()
        self._names: set[str] = {CENTRE}
        network.register(CENTRE, self._receive)

    async def _receive(self, sender: str, request: bytes) -> bytes:
        known, update = unpacked(request)
        lacking = self._server.update_for(known)  # before: a deletion in the request would come back as one of others
        self._server.apply(update)
        return packed(self._server.known(), lacking)

    def replica(self, name: str) -> Replica:
        if name in self._names:
            raise DuplicateReplicaError(f"the name {name!r} is taken")
        self._names.add(name)
        return Replica(name, self._network, self._make)

    async def central(self) -> Mapping[str, Any]:
        return self._server.contents()
