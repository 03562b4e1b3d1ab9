"""Models with deviations: separating histories and diagnoses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from patternproof.findings import Findings
from patternproof.history import Batch, History, alone
from patternproof.modelling import (
    RIGHT,
    Deviation,
    Names,
    diagnose,
    enacted,
    explained,
    necessary,
    pair_separations,
    separate,
    separations,
)
from patternproof.patterns import PATTERNS
from tests.conftest import ROOT

_SEPARATE = """
from patternproof.modelling import separations
from patternproof.patterns import PATTERNS
for stem in {stems!r}:
    print(separations(PATTERNS[stem].scenarios("model").complete()))
"""
_MODELLED = [stem for stem in PATTERNS if (ROOT / "scenarios" / stem / "model.py").is_file()]


@dataclass(frozen=True)
class Counter:
    """A model of a counter up to 3 that shows its value; its settings are the value that it starts from."""

    deviations: Mapping[str, Deviation] = field(
        default_factory=lambda: {
            "skips": Deviation("skips", "XX-01", "2 is skipped"),
            "sticks": Deviation("sticks", "XX-02", "3 is never left"),
            "hums": Deviation("hums", "XX-03", "makes no difference"),
            "lies": Deviation("lies", "XX-04", "shows anything", broad=True),
        }
    )

    def __hash__(self) -> int:
        return 0

    def variants(self) -> Sequence[int]:
        return (0, 1)

    def initial(self, settings: int) -> Iterable[int]:
        return (settings,)

    def begin(self, state: int) -> int:
        return state

    def apply(self, state: int, event: str, deviations: Names) -> Iterable[int]:
        if event == "zero":
            yield state if state == 3 and "sticks" in deviations else 0
        else:
            yield min(3, state + 1 + ("skips" in deviations and state == 1))

    def observe(self, state: int, deviations: Names) -> int:
        return -1 if "lies" in deviations else state

    def matches(self, state: int, seen: Any, deviations: Names) -> bool:
        return "lies" in deviations or bool(seen == state)

    def enabled(self, state: int) -> Iterable[str]:
        return ("add", "zero")

    def alongside(self, state: int, events: Sequence[str]) -> Iterable[str]:
        return ("add", "zero")

    def kind(self, event: str) -> str:
        return ""

    def key(self, state: int) -> int:
        return state

    def relevant(self, deviation: Deviation, settings: int) -> bool:
        return True

    def blame(self, states: Sequence[int], batch: Batch, seen: Any) -> str:
        return "XX-09"


def showing(*values: int, start: int = 0, events: Sequence[str] = ()) -> History:
    """What a counter showed after each addition, or after each event."""
    history = History(start)
    for event, value in zip(events or ["add"] * len(values), values, strict=True):
        history.add(alone(event), value)
    return history


def test_the_shortest_history_of_all_variants_separates() -> None:
    found = separate(Counter(), frozenset({"skips"}))
    assert found is not None
    assert (found.settings, found.events) == (1, ("add",))


def test_what_makes_no_difference_has_no_separating_history() -> None:
    assert set(separations(Counter())) == {"skips", "sticks", "lies"}


def test_an_enacted_history_shows_the_deviation_and_is_explained_by_it() -> None:
    model = Counter()
    history = enacted(model, separations(model)["sticks"], frozenset({"sticks"}))
    assert explained(model, history, RIGHT) == len(history) - 1
    assert diagnose(model, [history]) == {"sticks"}


def test_what_is_right_needs_no_deviation() -> None:
    assert diagnose(Counter(), [showing(1, 2, 3)]) == RIGHT


def test_two_defects_take_two_deviations() -> None:
    events = ["add", "add", "zero"]
    assert diagnose(Counter(), [showing(1, 3, 3, events=events)]) == {"skips", "sticks"}


def test_several_events_may_take_effect_in_any_order() -> None:
    batch = Batch(("add", "zero"), (0,))
    for value in (0, 1):
        history = History(1)
        history.add(batch, value)
        assert explained(Counter(), history, RIGHT) == 1


def test_a_history_gives_evidence_of_what_it_needs_alone() -> None:
    assert necessary(Counter(), showing(1, 3), frozenset({"skips", "sticks"})) == {"skips"}


def test_a_history_that_nothing_explains_exercises_nothing() -> None:
    findings = Findings(Counter())
    findings.add([showing(1, 9)])
    assert set(findings.exercised().values()) == {0}
    findings.add([showing(1, 2)])
    assert findings.exercised()["XX-01"] == 1


def test_a_pair_is_separated_where_one_history_fits_both() -> None:
    model = Counter()
    found = pair_separations(model, separations(model), frozenset({"skips"}))
    assert found == []  # what shows anything can never be told from what shows one thing


@pytest.mark.parametrize("stem", _MODELLED)
def test_every_deviation_has_a_separating_history_unless_it_is_elusive(stem: str) -> None:
    model = PATTERNS[stem].scenarios("model").complete()
    assert {name for name, each in model.deviations.items() if not each.elusive} == set(separations(model))


@pytest.mark.parametrize("stem", _MODELLED)
def test_what_each_deviation_shows_is_diagnosed_as_its_requirement(stem: str) -> None:
    model = PATTERNS[stem].scenarios("model").complete()
    singles = separations(model)
    wrong = {}
    for name in singles:
        histories = [enacted(model, each, frozenset({name})) for each in singles.values()]
        names = diagnose(model, histories) or RIGHT
        if {model.deviations[each].requirement for each in names} != {model.deviations[name].requirement}:
            wrong[name] = names
    assert wrong == {}


def test_separating_histories_do_not_depend_on_the_hash_seed() -> None:
    outputs = {_printed(seed) for seed in ("0", "1", "2")}
    assert len(outputs) == 1


def _printed(seed: str) -> str:
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    script = _SEPARATE.format(stems=_MODELLED)
    return subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True).stdout
