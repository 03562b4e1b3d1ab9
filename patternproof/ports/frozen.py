"""Data that nobody can change, of whatever JSON can say."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Self, TypeAlias

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | Mapping[str, Value] | None"
"""What JSON can say; lists are tuples here, and nothing of it can be changed."""

MOST_DEPTH = 100
"""Lists and objects within one another; readers of JSON give up at some hundreds."""
MOST_BITS = 14_000
"""Of an integer; Python reads no integer of more than 4,300 digits from text."""


class PayloadError(ValueError):
    """A payload that JSON cannot say; the message names the place in it."""


class Frozen(Mapping[str, Value]):
    """A mapping that cannot be changed, nor anything in it; it is equal to any mapping with the same items."""

    __slots__ = ("__weakref__", "_items")

    def __init__(self, items: Mapping[str, Value]) -> None:
        object.__setattr__(self, "_items", dict(items))

    def __getitem__(self, key: str) -> Value:
        value: Value = self._items[key]  # type: ignore[attr-defined]  # set in __init__, around the guard below
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)  # type: ignore[attr-defined]  # as above

    def __len__(self) -> int:
        return len(self._items)  # type: ignore[attr-defined]  # as above

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an event's data cannot be changed: {name}")

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __repr__(self) -> str:
        return repr(dict(self))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)


NOTHING: Mapping[str, Value] = Frozen({})


def frozen(value: object, place: str = "data", depth: int = 0) -> Value:
    """A value as nothing can change it any more.

    Args:
        value: None, a bool, a number, text, or lists, tuples and mappings of these.
        place: what an error calls it.
        depth: how many lists and mappings it is in.

    Raises:
        PayloadError: JSON has no such value.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | str):
        return _plain(value, place)
    if depth >= MOST_DEPTH:
        raise PayloadError(f"{place}: more than {MOST_DEPTH} lists and mappings within one another")
    if isinstance(value, list | tuple):
        return tuple([frozen(each, f"{place}[{index}]", depth + 1) for index, each in enumerate(value)])
    if isinstance(value, Mapping):
        return Frozen({_key(key, place): frozen(each, f"{place}[{key!r}]", depth + 1) for key, each in value.items()})
    raise PayloadError(f"{place}: {type(value).__name__} is nothing that JSON can say; expected a number, text, list or mapping")


def _plain(value: int | float | str, place: str) -> Value:
    if isinstance(value, str):
        return _text(value, place)
    if isinstance(value, int):
        if value.bit_length() > MOST_BITS:
            raise PayloadError(f"{place}: an integer of {value.bit_length()} bits; the most is {MOST_BITS}")
        return int(value)
    if not math.isfinite(value):
        raise PayloadError(f"{place}: {value} is no number of JSON; leave it out, or write it as text")
    return float(value)


def _text(value: str, place: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise PayloadError(f"{place}: half of a surrogate pair, at character {error.start}, is no Unicode text") from error
    return str(value)


def _key(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise PayloadError(f"{place}: the key {key!r} is {type(key).__name__}; keys are text")
    return _text(key, f"{place}, the key {key!r}")
