"""Whether a server speaks the binding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import msgspec

from patternproof.binding.document import document
from patternproof.binding.endpoints import ENDPOINTS, Endpoint, endpoints_of
from patternproof.binding.exchange import Reply
from patternproof.binding.messages import Answer, Problem
from patternproof.binding.wire import Wire
from patternproof.outcome import AdapterError

FEW = 12
"""Requests that are allowed, and as many that are not, for each endpoint, in `patternproof smoke`."""
CLIENT_ERROR = 400
INSTANCE, CALL = "i1", "c1"
_BEGUN = {
    "circuit_breaker": ({}, {"method": "circuit_breaker.call", "call": CALL, "function": "f1"}),
    "connection_pool": ({"connect": "f1"}, {"method": "connection_pool.acquire", "call": CALL}),
    "event_bus": ({}, {"method": "event_bus.subscribe", "call": CALL, "topics": ["state"]}),
    "shared_state": ({}, {"method": "shared_state.add_listener", "call": CALL, "listener": "l1", "manner": "waiting"}),
    "state_sync": ({"network": "f1"}, {"method": "state_sync.replica", "call": CALL, "name": "A"}),
    "error_propagation": (
        {"dependency": "f1"},
        {"method": "error_propagation.perform", "call": CALL, "operation": "reading", "resources": ["alpha"]},
    ),
    "service_interface": (
        {"transport": "f1"},
        {"method": "service_interface.send_message", "call": CALL, "message": {"id": "m1", "body": "{}"}},
    ),
    "resource_lifecycle": ({}, {"method": "resource_lifecycle.register", "call": CALL, "id": "a", "resource": "f1"}),
}
"""What makes an instance of each pattern, and begins a call of it that runs on."""


_NO_JSON = (b"{", b"<html>", b'{"call": "c2"', b"{'call': 1}", b"\xff\xfe", b'{"call": "\xff"}')
_WRONG: tuple[tuple[str, str, bytes | None], ...] = (
    *(("POST", path, body) for path in ("/instances", "/instances/i1/calls", "/operations/o1", "/clock") for body in _NO_JSON),
    ("GET", "/nothing", None),
    ("GET", "/instances", None),
    ("PUT", "/clock", b"{}"),
    ("DELETE", "/", None),
    ("POST", "/calls/c1", b"{}"),
    ("POST", "/operations", b"{}"),
    ("POST", "/instances/i1/calls/c1", b"{}"),
)
"""What is no JSON, and what is no endpoint: no schema says these."""


def probed(wire: Wire, pattern: str, most: int = FEW) -> int:
    """Ask a server all that it can be asked, and hold every answer to the document.

    Args:
        wire: the way to it.
        pattern: of the instance that there is meanwhile.
        most: requests that are allowed, and as many that are not, for each endpoint.

    Returns:
        How many requests were sent.

    Raises:
        AdapterError: an answer is none of the document; the request, what was expected and what was seen.
        ImportError: schemathesis is not installed.
    """
    asked = count()
    for endpoint, requests in _operations(pattern, most):
        for number, (path, body) in enumerate(requests):
            if number % 2 == 0:
                _begin(wire, pattern)
            _judge(wire, endpoint, path, body)
            next(asked)
    _begin(wire, pattern)
    for method, path, body in _WRONG:
        _judge_refusal(wire, method, path, body)
        next(asked)
    _tidy(wire)
    return next(asked)


def _begin(wire: Wire, pattern: str) -> None:
    """Have an instance with a call that runs, so that half of the requests meet something."""
    _tidy(wire)
    make, call = _BEGUN[pattern]
    wire.send("POST", "/instances", msgspec.json.encode({"pattern": pattern, "instance": INSTANCE, **make}))
    wire.send("POST", f"/instances/{INSTANCE}/calls?settle=true", msgspec.json.encode(call))


def _tidy(wire: Wire) -> None:
    for instance in wire.ask("GET", "/", None, dict[str, Any]).get("instances", ()):
        wire.ask("DELETE", f"/instances/{instance}", None, Answer)


def _judge(wire: Wire, endpoint: Endpoint, path: str, body: bytes | None) -> None:
    reply = wire.send(endpoint.method, path, body)
    expected: Any = endpoint.response if reply.status == endpoint.status else Problem
    media = "application/json" if reply.status == endpoint.status else "application/problem+json"
    told = _told(reply, expected, media)
    if told:
        sent = f"{endpoint.method} {wire.address}{path}" + (f" with {body[:200]!r}" if body is not None else "")
        raise AdapterError(f"{sent}: {told}; seen: {reply.status} {reply.media}: {reply.body[:200]!r}")


def _judge_refusal(wire: Wire, method: str, path: str, body: bytes | None) -> None:
    reply = wire.send(method, path, body)
    told = _told(reply, Problem, "application/problem+json")
    if told or reply.status < CLIENT_ERROR:
        sent = f"{method} {wire.address}{path}" + (f" with {body!r}" if body is not None else "")
        raise AdapterError(f"{sent}: {told or 'expected a problem'}; seen: {reply.status} {reply.media}: {reply.body[:200]!r}")


def _told(reply: Reply, expected: Any, media: str) -> str:
    """What is wrong with an answer; empty where nothing is."""
    if reply.status >= 500:
        return "expected no answer of 500 or more, whatever is asked"
    if reply.media != media:
        return f"expected {media}"
    try:
        message = msgspec.json.decode(reply.body, type=expected)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"expected {expected.__name__} of the document: {error}"
    if isinstance(message, Problem) and message.status != reply.status:
        return f"expected a problem with the status {reply.status}"
    return ""


Requests = Iterator[tuple[str, bytes | None]]


def _operations(pattern: str, most: int) -> Iterator[tuple[Endpoint, Requests]]:
    """Each endpoint with its requests, the same in every run."""
    import schemathesis  # comes with an extra

    schema: Any = schemathesis.openapi.from_dict(document(endpoints_of(pattern)))
    by_endpoint = {(endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS}
    for result in schema.get_all_operations():
        operation = result.ok()
        yield by_endpoint[operation.method.upper(), operation.path], _requests(operation, most)


def _requests(operation: Any, most: int) -> Requests:
    from schemathesis import GenerationMode  # as above

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        cases: list[Any] = []
        _draw(operation.as_strategy(generation_mode=mode), most, cases.append)
        for number, case in enumerate(cases):
            yield _request(case, known=number % 2 == 0)


def _draw(strategy: Any, most: int, keep: Callable[[Any], None]) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis.errors import SchemathesisError

    quiet = settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    given_one: Any = given(strategy)
    draw: Any = quiet(given_one(lambda case: keep(case)))
    with suppress(Unsatisfiable, SchemathesisError):  # an endpoint without parameters has nothing that is not allowed
        draw()


def _request(case: Any, known: bool) -> tuple[str, bytes | None]:
    """Path and body as they are sent; with the ids of what there is, where these are to be known."""
    from requests import Request

    if known:
        ids = {"instance": INSTANCE, "call": CALL, "operation": "o1"}
        case.path_parameters = {name: ids[name] for name in case.path_parameters or ()}
    prepared = Request(**case.as_transport_kwargs(base_url="http://server")).prepare()
    body: Any = prepared.body
    return prepared.path_url, body.encode() if isinstance(body, str) else body
