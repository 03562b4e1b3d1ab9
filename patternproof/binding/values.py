"""Values as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from patternproof.history import shown


def plain(value: Any) -> Any:
    """A value as JSON has it, copied; of one that JSON cannot say its repr."""
    try:
        return msgspec.to_builtins(_builtin(value))
    except (TypeError, ValueError, RecursionError):
        return {"repr": shown(value)}


def _builtin(value: Any) -> Any:
    """With mappings and lists of an implementation's own made plain ones."""
    if isinstance(value, Mapping):
        return {key: _builtin(each) for key, each in value.items()}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [*map(_builtin, value)]
    return value


def seconds(moment: Any) -> float | None:
    """A moment, of whatever type it is, in seconds since any other."""
    return float(moment.timestamp() if hasattr(moment, "timestamp") else moment) if moment is not None else None
