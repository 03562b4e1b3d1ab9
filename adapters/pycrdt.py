"""pycrdt, its documents synced over the kit's network."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Map

from patternproof.ports.state_sync import Network, StateSyncSettings

from ._documents import System

RUNTIME = "asyncio"
ADAPTS = {"pycrdt"}
ROOT = "state"


class Document:
    """A document with one map."""

    def __init__(self) -> None:
        self._doc: Doc[Any] = Doc()
        self._doc[ROOT] = Map()
        self._map: Map[Any] = self._doc[ROOT]

    def set(self, key: str, value: Any) -> None:
        self._map[key] = value

    def remove(self, key: str) -> None:
        del self._map[key]

    def contents(self) -> dict[str, Any]:
        return dict(self._map.to_py() or {})

    def known(self) -> bytes:
        return self._doc.get_state()

    def update_for(self, known: bytes) -> bytes:
        return self._doc.get_update(known)

    def apply(self, update: bytes) -> None:
        self._doc.apply_update(update)


def state_sync(network: Network, settings: StateSyncSettings) -> System:
    return System(network, settings, Document)
