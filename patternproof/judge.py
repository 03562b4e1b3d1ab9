"""From an adapter to outcomes: histories, machine, interleavings.

Whoever makes the histories, they are judged alike: the model with the smallest set of deviations that explains all of them says
which requirements are broken; a history that no set explains is blamed where it parts from the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from shlex import quote
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Hang
from patternproof.exploration import MOST_TURNS, Coverage, Program, schedules
from patternproof.findings import Findings
from patternproof.history import Batch, History, Hung, alone
from patternproof.machine import Machine, hunt
from patternproof.modelling import (
    MOST_HIDDEN_PAIRS,
    MOST_PAIRS,
    RIGHT,
    Model,
    Names,
    diagnose,
    enacted,
    explained,
    masked_separations,
    pair_separations,
    rivals,
    separate,
    separations,
)
from patternproof.moments import steps
from patternproof.outcome import AdapterError, NotApplicable, Outcome, Status, Way
from patternproof.patterns import PATTERNS
from patternproof.profiles import PROFILES
from patternproof.replay import decode, encode
from patternproof.requirements import catalogue
from patternproof.shrinking import renumbered, shrunk
from patternproof.threading_programs import explore_with_threads

MOST_PARTED = 2
"""Schedules of one program that part from the model before the rest of them is let be."""
MOST_ROUNDS = 12
"""Rounds of the machine; each finds one violation more, or is the last."""
MOST_VAIN = 3
"""Rounds that ended at what is known and yet unexplained, after which no other is begun."""


@dataclass
class Subject:
    """An adapter's pattern, as the ways exercise it."""

    adapter: Adapter
    stem: str
    model: Model
    findings: Findings

    @contextmanager
    def rig(self, settings: Any) -> Iterator[Any]:
        """An entered driver with the pattern's rig in it."""
        scenario = PATTERNS[self.stem].scenarios("rig")
        with self.adapter.driver() as driver, scenario.rig(self.adapter, driver, settings) as rig:
            yield rig

    def play(self, settings: Any, batches: Iterable[Batch]) -> History:
        """What an implementation shows when these batches happen to it."""
        history = History(settings)
        try:
            with self.rig(settings) as rig:
                history = rig.history
                for batch in batches:
                    rig.run(batch)
        except Hang:
            pass  # the history's last moment says so
        return history

    def waiting(self, history: History) -> list[str]:
        """What waits, and where, when a history is over: where a call does not end, that says more than that it does not."""
        try:
            with self.rig(history.settings) as rig:
                for moment in history:
                    rig.run(moment.batch)
                waiting: list[str] = rig.history.waiting()
                return waiting
        except Hang:
            return []  # its message says so

    def unmask(self) -> None:
        """Look for what the deviations that are known may hide, until nothing more comes to light."""
        for _ in range(MOST_ROUNDS):
            findings = self.findings
            separations = masked_separations(self.model, findings.known, findings.hidden())
            if not findings.take(self.play(each.settings, map(alone, each.events)) for each in separations):
                return

    def confirm(self, findings: Findings) -> None:
        """Tell what is known from whatever else would explain it, where a history can."""
        tried: set[Names] = set()
        findings.narrow()
        for _ in range(MOST_ROUNDS):
            known = findings.known
            rival = next((each for each in rivals(self.model, findings.histories, known) if each not in tried), None)
            if rival is None:
                return
            tried.add(rival)
            # A broad one seldom shows anything that the special one does not, nor do single events show either of two that are
            # elusive: most searches for that would be in vain, and long.
            vain = any(self.model.deviations[name].broad for name in rival - known)
            vain = vain or all(self.model.deviations[name].elusive for name in known ^ rival)
            separation = separate(self.model, known, rival, pairs=MOST_HIDDEN_PAIRS if vain else MOST_PAIRS)
            if separation is not None:
                findings.take([self.play(separation.settings, map(alone, separation.events))])
                if findings.known == known and not vain:
                    findings.weigh(rival)

    def shrunk(self, history: History, findings: Findings) -> History:
        """The shortest history found that these findings still do not explain."""
        tried: dict[tuple[Batch, ...], History] = {}

        def parts(batches: Sequence[Batch]) -> bool:
            played = self.play(history.settings, batches)
            if findings.explains(played):
                return False  # not kept: one that goes by chance may have parted from the same batches before
            tried[tuple(batches)] = played
            return True

        batches = shrunk([moment.batch for moment in history], parts)
        counted = renumbered(batches, self.model.numbered)
        batches = counted if parts(counted) else batches
        return tried.get(tuple(batches), history)


_subjects: dict[tuple[str, str], Subject] = {}


def subject(adapter: Adapter, stem: str) -> Subject:
    """The adapter's pattern, with what its separating histories show; made once in a process.

    Raises:
        AdapterError: the adapter cannot be exercised at all.
        NotApplicable: its runtime has no exact time.
    """
    if adapter.runtime == "live":
        raise NotApplicable("in real time each step takes some, so that no history is exact; give it a simulated adapter as well")
    key = (adapter.spec, stem)
    if key not in _subjects:
        model = PATTERNS[stem].scenarios("rig").model(adapter)
        made = Subject(adapter, stem, model, Findings(model))
        singles = separations(model)
        made.findings.take(made.play(one.settings, map(alone, one.events)) for one in singles.values())
        if made.findings.violated():
            pairs = pair_separations(model, singles, made.findings.known)
            made.findings.take(made.play(pair.settings, map(alone, pair.events)) for pair in pairs)
            made.unmask()
            made.confirm(made.findings)
        _subjects[key] = made
    return _subjects[key]


def run_histories(adapter: Adapter, stem: str, profile: str, seed: int | None) -> list[Outcome]:
    """Hold an implementation to the separating history of every deviation."""
    held = subject(adapter, stem)
    return _outcomes(held, held.findings, Way.MACHINE, "histories")


def run_machine(adapter: Adapter, stem: str, profile: str, seed: int | None) -> list[Outcome]:
    """Let Hypothesis look for histories that nobody thought of, in rounds, until one finds none, or several nothing new."""
    held = subject(adapter, stem)
    findings = held.findings.continued()
    vain = 0
    for _ in range(MOST_ROUNDS):
        histories: list[History] = []
        machine = _machine(held, findings.known, histories)
        # What has parted so once would part again: another search goes another way.
        found = hunt(machine, PROFILES[profile], (seed or 0) + vain if vain else seed)
        findings.add(history for history in histories if history is not found and len(history))
        if found is None:
            break
        if findings.take([held.shrunk(found, findings)]):
            held.confirm(findings)
        elif vain == MOST_VAIN:
            break
        else:
            vain += 1
    return _outcomes(held, findings, Way.MACHINE, "machine")


def _machine(held: Subject, known: Names, histories: list[History]) -> type[Machine]:
    members = {
        "model": held.model,
        "open_rig": staticmethod(held.rig),
        "known": known,
        "histories": histories,
        "has_turns": held.adapter.driver().has_turns,
    }
    return type("Machine", (Machine,), members)


def run_interleavings(adapter: Adapter, stem: str, profile: str, seed: int | None) -> list[Outcome]:
    """Explore the schedules of the pattern's short concurrent programs."""
    held = subject(adapter, stem)
    findings = held.findings.continued()
    variants = held.model.variants()
    scenario = PATTERNS[stem].scenarios("interleavings")
    if adapter.runtime == "asyncio":
        for program in scenario.programs(held.model):
            if program.settings in variants:
                _explore(held, findings, program, PROFILES[profile].schedules, seed or 0)
    else:
        hangs = 0
        for program in scenario.thread_programs(held.model):
            if program.settings in variants and hangs < MOST_PARTED:
                hangs += not explore_with_threads(held, findings, program, PROFILES[profile].thread_schedules)
    return _outcomes(held, findings, Way.INTERLEAVINGS, "interleavings")


def _explore(held: Subject, findings: Findings, program: Program, most: int, seed: int) -> None:
    """Run a program's schedules, until two of them have parted from the model: more would say the same again."""
    parted = 0
    explained: list[list[Any]] = []  # what was seen, where it is explained: most schedules of a program show the same few things
    turns = MOST_TURNS if held.adapter.driver().has_turns else 0
    for schedule in schedules(program, most, seed, Coverage(), turns):
        history = held.play(program.settings, schedule.batches)
        seen = [moment.seen for moment in history]
        if seen in explained or findings.explains(history):
            explained += [] if seen in explained else [seen]
            findings.add([history])
            continue
        explained.clear()
        if findings.take([held.shrunk(history, findings)]):
            held.confirm(findings)
        parted += 1
        if parted >= MOST_PARTED:
            return


def _outcomes(held: Subject, findings: Findings, way: Way, part: str) -> list[Outcome]:
    exercised = findings.exercised()
    outcomes = []
    for requirement in catalogue().values():
        if requirement.pattern != held.stem:
            continue
        evidence = findings.evidence(requirement.id)
        count = exercised.get(requirement.id, 0)
        if evidence is not None:
            history, message = evidence
            replay = f"patternproof run --adapter {quote(held.adapter.spec)} --replay {encode(held.stem, held.model, history)}"
            lines = (*history.lines(), *([] if _hangs(history) else held.waiting(history)))
            outcomes.append(Outcome(requirement.id, way, Status.FAILED, message, lines, max(count, 1), replay, steps(history)))
        elif count:
            outcomes.append(Outcome(requirement.id, way, Status.PASSED, exercised=count))
    return outcomes


def _hangs(history: History) -> bool:
    return any(isinstance(moment.seen, Hung) for moment in history)


def examples(requirement: str) -> list[tuple[str, list[str]]]:
    """How a requirement breaks: for each deviation its sentence, and the shortest history that shows it."""
    pattern = next(pattern for pattern in PATTERNS.values() if requirement.startswith(f"{pattern.prefix}-"))
    model: Model = pattern.scenarios("model").complete()
    found = []
    for name, separation in separations(model).items():
        deviation = model.deviations[name]
        if deviation.requirement == requirement:
            history = enacted(model, separation, frozenset({name}))
            parting = explained(model, history, RIGHT)
            found.append((deviation.sentence, History(history.settings, history.moments[: parting + 1]).lines()))
    return found


def replay(adapter: Adapter, token: str) -> list[Outcome]:
    """Do again exactly what a token says, and judge it.

    Raises:
        AdapterError: the token is not of this version of the kit.
    """
    stem, index, batches = decode(token)
    held = subject(adapter, stem)
    settings = PATTERNS[stem].scenarios("model").complete().variants()[index]
    findings = held.findings.continued()
    findings.take([held.play(settings, batches)])
    return _outcomes(held, findings, Way.MACHINE, "replay")


def smoke(adapter: Adapter, stem: str) -> None:
    """Make the implementation once with plain settings, and use it once.

    Raises:
        AdapterError: that already fails, so that no verdict would mean anything.
    """
    scenario = PATTERNS[stem].scenarios("rig")
    model = scenario.model(adapter)
    if not model.variants():
        raise AdapterError(
            f"{adapter.spec}: the factory {stem!r} refuses every setting that the kit tries; it must take its plainest ones"
        )
    held = Subject(adapter, stem, model, Findings(model))
    plainest = scenario.SMOKE(model) if callable(scenario.SMOKE) else scenario.SMOKE
    uses = plainest if isinstance(plainest, Mapping) else {model.variants()[0]: plainest}
    for settings, events in uses.items():
        history = held.play(settings, map(alone, events))
        if explained(model, history, RIGHT) < len(history) and diagnose(model, [history]) is None:
            told = "\n  ".join(history.lines())
            raise AdapterError(
                f"{adapter.spec}: the plainest use of {stem!r} already goes wrong; look at the adapter first:\n  {told}"
            )
