"""sqlitedict: one key of a dict in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlitedict import SqliteDict  # type: ignore[import-untyped]  # it has no stubs of its own

from patternproof.ports.shared_state import SharedStateSettings, Snapshot, Updater

T = TypeVar("T")

RUNTIME = "threads"
ADAPTS = {"sqlitedict"}
CLAIMS = {"persistent"}

KEY = "state"


class State:
    """The port over one key of a `SqliteDict`, which has no transactions that read, no listeners, and keeps no time."""

    def __init__(self, database: Any, initial: Mapping[str, Any]) -> None:
        self._database = database
        if KEY not in database:
            self._keep(dict(initial), 0)

    def get(self) -> Snapshot:
        return Snapshot(*self._database[KEY])

    def update(self, function: Updater[T]) -> T:
        data, version = self._database[KEY]
        result = function(data)
        self._keep(data, version + 1)
        return result

    def _keep(self, data: dict[str, Any], version: int) -> None:
        self._database[KEY] = data, version
        self._database.commit()


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> Iterator[State]:
    with TemporaryDirectory(prefix="patternproof-dict-") as folder, SqliteDict(settings.store or f"{folder}/state") as database:
        yield State(database, initial)
