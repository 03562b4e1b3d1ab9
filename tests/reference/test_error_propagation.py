"""The reference's components, and their problem documents."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from patternproof.reference.error_propagation import Component, NoProblemError, ThreadedComponent, from_problem, to_problem

from patternproof.ports.error_propagation import (
    ComponentError,
    DependencyFailure,
    ErrorPropagationSettings,
    Kind,
    Request,
    beneath,
)

REQUEST = Request("read", ("alpha",))
BOTH = Request("read", ("alpha", "beta"))
LAYERS = ErrorPropagationSettings(("gateway", "orders", "warehouse"))


class Failing:
    """A dependency that raises what it is given by resource, and returns the resource otherwise."""

    def __init__(self, *errors: BaseException, release: Exception | None = None) -> None:
        self.errors = dict(zip(("alpha", "beta"), errors, strict=False))
        self.release_error = release

    async def call(self, operation: str, resource: str) -> Any:
        if resource in self.errors:
            raise self.errors[resource]
        return resource

    def objection(self, result: Any) -> str | None:
        return None

    async def release(self, operation: str) -> None:
        if self.release_error is not None:
            raise self.release_error


class FailingInThreads(Failing):
    """The same with plain methods."""

    def call(self, operation: str, resource: str) -> Any:  # type: ignore[override]  # of the other flavour
        if resource in self.errors:
            raise self.errors[resource]
        return resource

    def release(self, operation: str) -> None:  # type: ignore[override]  # as above
        return None


def raised(request: Request, settings: ErrorPropagationSettings, *errors: BaseException, **more: Any) -> ComponentError:
    with pytest.raises(ComponentError) as caught:
        asyncio.run(Component(Failing(*errors, **more), settings).perform(request))
    return caught.value


def test_a_failure_is_the_root_of_a_chain_with_every_layer() -> None:
    failure = DependencyFailure("no answer", retryable=True)
    error = raised(REQUEST, LAYERS, failure)
    chain = list(beneath(error))
    assert chain[-1] is failure
    assert [each.component for each in chain if isinstance(each, ComponentError)] == ["gateway", "orders", "warehouse"]
    assert (error.kind, error.operation, error.resource, error.retryable) == (Kind.DEPENDENCY_ERROR, "read", "alpha", True)


def test_an_error_of_a_type_that_nobody_knows_is_unexpected() -> None:
    error = raised(REQUEST, ErrorPropagationSettings(), ZeroDivisionError())
    assert error.kind == Kind.UNEXPECTED
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_of_several_errors_none_is_lost_and_the_kind_is_the_one_that_they_share() -> None:
    first, second = DependencyFailure("one"), DependencyFailure("two", retryable=True)
    error = raised(BOTH, ErrorPropagationSettings(concurrent=2), first, second)
    assert {first, second} <= set(beneath(error))
    assert (error.kind, error.resource, error.retryable) == (Kind.DEPENDENCY_ERROR, "alpha, beta", False)


def test_threads_lose_no_error_either() -> None:
    first, second = DependencyFailure("one"), ZeroDivisionError()
    with pytest.raises(ComponentError) as caught:
        ThreadedComponent(FailingInThreads(first, second), ErrorPropagationSettings(concurrent=2)).perform(BOTH)
    assert {first, second} <= set(beneath(caught.value))
    assert caught.value.kind == Kind.OPERATION_FAILED


def test_what_fails_in_cleaning_up_is_a_note_on_the_first_error() -> None:
    settings = ErrorPropagationSettings(cleanup=True)
    error = raised(REQUEST, settings, DependencyFailure("first"), release=DependencyFailure("second"))
    assert "Cleaning up failed as well, with DependencyFailure: second" in error.__notes__
    assert raised(REQUEST, settings, release=DependencyFailure("alone")).kind == Kind.DEPENDENCY_ERROR


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(3)])
def test_what_is_no_error_passes_as_it_is(error: BaseException) -> None:
    async def perform() -> None:
        with pytest.raises(type(error)) as caught:
            await Component(Failing(error), LAYERS).perform(REQUEST)
        assert caught.value is error

    asyncio.run(perform())


def test_a_problem_document_holds_every_link_of_the_chain_and_nothing_of_what_caused_it() -> None:
    document = json.dumps(to_problem(raised(REQUEST, LAYERS, DependencyFailure("at 10.0.0.1"))))
    assert "10.0.0.1" not in document
    back = from_problem(json.loads(document))
    assert list(back.codes) == ["dependency_error"] * 3
    assert (back.message, back.component, back.operation, back.resource) == (
        "The dependency failed for alpha.",
        "gateway",
        "read",
        "alpha",
    )


def test_what_is_no_error_of_a_component_has_no_problem_document() -> None:
    with pytest.raises(TypeError, match="expected a ComponentError, seen: a KeyError"):
        to_problem(KeyError("alpha"))  # type: ignore[arg-type]  # what is wrong here


@pytest.mark.parametrize("seen", [None, [], "not found", 404])
def test_what_is_no_json_object_is_no_problem_document(seen: Any) -> None:
    with pytest.raises(NoProblemError, match=f"which is a JSON object; seen: a {type(seen).__name__}"):
        from_problem(seen)


LINK = {"code": "resource_not_found", "message": "None.", "component": "a", "operation": "b", "resource": "c"}


def test_a_code_that_is_not_known_makes_an_unexpected_error_that_names_it() -> None:
    error = from_problem({"chain": [{**LINK, "code": "teapot"}]})
    assert (error.kind, error.code) == (Kind.UNEXPECTED, "teapot")
    assert error.message == "There is no code 'teapot' here: None."


def test_a_document_of_another_maker_makes_an_unexpected_error_that_names_its_type() -> None:
    error = from_problem({"type": "https://example.org/out-of-tea", "title": "No tea", "status": 418})
    assert (error.kind, error.message) == (
        Kind.UNEXPECTED,
        "A problem of an unknown type, https://example.org/out-of-tea: No tea",
    )


@pytest.mark.parametrize(
    "link",
    [
        {"code": "resource_not_found"},
        {"code": "resource_not_found", "message": 7, "component": [], "operation": None, "resource": {}},
    ],
)
def test_members_that_are_missing_or_of_a_wrong_type_count_as_absent(link: Any) -> None:
    error = from_problem({"chain": [link], "retryable": "perhaps", "status": "404"})
    assert (error.kind, error.component, error.operation, error.resource) == (Kind.RESOURCE_NOT_FOUND, "unknown", "unknown", None)
    assert error.retryable is None


@pytest.mark.parametrize("chain", [None, "a", [], [7], [{"code": 404}]])
def test_a_chain_that_is_none_makes_an_unexpected_error(chain: Any) -> None:
    assert from_problem({"title": "Gone", "chain": chain}).kind == Kind.UNEXPECTED
