"""Two components with local state held by a driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from patternproof.scenarios.state_sync.network import Network, PlainNetwork

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Outcome, Pending, Raised, Returned
from patternproof.history import shown
from patternproof.ports.event_bus import StateChanged, Topic
from patternproof.ports.state_sync import StateSyncSettings

from .events import LOCAL, NAMES, Change, Link, Synchronise, WorkflowSettings
from .part_rig import Listener, PartRig, any_bus
from .seen import LocalSeen

KEY = "key"


class LocalRig(PartRig):
    """Drives two components, and disturbs the network between them."""

    def __init__(self, driver: Driver, settings: WorkflowSettings, threads: bool) -> None:
        super().__init__(driver, settings, threads)
        self.network = (PlainNetwork if threads else Network)(driver, NAMES)
        self.components: list[Any] = []
        self._changes: list[int] = []
        self._announced: dict[int, int] = {}
        self._named: list[tuple[str, Pending]] = []

    def listen(self, bus: Any) -> None:
        """Hear what is announced."""
        self._listener = Listener(self, bus, Topic.STATE)

    def do(self, event: Any) -> None:
        match event:
            case Change(number, who):
                self._changes.append(number)
                self._begin(f"change {number}", lambda: self.components[who].change(KEY, _value(number)))
            case Synchronise(who):
                self._begin(f"synchronising {who}", self.components[who].synchronise)
            case Link(who, up):
                self.network.links[NAMES[who]].change("up" if up else "down")

    def _begin(self, name: str, call: Callable[[], Any]) -> None:
        self._named.append((name, self.driver.begin(call)))

    def phase(self, number: int, outcome: Outcome) -> str:
        return "returned" if isinstance(outcome, Returned) else "raised"

    def look(self) -> LocalSeen:
        for event in self._listener.taken():
            self._count(event)
        shown_now = tuple(self._shown(component) for component in self.components)
        counts = tuple(self._announced.get(number, 0) for number in sorted(self._changes))
        return LocalSeen(tuple(sorted(self._ended())), shown_now, counts)

    def _ended(self) -> Iterator[str]:
        named, self._named = self._named, []
        for name, pending in named:
            if pending.outcome is None:
                self._named.append((name, pending))
                yield f"{name} waiting"
            elif isinstance(pending.outcome, Raised) and not name.startswith("synchronising"):
                yield f"{name} raised: {shown(pending.outcome.error)}"
            else:
                yield f"{name} {self.phase(0, pending.outcome)}"

    def _count(self, event: Any) -> None:
        value = event.data.get(KEY) if isinstance(event, StateChanged) else None
        for number in self._changes:
            if value == _value(number):
                self._announced[number] = self._announced.get(number, 0) + 1

    def _shown(self, component: Any) -> int | None:
        value = self.driver.complete(component.snapshot).get(KEY)
        return None if value is None else next((number for number in self._changes if value == _value(number)), -1)


def _value(number: int) -> str:
    return f"value {number}"


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: WorkflowSettings) -> Iterator[LocalRig]:
    """A rig over two new components."""
    made = LocalRig(driver, settings, adapter.runtime == "threads")
    with (
        any_bus(adapter, driver) as bus,
        adapter.make("state_sync", driver, made.network, StateSyncSettings()) as system,
    ):
        made.listen(bus)
        alpha, beta = (driver.now(partial(system.replica, name)) for name in NAMES)
        with (
            adapter.make(LOCAL, driver, NAMES[0], alpha, bus) as one,
            adapter.make(LOCAL, driver, NAMES[1], beta, bus) as other,
        ):
            made.components = [one, other]
            yield made
