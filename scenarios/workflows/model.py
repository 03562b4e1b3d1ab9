"""The model of workflows: one small model for each part."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from patternproof.history import Batch, Hung
from patternproof.modelling import Deviation, Names, States

from . import core_model, guard_model, local_model, system_model, ui_model
from .deviations import DEVIATIONS, part_of, requirement
from .events import CORE, GUARD, LOCAL, PARTS, SYSTEM, UI, ShutDown, Wait, WorkflowSettings
from .seen import Seen

MODELS: dict[str, ModuleType] = {
    CORE: core_model,
    UI: ui_model,
    GUARD: guard_model,
    LOCAL: local_model,
    SYSTEM: system_model,
}
"""By part, a module with the functions of the class below."""
VARIANTS = (*map(WorkflowSettings, PARTS), WorkflowSettings(UI, at_once=True))


@dataclass(frozen=True, slots=True)
class WorkflowsModel:
    """Judges histories of workflows."""

    parts: tuple[str, ...] = PARTS
    """Those that can be made."""
    cancels: bool = True

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "call"

    def variants(self) -> Sequence[WorkflowSettings]:
        return [each for each in VARIANTS if each.part in self.parts]

    def initial(self, settings: WorkflowSettings) -> Iterable[Any]:
        states: Iterable[Any] = MODELS[settings.part].initial(settings)
        return states

    def begin(self, state: Any) -> Any:
        return self._of(state).begin(state)

    def apply(self, state: Any, event: Any, deviations: Names) -> Iterator[Any]:
        states: Iterator[Any] = self._of(state).apply(state, event, deviations)
        return states

    def observe(self, state: Any, deviations: Names) -> Seen:
        seen: Seen = self._of(state).observe(state, deviations)
        return seen

    def matches(self, state: Any, seen: Seen | Hung, deviations: Names) -> bool:
        return not isinstance(seen, Hung) and bool(self._of(state).matches(state, seen, deviations))

    def enabled(self, state: Any) -> Iterator[Any]:
        events: Iterator[Any] = self._of(state).enabled(state, self.cancels)
        return events

    def alongside(self, state: Any, events: Sequence[Any]) -> Iterator[Any]:
        more = sum(getattr(event, "call", -1) >= state.begun for event in events)
        for event in self.enabled(state):
            if getattr(event, "call", -1) >= state.begun:
                yield replace(event, call=event.call + more)
            elif event not in events or isinstance(event, Wait | ShutDown):  # of which there may be as many as one likes
                yield event

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: Any) -> Hashable:
        key: Hashable = state
        return key

    def relevant(self, deviation: Deviation, settings: WorkflowSettings) -> bool:
        if part_of(deviation.name) != settings.part or (deviation.uses == "cancel" and not self.cancels):
            return False
        return deviation.name != "subscribes late" or settings.at_once

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return requirement(states[0].settings.part)

    @staticmethod
    def _of(state: Any) -> ModuleType:
        return MODELS[state.settings.part]


def complete() -> WorkflowsModel:
    """The model of whatever has every part."""
    return WorkflowsModel()
