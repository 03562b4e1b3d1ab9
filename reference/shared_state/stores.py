"""The errors and rows of states over a store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from patternproof.reference.shared_state.versions import frozen, thawed

from patternproof.ports.shared_state import Snapshot

SCHEMA: Final = 1
"""The version of the tables; a store with another one is not touched."""


class StoreError(Exception):
    """Something is wrong with a store; the message names it."""


class StoreAddressError(StoreError):
    """An address is not one of a store of this kind."""


class StoreUnavailableError(StoreError):
    """A store cannot be reached, or used by others than those who use it now."""


class StoreSchemaError(StoreError):
    """A store was written by another version of this module, or by something else."""

    def __init__(self, store: str, found: object) -> None:
        super().__init__(
            f"{store}: expected tables of version {SCHEMA}, found {found}; use another store, or the release that wrote it"
        )


def encoded(snapshot: Snapshot) -> tuple[str, int, str]:
    """A snapshot as the columns of a row: data in JSON, version, last_updated in ISO 8601."""
    return json.dumps(thawed(snapshot.data)), snapshot.version, snapshot.last_updated.isoformat()


def decoded(data: str, version: int, last_updated: str) -> Snapshot:
    """The snapshot in a row."""
    value: Mapping[str, Any] = frozen(json.loads(data), "data")
    return Snapshot(value, version, datetime.fromisoformat(last_updated))
