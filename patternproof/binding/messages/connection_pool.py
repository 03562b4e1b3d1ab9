"""The messages of connection pools."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, field

from patternproof.binding.messages.common import Id, Message, Raised
from patternproof.binding.messages.settings import message_of
from patternproof.ports.connection_pool import ConnectionPoolSettings

Size = Annotated[int, Meta(ge=0, le=1_000)]
"""Connections that a server makes at once, at most."""
Settings: Any = message_of(ConnectionPoolSettings, max_size=Size, min_size=Size)


class MakePool(Message, tag_field="pattern", tag="connection_pool"):
    """Make a connection pool.

    What ``connect`` returns is ``{"connection": "n1"}``: a connection of the kit's. Its methods ``request(payload)``, ``reset()``
    and ``close()`` are functions of that id, told of as begun with the method's name. Whether it is alive the server knows: it
    is, until ``close()`` or ``connection_pool.break``.
    """

    instance: Id
    connect: Id
    """The function that makes a connection."""
    settings: Settings = field(default_factory=Settings)


class Acquire(Message, tag_field="method", tag="connection_pool.acquire"):
    """Borrow a connection. Returns null once there is one; the handle goes by the id of this call."""

    call: Id


class UseHandle(Message, tag_field="method", tag="connection_pool.request"):
    """Send a payload over a handle, and return the reply."""

    call: Id
    handle: Id
    payload: Any = None


class GiveBack(Message, tag_field="method", tag="connection_pool.release"):
    """Give a handle back. Returns whether an error of the borrower was swallowed."""

    call: Id
    handle: Id
    error: Raised | None = None
    """What the borrower leaves with; null: nothing went wrong."""


class BreakConnection(Message, tag_field="method", tag="connection_pool.break"):
    """A connection is lost: from now on it is not alive. Ends at once."""

    call: Id
    connection: Id


class ClosePool(Message, tag_field="method", tag="connection_pool.close"):
    """Close the pool."""

    call: Id


class ReadStatistics(Message, tag_field="method", tag="connection_pool.statistics"):
    """Read the counts: size, idle, in_use and waiting. Ends at once."""

    call: Id


Make = MakePool
CALLS = (Acquire, UseHandle, GiveBack, BreakConnection, ClosePool, ReadStatistics)
PLAIN = (BreakConnection, ReadStatistics)
"""Those that end at once."""
MEMBERS = ("statistics",)
"""Methods that not every pool has."""
