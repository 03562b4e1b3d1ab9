"""What a replica can hold: JSON, and copies of it."""

from __future__ import annotations

import json
from typing import Any

_PLAIN = (str, int, float, bool, type(None))


def taken(key: Any, value: Any) -> Any:
    """A value as every replica will have it, apart from the caller's.

    Raises:
        ValueError: the key is no text, or the value would come back from JSON as another.
    """
    if not isinstance(key, str):
        raise ValueError(f"expected a text as the key, got {key!r}")
    if type(value) in (str, int, bool):
        return value
    try:
        copy = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"expected a value for {key!r} that JSON can hold: {error}") from error
    if copy != value:
        raise ValueError(f"expected a value for {key!r} that JSON can hold, got {value!r}, of which it makes {copy!r}")
    return copy


def given(value: Any) -> Any:
    """A copy for a caller to do with what it likes."""
    return value if isinstance(value, _PLAIN) else json.loads(json.dumps(value))
