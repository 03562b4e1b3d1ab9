"""The messages of state synchronisation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from patternproof.binding.messages.common import Id, Message
from patternproof.binding.messages.settings import message_of
from patternproof.ports.state_sync import StateSyncSettings

Share = Annotated[float, Meta(ge=0, lt=1)]
Settings: Any = message_of(
    StateSyncSettings,
    ("random", "store"),
    sync_interval=Annotated[float, Meta(ge=0.01)] | None,
    retries=Annotated[int, Meta(ge=0, le=100)],
    merge=Literal["union"] | None,
)


class MakeSync(Message, tag_field="pattern", tag="state_sync"):
    """Make replicas and a centre, joined by a network of the kit's.

    The network is an object whose method ``call(sender, receiver, request)`` is a function of its id, told of as begun; it
    returns the reply, or raises: then the request or its reply was lost. Requests and replies go in base64. Of
    ``register(name, receive)`` tell as of something heard, with the network as the listener and the name as the argument;
    ``state_sync.receive`` then has the network deliver there.

    The merge ``union`` is of texts that hold words joined by ``+``: it keeps what either side has, without what either has
    removed since the base, in the order of the alphabet; null where nothing is left.
    """

    instance: Id
    network: Id
    settings: Settings = field(default_factory=Settings)
    merges: Id | None = None
    """The listener that is told of base, local and remote at each run of the merge function."""
    chance: Share = 0.5
    """The number that the source of all jitter gives, until ``state_sync.chance``."""


class Deliver(Message, tag_field="method", tag="state_sync.receive"):
    """Have the network deliver a request where its receiver was registered. Returns the reply."""

    call: Id
    receiver: str
    sender: str
    request: str


class SetChance(Message, tag_field="method", tag="state_sync.chance"):
    """Have the source of all jitter give another number from now on. Ends at once."""

    call: Id
    value: Share


class OpenReplica(Message, tag_field="method", tag="state_sync.replica"):
    """Open a replica, which goes by the id of this call. Ends at once."""

    call: Id
    name: str


class WriteKey(Message, tag_field="method", tag="state_sync.write"):
    """Set a key of a replica."""

    call: Id
    replica: Id
    key: str
    value: Any


class DeleteKey(Message, tag_field="method", tag="state_sync.delete"):
    """Remove a key of a replica."""

    call: Id
    replica: Id
    key: str


class ReadKey(Message, tag_field="method", tag="state_sync.read"):
    """Read a key of a replica; null: it is not there."""

    call: Id
    replica: Id
    key: str


class ReadReplica(Message, tag_field="method", tag="state_sync.snapshot"):
    """Read every key of a replica. Returns an object."""

    call: Id
    replica: Id


class SyncReplica(Message, tag_field="method", tag="state_sync.sync"):
    """Push and pull. Returns an object of four lists of keys: pushed, pulled, merged, conflicts."""

    call: Id
    replica: Id


class ReadLastSync(Message, tag_field="method", tag="state_sync.last_sync"):
    """Read when the last sync succeeded, as anything that is another thing each time; null: never. Ends at once."""

    call: Id
    replica: Id


class CloseReplica(Message, tag_field="method", tag="state_sync.close"):
    """Close a replica."""

    call: Id
    replica: Id


class ReadCentre(Message, tag_field="method", tag="state_sync.central"):
    """Read every key of the centre. Returns an object."""

    call: Id


Make = MakeSync
CALLS = (
    Deliver,
    SetChance,
    OpenReplica,
    WriteKey,
    DeleteKey,
    ReadKey,
    ReadReplica,
    SyncReplica,
    ReadLastSync,
    CloseReplica,
    ReadCentre,
)
PLAIN = (SetChance, OpenReplica, ReadLastSync)
"""Those that end at once."""
MEMBERS = ()
LEFT_OUT = ("store", "stop_store", "start_store")
"""Members of the port that the binding has no message for: they take several processes."""
