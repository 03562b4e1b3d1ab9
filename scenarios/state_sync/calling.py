"""Asking replicas for what they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from patternproof.drivers import Driver, Pending, Raised, Returned
from patternproof.history import shown

from .events import KEYS, View
from .merging import SEPARATOR

PATIENCE = 30
"""How often to settle again for an answer from another process, in real time."""


class Trouble(Exception):
    """A call that should answer at once does not."""


class Caller:
    """Makes calls that should answer at once.

    Args:
        driver: an entered driver.
        plain: whether methods are plain, as under threads.
    """

    def __init__(self, driver: Driver, plain: bool) -> None:
        self._driver = driver
        self._plain = plain

    def call(self, function: Callable[[], Any]) -> Any:
        """What a call returned, or `Trouble` as a value where it waits or raises."""
        return self._answer(self._driver.start(function))

    def call_all(self, functions: Sequence[Callable[[], Any]]) -> list[Any]:
        """The same of several; in real time at once, since each settling takes its while."""
        if self._driver.name != "live":
            return [self.call(function) for function in functions]
        begun = [self._driver.begin(function) for function in functions]
        self._driver.settle()
        return [self._answer(pending) for pending in begun]

    def _answer(self, pending: Pending) -> Any:
        for _ in range(PATIENCE if self._driver.name == "live" else 0):
            if pending.outcome is None:
                self._driver.settle()
        match pending.outcome:
            case Returned(value):
                return value
            case Raised(error):
                return Trouble(f"raises {shown(error)}")
        if self._driver.can_cancel:
            self._driver.cancel(pending)
            self._driver.settle()
        return Trouble("waits")

    def reading(self, replica: Any, keys: tuple[str, ...]) -> Callable[[], Any]:
        """A call that gives the values of several keys, as a mapping of those that are there."""

        async def reading() -> dict[str, Any]:
            return _present({key: await replica.read(key) for key in keys})

        def plainly() -> dict[str, Any]:
            return _present({key: replica.read(key) for key in keys})

        return plainly if self._plain else reading


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def view_of(snapshot: Any, read: Any) -> View:
    """What a replica shows: for each key its values; a text where something is wrong."""
    for answer in (snapshot, read):
        if isinstance(answer, Trouble):
            return (str(answer),) * len(KEYS)
        if not isinstance(answer, Mapping):
            return (f"{shown(answer)} in place of a mapping",) * len(KEYS)
    return tuple(_value(snapshot.get(key), read.get(key)) for key in KEYS)


def _value(value: Any, read: Any) -> tuple[str, ...] | str:
    if value != read:
        return f"{shown(value)} in the snapshot, and {shown(read)} to read"
    return tuple(sorted(values_in(value)))


def values_in(value: Any) -> list[str]:
    """The values of writes that something holds: a text, several joined, or a collection that keeps several."""
    if value is None:
        return []
    if isinstance(value, str):
        return value.split(SEPARATOR)
    if isinstance(value, Mapping):
        return [each for part in value.values() for each in values_in(part)]
    try:
        return [each for part in value for each in values_in(part)]
    except TypeError:
        return [shown(value)]
