"""Anything as JSON, whatever implementations have said."""

from __future__ import annotations

from typing import Any

import msgspec


def as_json(value: Any) -> bytes:
    """Encode a value; half of a surrogate pair, which no file can hold, is written out as its escape."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_encodable(msgspec.to_builtins(value)))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(name): _encodable(each) for name, each in value.items()}
    return [_encodable(each) for each in value] if isinstance(value, list | tuple) else value
