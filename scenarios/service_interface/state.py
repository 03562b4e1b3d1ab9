"""What the model knows of a message service."""

from __future__ import annotations

from typing import Any, NamedTuple

from patternproof.modelling import Names

from .events import NOBODY, Arrival, Calling, Hearing, Receipt, Told

SENT, KEPT, FAULT, REFUSED, CUT_SHORT = "sent", "kept", "fault", "refused", "cut short"
"""What is known of an idempotency key: its request is not answered; it was; it has failed, in one of two ways; its call has ended
without a reason."""
CHANGED = " changed"
CUT_OFF = "is cut off"
"""What a handler hears that is cancelled."""
DEAF_WHILE_RUNNING = "deaf while a handler runs"


class Call(NamedTuple):
    """A call of send_message() that has not ended."""

    number: int
    root: int
    """The number of its message: that of another call, if this one sends it again."""
    frame: int = NOBODY
    """The call that has sent the request, this one or the one it has joined; NOBODY: it is not sent yet."""
    keyed: bool = False
    refused: bool = False
    """Whether the transport will refuse the request."""
    due: float | None = None
    """Seconds until its deadline."""
    inner: int = NOBODY
    """The handler that waits for it."""
    special: bool = False
    ready: str = ""
    """How the peer has answered it, where that was not received yet."""
    orphan: bool = False
    """Whether its caller is gone, and its request may still be sent."""


class Handler(NamedTuple):
    """A handler that is registered, or still runs."""

    number: int
    pending: tuple[str, ...] = ()
    """The messages that it has still to hear."""
    running: tuple[str, ...] = ()
    leaving: bool = False
    """Whether unregister_handler() waits for what runs."""
    gone: bool = False
    deaf: bool = False
    """Whether it is called no more, though it should be; only with deviations."""
    waits: bool = False
    """Whether its run waits for ever for what it has asked of the service; only with deviations."""


class Incoming(NamedTuple):
    """A message of the peer that not all have dealt with."""

    label: str
    """Its number, and whether it was changed on the way."""
    failed: bool = False
    told: bool = False
    perhaps: bool = False
    """Whether a handler failed at it that was unregistered meanwhile."""

    @property
    def number(self) -> int:
        return int(self.label.removesuffix(CHANGED))


class Reader(NamedTuple):
    """A subscription."""

    number: int
    owed: tuple[str, ...] = ()
    """What it gets once the handlers have ended."""
    buffer: tuple[str, ...] = ()
    receiving: bool = False
    robbed: bool = False
    """Whether a receive that is over takes the next message; only with deviations."""


class State(NamedTuple):
    """A service, its peer, and what was observable since the last batch.

    What was seen since then is kept sorted: the same in another order of events of one batch is the same state.
    """

    last: bool | None = None
    """Whether readers get a message only once its handlers have ended; None: it has made no difference yet."""
    inline: bool | None = None
    """Whether nothing is received while a handler runs that does not itself wait for a response; None as above."""
    calls: tuple[Call, ...] = ()
    open: tuple[tuple[int, int], ...] = ()
    """Requests that the peer has not answered: the number of the message, and of the call that has sent it."""
    answered: int = NOBODY
    """The message that the peer has answered last."""
    keys: tuple[tuple[int, str], ...] = ()
    """Of messages with an idempotency key: what is known of it, once the call that began it is over."""
    handlers: tuple[Handler, ...] = ()
    incoming: tuple[Incoming, ...] = ()
    readers: tuple[Reader, ...] = ()
    called: int = 0
    """One more than the highest number of any call so far."""
    come: int = 0
    sent: int = 0
    """One more than the highest number of any message of the peer so far."""
    read: int = 0
    lost: bool = False
    """Whether the peer is lost."""
    deaf: bool = False
    """Whether nothing arrives any more; only with deviations."""
    stuck: bool = False
    """Whether nothing is sent any more; only with deviations."""
    left: int = 0
    """Ids that were given back, and not given again; counted only with a deviation that asks for it."""
    joining: tuple[int, ...] = ()
    """Handlers that wait for ever to be registered; only with deviations."""
    spoilt: bool = False
    """Whether anything may follow, as something is shared with another service or an id with another handler; only with
    deviations."""
    fresh: tuple[int, ...] = ()
    """Calls that began since all last settled: one that is cancelled may not have begun at all."""
    lately: tuple[int, ...] = ()
    """The messages that the peer has sent since then."""
    arrived: tuple[Arrival, ...] = ()
    over: tuple[Calling, ...] = ()
    heard: tuple[Hearing, ...] = ()
    received: tuple[Receipt, ...] = ()
    told: tuple[Told, ...] = ()
    doubtful: tuple[Told, ...] = ()
    """What may be told or not."""
    trouble: tuple[tuple[int, str], ...] = ()
    found: tuple[str, ...] = ()
    plain: bool = True

    def call(self, number: int) -> Call | None:
        return next((each for each in self.calls if each.number == number), None)

    def handler(self, number: int) -> Handler | None:
        return next((each for each in self.handlers if each.number == number), None)

    def reader(self, number: int) -> Reader | None:
        return next((each for each in self.readers if each.number == number), None)

    def key_of(self, root: int) -> str:
        return dict(self.keys).get(root, "")

    def with_key(self, root: int, what: str) -> State:
        """With something known of an idempotency key."""
        keys = {**dict(self.keys), root: what}
        return self._replace(keys=tuple(sorted(keys.items())))

    def with_call(self, call: Call) -> State:
        """With a call changed."""
        return self._replace(calls=tuple([call if each.number == call.number else each for each in self.calls]))

    def with_handler(self, handler: Handler) -> State:
        """With a handler changed; one that is gone and runs no more is forgotten."""
        handlers = [handler if each.number == handler.number else each for each in self.handlers]
        return self._replace(handlers=tuple([each for each in handlers if not each.gone or each.running]))

    def with_reader(self, reader: Reader) -> State:
        """With a reader changed."""
        return self._replace(readers=tuple([reader if each.number == reader.number else each for each in self.readers]))

    def ended(self, call: Call, phase: str) -> State:
        """A call is over."""
        calls = tuple([each for each in self.calls if each.number != call.number])
        over = self.over if call.orphan else tuple(sorted((*self.over, Calling(call.number, phase))))
        after = self._replace(calls=calls, over=over)
        if call.inner != NOBODY:
            return after.returned(call.inner)
        return after

    def returned(self, number: int) -> State:
        """The oldest run of a handler has ended well."""
        handler = self.handler(number)
        if handler is None or not handler.running:
            return self
        rest = handler._replace(running=handler.running[1:])
        if rest.leaving and not rest.running:
            rest = rest._replace(gone=True)
        return self.with_handler(rest)

    @property
    def busy(self) -> bool:
        """Whether a handler runs."""
        return any(handler.running for handler in self.handlers)

    @property
    def is_idle(self) -> bool:
        """Whether nothing has to be waited for by what the peer sends."""
        return not (self.undone or any(call.ready for call in self.calls) or any(reader.owed for reader in self.readers))

    @property
    def held_up(self) -> bool:
        """Whether a handler runs that does not itself wait for a response."""
        inners = self.inners
        return any(handler.running and handler.number not in inners for handler in self.handlers)

    @property
    def inners(self) -> frozenset[int]:
        """The handlers that wait for a call of their own."""
        waiting = [handler.number for handler in self.handlers if handler.waits]
        return frozenset([*waiting, *(call.inner for call in self.calls if call.inner != NOBODY)])

    @property
    def undone(self) -> frozenset[str]:
        """The messages that some handler has still to hear, or is busy with."""
        return frozenset([label for handler in self.handlers for label in (*handler.pending, *handler.running)])


def is_withheld(state: State, deviations: Names) -> bool:
    """Whether what comes from the peer waits for a handler that runs."""
    if has(deviations, DEAF_WHILE_RUNNING):
        return state.busy
    return bool(state.inline) and state.held_up


def has(deviations: Names, *names: str) -> bool:
    """Whether one of these deviations is in force."""
    if deviations:
        for name in names:  # any() takes three times as long, and it is asked a million times
            if name in deviations:
                return True
    return False


def tidied(state: State, deviations: Names) -> State:
    """A state without what makes no difference: the order of what came in one batch, and how it behaves only while busy."""
    changed: dict[str, Any] = {}
    for name, told_apart in _BY_AGE.items():
        members = getattr(state, name)
        if len(members) > 1 and not has(deviations, *told_apart):
            changed[name] = tuple(sorted(members, key=_number))
    if len(state.open) > 1:
        changed["open"] = tuple(sorted(state.open))
    if len(state.fresh) > 1:
        changed["fresh"] = tuple(sorted(state.fresh))
    if (state.last is not None or state.inline is not None) and state.is_idle:
        changed |= {"last": None, "inline": None}
    return state._replace(**changed) if changed else state


_BY_AGE = {
    "calls": ("in order of arrival", "shifted by a cancelled call", "shifted by a second answer"),
    "handlers": ("one alone hears", "one id for all"),
    "readers": ("one alone receives",),
}
"""The deviations that go by which of several was there first."""


def _number(one: Call | Handler | Reader) -> int:
    return one.number
