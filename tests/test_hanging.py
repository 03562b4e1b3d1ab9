"""Implementations that hang, spin or deadlock."""

from __future__ import annotations

from pathlib import Path

import pytest

from patternproof import judge
from patternproof.adapter import load
from patternproof.drivers import relapses, watchdog
from patternproof.outcome import Outcome, Status

LIMIT = 0.3
"""Real seconds in place of the watchdog's own limit."""
BREAKER = """
import asyncio
import threading

RUNTIME = {runtime!r}


class Breaker:
    state = "closed"

    def __init__(self):
        self.lock = {lock}()

    {a}def call(self, operation):
        {a}with self.lock:
            try:
                return {w}operation()
            except Exception:
                {fault}
                raise


def circuit_breaker(settings):
    return Breaker()
"""
ASYNCIO = {"runtime": "asyncio", "lock": "asyncio.Lock", "a": "async ", "w": "await "}
THREADS = {"runtime": "threads", "lock": "threading.Lock", "a": "", "w": ""}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LIMIT", LIMIT)
    monkeypatch.setattr(relapses, "_hung", set())


def failed(outcomes: list[Outcome], requirement: str) -> Outcome:
    found = [each for each in outcomes if each.requirement == requirement and each.status is Status.FAILED]
    assert found, [(each.requirement, each.status) for each in outcomes]
    return found[0]


def written(folder: Path, name: str, **parts: str) -> str:
    path = folder / f"{name}.py"
    path.write_text(BREAKER.format(**parts), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("flavour", [ASYNCIO, THREADS], ids=["asyncio", "threads"])
def test_a_deadlock_is_shown_with_the_line_that_waits(flavour: dict[str, str], tmp_path: Path) -> None:
    fault = "await self.lock.acquire()" if flavour is ASYNCIO else "self.lock.acquire()"
    adapter = load(written(tmp_path, f"deadlocked_{flavour['runtime']}", **flavour, fault=fault))
    outcome = failed(judge.run_histories(adapter, "circuit_breaker", "quick", None), "CB-02")
    kind = "task" if flavour is ASYNCIO else "thread"
    assert outcome.history[-1] == f"waiting: {kind} call at {adapter.file}:19 in call"


def test_a_spinning_implementation_is_failed_with_its_line_and_the_search_goes_on(tmp_path: Path) -> None:
    adapter = load(written(tmp_path, "spinning", **ASYNCIO, fault="while True: pass"))
    outcomes = judge.run_histories(adapter, "circuit_breaker", "quick", None)
    outcome = next(each for each in outcomes if each.status is Status.FAILED)
    assert f"{adapter.file}:19 in call" in outcome.message


def test_a_deadlock_outside_of_the_explored_threads_ends_the_exploration(tmp_path: Path) -> None:
    pytest.importorskip("frontrun")
    adapter = load(written(tmp_path, "deadlocked_before", **THREADS, fault="self.lock.acquire()"))
    outcomes = judge.run_interleavings(adapter, "circuit_breaker", "quick", None)
    assert any(each.status is Status.FAILED for each in outcomes)
