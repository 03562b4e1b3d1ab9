"""The steps of features about systems that are shut down."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from .events import SYSTEM, ShutDown, Work, WorkEnds, WorkflowSettings
from .scene import Scene


@given("a working system")
def make_working_system(workflow: Scene) -> None:
    workflow.make(WorkflowSettings(SYSTEM))


def begin_work(workflow: Scene, call: int, by: str) -> None:
    workflow.perform(Work(call, by))
    if not workflow.seen.down:
        workflow.reach(call in workflow.seen.reached, f"work {call} under way", workflow.seen)


@given(parsers.parse("work {call:d} is given as a job"))
@when(parsers.parse("work {call:d} is given as a job"))
def give_job(workflow: Scene, call: int) -> None:
    begin_work(workflow, call, "job")


@given(parsers.parse("work {call:d} comes as a message"))
@when(parsers.parse("work {call:d} comes as a message"))
def send_work(workflow: Scene, call: int) -> None:
    begin_work(workflow, call, "message")


@given(parsers.parse("work {call:d} comes as an event"))
@when(parsers.parse("work {call:d} comes as an event"))
def publish_work(workflow: Scene, call: int) -> None:
    begin_work(workflow, call, "event")


@when(parsers.parse("work {call:d} ends"))
def end_work(workflow: Scene, call: int) -> None:
    workflow.perform(WorkEnds(call))


@given("the manager cleans up")
@when("the manager cleans up")
def shut_down(workflow: Scene) -> None:
    workflow.perform(ShutDown())


@then("cleaning up has ended")
def cleaning_up_has_ended(workflow: Scene) -> None:
    workflow.expect(workflow.seen.down == "over", "an end of it", workflow.seen)


@then("nothing of the system remains")
def nothing_remains(workflow: Scene) -> None:
    workflow.expect(workflow.seen.down == "over" and not workflow.left, "nothing to remain", sorted(workflow.left))


@then("it was cleaned up in order")
def cleaned_up_in_order(workflow: Scene) -> None:
    workflow.expect(not workflow.seen.order, "what works with the pool to end before it", workflow.seen)


@then(parsers.parse("job {call:d} has ended"))
def job_has_ended(workflow: Scene, call: int) -> None:
    workflow.expect(workflow.phase(call) in ("returned", "raised"), f"an end of job {call}", workflow.seen)


@then(parsers.parse("job {call:d} is refused"))
def job_is_refused(workflow: Scene, call: int) -> None:
    workflow.expect_phase(call, "raised", "an error")


@then("nothing is under way")
def nothing_is_under_way(workflow: Scene) -> None:
    workflow.expect(not workflow.seen.reached, "nothing that the dependency is at", workflow.seen)
