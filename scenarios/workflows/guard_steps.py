"""The steps of features about guarded clients."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from .events import GUARD, ClosePool, Query, Reply, Wait, WorkflowSettings
from .scene import Scene


@given("a guarded client")
def make_guarded_client(workflow: Scene) -> None:
    workflow.make(WorkflowSettings(GUARD))


@given(parsers.parse("the dependency has failed {count:d} query"))
@given(parsers.parse("the dependency has failed {count:d} queries"))
def dependency_has_failed(workflow: Scene, count: int) -> None:
    for number in range(count):
        workflow.perform(Query(number))
        workflow.reach(workflow.seen.reached == (number,), f"the dependency to get query {number}", workflow.seen)
        workflow.perform(Reply(number, "fail"))
        workflow.reach(workflow.phase(number) != "waiting", f"an end of query {number}", workflow.seen)


@when(parsers.parse("query {call:d} is made"))
def make_numbered_query(workflow: Scene, call: int) -> None:
    workflow.perform(Query(call))


@when(parsers.parse("the dependency replies to query {call:d}"))
def dependency_replies(workflow: Scene, call: int) -> None:
    workflow.perform(Reply(call))


@when(parsers.parse("the dependency fails query {call:d}"))
def dependency_fails(workflow: Scene, call: int) -> None:
    workflow.perform(Reply(call, "fail"))


@when(parsers.parse("the dependency breaks the connection of query {call:d}"))
def dependency_breaks(workflow: Scene, call: int) -> None:
    workflow.perform(Reply(call, "break"))


@when("the reset timeout passes")
def timeout_passes(workflow: Scene) -> None:
    workflow.perform(Wait())


@when("the client's pool is closed")
def close_the_pool(workflow: Scene) -> None:
    workflow.perform(ClosePool())


@then(parsers.parse("query {call:d} returns the reply"))
def query_returns(workflow: Scene, call: int) -> None:
    workflow.expect_phase(call, "returned", "the reply of the dependency")


@then(parsers.parse("query {call:d} raises a typed error that comes from the failure"))
def query_raises(workflow: Scene, call: int) -> None:
    workflow.expect_phase(call, "raised", "an error of the component, with the failure as its cause")


@then(parsers.parse("query {call:d} is rejected"))
def query_is_rejected(workflow: Scene, call: int) -> None:
    workflow.expect_phase(call, "rejected", "a rejection that says that the circuit is open")


@then("an error event was published")
def error_was_published(workflow: Scene) -> None:
    workflow.expect(workflow.counted["errors"], "an error event", workflow.seen)


@then("no error event was published")
def no_error_was_published(workflow: Scene) -> None:
    workflow.expect(not workflow.counted["errors"], "no error event", workflow.counted["errors"])


@then(parsers.parse("the dependency has got query {call:d}"))
def dependency_has(workflow: Scene, call: int) -> None:
    workflow.expect(call in workflow.seen.reached, f"the dependency to get query {call}", workflow.seen)


@then("no connection to the dependency is open")
def no_connection_is_open(workflow: Scene) -> None:
    workflow.expect(workflow.seen.open == 0, "no open connection", workflow.seen)
