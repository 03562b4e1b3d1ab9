"""What evidence of load says of errors that cross."""

from __future__ import annotations

import json
from typing import Any

from patternproof.reference.error_propagation import to_problem
from patternproof.scenarios.error_propagation import load
from patternproof.scenarios.error_propagation.originals import Marks, original

from patternproof.ports.error_propagation import ComponentError, Kind


def crossed(inside: list[str], documents: int = 1) -> load.Crossed:
    return load.Crossed("operation-1", ["failure"], "raised", documents, inside, "text", 1, 2)


def error(how: str) -> tuple[ComponentError, Any]:
    made = ComponentError(Kind.DEPENDENCY_ERROR, "The dependency failed.", "gateway", "operation-7", "alpha")
    made.__cause__ = original(how, Marks(7, 0), "operation-7", "alpha")
    return made, made.__cause__


def test_an_error_that_holds_anything_of_the_inside_is_wrong() -> None:
    right, wrong = crossed([]), crossed(["a file path"])
    (fine,) = load.judge(load.Evidence([right, right]))
    assert (fine.times, fine.message) == (2, "")
    (broken,) = load.judge(load.Evidence([right, wrong]))
    assert broken.message == "expected an error that crosses with nothing of the inside; seen: a file path"
    assert broken.evidence == (str(wrong),)


def test_where_nothing_has_crossed_nothing_is_exercised() -> None:
    assert [each.times for each in load.judge(load.Evidence([crossed([], documents=0)]))] == [0]


def test_the_inside_is_known_whichever_request_it_is_of() -> None:
    told, cause = error("foreign")
    text = json.dumps(to_problem(told))
    assert load.insides(text) == []
    assert load.insides(f"{text} {cause}") == ["the text of the dependency's error", "an internal address", "a file path"]
    assert load.insides(f"{text} {cause.__cause__}")[0] == "the text of its cause"
    assert load.insides(f"{text} {vars(cause)['password']}") == ["a secret in an attribute"]
    assert load.insides(f"{text} Traceback (most recent call last):") == ["a traceback"]
