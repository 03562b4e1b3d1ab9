"""``patternproof serve``, as a person has it."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.binding.serving import Served, run, served, verdicts

BREAKER = "patternproof.reference.adapters.in_memory"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_it_stops_in_order_when_it_is_told_to(number: signal.Signals) -> None:
    with served(BREAKER) as server:
        server.process.send_signal(number)
        assert server.process.wait(timeout=30) == 0
        assert server.process.stdout is not None
        assert "Traceback" not in server.process.stdout.read()


def test_it_listens_on_this_machine_alone(reference: Served) -> None:
    assert reference.address.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run("serve", "--adapter", BREAKER, "--port", str(taken.getsockname()[1]))
    assert ended.returncode == 2
    assert "Address already in use; choose another with --port" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_an_adapter_of_which_the_binding_has_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "adapter.py").write_text("def convert_error(error):\n    return error\n", encoding="utf-8")
    ended = run("serve", "--adapter", str(tmp_path / "adapter.py"))
    assert ended.returncode == 2
    assert "the binding has circuit_breaker" in ended.stderr


def test_a_run_over_a_server_that_dies_goes_on_with_what_can_be_judged(serve: Callable[[str], Served], tmp_path: Path) -> None:
    """What was judged before stands in no report as the whole: each part that comes after names the endpoint."""
    (tmp_path / "adapter.py").write_text(DYING, encoding="utf-8")
    server = serve(str(tmp_path / "adapter.py"))
    found = verdicts(tmp_path, "--adapter", server.address, "--pattern", "circuit_breaker", "--profile", "quick")
    assert server.process.wait(timeout=30) == 1
    assert "failed" not in found.values()
    assert "errored" in found.values()
    assert "POST http://" in (tmp_path / "report.json").read_text(encoding="utf-8")


DYING = """
import os

from patternproof.reference.circuit_breaker import CircuitBreaker

made = []


def circuit_breaker(settings):
    made.append(settings)
    if len(made) > 400:
        os._exit(1)
    return CircuitBreaker(settings)
"""


def test_workers_cannot_share_a_server(reference: Served) -> None:
    ended = run("run", "--adapter", reference.address, "-n", "2")
    assert ended.returncode == 2
    assert "one process at a time" in ended.stderr
