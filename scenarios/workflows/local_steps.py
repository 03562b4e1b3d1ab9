"""The steps of features about components with local state."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from .events import LOCAL, NAMES, Change, Link, Synchronise, WorkflowSettings
from .scene import Scene


@given("two components with local state")
def make_two_components(workflow: Scene) -> None:
    workflow.make(WorkflowSettings(LOCAL))


@given(parsers.parse("{name:w} makes change {call:d}"))
@when(parsers.parse("{name:w} makes change {call:d}"))
def make_change(workflow: Scene, name: str, call: int) -> None:
    workflow.perform(Change(call, NAMES.index(name)))


@given(parsers.parse("{name:w} synchronises"))
@when(parsers.parse("{name:w} synchronises"))
def synchronise(workflow: Scene, name: str) -> None:
    workflow.perform(Synchronise(NAMES.index(name)))
    workflow.expect(workflow.seen.calls == (f"synchronising {NAMES.index(name)} returned",), "an end of it", workflow.seen)


@when(parsers.parse("{name:w} cannot synchronise"))
def cannot_synchronise(workflow: Scene, name: str) -> None:
    workflow.perform(Synchronise(NAMES.index(name)))
    workflow.expect(workflow.seen.calls == (f"synchronising {NAMES.index(name)} raised",), "an error", workflow.seen)


@given(parsers.parse("the way of {name:w} is cut"))
def cut_line(workflow: Scene, name: str) -> None:
    workflow.perform(Link(NAMES.index(name), False))


@when(parsers.parse("the way of {name:w} is mended"))
def mend_line(workflow: Scene, name: str) -> None:
    workflow.perform(Link(NAMES.index(name), True))


@then(parsers.parse("{name:w} shows change {call:d}"))
def shows_change(workflow: Scene, name: str, call: int) -> None:
    workflow.expect(workflow.seen.values[NAMES.index(name)] == call, f"{name} to show change {call}", workflow.seen)


@then("both show the same change")
def both_show_the_same(workflow: Scene) -> None:
    one, other = workflow.seen.values
    workflow.expect(one is not None and one == other, "both to show the same change", workflow.seen)


@then("each change was announced once")
def announced_once(workflow: Scene) -> None:
    workflow.expect(set(workflow.seen.announced) == {1}, "one announcement of each change", workflow.seen)
