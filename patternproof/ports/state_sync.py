"""The port of state synchronisation."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Value = Any
"""Anything that JSON can hold but null, which stands for a key that is not there."""
Merge = Callable[[Value | None, Value | None, Value | None], Value | None]
"""``merge(base, local, remote) -> value``: what becomes of a key that was changed on both sides since `base`, their last common
value; None stands for a key that is not there. A pure function, and symmetric in its last two arguments."""
Receive = Callable[[str, bytes], Awaitable[bytes]]
"""``await receive(sender, request) -> reply``, at the receiver's end of the network; plain under threads."""


@dataclass(frozen=True, slots=True)
class StateSyncSettings:
    """What the kit asks a factory for.

    A factory refuses a value that its implementation cannot have with ``Unsupported("name_of_the_field")``.
    """

    sync_interval: float | None = None
    """Seconds between automatic pushes at least, and at most between a write and its push; None: nothing is pushed but by
    sync(). Above 0."""
    retries: int = 0
    """Further attempts of a sync() whose network fails; 0: the first failure is reported at once."""
    retry_delay: float = 1.0
    """Seconds before the first retry at most, from which later delays grow."""
    retry_max: float = 60.0
    """Seconds before any retry at most."""
    random: Callable[[], float] = field(default=random.random, repr=False)
    """Source of all jitter: a number from 0.0 up to but not 1.0."""
    merge: Merge | None = None
    """Claim ``three_way_merge``: decides conflicts; None: a rule of the implementation's own."""
    store: str | None = None
    """Claim ``distributed``: address of a store that the replicas of several processes share, as the ``store`` of another
    system gives it; empty: a new one; None: one in this process."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What one sync() did, in keys; each may be any collection."""

    pushed: Collection[str] = ()
    """Changed here, and the store took the change."""
    pulled: Collection[str] = ()
    """Changed elsewhere, and the change arrived here."""
    merged: Collection[str] = ()
    """Changed here and elsewhere, neither change knowing of the other, and brought together in one value."""
    conflicts: Collection[str] = ()
    """Changed in the same way, and decided by a rule. Every key that was so changed is in at least one of the two."""


class Unreachable(Exception):
    """A request or its reply was lost; whether the request arrived cannot be told."""


class SyncError(Exception):
    """A sync() failed; the local state is as it was, and the cause says why."""


class DuplicateReplicaError(Exception):
    """A replica of this name is open already."""


class StoreError(Exception):
    """A store cannot be used: unknown address, refused, another protocol, a schema of another version."""


class Network(Protocol):
    """The only way between replicas and the centre; made by the kit, which delays, drops, duplicates and partitions here.

    A replica calls, and is called, under its own name; the centre and whatever else there is may have any other name.
    """

    def register(self, name: str, receive: Receive) -> None:
        """Answer the requests that are sent to a name; of two for one name the later counts. Plain in both flavours."""

    async def call(self, sender: str, receiver: str, request: bytes) -> bytes:
        """Send a request and wait for its reply.

        Raises:
            Unreachable: one of the two was lost, or nobody answers to the receiver's name.
        """


class Replica(Protocol):
    """A local replica: reading and writing never need the store."""

    @property
    def last_sync(self) -> Any:
        """When the last sync() that succeeded did, in any form that can be compared; None: never."""

    async def write(self, key: str, value: Value) -> None:
        """Set a key here, at once."""

    async def delete(self, key: str) -> None:
        """Remove a key here, at once; one that is not there stays so."""

    async def read(self, key: str) -> Value | None:
        """The value of a key here; None: it is not there."""

    async def snapshot(self) -> Mapping[str, Value]:
        """Every key here with its value."""

    async def sync(self) -> SyncResult:
        """Push what was changed here, pull what was changed elsewhere.

        Raises:
            Exception: it failed; a `SyncError` or whatever else says so.
        """

    async def close(self) -> None:
        """End all automatic pushes; what was not pushed stays unpushed."""


class SyncSystem(Protocol):
    """Replicas and the centre; made by ``state_sync(network, settings)``."""

    def replica(self, name: str) -> Replica:
        """Open a new, empty replica. Plain in both flavours: it needs no store.

        Raises:
            DuplicateReplicaError: one of this name is open.
        """

    async def central(self) -> Mapping[str, Value]:
        """Every key of the centre with its value; it does not pass through the network."""


class Distributed(Protocol):
    """A system that claims ``distributed`` (SY-16), made with an address as ``settings.store``."""

    @property
    def store(self) -> str:
        """The address of its store, for systems of other processes."""


class Stored(Protocol):
    """A system over a store of its own; claim ``distributed``.

    One over a server of `patternproof.servers` needs none of this: the kit restarts that.
    """

    async def stop_store(self) -> None:
        """Stop the store; all connections to it end, and what it has acknowledged stays."""

    async def start_store(self) -> None:
        """Start the store again, and come back once it answers."""


ARGUMENTS = ("network", "settings")
REQUIRED = SyncSystem
OPTIONAL = (Distributed, Stored)
