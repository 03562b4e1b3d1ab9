"""pycrdt, its documents synced over the kit's network.

pycrdt (Yjs in Rust) merges updates and has no transport: each sync is one exchange of the Yjs sync protocol, a state vector and
what the other side lacks, both ways. What a sync did is read off the documents: a copy as of the last sync tells what was changed
elsewhere, and the replica remembers what was changed here.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from pycrdt import Doc, Map

from patternproof.ports import Unsupported
from patternproof.ports.state_sync import DuplicateReplicaError, Network, StateSyncSettings, SyncResult

RUNTIME = "asyncio"
ADAPTS = {"pycrdt"}
CENTRE = "server"
ROOT = "state"


class Document:
    """A document with one map."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc()
        self.doc[ROOT] = Map()
        self.map: Map[Any] = self.doc[ROOT]

    def contents(self) -> dict[str, Any]:
        return dict(self.map.to_py() or {})

    def applied(self, update: bytes) -> set[str]:
        """Take in an update; the keys that show something else since."""
        before = self.contents()
        self.doc.apply_update(update)
        after = self.contents()
        return {key for key in {*before, *after} if before.get(key) != after.get(key)}


def packed(state: bytes, update: bytes) -> bytes:
    """A state vector and an update."""
    return json.dumps([b64encode(state).decode(), b64encode(update).decode()]).encode()


def unpacked(message: bytes) -> tuple[bytes, bytes]:
    """The opposite of `packed`."""
    state, update = json.loads(message)
    return b64decode(state), b64decode(update)


class Replica:
    """A replica with a document of its own."""

    def __init__(self, name: str, network: Network) -> None:
        self._name, self._network = name, network
        self._here, self._common = Document(), Document()
        self._server_state = Doc().get_state()
        self._changed: dict[str, int] = {}
        self._writes = 0
        self.last_sync = 0

    async def write(self, key: str, value: Any) -> None:
        self._here.map[key] = value
        self._note(key)

    async def delete(self, key: str) -> None:
        if key in self._here.map:
            del self._here.map[key]
            self._note(key)

    def _note(self, key: str) -> None:
        self._writes += 1
        self._changed[key] = self._writes

    async def read(self, key: str) -> Any:
        return self._here.map.get(key)

    async def snapshot(self) -> Mapping[str, Any]:
        return self._here.contents()

    async def sync(self) -> SyncResult:
        sent, own = dict(self._changed), self._here.doc.get_update(self._server_state)
        reply = await self._network.call(self._name, CENTRE, packed(self._here.doc.get_state(), own))
        self._server_state, update = unpacked(reply)
        elsewhere = self._common.applied(update)
        shown = self._here.applied(update)
        self._common.applied(own)
        self._changed = {key: count for key, count in self._changed.items() if sent.get(key) != count}
        self.last_sync += 1
        both = {key for key in sent if key in elsewhere or key in shown}
        return SyncResult(sent.keys() - both, (elsewhere | shown) - both, (), both)

    async def close(self) -> None:
        """Nothing runs by itself."""


class System:
    """Replicas and a server with a document of its own."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._server = Document()
        self._names: set[str] = {CENTRE}
        network.register(CENTRE, self._receive)

    async def _receive(self, sender: str, request: bytes) -> bytes:
        state, update = unpacked(request)
        lacking = self._server.doc.get_update(state)  # before: a deletion in the request would come back as one of others
        self._server.doc.apply_update(update)
        return packed(self._server.doc.get_state(), lacking)

    def replica(self, name: str) -> Replica:
        if name in self._names:
            raise DuplicateReplicaError(f"the name {name!r} is taken")
        self._names.add(name)
        return Replica(name, self._network)

    async def central(self) -> Mapping[str, Any]:
        return self._server.contents()


def state_sync(network: Network, settings: StateSyncSettings) -> System:
    for name in ("sync_interval", "retries", "merge", "store"):
        if getattr(settings, name):
            raise Unsupported(name)
    return System(network)
