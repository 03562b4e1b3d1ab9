"""The messages that all patterns share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
"""Of an instance, a call, a function, a listener or an error the kit gives it; of an operation the server does."""
Seconds = Annotated[float, Meta(ge=-1e9, le=1e9)]
ErrorKind = Literal[
    "failure",
    "ignored",
    "interruption",
    "interrupt",
    "exit",
    "connection",
    "cancellation",
    "dependency",
    "component",
    "group",
    "transport",
]
"""failure: an ordinary error; ignored: of the kind that ``ignored_errors`` names; interruption: one that handlers of ordinary
errors do not catch, where the language has such; interrupt, exit: of that kind, as of Ctrl-C and of the program's end;
connection: of a lost one; cancellation: as of a task that was cancelled;
dependency, component: a declared failure, and an error of a known kind, of error propagation; group: of several; transport: of
the transport of a message service."""


class Message(Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of what passes: a field that is not known is refused."""


class Description(Message):
    """What a server is: the answer to ``GET /``."""

    binding: int
    """The version of the binding that it speaks."""
    name: str
    """What its reports are called by."""
    patterns: list[str]
    """The patterns that it has."""
    claims: list[str] = []
    """The capabilities that it promises."""
    known_failures: dict[str, str] = {}
    """Reasons by requirement."""
    runtime: str = ""
    """What runs the implementation, such as ``node 20``."""
    versions: dict[str, str] = {}
    """Of what is adapted, by name."""
    clock: Literal["virtual", "real"] = "virtual"
    """Whether ``POST /clock`` moves the implementation's time, or it takes its own."""
    cancels: bool = False
    """Whether ``DELETE /calls/{call}`` cancels a call where it stands."""
    turns: bool = False
    """Whether ``POST /clock`` counts turns of the implementation's loop."""
    wall_clock: bool = False
    """Whether ``POST /clock`` moves the wall clock apart from the other."""
    scale: Annotated[float, Meta(gt=0)] = 1.0
    """With a real clock: real seconds in a second of the examples."""
    instances: list[Id] = []
    """Those that there are now; the kit deletes what an earlier run has left behind."""


class Returned(Message, tag_field="outcome", tag="returned"):
    """It returned a value."""

    value: Any = None


class Layer(Message):
    """What one layer says of what an error concerns."""

    component: Any
    operation: Any
    resource: Any = None


class Known(Message):
    """What an error of a component says."""

    kind: Any
    message: Any
    contexts: list[Layer]
    """The outermost first; those of the kit's have one."""
    retryable: Any = None
    code: Any = None
    codes: list[Any] = []
    """Those of the errors beneath it too, the outermost first."""


class Inside(Message):
    """What an error of the kit's bears, where that is looked for later."""

    attributes: dict[str, Any] = {}
    cause: str | None = None
    """The text of the ordinary error that it comes from."""
    retryable: bool = False
    """Of a dependency's failure."""
    known: Known | None = None
    """Of a component's error."""
    members: list[Raised] = []
    """Of a group."""


class Raised(Message, tag_field="outcome", tag="raised"):
    """It raised an error of the kit's, the very one; to be made where it is new."""

    error: Id
    kind: ErrorKind = "failure"
    message: str = ""
    cause: str = ""
    """What the implementation has given it as its cause; as the kit makes them most have none."""
    inside: Inside | UnsetType = UNSET
    """Of errors that are sent to the implementation, where it matters."""


class Cancelled(Message, tag_field="outcome", tag="cancelled"):
    """It was cancelled, since the kit asked for it."""


class Failed(Message, tag_field="outcome", tag="failed"):
    """It raised an error that is none of the kit's and none that the pattern has a word for."""

    type: str
    message: str = ""


class Rejected(Message, tag_field="outcome", tag="rejected"):
    """A circuit breaker has not run the operation."""

    retry_after: float | None = None
    """Seconds until the next probe; null: no hint."""


class TimedOut(Message, tag_field="outcome", tag="timed_out"):
    """A limit in seconds has passed: of the call's own, or of the settings."""


class ClosedThere(Message, tag_field="outcome", tag="closed"):
    """What was asked for is closed, or was while it was waited for."""


class NotHad(Message, tag_field="outcome", tag="unsupported"):
    """The implementation does not have what was asked for."""

    what: str


class EventsDropped(Message, tag_field="outcome", tag="overflowed"):
    """A subscription has dropped events for want of room."""

    dropped: int
    """How many since it said so the last time."""


class Conflict(Message, tag_field="outcome", tag="conflict"):
    """A shared state is at another version than the one that was asked for."""

    found: int | None = None
    """The one that it is at; null: not known."""


class Taken(Message, tag_field="outcome", tag="taken"):
    """The name that was asked for is in use."""


class Missing(Message, tag_field="outcome", tag="missing"):
    """There is nothing of the id that was asked for."""

    what: str = ""
    """The id."""


class Circular(Message, tag_field="outcome", tag="circular"):
    """A resource would depend on itself."""

    ids: list[str] = []
    """Along the circle."""


class Uncleaned(Message, tag_field="outcome", tag="uncleaned"):
    """Some resources could not be cleaned up; all the others were."""

    ids: list[str]
    """What they are registered under."""


class ToldError(Message):
    """An error that came out, or that one comes from."""

    error: str
    """Its id: the kit's own of an error of the kit's; of others one that the server gives, which begins with ``x``."""
    type: str = ""
    text: str = ""
    known: Known | None = None
    """Of a component's error."""
    notes: list[str] = []
    """What was noted on it."""
    cause: str | None = None
    """The id of the error that it comes from; of the kit's own errors only where they were given another one."""
    context: str | None = None
    """The id of the error during which it arose, where it has no cause and that is not suppressed."""
    members: list[str] = []
    """The ids of the errors that it groups."""
    kept: list[str] = []
    """The ids of errors that stand in its arguments and attributes."""


class Troubled(Message, tag_field="outcome", tag="troubled"):
    """It raised an error that is looked at together with all that it comes from."""

    errors: list[ToldError]
    """The one that it raised comes first."""


Outcome = (
    Returned
    | Raised
    | Cancelled
    | Failed
    | NotHad
    | Rejected
    | TimedOut
    | ClosedThere
    | EventsDropped
    | Conflict
    | Taken
    | Missing
    | Circular
    | Uncleaned
    | Troubled
)


class Begun(Message, tag_field="event", tag="begun"):
    """The implementation runs a function that the kit has given it, and waits until that operation is released."""

    operation: Id
    function: Id
    method: str = ""
    """Of an object that the kit has given: which method of it runs."""
    arguments: list[Any] = []


class Abandoned(Message, tag_field="event", tag="abandoned"):
    """The implementation waits for an operation no more."""

    operation: Id


class Ended(Message, tag_field="event", tag="ended"):
    """A call is over."""

    call: Id
    outcome: Outcome
    late: bool = False
    """Whether it was asked to be cancelled, and that came too late to have an effect; who made the call is to stop instead."""


class Told(Message, tag_field="event", tag="told"):
    """A listener has heard something; the implementation does not wait for it."""

    listener: Id
    arguments: list[Any] = []


Event = Begun | Abandoned | Ended | Told


class Answer(Message):
    """What has happened since the last answer, in order."""

    events: list[Event] = []
    left: float | UnsetType = UNSET
    """Seconds that ``POST /clock`` has still to let pass: it stands still once an operation has begun, for the kit to answer."""


class Made(Message):
    """An instance, and which of the members that not every one has it has."""

    instance: Id
    members: list[str] = []
    events: list[Event] = []


class CallState(Message):
    """A call as it stands."""

    call: Id
    state: Literal["running", "ended"]
    outcome: Outcome | None = None


class Release(Message):
    """How an operation ends."""

    outcome: Returned | Raised


class Move(Message):
    """What passes on the clocks: first turns, then time; with neither, nothing but what can move by itself."""

    turns: Annotated[int, Meta(ge=0, le=1000)] = 0
    """Turns of the implementation's loop."""
    seconds: Annotated[float, Meta(ge=0, le=1e6)] = 0.0
    """Seconds on both clocks, timers firing in order."""
    wall_clock: Seconds = 0.0
    """Seconds by which the wall clock alone is set forward, or back where below 0."""


class Problem(Struct, kw_only=True):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = ""
    setting: str | UnsetType = UNSET
    """Of ``/problems/unsupported``: the setting that the implementation does not have."""
    stacks: list[str] | UnsetType = UNSET
    """Of ``/problems/hang``: where it hangs."""
