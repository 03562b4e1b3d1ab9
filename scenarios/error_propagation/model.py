"""The model of error propagation, with deviations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from patternproof.history import Batch, Hung
from patternproof.modelling import Deviation, Names, States
from patternproof.ports.error_propagation import ErrorPropagationSettings

from . import transitions
from .blame import blame
from .deviations import DEVIATIONS, EFFECTS
from .events import (
    ASPECTS,
    CROSSING,
    HOWS,
    INTERRUPTS,
    Call,
    Cancel,
    CompareCodes,
    End,
    Inspect,
    Perform,
    ReadDocument,
    Seen,
)
from .fits import failure_fits, plain_failure, plain_value, value_fits
from .state import State, Tracked

MOST_UNDER_WAY = 2


class Capabilities(NamedTuple):
    """What the driver and the implementation can be asked for."""

    cancels: bool = True
    crosses: bool = True
    """Whether its errors cross process boundaries."""


EVERYTHING = Capabilities()
VARIANTS = (
    ErrorPropagationSettings(),
    ErrorPropagationSettings(layers=("gateway", "orders")),
    ErrorPropagationSettings(concurrent=2),
    ErrorPropagationSettings(cleanup=True),
    ErrorPropagationSettings(layers=("gateway", "orders", "warehouse")),
    ErrorPropagationSettings(layers=("gateway", "orders"), concurrent=2),
)


@dataclass(frozen=True, slots=True)
class ErrorPropagationModel:
    """Judges histories of components."""

    capabilities: Capabilities = EVERYTHING
    supported: tuple[ErrorPropagationSettings, ...] | None = None
    """The variants that the implementation has; None: all."""

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "call"

    def variants(self) -> Sequence[ErrorPropagationSettings]:
        return [settings for settings in VARIANTS if self.supported is None or settings in self.supported]

    def initial(self, settings: ErrorPropagationSettings) -> Iterable[State]:
        return (State(settings),)

    def begin(self, state: State) -> State:
        calls = tuple([each for each in state.calls if each.phase == "waiting" or (each.phase == "raised" and each.open)])
        return state._replace(calls=calls, over=(), late=(), looked=(), released=True)

    def apply(self, state: State, event: Any, deviations: Names) -> Iterator[State]:
        match event:
            case Perform():
                return transitions.perform(state, event)
            case End():
                return transitions.end(state, event, deviations)
            case Cancel(number):
                return transitions.cancel(state, number, deviations)
            case Inspect(number, aspect):
                return transitions.inspect(state, number, aspect)
            case ReadDocument():
                return transitions.look_at(state, "document")
            case CompareCodes():
                return transitions.look_at(state, "codes")
        raise TypeError(f"no event of error propagation: {event!r}")

    def observe(self, state: State, deviations: Names) -> Seen:
        return Seen(
            calls=tuple([_shown(call, state, deviations) for call in _visible(state)]),
            late=state.late,
            released=state.released,
            found=tuple(
                [
                    plain_value(what, state.error, state.settings, deviations)
                    for what in state.looked
                    if what != transitions.ANYTHING
                ]
            ),
        )

    def matches(self, state: State, seen: Seen | Hung, deviations: Names) -> bool:
        if isinstance(seen, Hung):
            return False
        visible = _visible(state)
        return (
            not seen.failed
            and len(visible) == len(seen.calls)
            and all(_fits(call, each, state, deviations) for call, each in zip(visible, seen.calls, strict=True))
            and (seen.late == state.late or ("only the first" in deviations and not seen.late))
            and seen.released == state.released
            and _found_fits(state, seen, deviations)
        )

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        options = list(self._alongside(state, events))
        yield from options or [Perform(state.begun + sum(isinstance(event, Perform) for event in events))]

    def _alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        begun = [event.call for event in events if isinstance(event, Perform)]
        if self.capabilities.cancels:
            yield from (Cancel(number) for number in begun if Cancel(number) not in events)
        ended = {(event.call, event.resource) for event in events if isinstance(event, End)}
        for event in self.enabled(state):
            if isinstance(event, Perform):
                yield Perform(event.call + len(begun), event.resources, event.release)
            elif isinstance(event, End):
                if (event.call, event.resource) not in ended:
                    yield event
            elif event not in events and (isinstance(event, Cancel) or not events):
                yield event

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        return state

    def enabled(self, state: State) -> Iterator[Any]:
        can, settings = self.capabilities, state.settings
        waiting = [call for call in state.calls if call.phase == "waiting"]
        if len(waiting) < MOST_UNDER_WAY:
            for resources in range(1, settings.concurrent + 1):
                yield Perform(state.begun, resources)
                if settings.cleanup:
                    yield Perform(state.begun, resources, "failure")
        for call in state.calls:
            yield from (End(call.number, resource, how) for resource in call.open for how in _endings(call, settings))
        if can.cancels:
            yield from (Cancel(call.number) for call in waiting)
        if state.error is not None and state.error.release == "ok":
            number = state.error.number
            yield from (Inspect(number, aspect) for aspect in ASPECTS if can.crosses or aspect not in CROSSING)
        yield CompareCodes()
        if can.crosses:
            yield ReadDocument()

    def relevant(self, deviation: Deviation, settings: ErrorPropagationSettings) -> bool:
        uses = deviation.uses.split()
        if not self.capabilities.crosses and set(uses) & set(CROSSING):
            return False
        if "cancel" in uses and not self.capabilities.cancels:
            return False
        effect = EFFECTS.get(deviation.name)
        if effect is not None and effect.layered and len(settings.layers) == 1:
            return False
        return deviation.name not in _SHOWS_WITH or _SHOWS_WITH[deviation.name](settings)

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return blame(self, states, batch, seen)


_SHOWS_WITH: dict[str, Callable[[ErrorPropagationSettings], bool]] = {
    "only the first": lambda settings: settings.concurrent > 1,
    "names another of several": lambda settings: settings.concurrent > 1,
    "cleaning up hides": lambda settings: settings.cleanup,
    "nothing is cleaned up": lambda settings: settings.cleanup,
}
"""By deviation, the settings with which it can show."""


def complete() -> ErrorPropagationModel:
    """The model of a component that has everything."""
    return ErrorPropagationModel()


def _endings(call: Tracked, settings: ErrorPropagationSettings) -> Iterator[str]:
    """How a call of the dependency may end; what would end everything, or several at once, ends a request for one resource."""
    alone = call.resources == 1 and not settings.cleanup
    yield from (how for how in HOWS if alone or (how not in INTERRUPTS and how != "group"))


def _visible(state: State) -> list[Tracked]:
    return [call for call in state.calls if call.phase == "waiting" or call.number in state.over]


def _found_fits(state: State, seen: Seen, deviations: Names) -> bool:
    if transitions.ANYTHING in state.looked:
        return True
    return len(seen.found) == len(state.looked) and all(
        value_fits(what, value, state.error, state.settings, deviations)
        for what, value in zip(state.looked, seen.found, strict=True)
    )


def _shown(call: Tracked, state: State, deviations: Names) -> Call:
    phase = "raised" if call.phase == transitions.WRAPPED else call.phase
    failure = plain_failure(call, state.settings, deviations) if call.phase == "raised" else None
    return Call(call.number, phase, failure)


def _fits(call: Tracked, seen: Call, state: State, deviations: Names) -> bool:
    if call.number != seen.number:
        return False
    if call.phase == transitions.WRAPPED:
        return seen.phase == "raised"
    if call.phase in (transitions.ELSE, transitions.RAW):
        return seen.phase.startswith(call.phase)
    if call.phase != seen.phase:
        return False
    return call.phase != "raised" or (seen.failure is not None and failure_fits(call, seen.failure, state.settings, deviations))
