"""Services held to what crosses a process boundary."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any

import pytest
from patternproof.scenarios.error_propagation.checks import Asked, faults
from patternproof.scenarios.error_propagation.insides import insides
from patternproof.scenarios.error_propagation.opening import opened, read
from patternproof.scenarios.error_propagation.service import Answers, _asked

from patternproof.adapter import Adapter, load
from patternproof.outcome import AdapterError, NotOffered

schemathesis = pytest.importorskip("schemathesis")
fastapi = pytest.importorskip("fastapi")


def asked_of(service: Callable[[], Any]) -> Answers:
    module = ModuleType("of_a_service")
    module.error_propagation_service = service  # type: ignore[attr-defined]  # of this one
    with opened(Adapter("of_a_service", "of a service", module)) as schema:
        return _asked(schema)


def orders(version: str = "3.1.0", **more: Any) -> Any:
    app = fastapi.FastAPI(**more)
    app.openapi_version = version

    @app.post("/orders")
    def add(order: dict[str, int]) -> dict[str, int]:
        return {"count": len(order)}

    @app.get("/orders/{number}")
    def find(number: int) -> dict[str, int]:
        return {"number": number}

    return app


def answering(app: Any, status: int, body: Any) -> Any:
    """An application that answers bad input so."""

    @app.exception_handler(fastapi.exceptions.RequestValidationError)
    def refuse(request: Any, error: Exception) -> Any:
        media = "application/problem+json" if isinstance(body, dict) else "text/plain"
        text = json.dumps(body) if isinstance(body, dict) else str(body)
        return fastapi.Response(text, status, media_type=media)

    return app


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_bad_body_that_is_answered_with_a_traceback_is_shown_as_a_command(version: str) -> None:
    body = 'Traceback (most recent call last):\n  File "/srv/orders.py", line 7, in add'
    found = asked_of(lambda: answering(orders(version), 500, body))
    assert set(found.faults) == {"EP-10", "EP-12"}
    for fault in found.faults.values():
        assert fault.curl.startswith("curl -X ")
        assert fault.answer.startswith("status 500: Traceback")
    assert "a traceback" in found.faults["EP-10"].message
    assert "seen: status 500" in found.faults["EP-12"].message


def test_the_same_service_is_asked_the_same_in_every_run() -> None:
    first, second = (asked_of(lambda: answering(orders(), 500, "no")) for _ in range(2))
    assert first == second


def test_nothing_is_said_against_frameworks_as_they_come() -> None:
    from patternproof.reference.adapters import in_memory

    for service in (orders, in_memory.error_propagation_service):
        found = asked_of(service)
        assert not found.faults
        assert found.errors
        assert found.forbidden


def test_a_problem_document_has_the_status_of_its_answer_and_members_of_the_right_types() -> None:
    assert set(asked_of(lambda: answering(orders(), 422, {"title": "Bad", "status": 400})).faults) == {"EP-12"}
    assert set(asked_of(lambda: answering(orders(), 422, {"title": 7})).faults) == {"EP-09"}
    assert not asked_of(lambda: answering(orders(), 422, {"title": "Bad", "status": 422, "errors": [1]})).faults


def test_an_error_that_nobody_handles_is_answered_as_a_server_answers_it() -> None:
    app = orders()

    @app.get("/broken")
    def fail() -> None:
        raise OSError("at 10.0.0.1")

    async def raw(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/orders":
            raise OSError("at 10.0.0.1")
        await app(scope, receive, send)

    found = asked_of(lambda: raw)
    assert not found.faults  # where the operation never works, it is not the bad input that it fails over
    assert not found.unanswered


def answer(status: int, body: str, forbidden: bool = False, works: bool = True, sent: str = "") -> list[str]:
    return [requirement for requirement, _ in faults(Asked(status, "application/json", body, "", sent, forbidden, works))]


def test_only_errors_may_not_hold_insides_and_what_the_client_said_itself_is_none() -> None:
    assert answer(500, "at 10.1.2.3") == ["EP-10"]
    assert answer(200, "at 10.1.2.3") == []
    assert answer(422, "10.1.2.3 is no number", sent="GET /orders/10.1.2.3") == []


def test_a_server_error_after_good_input_is_not_put_down_to_bad_input() -> None:
    assert answer(500, "", forbidden=True) == ["EP-12"]
    assert answer(500, "", forbidden=False) == []
    assert answer(503, "", forbidden=True, works=False) == []
    assert answer(501, "", forbidden=True) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('File "/srv/a.py", line 3', "a traceback"),
        ("at com.example.Orders.add(Orders.java:17)", "a traceback"),
        ("at add (/app/orders.js:3:9)", "a traceback"),
        ("goroutine 17 [running]", "a traceback"),
        ("see /etc/orders/database.conf", "a file path"),
        ("in /Users/me/orders/settings.py", "a file path"),
        ("postgres://app:secret@db/orders", "an internal address"),
        ("192.168.3.4:5432 refused", "an internal address"),
        ("db.orders.svc:5432 refused", "an internal address"),
    ],
)
def test_insides_are_known_by_their_form(text: str, what: str) -> None:
    assert what in [found for found, _ in insides(text, "")]


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "https://example.org/app/errors/gone", "instance": "/Users/orders/7"}',
        "see https://example.org/usr/handbook.html",
        "at 8.8.8.8, version 10.2.1",
        "line 3 of the file",
        '{"type": "http://localhost:8000/problems/gone"}',
    ],
)
def test_what_is_no_inside_is_let_be(text: str) -> None:
    assert list(insides(text, "")) == []


@contextmanager
def answering_with(content: str, body: bytes, status: int = 200, elsewhere: bytes | None = None) -> Iterator[str]:
    """The address of a document, as a server gives it; with `elsewhere`, any other address is answered so, and with 500."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            other = elsewhere is not None and self.path != "/openapi.json"
            self.send_response(500 if other else status)
            self.send_header("content-type", "text/plain" if other else content)
            self.end_headers()
            self.wfile.write(elsewhere or b"" if other else body)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/openapi.json"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("content", "body", "status", "seen"),
    [
        ("text/html", b"<html>", 200, "seen: an HTML page; give the address of the document itself"),
        ("application/json", b"{}", 404, "seen: status 404"),
        ("application/json", b'{"orders": []}', 200, "seen: a document that begins with '{\"orders\": \\[\\]}'"),
        ("application/json", b'{"openapi": "2.0"}', 200, "seen: version '2.0'"),
        ("text/plain", b"hello", 200, "seen: a document that begins with 'hello'"),
    ],
)
def test_what_is_no_openapi_document_is_told_with_its_address(content: str, body: bytes, status: int, seen: str) -> None:
    with answering_with(content, body, status) as address:
        with pytest.raises(AdapterError, match=seen) as caught, opened(load(address)):
            pass
        assert str(caught.value).startswith(f"{address}: expected an OpenAPI document")


def test_a_run_of_schemathesis_can_use_the_checks_by_their_names() -> None:
    number = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
    found = {"get": {"parameters": [number], "responses": {"200": {"description": "found"}}}}
    document = {"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": {"/orders/{number}": found}}
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        "--checks",
        "ep_09,ep_10",
        "--phases",
        "fuzzing",
        "--max-examples",
        "3",
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "patternproof.scenarios.error_propagation.registered"}
    leak = b'File "/srv/orders.py", line 7'
    with answering_with("application/json", json.dumps(document).encode(), elsewhere=leak) as address:
        ended = subprocess.run([*command, address], env=os.environ | hooks, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "EP-10: expected an error that holds nothing of the inside; seen: a traceback" in ended.stdout
    assert "EP-09" not in ended.stdout


def test_an_address_that_does_not_answer_is_told() -> None:
    refused = r"http://127.0.0.1:9/openapi.json: .* it does not answer: connection refused"
    with pytest.raises(AdapterError, match=refused), opened(load("http://127.0.0.1:9/openapi.json")):
        pass


def test_a_document_may_be_yaml() -> None:
    text = "openapi: 3.1.0\ninfo: {title: Orders, version: '1'}\npaths: {}\n"
    assert read("a", "http://a/openapi.yaml", lambda: (200, "text/yaml", text))["openapi"] == "3.1.0"


def test_a_factory_that_gives_neither_application_nor_address_is_the_adapters_mistake() -> None:
    with pytest.raises(AdapterError, match="gave a dict; return an ASGI application, or the address"):
        asked_of(dict)
    with pytest.raises(AdapterError, match=r"has no OpenAPI document; looked at /openapi.json"):
        asked_of(lambda: orders(openapi_url=None))
    with pytest.raises(AdapterError, match="failed with ZeroDivisionError"):
        asked_of(lambda: 1 // 0)


def test_an_adapter_without_a_service_offers_none() -> None:
    threads = load("patternproof.reference.adapters.threads")
    with pytest.raises(NotOffered, match="no function 'error_propagation_service'"), opened(threads):
        pass
