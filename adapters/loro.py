"""Loro, its documents synced over the kit's network."""

from __future__ import annotations

from typing import Any

from loro import ExportMode, LoroDoc, VersionVector

from patternproof.ports.state_sync import Network, StateSyncSettings

from ._documents import System

RUNTIME = "asyncio"
ADAPTS = {"loro"}


class Document:
    """A document with one map."""

    def __init__(self) -> None:
        self._doc = LoroDoc()
        self._map = self._doc.get_map("state")

    def set(self, key: str, value: Any) -> None:
        self._map.insert(key, value)
        self._doc.commit()

    def remove(self, key: str) -> None:
        self._map.delete(key)
        self._doc.commit()

    def contents(self) -> dict[str, Any]:
        return dict(self._map.get_deep_value())

    def known(self) -> bytes:
        return bytes(self._doc.oplog_vv.encode())

    def update_for(self, known: bytes) -> bytes:
        return bytes(self._doc.export(ExportMode.Updates(VersionVector.decode(known))))

    def apply(self, update: bytes) -> None:
        self._doc.import_(update)


def state_sync(network: Network, settings: StateSyncSettings) -> System:
    return System(network, settings, Document)
