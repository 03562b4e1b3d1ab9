"""diskcache: a state that outlives its process, used from threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from diskcache import Cache  # type: ignore[import-untyped]  # it has no stubs of its own

from patternproof.ports.shared_state import SharedStateSettings, Snapshot, Updater, VersionConflictError

T = TypeVar("T")

RUNTIME = "threads"
ADAPTS = {"diskcache"}
CLAIMS = {"compare_and_set", "persistent"}

KEY = "state"


class State:
    """The port over one key of a `diskcache.Cache`, which has no listeners and keeps no time."""

    def __init__(self, cache: Any, initial: Mapping[str, Any]) -> None:
        self._cache = cache
        cache.add(KEY, (dict(initial), 0))

    def get(self) -> Snapshot:
        return Snapshot(*self._cache[KEY])

    def update(self, function: Updater[T]) -> T:
        with self._cache.transact():
            return self._replaced(function)

    def update_if(self, version: int, function: Updater[T]) -> T:
        with self._cache.transact():
            found = self._cache[KEY][1]
            if found != version:
                raise VersionConflictError(version, found)
            return self._replaced(function)

    def _replaced(self, function: Updater[T]) -> T:
        data, version = self._cache[KEY]
        result = function(data)
        self._cache[KEY] = data, version + 1
        return result


def shared_state(initial: Mapping[str, Any], settings: SharedStateSettings) -> Iterator[State]:
    # Whoever is given a folder may be killed, and would leave one of its own behind.
    own = TemporaryDirectory(prefix="patternproof-cache-") if settings.store is None else nullcontext(settings.store)
    with own as folder, Cache(folder) as cache:
        yield State(cache, initial)
