"""Servers that stand generated requests, and others."""

from __future__ import annotations

import os
from typing import Any, get_args

import pytest

from patternproof.binding.endpoints import endpoints_of
from patternproof.binding.messages import PATTERNS
from patternproof.binding.probing import probed
from patternproof.binding.wire import Wire
from patternproof.outcome import AdapterError
from tests.binding.bad_servers import DESCRIPTION, Answers, answering, but_for, http
from tests.binding.serving import Served, run

EXAMPLES = 6
REQUESTS = int(os.environ.get("PATTERNPROOF_GENERATED_REQUESTS", "60"))
"""How many the reference is asked at least, for each pattern; some thousands tell more, and take minutes."""


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_reference_stands_whatever_is_asked(pattern: str, reference: Served) -> None:
    assert probed(Wire(reference.address), pattern, REQUESTS // 10) >= REQUESTS


def refusing(answer: bytes) -> Answers:
    """Refuses whatever is asked for but what it is."""
    return lambda _, path: http(DESCRIPTION) if path == "/" else answer


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (http({"type": "a", "title": "b", "status": 500}, "500 Oops", "application/problem+json"), "expected no answer of 500"),
        (http({"type": "a", "title": "b", "status": 404}, "404 No"), "expected application/problem+json"),
        (http({"type": "a", "title": "b", "status": 400}, "404 No", "application/problem+json"), "problem with the status 404"),
        (http({"title": "b"}, "404 No", "application/problem+json"), "expected Problem of the document"),
        (http({"events": 1}, "201 Created"), "expected Made of the document"),
    ],
)
def test_an_answer_that_is_none_of_the_document_is_told_with_its_request(answer: bytes, told: str) -> None:
    with answering(refusing(answer)) as address, pytest.raises(AdapterError) as caught:
        probed(Wire(address), "circuit_breaker", EXAMPLES)
    assert f"POST {address}/instances" in str(caught.value)
    assert told in str(caught.value)


NO_SUCH = http({"type": "a", "title": "b", "status": 404}, "404 No", "application/problem+json")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (http({"events": []}), "expected application/problem+json; seen: 200"),
        (http({"type": "a", "title": "b", "status": 200}, media="application/problem+json"), "expected a problem; seen: 200"),
    ],
)
def test_a_server_that_takes_what_is_no_endpoint_is_told(answer: bytes, told: str) -> None:
    def answers(_: str, path: str) -> bytes:
        return {"/": http(DESCRIPTION), "/nothing": answer}.get(path, NO_SUCH)

    with answering(answers) as address, pytest.raises(AdapterError) as caught:
        probed(Wire(address), "circuit_breaker", EXAMPLES)
    assert f"GET {address}/nothing: {told}" in str(caught.value)


def test_generated_requests_are_of_the_pattern_that_is_there() -> None:
    for pattern, messages in PATTERNS.items():
        asked = {endpoint.path: endpoint.request for endpoint in endpoints_of(pattern)}
        assert asked["/instances"] is messages.Make
        assert {*get_args(asked["/instances/{instance}/calls"])} == {*messages.CALLS}


def test_smoke_says_that_a_server_speaks_the_binding(reference: Served) -> None:
    ended = run("smoke", "--adapter", reference.address, "--pattern", "circuit_breaker")
    assert ended.returncode == 0
    assert "circuit_breaker: in order\nbinding: in order, after" in ended.stdout


def test_smoke_says_what_is_wrong_with_a_server(tmp_path: Any) -> None:
    with answering(but_for("/nothing", None)) as address:
        ended = run("smoke", "--adapter", address)
    assert ended.returncode == 2
    assert "broken" in ended.stdout
