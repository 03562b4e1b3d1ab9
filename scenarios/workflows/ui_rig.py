"""A UI component held by a driver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Operation, Outcome, Raised, Returned
from patternproof.history import shown
from patternproof.ports.error_propagation import beneath
from patternproof.ports.event_bus import (
    ContextChanged,
    ErrorOccurred,
    Event,
    ResourceUpdated,
    StateChanged,
    ToolExecuted,
    Topic,
    UserAction,
)

from .events import UI, Act, ActionEnds, Cancel, Publish, WorkflowSettings
from .part_rig import Listener, PartRig, any_bus
from .seen import ELSE, RAW, UiSeen
from .ui_model import AT_ONCE

ACTION = "action "
UNKNOWN = -1
"""Stands for an action that no user began."""


class Failed(Exception):
    """What an action raises that fails."""


class UiRig(PartRig):
    """Drives a UI component."""

    component: Any
    bus: Any

    def __init__(self, driver: Driver, settings: WorkflowSettings, threads: bool) -> None:
        super().__init__(driver, settings, threads)
        self._performed: dict[int, Operation] = {}
        self._errors: dict[int, Failed] = {}
        self._results: dict[int, object] = {}

    def listen(self, bus: Any) -> None:
        """Take the bus, and hear what is published there."""
        self.bus = bus
        self._listener = Listener(self, bus, Topic.USER)

    def do(self, event: Any) -> None:
        match event:
            case Act(number):
                operation = self._performed[number] = Operation(self.driver)
                self.start(number, lambda: self.component.user_action(f"{ACTION}{number}", operation.function))
            case ActionEnds(number, how) if number in self._performed:
                self._end(number, how)
            case Cancel(number):
                self.cancel(number)
            case Publish(number, what):
                self.driver.begin(lambda: self._publish(events_of(number, what)))

    def _end(self, number: int, how: str) -> None:
        operation = self._performed[number]
        if operation.held:
            self._results[number] = object()
            self._errors[number] = Failed(f"action {number} failed")
            operation.release(Returned(self._results[number]) if how == "ok" else Raised(self._errors[number]))

    def _publish(self, events: Sequence[Event]) -> Any:
        return self._publish_plainly(events) if self.threads else self._publish_in_turn(events)

    async def _publish_in_turn(self, events: Sequence[Event]) -> None:
        for event in events:
            await self.bus.publish(event)

    def _publish_plainly(self, events: Sequence[Event]) -> None:
        for event in events:
            self.bus.publish(event)

    def phase(self, number: int, outcome: Outcome) -> str:
        if isinstance(outcome, Returned):
            right = outcome.value is self._results.get(number, self)
            # What a failing action returns is nothing: whatever comes in its place is a return.
            return "returned" if right or outcome.value is None else f"{ELSE}: {shown(outcome.value)}"
        error = getattr(outcome, "error", None)
        if isinstance(error, BaseException) and any(each is self._errors.get(number) for each in beneath(error)):
            return "raised"
        return f"{RAW}: {shown(error)}"

    def look(self) -> UiSeen:
        published = [_number(event.action) for event in self._listener.taken() if isinstance(event, UserAction)]
        actions, context, tools = self.driver.now(self._shown)
        return UiSeen(
            self.seen_calls(),
            tuple(sorted(each for each in published if each is not None)),
            tuple(number for each in actions if (number := _number(each)) is not None),
            context,
            tuple(sorted(tools.items())),
        )

    def _shown(self) -> tuple[list[str], str | None, dict[str, str]]:
        return list(self.component.actions), self.component.context, dict(self.component.tools)


def _number(action: str) -> int | None:
    """The number of an action; None: it is that of another user."""
    if action.startswith("another"):
        return None
    return int(action.removeprefix(ACTION)) if action.removeprefix(ACTION).isdecimal() else UNKNOWN


def events_of(number: int, what: str) -> list[Event]:
    """What is published, in order."""
    if what == "contexts":
        return [ContextChanged(f"context {number}"), ContextChanged(f"context {number} in the end")]
    made: dict[str, Event] = {
        "context": ContextChanged(f"context {number}"),
        "state": StateChanged(f"component {number}", {"context": "of a state"}),
        "resource": ResourceUpdated(f"resource {number}", {"status": "of a resource"}),
        "error": ErrorOccurred(f"component {number}", "an error"),
        "user": UserAction(f"another user's {number}"),
    }
    return [made[what] if what in made else ToolExecuted(what, f"status {number}")]


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: WorkflowSettings) -> Iterator[UiRig]:
    """A rig over a new component."""
    made = UiRig(driver, settings, adapter.runtime == "threads")
    with any_bus(adapter, driver) as bus:
        made.listen(bus)
        then = (lambda: bus.publish(ContextChanged(AT_ONCE))) if settings.at_once else None
        with adapter.make(UI, driver, bus, then=then) as made.component:
            yield made
