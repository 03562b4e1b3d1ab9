"""The steps of features about circuit breakers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import premise
from patternproof.time_steps import Clock

from .events import EVENTS, AddFailingListener, Read, Reset, Trip
from .model import HINT_TOLERANCE
from .scene import LATEST, Scene
from .words import (
    answer,
    deed,
    ending,
    fate,
    names_of,
    number_of_runs,
    placed,
    settings_of,
    state_of,
    transitions_of,
    transitions_shown,
)

text = parsers.parse


@pytest.fixture
def circuit(patternproof_adapter: Adapter, driver: Driver, requirement: str, clock: Clock) -> Iterator[Scene]:
    """The circuit breakers of an example, its calls, and what was seen of them."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        clock.follow(scene, EVENTS)
        yield scene


# Given: the situation. Where another requirement keeps it from being reached, the example is reported as not exercised.


@given("a circuit breaker")
def make_plain_breaker(circuit: Scene) -> None:
    circuit.make(settings_of(""))


@given(text("a circuit breaker that {abilities}"))
@given(text("two circuit breakers that {abilities}"))
def make_breakers(circuit: Scene, abilities: str) -> None:
    circuit.make(settings_of(abilities))


@given("the circuit is open")
def open_the_circuit(circuit: Scene) -> None:
    circuit.open_circuit()


@given(text("call {name} is in flight"))
def begin_admitted_call(circuit: Scene, name: str) -> None:
    begin_admitted(circuit, name)


@given(text("calls {names} are in flight"))
def begin_admitted_calls(circuit: Scene, names: str) -> None:
    begin_admitted(circuit, *names_of(names))


@given(text("{count:d} calls are in flight"))
def begin_admitted_count(circuit: Scene, count: int) -> None:
    begin_admitted(circuit, *[""] * count)


def begin_admitted(circuit: Scene, *names: str) -> None:
    circuit.begin(*names)
    for number in circuit.latest:
        premise(circuit.call(number).phase == "running", f"a call is not admitted: {circuit.call(number)}")


@given(text("call {name} is in flight as a probe"))
def begin_probe(circuit: Scene, name: str) -> None:
    circuit.begin_probes(name)


@given(text("calls {names} are in flight as probes"))
def begin_several_probes(circuit: Scene, names: str) -> None:
    circuit.begin_probes(*names_of(names))


@given(text("a probe has {past}"))
def a_probe_has_ended(circuit: Scene, past: str) -> None:
    circuit.begin_probes("")
    circuit.end(circuit.latest, ending(past))


@given(text("of {count:d} calls at one moment one was admitted as a probe, and has {past}"))
def rush_alone(circuit: Scene, count: int, past: str) -> None:
    circuit.begin_probes()
    circuit.begin(*[""] * count)
    flying = circuit.in_flight()
    premise(len(flying) == 1, f"expected one call of {count} to be admitted; seen: {len(flying)}")
    circuit.end(flying, ending(past))


@given("no other call is admitted")
def reject_another(circuit: Scene) -> None:
    circuit.begin("")
    call = circuit.call(circuit.latest[-1])
    premise(call.phase == "rejected", f"another call is admitted: {call}")


@given(text("a call on the other circuit breaker has {past}"))
def one_call_elsewhere_has_ended(circuit: Scene, past: str) -> None:
    circuit.begin("", breaker=1)
    circuit.end(circuit.latest, ending(past))


@given(text("a call has {past}"))
def one_call_has_ended(circuit: Scene, past: str) -> None:
    several_calls_have_ended(circuit, 1, past)


@given(text("{count:d} calls have {past}"))
def several_calls_have_ended(circuit: Scene, count: int, past: str) -> None:
    for _ in range(count):
        circuit.begin("")
        circuit.end(circuit.latest, ending(past))


@given("a listener")
def listen(circuit: Scene) -> None:
    circuit.require_listeners()


@given("a listener that fails, and another added after it")
def add_failing_listener(circuit: Scene) -> None:
    circuit.require_listeners()
    circuit.perform(AddFailingListener())


# When: what happens.


@when(text("a call {what}"))
def one_new_call(circuit: Scene, what: str) -> None:
    several_new_calls(circuit, 1, what)


@when(text("{count:d} calls {what}"))
def several_new_calls(circuit: Scene, count: int, what: str) -> None:
    what, breaker = placed(what)
    if deed(what) == "begin":
        circuit.begin(*[""] * count, breaker=breaker)
        return
    for _ in range(count):
        circuit.begin("", breaker=breaker)
        circuit.end(circuit.latest, ending(what))


@when(text("a rush of {count:d} calls on each circuit breaker"))
def rush(circuit: Scene, count: int) -> None:
    circuit.rush(count)


@when(text("call {name} {what}"))
def named_call(circuit: Scene, name: str, what: str) -> None:
    what, breaker = placed(what)
    if deed(what) == "begin":
        circuit.begin(name, breaker=breaker)
    else:
        circuit.end([circuit.number(name)], ending(what))


@when(text("calls {names} begin"))
def named_calls_begin(circuit: Scene, names: str) -> None:
    circuit.begin(*names_of(names))


@when(text("all calls in flight {what}"))
def end_all_calls(circuit: Scene, what: str) -> None:
    flying = circuit.in_flight()
    premise(flying, "no call is in flight")
    circuit.end(flying, ending(what))


@when("the state is read")
def read_once(circuit: Scene) -> None:
    circuit.perform(Read())


@when(text("the state is read {count:d} times"))
def read_several_times(circuit: Scene, count: int) -> None:
    for _ in range(count):
        circuit.perform(Read())


@when("the circuit is tripped")
def trip(circuit: Scene) -> None:
    circuit.require_member("trip")
    circuit.perform(Trip())


@when("the circuit is reset")
def reset(circuit: Scene) -> None:
    circuit.require_member("reset")
    circuit.perform(Reset())


# Then: what must be seen.


@then(text("the circuit is {state}"))
def circuit_reads(circuit: Scene, state: str) -> None:
    reads(circuit, state_of(state), 0)


@then(text("the other circuit is {state}"))
def other_circuit_reads(circuit: Scene, state: str) -> None:
    reads(circuit, state_of(state), 1)


def reads(circuit: Scene, wanted: str, breaker: int) -> None:
    seen = circuit.state(breaker)
    circuit.expect(seen == wanted, f"the state to read {wanted}", seen)


@then(text("call {name} {what}"))
def named_call_has_ended(circuit: Scene, name: str, what: str) -> None:
    number = circuit.number(name)
    call, wanted = circuit.call(number), fate(what)
    shown = f"that call {'that began last' if name == LATEST else name} (number {number} below) {what}"
    circuit.expect(call.phase == wanted, shown, call)


@then(text("the call {what}"))
def latest_call_has_ended(circuit: Scene, what: str) -> None:
    named_call_has_ended(circuit, LATEST, what)


@then(text("the error of call {name} has its cause unchanged"))
def cause_is_unchanged(circuit: Scene, name: str) -> None:
    cause = circuit.cause(circuit.number(name))
    circuit.expect(cause is None, "no cause, as the operation gave none", f"{type(cause).__name__}: {cause}")


@then(text("the operation of call {name} has {runs}"))
def operation_of_named_call_has_run(circuit: Scene, name: str, runs: str) -> None:
    wanted, call = number_of_runs(runs), circuit.call(circuit.number(name))
    circuit.expect(call.runs == wanted, f"the operation to have {runs}", f"it ran {call.runs} times: {call}")


@then(text("the operation has {runs}"))
def latest_operation_has_run(circuit: Scene, runs: str) -> None:
    operation_of_named_call_has_run(circuit, LATEST, runs)


@then(text("the next call {what}"))
def next_call(circuit: Scene, what: str) -> None:
    further_calls(circuit, 1, what)


@then(text("{count:d} further calls {what}"))
def further_calls(circuit: Scene, count: int, what: str) -> None:
    what, breaker = placed(what)
    wanted = answer(what)
    for _ in range(count):
        circuit.begin("", breaker=breaker)
        call = circuit.call(circuit.latest[-1])
        circuit.expect(call.phase == wanted, f"that the next call {what}", call)


@then("no call is in flight")
def none_in_flight(circuit: Scene) -> None:
    in_flight_exactly(circuit, 0)


@then(text("exactly {count:d} call is in flight"))
@then(text("exactly {count:d} calls are in flight"))
def in_flight_exactly(circuit: Scene, count: int) -> None:
    flying = len(circuit.in_flight())
    circuit.expect(flying == count, f"{count} calls in flight", f"{flying} in flight")


@then(text("at most {count:d} call is in flight"))
@then(text("at most {count:d} calls are in flight"))
def in_flight_at_most(circuit: Scene, count: int) -> None:
    flying = len(circuit.in_flight())
    premise(flying, "no call was admitted")
    circuit.expect(flying <= count, f"at most {count} calls in flight", f"{flying} in flight")


@then("the other calls are rejected")
def others_are_rejected(circuit: Scene) -> None:
    others = [circuit.call(number) for number in circuit.latest if number not in circuit.in_flight()]
    premise(others, "every call was admitted")
    circuit.expect(
        all(call.phase == "rejected" and not call.runs for call in others),
        "every call that is not in flight to be rejected, its operation not run",
        "; ".join(map(str, others)),
    )


@then(text("the error of call {name} says to retry after {seconds:g} s"))
def named_error_has_hint(circuit: Scene, name: str, seconds: float) -> None:
    call = circuit.call(circuit.number(name))
    premise(call.phase == "rejected", f"the call is not rejected: {call}")
    seen = "no hint" if call.hint is None else f"retry after {call.hint:g} s"
    least = max(0.0, seconds - HINT_TOLERANCE - circuit.ahead)
    near = call.hint is not None and least <= call.hint <= seconds + HINT_TOLERANCE
    circuit.expect(near, f"a hint to retry after {seconds:g} s, to within {HINT_TOLERANCE:g} s", seen)


@then(text("the error says to retry after {seconds:g} s"))
def latest_error_has_hint(circuit: Scene, seconds: float) -> None:
    named_error_has_hint(circuit, LATEST, seconds)


@then(text("the listener has heard: {transitions}"))
def listener_has_heard(circuit: Scene, transitions: str) -> None:
    seen = [(heard.old, heard.new) for heard in circuit.heard if heard.breaker == 0]
    wanted = transitions_of(transitions)
    circuit.expect(seen == wanted, f"the listener to have heard: {transitions}", transitions_shown(seen))


@then(text("the other listener has heard: {transitions}"))
def other_listener_has_heard(circuit: Scene, transitions: str) -> None:
    seen = [(heard.old, heard.new) for heard in circuit.heard_second if heard.breaker == 0]
    wanted = transitions_of(transitions)
    circuit.expect(seen == wanted, f"the other listener to have heard: {transitions}", transitions_shown(seen))
