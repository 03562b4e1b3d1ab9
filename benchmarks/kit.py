"""Schedules, the machine, the diagnosis and whole runs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import detangle
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from patternproof.reference.circuit_breaker import CircuitBreaker

from patternproof.adapter import load
from patternproof.exploration import Coverage, Program, schedules
from patternproof.history import Batch, History
from patternproof.judge import Subject, subject
from patternproof.machine import MOST_TOGETHER, Machine, hunt
from patternproof.modelling import RIGHT, Model, explained, separate, separations
from patternproof.patterns import PATTERNS
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.profiles import PROFILES
from patternproof.requirements import catalogue

from .contest import Contest, Peer, Work

ADAPTER = "patternproof.reference.adapters.in_memory"
PROGRAM = "callers rush a circuit that is due"
UNUSED = 1.08
"""Times of plain pytest: 20 ms of the 250 that it takes to find nothing."""
QUICK = 10.0 * 2
"""Seconds of the processor in which all patterns are to be run: 10 on each of two cores."""


def contests() -> Iterator[Contest]:
    """Of the reference. Whatever is measured after these is slowed by the clocks that the drivers have put in place."""
    yield _unused()
    adapter = load(ADAPTER)
    yield from _schedules(subject(adapter, "circuit_breaker"))
    for stem in adapter.offered:
        yield _machine(subject(adapter, stem))
    for pattern in PATTERNS.values():
        model = pattern.scenarios("model").complete()
        yield Contest(f"separating histories of the {pattern.title}", _again(partial(_separated, model)), 1, 3)


def _separated(model: Model) -> None:
    """Search for every separating history, whatever was found before."""
    separate.cache_clear()
    separations.__wrapped__(model)


def whole_runs(*selection: str) -> Iterator[Contest]:
    """A run of each pattern that has requirements.

    Args:
        *selection: options of the run, for less than all of it.
    """
    for stem in dict.fromkeys(each.pattern for each in catalogue().values()):
        run = _again(partial(_quick_run, stem, *selection))
        yield Contest(f"quick run of the {PATTERNS[stem].title}", run, 1, 1, budget=QUICK / len(PATTERNS))


def _unused() -> Contest:
    """What the plugin costs those who have it installed and do not use it."""
    peers = {"without the plugin": Peer(_again(partial(_collect, "no:patternproof")), budget=UNUSED)}
    ours = _again(partial(_collect, "patternproof.plugin"))
    return Contest("pytest --collect-only in an empty folder", ours, 1, 5, peers)


def _collect(plugin: str) -> None:
    with TemporaryDirectory() as folder:
        environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", plugin]
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


def _again(function: Callable[[], object]) -> Work:
    def work(times: int) -> None:
        for _ in range(times):
            function()

    return work


def _schedules(held: Subject) -> Iterator[Contest]:
    programs = PATTERNS[held.stem].scenarios("interleavings").programs(held.model)
    program = next(program for program in programs if program.name == PROGRAM)
    peers = {"detangle alone": Peer(_detangle_alone, 5_000 / 3_000)}
    yield Contest("schedule of a CB-07 program, played", partial(_play, held, program), 200, 7, peers, budget=1 / 3_000)
    histories = [held.play(program.settings, schedule.batches) for schedule in schedules(program, 200, 0, Coverage())]
    yield Contest("schedule of a CB-07 program, judged", partial(_judge, held.model, histories), len(histories), 7)


def _play(held: Subject, program: Program, times: int) -> None:
    for schedule in schedules(program, times, 0, Coverage()):
        held.play(program.settings, schedule.batches)


def _judge(model: Model, histories: list[History], times: int) -> None:
    for history in histories[:times]:
        explained(model, history, RIGHT)


def _detangle_alone(times: int) -> None:
    detangle.explore(_callers_rush, runs=times, strategy="random", seed=0)


async def _callers_rush() -> None:
    """The program, written for nobody but detangle: without clocks, events, history or model."""
    breaker = CircuitBreaker(CircuitBreakerSettings(failure_threshold=1), asyncio.get_running_loop().time)
    breaker.trip()
    await asyncio.sleep(31.0)

    async def call() -> None:
        await asyncio.sleep(0.0)

    await asyncio.gather(*(breaker.call(call) for _ in range(3)), return_exceptions=True)
    await breaker.call(call)


def _machine(held: Subject) -> Contest:
    peers = {
        "empty rules": Peer(partial(_hunt, _EmptyRules, held), 1.5),
        "only drawing": Peer(partial(_hunt, _OnlyDrawing, held)),
    }
    return Contest(f"machine step of the {PATTERNS[held.stem].title}", partial(_hunt, Machine, held), 25, 5, peers)


def _hunt(machine: type[Machine], held: Subject, examples: int) -> int:
    """Run examples of a machine; returns the number of steps."""
    steps: list[Machine] = []
    members: dict[str, Any] = {"model": held.model, "known": RIGHT, "histories": [], "has_turns": True}
    members["stepped"] = invariant()(lambda self: steps.append(self))
    if machine is not _OnlyDrawing:
        members["open_rig"] = staticmethod(held.rig)
    hunt(type("Measured", (machine,), members), replace(PROFILES["quick"], examples=examples), None)
    return len(steps)


class _OnlyDrawing(Machine):
    """Draws as the machine does and performs nothing."""

    @staticmethod
    def open_rig(settings: Any) -> Any:
        return nullcontext(SimpleNamespace(history=History(settings)))

    def _perform(self, batch: Batch) -> None: ...


class _EmptyRules(Machine):
    """The rules and their arguments, and nothing in them."""

    @initialize(data=st.data())
    def make(self, data: st.DataObject) -> None: ...

    @rule(data=st.data())
    def one_event(self, data: st.DataObject) -> None: ...

    @rule(data=st.data(), count=st.integers(2, MOST_TOGETHER))
    def several_events_together(self, data: st.DataObject, count: int) -> None: ...


def _quick_run(stem: str, *selection: str) -> None:
    command = ["run", "--adapter", ADAPTER, "--profile", "quick", "--pattern", stem, *selection]
    start = "from patternproof.cli import main; main()"
    ended = subprocess.run([sys.executable, "-c", start, *command], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"the run ended with {ended.returncode}, so that its time says nothing:\n{ended.stdout}{ended.stderr}")
