"""A system held by a driver, and shut down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Outcome, Pending, Raised, Returned
from patternproof.history import shown
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.ports.event_bus import Topic, UserAction
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings

from .dependency import Answer, Dependency
from .events import SYSTEM, ShutDown, Work, WorkEnds, WorkflowSettings
from .part_rig import PartRig, any_bus
from .seen import ELSE, SystemSeen
from .system_model import LEFT, ROOM
from .watching import Book
from .wire import Wire, wire

_CALL = re.compile(r"(task|thread) call\b")
"""How a driver tells of the kit's own calls."""


class SystemRig(PartRig):
    """Drives a system, and the parts that it is given."""

    system: Any
    manager: Any
    bus: Any

    def __init__(self, driver: Driver, settings: WorkflowSettings, threads: bool) -> None:
        super().__init__(driver, settings, threads)
        self.dependency = Dependency(driver, threads)
        self.wire: Wire = wire(driver, threads)
        self.book = Book()
        self._down: Pending | None = None
        self._before = 0
        """Tasks or threads that run whether there is a system or not."""

    def warm_up(self, bus: Any, service: Any) -> None:
        """Use bus and service once: what they start for that, and keep, is none of the system's."""
        self.bus = bus
        self._run(self._warmed_plainly if self.threads else self._warmed, bus, service)
        self._before = self._tasks()

    def _run(self, function: Any, *arguments: Any) -> None:
        self.driver.complete(lambda: function(*arguments))

    async def _warmed(self, bus: Any, service: Any) -> None:
        heard = bus.handle((Topic.USER,), self._ignored) if hasattr(bus, "handle") else bus.subscribe(Topic.USER)
        await (await heard).unsubscribe()
        await service.unregister_handler(await service.register_handler(self._ignored))

    def _warmed_plainly(self, bus: Any, service: Any) -> None:
        heard = bus.handle((Topic.USER,), _ignore) if hasattr(bus, "handle") else bus.subscribe(Topic.USER)
        heard.unsubscribe()
        service.unregister_handler(service.register_handler(_ignore))

    @staticmethod
    async def _ignored(_: object) -> None:
        return

    def _tasks(self) -> int:
        return sum(not _CALL.match(stack) for stack in self.driver.stacks())

    def do(self, event: Any) -> None:
        match event:
            case Work(number, "job"):
                self.start(number, lambda: self.system.run(_payload(number)))
            case Work(number, "message"):
                self.wire.tell(number, _payload(number))
            case Work(number, _):
                self.driver.begin(lambda: self.bus.publish(UserAction(_payload(number))))
            case WorkEnds(number):
                self.dependency.end(_payload(number), "ok")
            case ShutDown() if self._down is None:
                self._down = self.driver.begin(self.manager.cleanup_all)

    def phase(self, number: int, outcome: Outcome) -> str:
        if isinstance(outcome, Returned):
            right = isinstance(outcome.value, Answer) and outcome.value.to == _payload(number)
            return "returned" if right else f"{ELSE}: {shown(outcome.value)}"
        return "raised"

    def look(self) -> SystemSeen:
        down = self._how_far()
        reached = sorted(int(str(payload).removeprefix("work ")) for payload, *_ in self.dependency.held)
        left = tuple(self._left()) if down == "over" else ()
        # Of what remains there is no saying whether it went too late.
        order = self.book.order if down == "over" and not self.book.subscriptions + self.book.handlers else ""
        return SystemSeen(self.seen_calls(), tuple(reached), down, left, order)

    def _how_far(self) -> str:
        if self._down is None:
            return ""
        outcome = self._down.outcome
        if isinstance(outcome, Raised):
            return f"raised {shown(outcome.error)}"
        return "waiting" if outcome is None else "over"

    def _left(self) -> Iterator[str]:
        counts = {
            "a connection": self.dependency.open,
            "a subscription": self.book.subscriptions,
            "a handler": self.book.handlers,
            "a task": self._tasks() - self._before,
        }
        yield from (what for what in sorted(set(LEFT.values())) if counts[what] > 0)


def _payload(number: int) -> str:
    return f"work {number}"


def _ignore(_: object) -> None:
    return


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: WorkflowSettings) -> Iterator[SystemRig]:
    """A rig over a new system."""
    made = SystemRig(driver, settings, adapter.runtime == "threads")
    with (
        adapter.make("resource_lifecycle", driver, ResourceLifecycleSettings()) as made.manager,
        adapter.make("service_interface", driver, made.wire) as service,
        any_bus(adapter, driver) as bus,
    ):
        made.warm_up(bus, service)
        connect, pooling = made.dependency.connect, ConnectionPoolSettings(max_size=ROOM)
        with adapter.make("connection_pool", driver, connect, pooling) as pool:
            parts = made.manager, made.book.service(service), made.book.bus(bus), made.book.pool(pool)
            with adapter.make(SYSTEM, driver, *parts) as made.system:
                yield made
