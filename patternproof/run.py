"""One conformance run inside a pytest session."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from patternproof.adapter import Adapter, load
from patternproof.examples import examples
from patternproof.exercise import Exercise, conclude, exercised, judged
from patternproof.load.messages import Result
from patternproof.outcome import AdapterError, Outcome, Way
from patternproof.plugin import OPTIONS, PROPERTY, option
from patternproof.profiles import DEFAULT
from patternproof.report import write
from patternproof.requirements import catalogue, feature_file
from patternproof.settings import Settings
from patternproof.verdict import Blame, Fault, Verdicts, verdicts

JUDGED = {"histories": Way.MACHINE, "machine": Way.MACHINE, "interleavings": Way.INTERLEAVINGS, "load": Way.LOAD}
"""The parts of the judge, and the way that each exercises."""
_JUDGES = {"load": "patternproof.load.runs"}
"""Where a part is, if not in the judge's own module."""


def begin(config: pytest.Config, adapter: str | None) -> Run:
    """A run with the options of a session.

    Raises:
        AdapterError: a usage error, or one of the adapter.
        KitError: an error of the kit.
    """
    spec = adapter or option(config, "adapter")
    if not spec:
        raise AdapterError(
            'no adapter: write ADAPTER = "my_project.adapter" in the test module that imports patternproof.conformance, '
            "or give --patternproof-adapter, or patternproof_adapter in the ini file"
        )
    values = {name: option(config, name) for name in OPTIONS}
    values |= {"adapter": spec, "junit": config.getoption("patternproof_junit"), "load": config.getoption("patternproof_load")}
    if hasattr(config, "workerinput"):
        values["report"] = None  # the controller writes it
    settings, held = Settings.of(values), load(spec)
    settings.selection.refuse_unless_offered(held.offered)
    return Run(config, settings, held)


class Run:
    """What a session is to exercise, and what came of it."""

    def __init__(self, config: pytest.Config, settings: Settings, adapter: Adapter) -> None:
        self.config = config
        self.settings = settings
        self.adapter = adapter
        # Changed by `select`, `record`, `unreported` and `uncollected` only, in the process that sees all reports.
        self._exercises: dict[str, Exercise] = {}
        self._faults: list[Fault] = []
        self.selected = False
        """Whether any exercise of the kit is part of the session; otherwise the kit has nothing to say of it."""

    def same(self, adapter: str | None) -> None:
        """Refuse a second adapter in one session: a report is about one.

        Raises:
            AdapterError: it is another one.
        """
        if adapter not in (None, self.settings.adapter) and load(str(adapter)).file != self.adapter.file:
            raise AdapterError(
                f"a run judges one adapter: this one judges {self.settings.adapter}, and here is {adapter}; run pytest for each"
            )

    def extend_arguments(self) -> None:
        """Have the kit's suite collected: where an option asks for it, and in a session that collects everything."""
        suite = str(Path(__file__).with_name("conformance.py"))
        explicit = self.config.args_source is pytest.Config.ArgsSource.ARGS
        if suite not in self.config.args and (self.config.getoption("patternproof_adapter") or not explicit):
            self.config.args.append(suite)

    def patterns(self, *ways: Way) -> list[str]:
        """The patterns offered of which any selected requirement is exercised in one of these ways."""
        if ways == (Way.LOAD,) and not self.settings.load:
            return []
        return [stem for stem in self.adapter.offered if self.settings.selection.wants(stem, *ways)]

    def expected(self) -> set[str]:
        """The keys of every exercise that a full run has."""
        wanted = self.settings.selection.wants if not self.settings.selection else type(self.settings.selection)().wants
        keys = {f"{stem}/{part}" for part, way in self._parts() for stem in self.adapter.offered if wanted(stem, way)}
        for stem in self.adapter.offered:
            if wanted(stem, Way.FEATURE):
                keys |= {f"{stem}/feature/{example.name}" for example in examples(feature_file(stem))}
        return keys

    def _parts(self) -> list[tuple[str, Way]]:
        return [each for each in JUDGED.items() if each[1] is not Way.LOAD or self.settings.load]

    def example(self, item: Any, steps: Callable[[], None]) -> None:
        """Run an example of the kit, and let its item end as its outcome says."""
        requirement = catalogue()[item.requirement_id]
        replay = self.replay(requirement.id, item.name)
        outcomes, error = exercised(requirement, steps, replay)
        self._hand_over(item, outcomes)
        conclude(outcomes, self.adapter, error)

    def judge(self, item: Any, pattern: str, part: str) -> None:
        """Run a part of the judge on a pattern, and let its item end as the outcomes say."""
        run = partial(
            getattr(import_module(_JUDGES.get(part, "patternproof.judge")), f"run_{part}"),
            self.adapter,
            pattern,
            self.settings.profile,
            self.settings.seed,
        )
        loads: list[Result] = []
        if part == "load":
            run = partial(run, measured=loads.append)
        selected = [each for each in catalogue().values() if each.pattern == pattern and each in self.settings.selection]
        outcomes = judged(run, selected, JUDGED[part], self.replay)
        self._hand_over(item, outcomes, next(iter(loads), None))
        conclude(outcomes, self.adapter)

    def _hand_over(self, item: Any, outcomes: list[Outcome], load: Result | None = None) -> None:
        item.user_properties.append((PROPERTY, Exercise.of(self.settings.adapter, item.key, outcomes, load).encode()))

    def replay(self, requirement: str, example: str = "") -> str:
        """The command that exercises a requirement again as in this run."""
        words = ["patternproof", "run", "--adapter", self.settings.adapter, "--requirement", requirement]
        words += ["-k", example] if example else []
        words += ["--profile", self.settings.profile] if self.settings.profile != DEFAULT else []
        words += ["--seed", str(self.settings.seed)] if self.settings.seed is not None else []
        return shlex.join(words)

    def select(self, nodeids: Iterable[str]) -> None:
        """Take note of what the session is going to run."""
        self.selected = self.selected or any(map(is_kits, nodeids))

    def record(self, exercise: Exercise) -> None:
        """Keep what an item came to."""
        self.selected = True
        self._exercises[exercise.key] = exercise

    def unreported(self, report: pytest.TestReport) -> None:
        """Take note of a failed item of the kit that handed nothing over: its process died, or something around it failed."""
        if is_kits(report.nodeid):
            self._faults.append(Fault(Blame.KIT, f"{report.nodeid} ended without an outcome: {report.longreprtext.strip()}"))

    def uncollected(self, report: pytest.CollectReport) -> None:
        """Take note of a feature, or of the kit's suite, that could not be collected."""
        told = report.longreprtext.strip()
        kit = "conformance.py" in report.nodeid
        if kit or ".feature" in f"{report.nodeid} {told.partition(':')[0]}":
            self._faults.append(Fault(Blame.KIT if kit else Blame.ADAPTER, told))

    def verdicts(self) -> Verdicts:
        """The verdicts on everything seen so far."""
        outcomes = [outcome for exercise in self._exercises.values() for outcome in exercise.read()]
        return verdicts(catalogue(), outcomes, self.adapter, self._partial(), self._faults)

    def finish(self, status: int) -> int:
        """Write the reports, and give the exit code of the session: pytest's own, unless the kit has more to say.

        Where no exercise of the kit was selected, a report that only the ini file asks for stays as the last full run left it.
        """
        found = self.verdicts()
        if self.settings.report is not None and (self.selected or self.config.getoption("patternproof_report")):
            write(self.settings.report, found, self.settings, self._loads())
        if not self.selected:
            return status
        if status in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return found.exit
        return max(status, found.exit) if status == pytest.ExitCode.TESTS_FAILED else status

    def _loads(self) -> list[Result]:
        order = {stem: number for number, stem in enumerate(self.adapter.offered)}
        loads = [each.load for each in self._exercises.values() if each.load is not None]
        return sorted(loads, key=lambda load: order[load.scenario])

    def _partial(self) -> list[str]:
        if self.settings.selection:
            return [f"selected: {self.settings.selection}"]
        expected = self.expected()
        missing = len(expected - set(self._exercises))
        return [f"{missing} of {len(expected)} exercises did not run"] if missing else []


def is_kits(nodeid: str) -> bool:
    """Whether a node is an example or a part of the judge, and not a team's own."""
    return re.search(rf"::\w+\.feature::|::test_({'|'.join(JUDGED)})\[\w+\]$", nodeid) is not None


class JudgedItem(pytest.Function):
    """One part of the judge on one pattern."""

    run: Run
    pattern: str
    part: str

    @classmethod
    def of(cls, parent: pytest.Module, run: Run, pattern: str, part: str) -> JudgedItem:
        """An item below a test module."""
        item: JudgedItem = cls.from_parent(parent, name=f"test_{part}[{pattern}]", callobj=nothing)
        item.run, item.pattern, item.part = run, pattern, part
        return item

    @property
    def key(self) -> str:
        """The same for the same exercise of the kit."""
        return f"{self.pattern}/{self.part}"

    def runtest(self) -> None:
        """Run it."""
        self.run.judge(self, self.pattern, self.part)


def nothing() -> None:
    """Stands for the test function that an item does not have."""
