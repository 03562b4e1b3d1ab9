"""A core component held by a driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Outcome, Returned
from patternproof.history import shown
from patternproof.ports.error_propagation import ComponentError
from patternproof.ports.service_interface import ServiceError
from patternproof.ports.shared_state import SharedStateSettings
from patternproof.ports.workflows import CommandResponse

from .events import CORE, Answer, Cancel, Send, Tell, Update, WorkflowSettings
from .part_rig import PartRig
from .seen import ELSE, RAW, CoreSeen
from .wire import FAULT, Wire, command, result, wire


class CoreRig(PartRig):
    """Drives a core component, and whoever else uses the state."""

    component: Any
    state: Any

    def __init__(self, driver: Driver, settings: WorkflowSettings, threads: bool) -> None:
        super().__init__(driver, settings, threads)
        self.wire: Wire = wire(driver, threads)

    def do(self, event: Any) -> None:
        match event:
            case Send(number):
                self.start(number, lambda: self.component.send_command(command(number)))
            case Answer(number, how):
                self.wire.answer(number, how)
            case Cancel(number):
                self.cancel(number)
            case Tell(number, meant):
                changes = {f"message {number}": 1}
                self.wire.tell(number, {"add": changes} if meant else {"remember": changes})
            case Update(number):
                self.driver.begin(lambda: self.state.update(lambda data: _add(data, f"update {number}")))

    def phase(self, number: int, outcome: Outcome) -> str:
        if isinstance(outcome, Returned):
            value = outcome.value
            right = isinstance(value, CommandResponse) and value == CommandResponse(command(number).name, value.result)
            return "returned" if right and value.result == result(number) else f"{ELSE}: {shown(value)}"
        error = getattr(outcome, "error", None)
        typed = isinstance(error, ServiceError | ComponentError) and str(error.kind) == FAULT
        return "raised" if typed else f"{RAW}: {shown(error)}"

    def look(self) -> CoreSeen:
        data = self.driver.complete(self.state.get).data
        return CoreSeen(self.seen_calls(), self.wire.arrived(), _shown(data))


def _add(data: dict[str, Any], key: str) -> None:
    data[key] = data.get(key, 0) + 1


def _shown(data: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((str(key), value) for key, value in data.items()))


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: WorkflowSettings) -> Iterator[CoreRig]:
    """A rig over a new component."""
    made = CoreRig(driver, settings, adapter.runtime == "threads")
    with (
        adapter.make("service_interface", driver, made.wire) as service,
        adapter.make("shared_state", driver, {}, SharedStateSettings()) as made.state,
        adapter.make(CORE, driver, service, made.state) as made.component,
    ):
        yield made
