"""Versions of the data, each one frozen for good."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar

from patternproof.ports.shared_state import Snapshot, Updater, UpdaterError, VersionConflictError

T = TypeVar("T")

_SCALARS: Final = (str, int, float, bool, type(None))


def first(initial: Mapping[str, Any]) -> Snapshot:
    """Version 0.

    Raises:
        UpdaterError: the data holds something that a state cannot hold.
    """
    return Snapshot(_frozen_mapping(initial, "data"), 0, datetime.now(UTC))


def following(snapshot: Snapshot, function: Updater[T]) -> tuple[Snapshot, T]:
    """The next version, and what the function returned.

    Raises:
        UpdaterError: the function returned something to be awaited, or left something that a state cannot hold.
        Exception: whatever the function raised.
    """
    data = thawed(snapshot.data)
    result = function(data)
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()  # or Python warns that it was never awaited
        raise UpdaterError(f"expected a plain function, seen one that returned {type(result).__name__}: await before update()")
    # The wall clock may be set back, and time may not.
    now = max(datetime.now(UTC), snapshot.last_updated)
    return Snapshot(_frozen_mapping(data, "data"), snapshot.version + 1, now), result


def require(snapshot: Snapshot, version: int) -> None:
    """Go on only where that version is the latest.

    Raises:
        VersionConflictError: it is not.
    """
    if snapshot.version != version:
        raise VersionConflictError(version, snapshot.version)


def thawed(value: Any) -> Any:
    """A copy that can be changed."""
    if isinstance(value, Mapping):
        return {key: thawed(each) for key, each in value.items()}
    return [thawed(each) for each in value] if isinstance(value, tuple) else value


def _frozen_mapping(value: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise UpdaterError(f"{where} has the key {key!r}; expected keys that are text")
    return MappingProxyType({key: frozen(each, f"{where}[{key!r}]") for key, each in value.items()})


def frozen(value: Any, where: str) -> Any:
    """A copy that nobody can change: mappings read-only, lists as tuples.

    Raises:
        UpdaterError: it is, or has in it, something else than text, numbers, True, False, None, lists and mappings.
    """
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, Mapping):
        return _frozen_mapping(value, where)
    if isinstance(value, list | tuple):
        return tuple([frozen(each, f"{where}[{index}]") for index, each in enumerate(value)])
    raise UpdaterError(f"{where} is a {type(value).__name__}; a state holds text, numbers, True, False, None, lists and mappings")
