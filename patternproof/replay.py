"""Tokens that stand for exactly one history."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import fields
from typing import Any

from patternproof.history import Batch, History
from patternproof.modelling import Model
from patternproof.outcome import AdapterError
from patternproof.patterns import PATTERNS

LONGEST = 100_000
"""Bytes that a token may unpack to."""


def encode(stem: str, model: Model, history: History) -> str:
    """The token of a history: what was done, not what was seen."""
    variants = list(PATTERNS[stem].scenarios("model").complete().variants())
    batches = [[[_event(event) for event in moment.batch.events], list(moment.batch.turns)] for moment in history]
    text = json.dumps([stem, variants.index(history.settings), batches], separators=(",", ":"))
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def _event(event: Any) -> list[Any]:
    return [type(event).__name__, *(getattr(event, field.name) for field in fields(event))]


def decode(token: str) -> tuple[str, int, list[Batch]]:
    """Pattern, number of the settings among the complete model's variants, and batches.

    Raises:
        AdapterError: the text is no token of this version of the kit.
    """
    try:
        packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        stem, index, batches = json.loads(zlib.decompressobj().decompress(packed, LONGEST))
        events = PATTERNS[stem].scenarios("events")
        made = [Batch(tuple(events.EVENTS[name](*values) for name, *values in done), tuple(turns)) for done, turns in batches]
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError) as error:
        raise AdapterError(
            f"--replay: {token[:40]!r} is no token of this version of the kit ({type(error).__name__}: {error})"
        ) from error
    return stem, index, made
