"""What the kit says of servers that answer wrongly."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from patternproof.scenarios.circuit_breaker.events import Cancel, Finish, Start
from patternproof.scenarios.circuit_breaker.rig import rig

from patternproof.adapter import load
from patternproof.binding import VERSION
from patternproof.binding.messages import Answer, Begun
from patternproof.binding.wire import Gone, Wire
from patternproof.drivers import Hang
from patternproof.outcome import AdapterError, NotOffered
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from tests.binding.bad_servers import DESCRIPTION, answering, but_for, http

NESTED = b'{"events":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
ENDED = {"event": "ended", "call": "c1", "outcome": {"outcome": "returned"}}
BEGUN = {"event": "begun", "operation": "o1", "function": "f1"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "speaks no HTTP"),
        (b"\x00\xff" * 40 + b"\r\n\r\n", "speaks no HTTP"),
        (http(b"<!doctype html><title>Hello</title>", media="text/html; charset=utf-8"), "text/html: '<!doctype html>"),
        (http(b'{"binding": 1', media="application/json"), "none of the binding"),
        (http(b'{"binding": "\xff\xfe"}'), "none of the binding"),
        (http([1, 2]), "Expected `object`, got `array`"),
        (http({**DESCRIPTION, "binding": VERSION + 1}), f"version {VERSION + 1} of the binding, this kit version {VERSION}"),
        (http({"openapi": "3.1.0"}), "version None of the binding"),
        (http({**DESCRIPTION, "patterns": "circuit_breaker"}), "Expected `array`, got `str` - at `$.patterns`"),
        (http(b"no", "404 Not Found", "text/plain"), "answered 404: text/plain, and no problem"),
        (http(b"{}", length=100_000_000), "at most 16000000 are read"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", "neither Content-Length nor chunks"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "expected a length, seen 'xyz'"),
        (http(b'{"binding":' + b"[" * 100_000), "none of the binding"),
    ],
)
def test_a_server_that_is_none_of_the_binding_is_told_with_what_was_seen(answer: bytes, told: str) -> None:
    with answering(lambda *_: answer) as address, pytest.raises(AdapterError) as caught:
        load(address)
    assert f"GET {address}/" in str(caught.value)
    assert told in str(caught.value)


def test_a_chunked_answer_is_read_whole() -> None:
    body = json.dumps(DESCRIPTION).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:])) + b"0\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    with answering(lambda *_: answer) as address:
        assert load(address).offered == ("circuit_breaker",)


def test_a_port_at_which_nothing_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(AdapterError, match=r"nothing answers.*start the server first"):
        load(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["http://", "http://127.0.0.1:99999", "https://127.0.0.1:1", "http://[::1"])
def test_an_address_that_is_none_is_told_with_a_right_one(address: str) -> None:
    with pytest.raises(AdapterError, match="http://localhost:8080"):
        load(address)


def test_a_server_that_never_answers_is_waited_for_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held = Wire(f"http://127.0.0.1:{silent.getsockname()[1]}", longest=0.05)
        with pytest.raises(AdapterError, match=r"GET .*/: no answer within 0\.05 s"):
            held.ask("GET", "/", None, Answer)
        with pytest.raises(AdapterError, match=r"POST .*/clock: not asked, since GET .*/ was not answered"):
            held.ask("POST", "/clock", None, Answer)


def test_a_connection_that_was_closed_while_idle_is_opened_again() -> None:
    answers = iter([http({"events": []}) + b"", None, http({"events": []}), http({"events": []})])
    with answering(lambda *_: next(answers)) as address:
        held = Wire(address)
        assert held.ask("POST", "/clock", None, Answer) == Answer()
        assert held.ask("POST", "/clock", None, Answer) == Answer()


def test_an_answer_that_comes_twice_is_taken_once() -> None:
    answers = iter([http({"events": []}) + http({"events": [ENDED]}), http({"events": [BEGUN]})])
    with answering(lambda *_: next(answers)) as address:
        held = Wire(address)
        assert held.ask("POST", "/clock", None, Answer).events == []
        (event,) = held.ask("POST", "/clock", None, Answer).events
    assert isinstance(event, Begun)


CALLS = "/instances/i1/calls"


def played(address: str, *events: Any) -> Any:
    adapter = load(address)
    with adapter.driver() as driver, rig(adapter, driver, CircuitBreakerSettings()) as held:
        for event in events:
            seen = held.perform(event)
        return seen


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([{**ENDED, "call": "c99"}], "told of the call 'c99', which the kit does not know"),
        ([ENDED, ENDED], "told twice that call 'c1' has ended"),
        ([BEGUN, BEGUN], "told twice that operation 'o1' has begun"),
        ([{**BEGUN, "function": "f99"}], "told of the function"),
        ([{"event": "abandoned", "operation": "o99"}], "told of the operation 'o99'"),
        ([{"event": "told", "listener": "l99"}], "told of the listener 'l99'"),
        ([{"event": "sneezed"}], "Invalid value 'sneezed'"),
    ],
)
def test_an_event_that_cannot_be_names_the_server(events: list[Any], told: str) -> None:
    with answering(but_for(CALLS, http({"events": events}))) as address, pytest.raises(AdapterError) as caught:
        played(address, Start(0))
    assert address in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "answer", [None, http({"events": []}, length=5_000), b"HTTP/1.1 200 OK\r\nContent-Ty"], ids=["none", "half", "head"]
)
def test_a_server_that_goes_away_in_the_middle_is_gone(answer: bytes | None) -> None:
    with (
        answering(but_for(CALLS, answer)) as address,
        pytest.raises(Gone, match=r"POST .*/instances/i1/calls.*: nothing answers"),
    ):
        played(address, Start(0))


def test_an_answer_of_deep_nesting_is_refused() -> None:
    with (
        answering(but_for(CALLS, http(NESTED))) as address,
        pytest.raises(AdapterError, match="none of the binding"),
    ):
        played(address, Start(0))


def problem(kind: str, status: str = "422 Unprocessable", **more: Any) -> bytes:
    body = {"type": f"/problems/{kind}", "title": kind, "status": int(status[:3]), "detail": f"it is {kind}", **more}
    return http(body, status, "application/problem+json")


def test_a_setting_that_is_unsupported_is_not_offered() -> None:
    with (
        answering(but_for("/instances", problem("unsupported", setting="reset_timeout"))) as address,
        pytest.raises(NotOffered, match="reset_timeout"),
    ):
        played(address, Start(0))


def test_an_implementation_that_hangs_over_there_hangs() -> None:
    hang = problem("hang", "504 Gateway Timeout", stacks=["task call at breaker.py:7"])
    with answering(but_for(CALLS, hang)) as address, pytest.raises(Hang, match="it is hang") as caught:
        played(address, Start(0))
    assert caught.value.stacks == ["task call at breaker.py:7"]


def test_another_problem_is_the_adapters_and_told_with_its_detail() -> None:
    with (
        answering(but_for(CALLS, problem("unknown", "404 Not Found"))) as address,
        pytest.raises(AdapterError, match=r"POST .*/calls.*: answered 404: it is unknown"),
    ):
        played(address, Start(0))


def test_what_is_lost_while_a_value_is_read_is_not_taken_for_the_value() -> None:
    """Rigs take whatever a plain method raises for what the implementation did."""
    with answering(but_for(CALLS, None)) as address:
        adapter = load(address)
        with adapter.driver() as driver, rig(adapter, driver, CircuitBreakerSettings()) as held:
            held._guarded(lambda: held.breakers[0].state)
            with pytest.raises(Gone):
                held.perform(Finish(0, "ok"))


def test_a_cancellation_that_comes_too_late_changes_nothing() -> None:
    ends = but_for(CALLS, http({"events": [ENDED]}))
    with answering(ends) as address:
        assert played(address, Start(0), Cancel(0)).calls == ()
