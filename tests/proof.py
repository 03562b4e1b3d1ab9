"""Holding implementations against the kit, in this process."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest

from patternproof import conformance, judge
from patternproof.adapter import Adapter, load
from patternproof.exercise import Exercise
from patternproof.findings import Findings
from patternproof.outcome import Outcome, Status
from patternproof.patterns import PATTERNS
from patternproof.plugin import PROPERTY

PARTS = ("histories", "feature", "machine", "interleavings")
"""Who makes the histories: the search for the shortest, people, Hypothesis, the schedules."""
OUT_OF_PROCESS = {"shared", "transactional", "replay", "distributed", "durable", "persistent"}
"""Claims about servers and other processes, which the reference in process does not make; other tests hold what they promise."""
_QUIET = ("faulthandler", "cacheprovider", "logging", "terminal", "warnings", "xdist", "randomly", "timeout", "frontrun")
_QUIET += (
    "unraisableexception",
    "threadexception",
)  # the session around it listens; each collects garbage at its end, again and again

Made = Callable[..., Any] | Mapping[str, Callable[..., Any]]


@dataclass
class Proof:
    """What came of one implementation, by part of the run."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=lambda: {part: [] for part in PARTS})
    examples: dict[str, set[Status]] = field(default_factory=dict)
    """By name, how each example ended."""

    def failed(self, *parts: str) -> set[str]:
        """Ids that failed in these parts, or in any."""
        return {each.requirement for part in parts or PARTS for each in self.outcomes[part] if each.status is Status.FAILED}

    def failures(self, requirement: str, *parts: str) -> list[Outcome]:
        """The failures of one requirement in these parts, or in any."""
        return [
            each
            for part in parts or PARTS
            for each in self.outcomes[part]
            if each.status is Status.FAILED and each.requirement == requirement
        ]

    def errors(self) -> list[str]:
        """What ended in an error of the adapter or of the kit."""
        return [
            f"{part}: {each.requirement}: {each.message}"
            for part in PARTS
            for each in self.outcomes[part]
            if each.status is Status.ERRORED
        ]

    def exercised(self, part: str) -> dict[str, int]:
        """In how many examples, histories or schedules each requirement was exercised."""
        counts: dict[str, int] = {}
        for each in self.outcomes[part]:
            counts[each.requirement] = counts.get(each.requirement, 0) + each.exercised
        return counts


def registries(folder: str, name: str) -> dict[str, list[Any]]:
    """The implementations of one folder of the tests, by the stem of their pattern."""
    present = [stem for stem in PATTERNS if find_spec(f"tests.{folder}.{stem}") is not None]
    return {stem: list(getattr(import_module(f"tests.{folder}.{stem}"), name)) for stem in present}


class _Listener:
    """Takes the outcomes of a session as they are handed over."""

    def __init__(self) -> None:
        self.proof = Proof()
        self.broken: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = [str(value) for name, value in report.user_properties if name == PROPERTY]
        if report.when == "call" and told:
            exercise = Exercise.decode(told[-1])
            _, part, *example = exercise.key.split("/", 2)
            self.proof.outcomes[part] += exercise.read()
            if example:
                self.proof.examples[example[0]] = {each.status for each in exercise.read()}
        elif report.failed:
            self.broken.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_internalerror(self, excrepr: object) -> None:
        self.broken.append(str(excrepr))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(f"{report.nodeid}: {report.longreprtext}")


def prove(
    stem: str,
    name: str,
    factory: Made,
    claims: Iterable[str] | None = None,
    counting: bool = False,
    requirement: str | None = None,
) -> Proof:
    """Run the kit's suite, quick profile, against one implementation.

    Args:
        stem: of the pattern.
        name: of the implementation.
        factory: as in an adapter module; of a pattern with several, those that the module has, by name.
        claims: None for all of the pattern that the reference makes.
        counting: whether what the machine and the schedules exercise is counted, and so reported as passed; it takes more time
            than all else, and says nothing about failures.
        requirement: only this one; None: all of the pattern.
    """
    with _adapter(stem, name, factory, claims) as spec, nullcontext() if counting else uncounted():
        return held_against(spec, requirement, stem)


def held_against(spec: str, requirement: str | None = None, stem: str | None = None) -> Proof:
    """What came of an adapter, quick profile.

    Args:
        spec: of the adapter.
        requirement: only this one; None: all.
        stem: only this pattern, not those that are made over it; None: all that it offers.
    """
    listener = _Listener()
    with _silenced():
        options = [f"--patternproof-adapter={spec}", "--patternproof-profile=quick"]
        options += [f"--patternproof-requirement={requirement}"] if requirement else []
        options += [f"--patternproof-pattern={stem}"] if stem and not requirement else []
        pytest.main([*_plain(), *options, str(conformance.__file__)], plugins=[listener])
    assert not listener.broken, "\n".join(listener.broken)
    return listener.proof


def _plain() -> list[str]:
    return ["-c/dev/null", "--import-mode=importlib", "--capture=no", *(f"-pno:{plugin}" for plugin in _QUIET)]


@contextmanager
def loaded(stem: str, name: str, factory: Made, claims: Iterable[str] | None = None) -> Iterator[Adapter]:
    """The adapter of one implementation, as `prove` makes it."""
    with _adapter(stem, name, factory, claims) as spec:
        yield load(spec)


@contextmanager
def _adapter(stem: str, name: str, factory: Made, claims: Iterable[str] | None) -> Iterator[str]:
    """An adapter module that stands in no file."""
    module = ModuleType(f"proved_{name}")
    made = PATTERNS[stem].claims - OUT_OF_PROCESS if claims is None else claims
    vars(module).update({"CLAIMS": set(made), **(factory if isinstance(factory, Mapping) else {stem: factory})})
    sys.modules[module.__name__] = module
    try:
        yield module.__name__
    finally:
        del sys.modules[module.__name__]
        judge._subjects.pop((module.__name__, stem), None)


def uncounted() -> Any:
    """A scope in which nobody counts what is exercised, which takes more time than all else."""
    return patch.object(Findings, "exercised", lambda findings: {})


@contextmanager
def _silenced() -> Iterator[None]:
    """The reference logs the errors of listeners, with tracebacks, and there are thousands here."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)
