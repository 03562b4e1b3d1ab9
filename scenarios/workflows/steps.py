"""The steps of features about workflows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver

from .events import CORE, OTHERS, UI, Act, ActionEnds, Answer, Publish, Send, Tell, Update, WorkflowSettings
from .guard_steps import *  # noqa: F403  # the steps of a pattern are looked for in one module
from .local_steps import *  # noqa: F403  # as above
from .scene import Scene
from .system_steps import *  # noqa: F403  # as above

text = parsers.parse


@pytest.fixture
def workflow(patternproof_adapter: Adapter, driver: Driver, requirement: str) -> Iterator[Scene]:
    """The part of an example, and what was seen of it."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        yield scene


# A core component


@given("a core component")
def make_core_component(workflow: Scene) -> None:
    workflow.make(WorkflowSettings(CORE))


@when(text("command {call:d} is sent"))
def send_command(workflow: Scene, call: int) -> None:
    workflow.perform(Send(call))


@when(text("the peer answers command {call:d}"))
def answer_command(workflow: Scene, call: int, how: str = "ok") -> None:
    workflow.reach(workflow.counted[str(call)], f"the peer to get command {call}", workflow.seen)
    workflow.perform(Answer(call, how))


@when(text("the peer answers command {call:d} with a fault"))
def answer_with_fault(workflow: Scene, call: int) -> None:
    answer_command(workflow, call, "fault")


@when(text("the peer reports message {call:d}"))
def tell_message(workflow: Scene, call: int) -> None:
    workflow.perform(Tell(call))


@when(text("the peer reports message {call:d} about something else"))
def tell_something_else(workflow: Scene, call: int) -> None:
    workflow.perform(Tell(call, False))


@when(text("somebody else makes update {call:d}"))
def update_state(workflow: Scene, call: int) -> None:
    workflow.perform(Update(call))


@then(text("the peer has got command {call:d} once"))
def command_arrived(workflow: Scene, call: int) -> None:
    workflow.expect(workflow.counted[str(call)] == 1, f"the peer to get command {call} once", workflow.counted[str(call)])


@then(text("command {call:d} comes back with the response to it"))
def command_returns(workflow: Scene, call: int) -> None:
    workflow.expect_phase(call, "returned", f"the response to command {call}")


@then(text("command {call:d} raises an error of the fault's kind"))
def command_raises(workflow: Scene, call: int) -> None:
    workflow.expect_phase(call, "raised", "an error of the fault's kind")


@then(text("the shared state has {what:w} {call:d} once"))
def state_has(workflow: Scene, what: str, call: int) -> None:
    key = f"{what} {call}"
    workflow.expect(dict(workflow.seen.state).get(key) == 1, f"the state to have {key} once", workflow.seen)


@then(text("the shared state has nothing but message {call:d}"))
def state_has_alone(workflow: Scene, call: int) -> None:
    workflow.expect(dict(workflow.seen.state) == {f"message {call}": 1}, f"message {call} alone", workflow.seen)


# A UI component


@given("a UI component")
def make_ui_component(workflow: Scene) -> None:
    workflow.make(WorkflowSettings(UI))


@given("a UI component, and a context that changes as soon as it is made")
def make_ui_component_at_once(workflow: Scene) -> None:
    workflow.make(WorkflowSettings(UI, at_once=True))
    workflow.look()


@when(text("the user begins action {call:d}"))
def begin_action(workflow: Scene, call: int) -> None:
    workflow.perform(Act(call))


@when(text("action {call:d} succeeds"))
def action_succeeds(workflow: Scene, call: int) -> None:
    workflow.perform(ActionEnds(call))


@when(text("action {call:d} fails"))
def action_fails(workflow: Scene, call: int) -> None:
    workflow.perform(ActionEnds(call, "fail"))


@given(text("the context changes to number {call:d}"))
@when(text("the context changes to number {call:d}"))
def context_changes(workflow: Scene, call: int) -> None:
    workflow.perform(Publish(call, "context"))


@when(text("the context changes to number {call:d}, and at once to what it is in the end"))
def context_changes_twice(workflow: Scene, call: int) -> None:
    workflow.perform(Publish(call, "contexts"))


@when(text("tool {tool:w} is executed with status {call:d}"))
def execute_tool(workflow: Scene, tool: str, call: int) -> None:
    workflow.perform(Publish(call, f"tool {tool}"))


@when(text("something else is published: {event}"))
def something_else_is_published(workflow: Scene, event: str) -> None:
    what = next((name for name, said in OTHERS.items() if said == event), None)
    if what is None:
        raise LookupError(f"{event!r} is no event of another kind; write {' or '.join(map(repr, OTHERS.values()))}")
    workflow.perform(Publish(1, what))


@then(text("action {call:d} is on record"))
def action_is_recorded(workflow: Scene, call: int) -> None:
    workflow.expect(call in workflow.seen.actions, f"action {call} on record", workflow.seen)


@then(text("action {call:d} was published once"))
def action_was_published(workflow: Scene, call: int) -> None:
    workflow.expect(workflow.counted[str(call)] == 1, f"action {call} published once", workflow.counted[str(call)])


@then(text("action {call:d} was not published"))
def action_was_not_published(workflow: Scene, call: int) -> None:
    workflow.expect(not workflow.counted[str(call)], f"action {call} not published", workflow.counted[str(call)])


@then(text("the user is told that action {call:d} has failed"))
def action_has_failed(workflow: Scene, call: int) -> None:
    workflow.expect_phase(call, "raised", "the error of the action")


@then(text("it shows context {context}"))
def shows_context(workflow: Scene, context: str) -> None:
    workflow.expect(workflow.seen.context == f"context {context}", f"context {context}", workflow.seen)


@then(text("it shows status {call:d} of tool {tool:w}"))
def shows_status(workflow: Scene, call: int, tool: str) -> None:
    status = dict(workflow.seen.tools).get(f"tool {tool}")
    workflow.expect(status == f"status {call}", f"status {call} of tool {tool}", workflow.seen)
