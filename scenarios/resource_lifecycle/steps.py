"""The steps of features about resource managers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings
from patternproof.time_steps import Clock

from .events import (
    CANCELLED,
    EVENTS,
    GIVES,
    MISSING,
    RAISED,
    RETURNED,
    UNCLEANED,
    UP,
    WAITING,
    CheckHealth,
    CleanUp,
    Enter,
    Get,
)
from .model import PLAIN
from .scene import Scene
from .words import AILMENTS, LIMITS, manner_of, meaning, names_of

text = parsers.parse


@pytest.fixture
def managed(patternproof_adapter: Adapter, driver: Driver, requirement: str, clock: Clock) -> Iterator[Scene]:
    """The resource manager of an example, its resources, and what was seen of them."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        clock.follow(scene, EVENTS)
        yield scene


# Given: the situation. An example whose situation is not reached is reported as not exercised, never as failed.


@given("a resource manager")
def make_manager(managed: Scene) -> None:
    managed.make()


@given("a resource manager that does not replace")
def make_manager_that_refuses(managed: Scene) -> None:
    managed.require_refusal()
    managed.make()
    managed.require_ids()


@given("a resource manager that replaces")
def make_manager_that_replaces(managed: Scene) -> None:
    managed.make("replace", ResourceLifecycleSettings(replace=True))


@given("a resource manager that reports health")
def make_manager_with_health(managed: Scene) -> None:
    managed.make()
    managed.require_health()


@given(text("a resource manager that gives up to {what} after {seconds:g} s"))
def make_manager_with_limit(managed: Scene, what: str, seconds: float) -> None:
    limits: dict[str, Any] = {meaning(what, LIMITS, "thing that can be given up"): seconds}
    managed.make(settings=replace(PLAIN, **limits))


@given(text("a resource manager that gives up checks after {seconds:g} s"))
def make_manager_with_limit_of_checks(managed: Scene, seconds: float) -> None:
    managed.make(settings=ResourceLifecycleSettings(health_timeout=seconds))
    managed.require_health()


@given(text("a resource manager that restarts what is unhealthy, up to {count:d} time in a row"))
@given(text("a resource manager that restarts what is unhealthy, up to {count:d} times in a row"))
def make_manager_that_restarts(managed: Scene, count: int) -> None:
    managed.make("restart", ResourceLifecycleSettings(restarts=count))


@given("a resource manager whose scope was entered")
def make_manager_in_scope(managed: Scene) -> None:
    managed.make()
    managed.enter()


@given(text("resource {id:w} was registered"))
def was_registered(managed: Scene, id: str) -> None:
    managed.has_registered(id)


@given(text("resources {ids} were registered"))
def were_registered(managed: Scene, ids: str) -> None:
    for each in names_of(ids):
        managed.has_registered(each)


@given(text("resource {id:w}, which {manner}, was registered"))
def was_registered_in_a_manner(managed: Scene, id: str, manner: str) -> None:
    managed.has_registered(id, manner_of(manner)[0])


@given(text("resource {id:w}, whose cleanup raises a BaseException, was registered"))
def was_registered_and_breaks(managed: Scene, id: str) -> None:
    managed.has_registered(id, "breaks")


@given(text("resource {id:w}, which takes its time to initialise, is being registered"))
def is_being_registered(managed: Scene, id: str) -> None:
    managed.is_registering(id)


@given(text("{id:w} is {ailment}"))
def is_ill(managed: Scene, id: str, ailment: str) -> None:
    managed.ail(id, meaning(ailment, AILMENTS, "state of a resource"))


@given(text("the check of {id:w} raises"))
def check_raises(managed: Scene, id: str) -> None:
    managed.ail(id, "raises")


@given(text("the check of {id:w} hangs"))
def check_hangs(managed: Scene, id: str) -> None:
    managed.ail(id, "hangs")


# When: what happens.


@when(text("resource {id:w} is registered"))
def register(managed: Scene, id: str) -> None:
    managed.register(id)


@when(text("resource {id:w}, which {manner}, is registered"))
def register_in_a_manner(managed: Scene, id: str, manner: str) -> None:
    how, needs = manner_of(manner)
    managed.register(id, manner=how, needs=needs)


@when(text("two resources are registered as {id:w} at the same moment"))
def register_two(managed: Scene, id: str) -> None:
    managed.register(id, id)


@when(text("the initialisation of {id:w} ends"))
def initialisation_ends(managed: Scene, id: str) -> None:
    managed.initialised(managed.resources(id)[-1])


@when(text("the initialisation of the first {id:w} ends"))
def first_initialisation_ends(managed: Scene, id: str) -> None:
    managed.initialised(managed.resources(id)[0])


@when(text("the cleanup of {id:w} ends"))
def cleanup_ends(managed: Scene, id: str) -> None:
    managed.cleanup_ended(managed.resources(id)[-1])


@when(text("resource {id:w} is got"))
def get(managed: Scene, id: str) -> None:
    managed.get(id)


@when("everything is cleaned up")
def clean_up(managed: Scene) -> None:
    managed.clean_up()


@when("two clean everything up at the same moment")
def two_clean_up(managed: Scene) -> None:
    managed.clean_up(times=2)


@when("the health is asked for")
def check(managed: Scene) -> None:
    managed.check()


@when("the scope is left")
def leave(managed: Scene) -> None:
    managed.leave("ok")


@when("the scope is left with an error")
def leave_with_error(managed: Scene) -> None:
    managed.leave("fail")


@when("the scope is cancelled")
def cancel_scope(managed: Scene) -> None:
    managed.leave("cancel")


# Then: what must be seen.


@then(text("the registration of {id:w} succeeds"))
def registration_succeeds(managed: Scene, id: str) -> None:
    call = managed.registrations(id)[-1]
    managed.expect(call.phase == RETURNED, f"the registration of {id} to succeed", call)


@then(text("the registration of {id:w} has not ended"))
def registration_waits(managed: Scene, id: str) -> None:
    call = managed.registrations(id)[-1]
    managed.expect(call.phase == WAITING, f"the registration of {id} to wait", call)


@then(text("the registration of {id:w} is refused"))
@then(text("the registration of {id:w} fails"))
def registration_fails(managed: Scene, id: str) -> None:
    call = managed.registrations(id)[-1]
    managed.expect(call.phase not in (RETURNED, WAITING, CANCELLED), f"the registration of {id} to end in an error", call)


@then(text("the registration of {id:w} fails with the error of the resource"))
def registration_fails_with_its_error(managed: Scene, id: str) -> None:
    call = managed.registrations(id)[-1]
    managed.expect(call.phase == RAISED, f"the registration of {id} to raise the error of its initialisation", call)


@then(text("exactly one of the registrations of {id:w} succeeds"))
def one_registration_succeeds(managed: Scene, id: str) -> None:
    calls = managed.registrations(id)
    right = sum(call.phase == RETURNED for call in calls) == 1 and not any(call.phase == WAITING for call in calls)
    managed.expect(right, "one to succeed, and the others to be refused", "; ".join(map(str, calls)))


@then(text("{id:w} can be got"))
def can_be_got(managed: Scene, id: str) -> None:
    open_ones = [str(each.number) for each in managed.resources(id) if managed.is_open(each)]
    call = managed.get(id)
    managed.expect(call.phase == GIVES and call.about[0] in open_ones, f"{id} to be given, and to be initialised", call)


@then(text("the first {id:w} can be got"))
def first_can_be_got(managed: Scene, id: str) -> None:
    first, call = managed.resources(id)[0], managed.get(id)
    managed.expect((call.phase, call.about) == (GIVES, (str(first.number),)), f"the first {id} to be given", call)


@then(text("{id:w} cannot be got"))
def cannot_be_got(managed: Scene, id: str) -> None:
    call = managed.get(id)
    managed.expect(call.phase not in (GIVES, WAITING), "an error", call)


@then(text("{id:w} was not given"))
def was_not_given(managed: Scene, id: str) -> None:
    managed.expect(managed.last(Get).phase != GIVES, f"an error, or to wait until {id} is there", managed.last(Get))


@then(text("it is not found, and the error names {id:w}"))
def is_not_found(managed: Scene, id: str) -> None:
    call = managed.last(Get)
    managed.expect((call.phase, call.about) == (MISSING, (id,)), f"a not-found error that names {id}", call)


@then(text("{id:w} was initialised once"))
def was_initialised_once(managed: Scene, id: str) -> None:
    count = managed.is_initialised(managed.resources(id)[-1])
    managed.expect(count == 1, f"{id} to be initialised once", f"{count} times")


@then(text("{id:w} is not initialised"))
def is_not_initialised(managed: Scene, id: str) -> None:
    resource = managed.resources(id)[-1]
    managed.expect(not managed.is_open(resource), f"{id} not to be initialised", resource.last)


@then(text("{id:w} was cleaned up once"))
def was_cleaned_up_once(managed: Scene, id: str) -> None:
    count = managed.cleaned(managed.resources(id)[-1])
    managed.expect(count == 1, f"{id} to be cleaned up once", f"{count} times")


@then(text("the first {id:w} was cleaned up once"))
def first_was_cleaned_up_once(managed: Scene, id: str) -> None:
    count = managed.cleaned(managed.resources(id)[0])
    managed.expect(count == 1, f"the first {id} to be cleaned up once", f"{count} times")


@then(text("{ids} were cleaned up once each"))
def were_cleaned_up_once(managed: Scene, ids: str) -> None:
    for each in names_of(ids):
        was_cleaned_up_once(managed, each)


@then(text("{id:w} has not been cleaned up"))
def was_not_cleaned_up(managed: Scene, id: str) -> None:
    resource = managed.resources(id)[-1]
    managed.expect(managed.is_open(resource), f"{id} not to be cleaned up", resource.last)


@then(text("the first {id:w} has not been cleaned up"))
def first_was_not_cleaned_up(managed: Scene, id: str) -> None:
    resource = managed.resources(id)[0]
    managed.expect(managed.is_open(resource), f"the first {id} not to be cleaned up", resource.last)


@then(text("the second {id:w} is not left initialised"))
def second_is_not_left(managed: Scene, id: str) -> None:
    resource = managed.resources(id)[1]
    managed.expect(not managed.is_open(resource), f"the second {id} not to be initialised, or to be cleaned up", resource.last)


@then(text("exactly one {id:w} is left initialised"))
def one_is_left(managed: Scene, id: str) -> None:
    left = [str(each.number) for each in managed.resources(id) if managed.is_open(each)]
    managed.expect(len(left) == 1, "one resource", f"resources {', '.join(left) or 'none'} left initialised")


@then(text("{ids} were cleaned up in this order"))
def were_cleaned_up_in_order(managed: Scene, ids: str) -> None:
    wanted, seen = names_of(ids), managed.order(names_of(ids))
    managed.expect(seen == wanted, f"{', '.join(wanted)} to be cleaned up in this order", ", ".join(seen) or "none")


@then("the cleanup ends without an error")
def cleanup_succeeds(managed: Scene) -> None:
    managed.expect(managed.last(CleanUp).phase == RETURNED, "no error", managed.last(CleanUp))


@then(text("the cleanup reports the failure of {id:w}"))
def cleanup_reports_one(managed: Scene, id: str) -> None:
    cleanup_reports(managed, id)


@then(text("the cleanup reports the failures of {ids}"))
def cleanup_reports(managed: Scene, ids: str) -> None:
    call, wanted = managed.last(CleanUp), tuple(sorted(names_of(ids)))
    managed.expect((call.phase, call.about) == (UNCLEANED, wanted), f"an error with the ids {', '.join(wanted)}", call)


@then(text("{id:w} is reported as {health:w}"))
def is_reported(managed: Scene, id: str, health: str) -> None:
    call = managed.last(CheckHealth)
    reported = dict(call.report or ())
    wanted = meaning(health, {"healthy": True, "unhealthy": False}, "health")
    managed.expect(reported.get(id) is wanted, f"{id} to be reported as {health}", call)


@then("the scope ends without an error")
def scope_succeeds(managed: Scene) -> None:
    managed.expect(managed.last(Enter).phase == RETURNED, "no error", managed.last(Enter))


@then("the scope ends with that error")
def scope_fails(managed: Scene) -> None:
    managed.expect(managed.last(Enter).phase == RAISED, "the error that it was left with", managed.last(Enter))


@then(text("{id:w} was cleaned up and initialised again, {count:d} time"))
@then(text("{id:w} was cleaned up and initialised again, {count:d} times"))
def was_restarted(managed: Scene, id: str, count: int) -> None:
    resource = managed.resources(id)[-1]
    begun, cleaned = managed.is_initialised(resource), managed.cleaned(resource)
    ups = managed.count(resource, UP)
    right = (begun, ups) == (1 + count, 1 + count) and cleaned in (count, count + 1)  # given up at last, or not
    managed.expect(right, f"{count} restarts", f"{begun} initialisations and {cleaned} cleanups")
