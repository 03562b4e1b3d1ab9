"""The models of migration, one for each part, with deviations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from patternproof.scenarios.service_interface.events import Given as OfService
from patternproof.scenarios.service_interface.model import ServiceModel

from patternproof.history import Batch
from patternproof.modelling import Deviation, Names, States

from .bridge import BridgeModel
from .conversion import ConversionModel
from .deviations import DEVIATIONS, REQUIREMENTS, of_service
from .events import BRIDGE, ERRORS, SERVICE, SWITCH, Given
from .switch import SwitchModel

EVERYTHING: tuple[tuple[str, Any], ...] = (
    (BRIDGE, BridgeModel()),
    (SWITCH, SwitchModel()),
    (ERRORS, ConversionModel()),
    (SERVICE, ServiceModel()),
)


class State(NamedTuple):
    """What the model of a part knows of it."""

    part: Any
    """That model."""
    inner: Any


@dataclass(frozen=True, slots=True)
class MigrationModel:
    """Judges histories of any part, each by the model of that part."""

    parts: tuple[tuple[str, Any], ...] = EVERYTHING
    """The parts that are offered, and what judges them."""

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "call"

    def variants(self) -> Sequence[Given]:
        return [Given(about) for about, _ in self.parts]

    def initial(self, settings: Given) -> Iterable[State]:
        part = dict(self.parts)[settings.about]
        return [State(part, each) for each in part.initial(OfService() if settings.about == SERVICE else settings)]

    def begin(self, state: State) -> State:
        return State(state.part, state.part.begin(state.inner))

    def apply(self, state: State, event: Any, deviations: Names) -> list[State]:
        reached = state.part.apply(state.inner, event, _own(state, deviations))
        return [State(state.part, each) for each in reached]

    def observe(self, state: State, deviations: Names) -> Any:
        return state.part.observe(state.inner, _own(state, deviations))

    def matches(self, state: State, seen: Any, deviations: Names) -> bool:
        return bool(state.part.matches(state.inner, seen, _own(state, deviations)))

    def enabled(self, state: State) -> Iterator[Any]:
        return iter(state.part.enabled(state.inner))

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        return iter(state.part.alongside(state.inner, events))

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        return type(state.part), state.part.key(state.inner)

    def relevant(self, deviation: Deviation, settings: Given) -> bool:
        if deviation.requirement != REQUIREMENTS[settings.about]:
            return False
        part = dict(self.parts)[settings.about]
        if isinstance(part, ServiceModel):
            return part.relevant(deviation, OfService())
        return "cancel" not in deviation.uses.split() or part.cancels

    def blame(self, states: States, batch: Batch, seen: Any) -> str:
        return next(REQUIREMENTS[about] for about, part in self.parts if part == states[0].part)


def _own(state: State, deviations: Names) -> Names:
    """The deviations by the names that the part has for them."""
    return of_service(deviations) if isinstance(state.part, ServiceModel) else deviations


def complete() -> MigrationModel:
    """The model of an adapter that has every part."""
    return MigrationModel()
