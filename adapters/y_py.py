"""y-py, its documents synced over the kit's network."""

from __future__ import annotations

import json
from typing import Any

import y_py

from patternproof.ports.state_sync import Network, StateSyncSettings

from ._documents import System

RUNTIME = "asyncio"
ADAPTS = {"y-py"}


class Document:
    """A document with one map."""

    def __init__(self) -> None:
        self._doc = y_py.YDoc()
        self._map = self._doc.get_map("state")

    def set(self, key: str, value: Any) -> None:
        with self._doc.begin_transaction() as transaction:
            self._map.set(transaction, key, value)

    def remove(self, key: str) -> None:
        with self._doc.begin_transaction() as transaction:
            self._map.pop(transaction, key)

    def contents(self) -> dict[str, Any]:
        return dict(json.loads(self._map.to_json()))

    def known(self) -> bytes:
        return bytes(y_py.encode_state_vector(self._doc))

    def update_for(self, known: bytes) -> bytes:
        return bytes(y_py.encode_state_as_update(self._doc, known))

    def apply(self, update: bytes) -> None:
        y_py.apply_update(self._doc, update)


def state_sync(network: Network, settings: StateSyncSettings) -> System:
    return System(network, settings, Document)
