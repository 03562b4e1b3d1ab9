"""The parts of a migration, each held by a driver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from patternproof.scenarios.service_interface import rig as services
from patternproof.scenarios.service_interface.events import Given as OfService

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import NotOffered
from patternproof.rig import Rig

from .bridge import BridgeModel
from .bridge_rig import BridgeRig
from .conversion import ConversionModel
from .conversion_rig import ConversionRig
from .events import BRIDGE, ERRORS, NEW, OLD, SERVICE, SWITCH, Act, Convert, End, Given, Read, Restore, Turn, Update
from .legacy import behind
from .model import MigrationModel
from .switch import SwitchModel
from .switch_rig import SwitchRig

FACTORIES = {
    BRIDGE: ("event_bridge",),
    SWITCH: ("state_switch",),
    ERRORS: ("convert_error", "restore_error"),
    SERVICE: ("legacy_service",),
}
"""By part, the functions of an adapter that it takes."""
_PLAINEST: dict[str, tuple[Any, ...]] = {
    BRIDGE: (Act(0, 0), End(0)),
    SWITCH: (Update(0), Turn(), Read(1)),
    ERRORS: (Convert(0, "plain"), Restore(0)),
    SERVICE: services.SMOKE,
}


def SMOKE(model: MigrationModel) -> dict[Given, tuple[Any, ...]]:  # noqa: N802  # what others have as a constant
    """The plainest use of each part that is offered."""
    return {settings: _PLAINEST[settings.about] for settings in model.variants()}


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: Given) -> Iterator[Rig]:
    """A part of the adapter's in a driver that is entered already.

    Raises:
        NotOffered: the adapter lacks a function that the part takes.
    """
    for factory in FACTORIES[settings.about]:
        if not adapter.has(factory):
            raise NotOffered(f"the adapter has no function {factory!r}")
    with _OPENED[settings.about](adapter, driver, settings) as made:
        yield made


@contextmanager
def _bridge(adapter: Adapter, driver: Driver, settings: Given) -> Iterator[Rig]:
    made = BridgeRig(driver, settings, adapter.runtime == "threads")
    with adapter.make("event_bridge", driver, made.direct, made.bus) as made.bridge:
        driver.settle()
        yield made


@contextmanager
def _switch(adapter: Adapter, driver: Driver, settings: Given) -> Iterator[Rig]:
    made = SwitchRig(driver, settings, adapter.runtime == "threads")
    with adapter.make("state_switch", driver, made.stores[OLD], made.stores[NEW], made.flag) as made.switch:
        driver.settle()
        yield made


@contextmanager
def _errors(adapter: Adapter, driver: Driver, settings: Given) -> Iterator[Rig]:
    yield ConversionRig(driver, settings, adapter.module.convert_error, adapter.module.restore_error)


@contextmanager
def _service(adapter: Adapter, driver: Driver, settings: Given) -> Iterator[Rig]:
    with services.rig(behind(adapter), driver, OfService()) as made:
        made.history.settings = settings  # for the model of migration, which asks that of services
        yield made


_OPENED = {BRIDGE: _bridge, SWITCH: _switch, ERRORS: _errors, SERVICE: _service}


def model(adapter: Adapter) -> MigrationModel:
    """The model for the parts that an adapter offers."""
    cancels = adapter.driver().can_cancel
    made: dict[str, Any] = {BRIDGE: BridgeModel(cancels), SWITCH: SwitchModel(cancels), ERRORS: ConversionModel()}
    if all(map(adapter.has, FACTORIES[SERVICE])):
        made[SERVICE] = services.model(behind(adapter))
    return MigrationModel(tuple((about, part) for about, part in made.items() if all(map(adapter.has, FACTORIES[about]))))
