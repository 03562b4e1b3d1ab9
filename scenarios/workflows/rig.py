"""Any part of workflows held by a driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import NotOffered

from . import core_rig, events, guard_rig, local_rig, system_rig, ui_rig
from .events import CORE, GUARD, LOCAL, PARTS, SYSTEM, UI, WorkflowSettings
from .model import WorkflowsModel
from .part_rig import PartRig

RIGS: dict[str, ModuleType] = {CORE: core_rig, UI: ui_rig, GUARD: guard_rig, LOCAL: local_rig, SYSTEM: system_rig}
"""By part, the module that makes its rig."""
PLAINEST: dict[str, tuple[Any, ...]] = {
    CORE: (events.Send(0), events.Answer(0), events.Tell(1)),
    UI: (events.Act(1), events.ActionEnds(1), events.Publish(2, "context")),
    GUARD: (events.Query(0), events.Reply(0)),
    LOCAL: (events.Change(0, 0), events.Synchronise(0), events.Synchronise(1)),
    SYSTEM: (events.Work(0), events.WorkEnds(0), events.ShutDown()),
}


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: WorkflowSettings) -> Iterator[PartRig]:
    """A rig over a new part, made of what the adapter has of its own, and of what the reference lends it.

    Raises:
        NotOffered: the adapter has neither the part nor what it is made over, or a setting is refused.
    """
    with RIGS[settings.part].rig(adapter.around(settings.part), driver, settings) as made:
        yield made


def model(adapter: Adapter) -> WorkflowsModel:
    """The model of the parts that the adapter can make."""
    return WorkflowsModel(tuple(part for part in PARTS if _can_make(adapter, part)), adapter.driver().can_cancel)


def _can_make(adapter: Adapter, part: str) -> bool:
    try:
        with adapter.driver() as driver, rig(adapter, driver, WorkflowSettings(part)):
            return True
    except NotOffered:
        return False


def SMOKE(model: WorkflowsModel) -> Mapping[WorkflowSettings, tuple[Any, ...]]:  # noqa: N802  # where other patterns have a constant
    """The plainest use of each part."""
    return {WorkflowSettings(part): PLAINEST[part] for part in model.parts}
