"""Requests and replies as bytes.

JSON, so that a store written in any language can be understood. A reply is an answer or a refusal; both name the protocol.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from patternproof.ports.state_sync import StoreError

from .entries import Entry

PROTOCOL = 1

Entries = Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Request:
    """Changes to push, and from where on to pull."""

    since: int
    """The store's count of changes up to which its changes are known; 0: none."""
    changes: Entries
    keeps_conflicts: bool = False
    """Whether the store leaves what conflicts as it is, for the replica to merge."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the store has that the replica has not."""

    count: int
    """The store's count of changes, for the next request."""
    changes: Entries = field(default_factory=dict)
    conflicts: frozenset[str] = frozenset()
    """Of the keys that were pushed, those that were changed elsewhere without knowing of it."""


def encode_request(request: Request) -> bytes:
    """As bytes."""
    return _dump({"since": request.since, "changes": _packed(request.changes), "keeps_conflicts": request.keeps_conflicts})


def decode_request(data: bytes) -> Request:
    """From bytes.

    Raises:
        StoreError: it is of another protocol.
    """
    with _understood(data, "request") as document:
        return Request(int(document["since"]), _unpacked(document["changes"]), bool(document["keeps_conflicts"]))


def encode_reply(reply: Reply) -> bytes:
    """As bytes."""
    return _dump({"count": reply.count, "changes": _packed(reply.changes), "conflicts": sorted(reply.conflicts)})


def encode_refusal(reason: str) -> bytes:
    """The reply of a store that does not take a request."""
    return _dump({"refused": reason})


def decode_reply(data: bytes) -> Reply:
    """From bytes.

    Raises:
        StoreError: it is of another protocol, or a refusal.
    """
    with _understood(data, "reply") as document:
        if "refused" in document:
            raise StoreError(f"the store refused the request: {document['refused']}")
        return Reply(int(document["count"]), _unpacked(document["changes"]), frozenset(document["conflicts"]))


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps({"protocol": PROTOCOL, **document}, separators=(",", ":")).encode()


@contextmanager
def _understood(data: bytes, what: str) -> Iterator[dict[str, Any]]:
    try:
        document = json.loads(data)
        protocol = document["protocol"]
        if protocol == PROTOCOL:
            yield document
            return
    except (ValueError, TypeError, KeyError, AttributeError):
        shown = data[:40]
        raise StoreError(f"expected a {what} of protocol {PROTOCOL}, seen {shown!r}: is that a store for state_sync?") from None
    raise StoreError(f"expected a {what} of protocol {PROTOCOL}, seen one of protocol {protocol!r}: upgrade the older side")


def _packed(entries: Entries) -> dict[str, Any]:
    return {key: pack(entry) for key, entry in entries.items()}


def _unpacked(entries: dict[str, Any]) -> dict[str, Entry]:
    return {key: unpack(entry) for key, entry in entries.items()}


def pack(entry: Entry) -> list[Any]:
    """An entry as JSON."""
    return [entry.value, list(entry.stamp), dict(entry.seen)]


def unpack(packed: list[Any]) -> Entry:
    """An entry from JSON."""
    value, (time, writer), seen = packed
    return Entry(value, (time, writer), seen)
