"""The model of the message service, with deviations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from patternproof.history import Batch, Hung
from patternproof.modelling import Deviation, Names, States
from patternproof.remembering import Memory

from . import hearing, transitions
from .blame import blame
from .choices import alongside, enabled
from .deviations import DEVIATIONS
from .events import (
    Advance,
    Answer,
    Calling,
    CancelReceive,
    CancelSend,
    Given,
    HandlerEnds,
    Lose,
    PeerSends,
    Receipt,
    Receive,
    Register,
    Retry,
    Seen,
    Send,
    SetWallClock,
    Standing,
    Subscribe,
    SubscribeThenPeerSends,
    Try,
    Unregister,
)
from .matching import fits
from .state import CHANGED, State, tidied
from .transitions import decided


class Capabilities(NamedTuple):
    """What the driver and the implementation can be asked for."""

    cancels: bool = True
    handles: bool = True
    unregisters: bool = True
    reads: bool = True
    deadlines: bool = True
    keys: bool = True


EVERYTHING = Capabilities()
NEEDS = {
    "cancel": "cancels",
    "cancel-read": "cancels",
    "leave": "unregisters",
    "leaves": "unregisters",
    "read": "reads",
    "flood": "reads",
    "then": "reads",
    "deadline": "deadlines",
    "keyed": "keys",
    "hear": "handles",
}
"""The capability that a kind of event needs."""
MEMORY = Memory()


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """Judges histories of message services."""

    capabilities: Capabilities = EVERYTHING

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "handler"

    def variants(self) -> Sequence[Given]:
        return (Given(),)

    def initial(self, settings: Given) -> Iterable[State]:
        return (State(),)

    def begin(self, state: State) -> State:
        return state._replace(
            fresh=(), lately=(), arrived=(), over=(), heard=(), received=(), told=(), doubtful=(), trouble=(), found=()
        )

    def apply(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        """Every state that may be right after the event; of a deviant service the plainest is marked, for `observe`."""
        return MEMORY.remembered(self._marked, state, event, deviations)

    def _marked(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        reached = [after for each in decided(state, event) for after in self._applied(each, event, deviations)]
        reached = reached[:1] if state.spoilt else reached  # all of them would fit
        applied = tuple(dict.fromkeys([tidied(after, deviations) for after in reached]))
        if not deviations or not applied:
            return applied
        return (applied[0], *(after._replace(plain=False) for after in applied[1:]))

    def _applied(self, state: State, event: Any, deviations: Names) -> Iterable[State]:
        match event:
            case Send():
                return transitions.send(state, event, deviations)
            case Retry():
                return transitions.retry(state, event, deviations)
            case CancelSend(number):
                return transitions.cancel(state, number, deviations)
            case Answer():
                return transitions.answer(state, event, deviations)
            case PeerSends():
                return hearing.peer_sends(state, event, deviations)
            case Register(number):
                return transitions.register(state, number, deviations)
            case Unregister(number):
                return transitions.unregister(state, number, deviations)
            case HandlerEnds():
                return transitions.handler_ends(state, event, deviations)
        return self._applied_rarely(state, event, deviations)

    def _applied_rarely(self, state: State, event: Any, deviations: Names) -> Iterable[State]:
        match event:
            case Subscribe(number):
                return transitions.subscribe(state, number, deviations)
            case SubscribeThenPeerSends(number, message):
                return transitions.subscribe_then(state, number, message, deviations)
            case Receive(number):
                return transitions.receive(state, number, deviations)
            case CancelReceive(number):
                return transitions.cancel_receive(state, number, deviations)
            case Lose():
                return transitions.lose(state, deviations)
            case Try(name):
                return transitions.experiment(state, name, deviations)
            case Advance(seconds):
                return transitions.pass_time(state, seconds, deviations)
            case SetWallClock():
                return (state,)
        raise TypeError(f"no event of message services: {event!r}")

    def observe(self, state: State, deviations: Names) -> Seen:
        waits = [Calling(call.number, "waits") for call in state.calls if not call.orphan]
        receiving = [Receipt(reader.number, "waits") for reader in state.readers if reader.receiving]
        standing = [*state.trouble, *((each.number, "leaves") for each in state.handlers if each.leaving)]
        standing += [(number, "registers") for number in state.joining]
        return Seen(
            arrived=state.arrived,
            calls=tuple(sorted((*state.over, *waits))),
            heard=state.heard,
            received=tuple(sorted((*state.received, *receiving))),
            told=state.told,
            standing=tuple(sorted(Standing(*each) for each in standing)),
            found=state.found,
            plainly=state.plain,
        )

    def matches(self, state: State, seen: Seen | Hung, deviations: Names) -> bool:
        if isinstance(seen, Hung):
            return False
        if not seen.plainly or (state.spoilt and not state.found):
            return seen.plainly
        # Most are told apart by these: to look no further takes half the time of a run.
        alike = len(state.heard) == len(seen.heard) and len(state.arrived) == len(seen.arrived)
        return alike and fits(self.observe(state, deviations), seen, state)

    def enabled(self, state: State) -> Iterator[Any]:
        return enabled(state, self.capabilities)

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        return alongside(state, self.capabilities, events)

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        now, sent = state.called, state.sent

        def aged(labels: Iterable[str]) -> tuple[Any, ...]:
            return tuple([(sent - int(label.removesuffix(CHANGED)), label.endswith(CHANGED)) for label in labels])

        calls = tuple([(now - each.number, now - each.root, now - each.frame, *each[3:]) for each in state.calls])
        opened = tuple([(now - root, now - frame) for root, frame in state.open])
        handlers = tuple([(each.number, aged(each.pending), aged(each.running), *each[3:]) for each in state.handlers])
        incoming = tuple([(aged([each.label]), *each[1:]) for each in state.incoming])
        readers = tuple([(each.number, aged(each.owed), aged(each.buffer), *each[3:]) for each in state.readers])
        keys = tuple([(now - root, what) for root, what in state.keys])
        flags = (
            state.last,
            state.inline,
            state.answered >= 0,
            state.come,
            state.read,
            state.lost,
            state.deaf,
            state.stuck,
            state.left,
            state.joining,
            state.spoilt,
        )
        return (calls, opened, handlers, incoming, readers, keys, flags)

    def relevant(self, deviation: Deviation, settings: Given) -> bool:
        return all(getattr(self.capabilities, NEEDS[kind]) for kind in deviation.uses.split() if kind in NEEDS)

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return blame(self, states, batch, seen)


def complete() -> ServiceModel:
    """The model of a service that has everything."""
    return ServiceModel()
