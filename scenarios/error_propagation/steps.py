"""The steps of features about error propagation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver

from .events import Cancel, CompareCodes, End, ReadDocument
from .fits import STATUSES
from .scene import Scene
from .service_steps import *  # noqa: F403  # the steps about services are part of these
from .words import PHASES, how_of, kinds_of, meaning, resources_of, wanted

text = parsers.parse


@pytest.fixture
def component(patternproof_adapter: Adapter, driver: Driver, requirement: str) -> Iterator[Scene]:
    """The component of an example, and what was seen of its errors."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        yield scene


@given("a component")
def make_plain_component(component: Scene) -> None:
    component.make(wanted("that has the layers gateway"))


@given(text("a component that {abilities}"))
def make_component(component: Scene, abilities: str) -> None:
    component.make(wanted(f"that {abilities}"))


@given(text("a component whose {abilities}"))
def make_crossing_component(component: Scene, abilities: str) -> None:
    component.make(wanted(f"whose {abilities}"))


# When: what happens.


@when("a request is made")
def make_request(component: Scene) -> None:
    component.request(1)


@when(text("a request is made for {names}"))
def make_request_for(component: Scene, names: str) -> None:
    component.request(len(resources_of(names)))


@when(text("the dependency behind it {words}"))
def the_dependency_ends(component: Scene, words: str) -> None:
    how, resources = how_of(words.removesuffix(" at the same moment"))
    component.perform(*(End(component.call.number, resource, how) for resource in resources or [0]))


@when("the request is cancelled")
def cancel_the_request(component: Scene) -> None:
    component.require_cancellation()
    component.perform(Cancel(component.call.number))


@when("errors of every kind are made twice")
def compare_codes(component: Scene) -> None:
    component.perform(CompareCodes())


@when("a problem document of an unknown code comes in")
def read_document(component: Scene) -> None:
    component.perform(ReadDocument())


# Then: what must be seen.


@then(text("the request raises {words}"))
def it_raises(component: Scene, words: str) -> None:
    kinds, failure = kinds_of(words), component.call.failure
    told = set(failure.kinds) if failure is not None else set()
    several = len(failure.origins) > 1 if failure is not None else False
    component.expect(told & kinds and (told <= kinds or several), f"the request to raise {words}", component.call)


@then("the request returns the result")
def it_returns(component: Scene) -> None:
    component.expect(component.call.phase == "returned", "the result of the dependency", component.call)


@then(text("the request ends {words}"))
def it_ends(component: Scene, words: str) -> None:
    phase = meaning(words, PHASES, "way for a request to end")
    component.expect(component.call.phase == phase, f"the request to end {words}", component.call)


@then("its error comes from the error of the dependency")
@then("its error says why the result is not valid")
@then("no error of the dependency is lost")
def nothing_is_lost(component: Scene) -> None:
    component.reach(component.call.phase == "raised", "an error of the component", component.call)
    failure, lost = component.call.failure, component.lost()
    reached = failure is not None and any(each >= 0 for each in failure.origins)
    component.expect(reached and not lost, "every error of the dependency to be reached from that of the request", component.call)


@then("its error names the component, the operation and the resource")
def it_names_its_context(component: Scene) -> None:
    fine(component, "context", "an error that names its component, operation and resource")


@then("its error has a sentence for people")
def it_has_a_sentence(component: Scene) -> None:
    fine(component, "sentence", "a sentence for people")


@then("its error holds the context of each layer once, outermost first")
def it_holds_the_contexts(component: Scene) -> None:
    fine(component, "chain", "the context of each layer once, outermost first")


@then("its error survives the way over a process boundary and back")
def it_survives(component: Scene) -> None:
    fine(component, "survival", "code, sentence, context and chain of codes to survive")


@then("nothing of the inside crosses with its error")
def nothing_of_the_inside_crosses(component: Scene) -> None:
    fine(component, "leaks", "nothing that is to stay inside")


def fine(component: Scene, aspect: str, expected: str) -> None:
    found = component.inspect(aspect)
    component.expect(found == "", expected, component.seen)


@then("its error has an HTTP status that fits its kind")
def its_status_fits(component: Scene) -> None:
    status, failure = component.inspect("status"), component.call.failure
    kinds = failure.kinds if failure is not None else ()
    component.expect(any(status in STATUSES.get(kind, ()) for kind in kinds), "an HTTP status of its kind", component.seen)


@then(text("its error says that a retry {word} help"))
def it_hints(component: Scene, word: str) -> None:
    hint = meaning(word, {"can": True, "cannot": False}, "hint")
    component.expect(component.inspect("hint") is hint, f"that a retry {word} help", component.seen)


@then("each kind has one code, and no other kind has the same")
def codes_are_apart(component: Scene) -> None:
    component.expect(component.seen.found[-1:] == ("",), "one code for each kind, and another for each", component.seen)


@then("an error comes of it")
def an_error_comes(component: Scene) -> None:
    component.expect(component.seen.found[-1:] == ("",), "an error", component.seen)


@then("what was begun was cleaned up")
def it_was_cleaned_up(component: Scene) -> None:
    component.expect(component.cleaned, "the dependency to be cleaned up after", component.seen)
