"""What a server says of requests that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from patternproof.adapter import load
from patternproof.binding.server import MOST_BYTES, application
from patternproof.binding.world import MOST_INSTANCES

MAKE = {"pattern": "circuit_breaker", "instance": "i1"}
CALL = {"method": "circuit_breaker.call", "call": "c1", "function": "f1"}
RETURNED = {"outcome": {"outcome": "returned"}}
Client = TestClient[Litestar]


@pytest.fixture
def client() -> Iterator[Client]:
    with TestClient(application(load("patternproof.reference.adapters.in_memory"))) as client:
        yield client


@pytest.fixture
def calling(client: Client) -> Client:
    """With a breaker of which a call runs its operation."""
    done(client.post("/instances", json=MAKE))
    assert done(client.post("/instances/i1/calls?settle=true", json=CALL))["events"][0]["operation"] == "o1"
    return client


def done(response: Any) -> Any:
    assert response.status_code < 300, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()


def refused(response: Any, status: int, kind: str) -> str:
    """The detail of a problem."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"], problem["type"].rpartition("/")[2]) == (status, status, kind)
    return str(problem["detail"])


@pytest.mark.parametrize(
    ("body", "status", "kind", "told"),
    [
        (b"", 400, "malformed", "truncated"),
        (b"<html>", 400, "malformed", "invalid character"),
        (b'{"pattern": "\xff\xfe"}', 400, "malformed", "utf-8"),
        (b"[]", 422, "invalid", "Expected `object`, got `array`"),
        (b"{}", 422, "invalid", "missing required field `pattern`"),
        (b'{"pattern": "circuit_braker", "instance": "i1"}', 422, "invalid", "circuit_braker"),
        (b'{"pattern": "circuit_breaker", "instance": ""}', 422, "invalid", "$.instance"),
        (b'{"pattern": "circuit_breaker", "instance": "a/b"}', 422, "invalid", "$.instance"),
        (b'{"pattern": "circuit_breaker", "instance": "i1", "more": 1}', 422, "invalid", "more"),
        (b'{"pattern": "circuit_breaker", "instance": "i1", "settings": {"window": "x"}}', 422, "invalid", "$.settings.window"),
    ],
)
def test_a_body_that_is_no_message_is_a_problem(client: Client, body: bytes, status: int, kind: str, told: str) -> None:
    assert told in refused(client.post("/instances", content=body), status, kind)


def test_a_body_of_deep_nesting_is_refused(client: Client) -> None:
    body = b'{"outcome": {"outcome": "returned", "value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    assert "recursion" in refused(client.post("/operations/o1", content=body), 400, "malformed")


def test_a_body_that_is_too_large_is_refused_unread(client: Client) -> None:
    assert client.post("/instances", content=b" " * (MOST_BYTES + 1)).status_code == 413


def test_what_is_unknown_is_named(client: Client) -> None:
    assert "instance 'i9'" in refused(client.delete("/instances/i9"), 404, "unknown")
    assert "instance 'i9'" in refused(client.post("/instances/i9/calls", json=CALL), 404, "unknown")
    assert "call 'c9'" in refused(client.get("/calls/c9"), 404, "unknown")
    assert "call 'c9'" in refused(client.delete("/calls/c9"), 404, "unknown")
    assert "operation 'o9'" in refused(client.post("/operations/o9", json=RETURNED), 404, "unknown")
    assert "GET /nope" in refused(client.get("/nope"), 404, "about:blank")
    assert "PUT /clock" in refused(client.put("/clock"), 405, "about:blank")


def test_an_operation_is_released_once(calling: Client) -> None:
    done(calling.post("/operations/o1", json=RETURNED))
    assert "'o1' was released before" in refused(calling.post("/operations/o1", json=RETURNED), 409, "released")


def test_an_id_names_one_thing(calling: Client) -> None:
    assert "'i1' already" in refused(calling.post("/instances", json=MAKE), 409, "taken")
    assert "'c1' already" in refused(calling.post("/instances/i1/calls", json=CALL), 409, "taken")


def test_a_method_of_another_pattern_is_refused(calling: Client) -> None:
    acquire = {"method": "connection_pool.acquire", "call": "c2"}
    assert "is a circuit_breaker" in refused(calling.post("/instances/i1/calls", json=acquire), 422, "method")


def test_a_setting_that_makes_the_factory_fail_is_refused(client: Client) -> None:
    pool = {"pattern": "connection_pool", "instance": "i1", "connect": "f1", "settings": {"max_size": 0}}
    assert refused(client.post("/instances", json=pool), 422, "adapter")


def test_instances_are_limited_and_deleting_makes_room(client: Client) -> None:
    for number in range(MOST_INSTANCES):
        done(client.post("/instances", json={**MAKE, "instance": f"i{number}"}))
    assert "delete some" in refused(client.post("/instances", json={**MAKE, "instance": "more"}), 429, "too-many")
    done(client.delete("/instances/i0"))
    done(client.post("/instances", json={**MAKE, "instance": "more"}))


def test_time_without_an_instance_is_refused(client: Client) -> None:
    assert "POST /instances" in refused(client.post("/clock", json={"seconds": 1}), 409, "no-instance")


def test_an_unknown_word_for_settling_is_refused(calling: Client) -> None:
    assert "settle=true" in refused(calling.post("/clock?settle=maybe", json={}), 400, "query")


def test_the_last_deletion_ends_the_example_and_the_next_begins_anew(calling: Client) -> None:
    assert done(calling.get("/"))["instances"] == ["i1"]
    done(calling.delete("/instances/i1"))
    assert done(calling.get("/"))["instances"] == []
    refused(calling.get("/calls/c1"), 404, "unknown")
    done(calling.post("/instances", json=MAKE))
    assert done(calling.post("/instances/i1/calls?settle=true", json=CALL))["events"][0]["operation"] == "o1"


def test_a_call_tells_how_it_stands(calling: Client) -> None:
    assert done(calling.get("/calls/c1")) == {"call": "c1", "state": "running", "outcome": None}
    done(calling.post("/operations/o1?settle=true", json={"outcome": {"outcome": "returned", "value": 7}}))
    ended = {"call": "c1", "state": "ended", "outcome": {"outcome": "returned", "value": 7}}
    assert done(calling.get("/calls/c1")) == ended
    assert done(calling.delete("/calls/c1")) == {"events": []}


IN_A_TASK = """
import asyncio

class Component:
    def __init__(self, dependency):
        self.dependency = dependency

    async def perform(self, request):
        asyncio.get_running_loop().call_later(0.5, str)
        return [await asyncio.ensure_future(self.dependency.call(request.operation, request.resources[0]))]

async def error_propagation(dependency, settings):
    yield Component(dependency)
    await asyncio.sleep(0)
"""


@pytest.mark.parametrize("kind", ["interrupt", "exit", "interruption"])
@pytest.mark.parametrize("settling", ["", "?settle=true"])
@pytest.mark.parametrize("moves", [[], [{"seconds": 1}], [{"turns": 3}]])
def test_an_error_that_would_end_the_server_does_not(kind: str, settling: str, moves: list[Any], tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.py"
    adapter.write_text(IN_A_TASK, encoding="utf-8")
    perform = {"method": "error_propagation.perform", "call": "c1", "operation": "reading", "resources": ["alpha"]}
    with TestClient(application(load(str(adapter)))) as client:
        done(client.post("/instances", json={"pattern": "error_propagation", "instance": "i1", "dependency": "f1"}))
        done(client.post("/instances/i1/calls?settle=true", json=perform))
        raised = {"outcome": "raised", "error": "e1", "kind": kind}
        done(client.post(f"/operations/o1{settling}", json={"outcome": raised}))
        for move in moves:
            done(client.post("/clock", json=move))
        done(client.delete("/instances/i1"))
        assert done(client.get("/"))["instances"] == []
