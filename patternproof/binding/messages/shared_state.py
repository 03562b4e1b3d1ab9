"""The messages of shared states."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from patternproof.binding.messages.common import Id, Message, Raised

Path = Annotated[list[str], Meta(max_length=8)]
"""Keys of mappings, the outermost first."""
Amount = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]


class Add(Message, tag_field="edit", tag="add"):
    """Add to a number; one that is not there is 0."""

    path: Path
    """Where it is; of a snapshot the empty path is its version."""
    by: Amount


class Append(Message, tag_field="edit", tag="append"):
    """Append to a list."""

    path: Path
    """Where it is."""
    value: Any


class Set(Message, tag_field="edit", tag="set"):
    """Set what stands under a key, whether anything did."""

    path: Path
    """Where it is, the key included."""
    value: Any


Edit = Add | Append | Set


class MakeState(Message, tag_field="pattern", tag="shared_state"):
    """Make a shared state."""

    instance: Id
    initial: dict[str, Any] = field(default_factory=dict)
    """The data of its first version."""


class UpdateState(Message, tag_field="method", tag="shared_state.update"):
    """Update the state with a function that makes edits; returns what the state says that the function has returned.

    At each run the function first tells of the data that it is given (``told``, with its id as the listener), then makes the
    edits, and then raises the error, or returns its own id with the number of the run: ``f1.1``, ``f1.2``.
    """

    call: Id
    function: Id
    edits: list[Edit] = field(default_factory=list)
    error: Raised | None = None
    """What the function raises in the end; null: nothing."""


class UpdateStateIf(UpdateState, tag_field="method", tag="shared_state.update_if", kw_only=True):
    """Update the state as above if its version is still the latest; otherwise the outcome is ``conflict``."""

    version: int


class GetState(Message, tag_field="method", tag="shared_state.get"):
    """Get the latest snapshot, which the server keeps. Returns a ``StateSnapshot``."""

    call: Id


class StateSnapshot(Message):
    """A snapshot as it reads now."""

    snapshot: str
    """The id that the server gives it."""
    version: Any
    data: Any
    last_updated: float | None = None
    """Seconds since any time; null: it is not kept."""


class ReadSnapshots(Message, tag_field="method", tag="shared_state.read"):
    """Read snapshots again that the server keeps. Returns a list of ``StateSnapshot``. Ends at once."""

    call: Id
    snapshots: list[str]


class ChangeSnapshot(Message, tag_field="method", tag="shared_state.change"):
    """Try to change a snapshot; that it cannot be changed is no error. Ends at once."""

    call: Id
    snapshot: str
    edits: list[Edit]


class AddStateListener(Message, tag_field="method", tag="shared_state.add_listener"):
    """Add a listener, which is told of a ``StateSnapshot`` each time. Ends at once.

    The state gets a plain function, which goes about it as ``manner`` says. A waiting one is a function of the kit's instead,
    begun with the snapshot, under the listener's id. A failing one raises an error with the listener's id and the number of the
    time: ``l1.1``, ``l1.2``.
    """

    call: Id
    listener: Id
    manner: Literal["plain", "waiting", "failing", "leaving", "inviting"] = "plain"
    """leaving: it removes itself; inviting: it adds a plain one, the first time."""
    invited: Id | None = None
    """The one that it adds."""


class RemoveStateListener(Message, tag_field="method", tag="shared_state.remove_listener"):
    """Remove a listener; again is harmless. Ends at once."""

    call: Id
    listener: Id


class AddStateErrorListener(Message, tag_field="method", tag="shared_state.add_error_listener"):
    """Have a listener told of the errors of listeners, as outcomes. Ends at once."""

    call: Id
    listener: Id
    fails: bool = False
    """Whether it raises an error each time."""


Make = MakeState
CALLS = (
    UpdateState,
    UpdateStateIf,
    GetState,
    ReadSnapshots,
    ChangeSnapshot,
    AddStateListener,
    RemoveStateListener,
    AddStateErrorListener,
)
PLAIN = (ReadSnapshots, ChangeSnapshot, AddStateListener, RemoveStateListener, AddStateErrorListener)
"""Those that end at once."""
MEMBERS = ("add_listener", "add_error_listener", "update_if")
"""Methods that not every state has."""
