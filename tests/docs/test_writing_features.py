"""The documented steps and the kit's features are as said."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patternproof.scenarios.circuit_breaker import steps
from patternproof.scenarios.circuit_breaker.words import ABILITIES, settings_of
from patternproof.scenarios.event_bus import handler_steps
from patternproof.scenarios.event_bus import steps as bus_steps
from patternproof.scenarios.migration import steps as migration_steps
from patternproof.scenarios.resource_lifecycle import steps as resource_steps
from patternproof.scenarios.resource_lifecycle.words import MANNERS, manner_of
from patternproof.scenarios.service_interface import steps as service_steps
from patternproof.scenarios.service_interface.words import PHASES
from patternproof.scenarios.state_sync import steps as sync_steps
from patternproof.scenarios.state_sync import stored_steps
from patternproof.scenarios.state_sync.words import settings_of as sync_settings_of
from patternproof.scenarios.workflows import guard_steps, local_steps, system_steps
from patternproof.scenarios.workflows import steps as core_steps
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from patternproof import steps as all_steps
from patternproof import time_steps
from patternproof.examples import Example, examples
from patternproof.patterns import PATTERNS
from patternproof.ports.state_sync import StateSyncSettings
from patternproof.requirements import feature_file

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = (ROOT / "docs" / "writing-features.md").read_text(encoding="utf-8")
MOST_STEPS = 7
OWN = {steps.__name__, time_steps.__name__}
OF_REPLICAS = {sync_steps.__name__, stored_steps.__name__}


def documented(heading: str) -> list[str]:
    """The first column of the table under a heading."""
    section = DOCUMENT.split(f"### {heading}\n")[1].split("\n#")[0]
    return re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE)


def block(language: str) -> str:
    """The first example in a language."""
    return DOCUMENT.split(f"```{language}\n")[1].split("```")[0]


def defined(modules: set[str] = OWN) -> list[StepFunctionContext]:
    return [context for context in step_function_context_registry.values() if context.step_func.__module__ in modules]


@pytest.mark.parametrize("kind", ["given", "when", "then"])
def test_the_documented_steps_are_all_the_steps_that_there_are(kind: str) -> None:
    names = [context.parser.name for context in defined() if context.type == kind]
    assert sorted(documented(kind.capitalize())) == sorted(names)


@pytest.mark.parametrize("kind", ["given", "when", "then"])
def test_the_documented_steps_of_event_buses_are_all_that_there_are(kind: str) -> None:
    of_buses = defined({bus_steps.__name__, handler_steps.__name__})
    assert {context.parser.name for context in of_buses if context.type == kind} == set(
        documented(f"Of a bus: {kind.capitalize()}")
    )


@pytest.mark.parametrize("kind", ["given", "when", "then"])
def test_the_documented_steps_about_replicas_are_all_that_there_are(kind: str) -> None:
    names = [context.parser.name for context in defined(OF_REPLICAS) if context.type == kind]
    assert sorted(documented(f"Of replicas: {kind.capitalize()}")) == sorted(names)


@pytest.mark.parametrize("kind", ["given", "when", "then"])
def test_the_documented_steps_about_resources_are_all_that_there_are(kind: str) -> None:
    names = [context.parser.name for context in defined({resource_steps.__name__}) if context.type == kind]
    assert sorted(documented(f"Of resources: {kind.capitalize()}")) == sorted(names)


def test_the_documented_manners_of_resources_are_all_that_there_are() -> None:
    (sentence,) = re.findall(r"^`{manner}` is (.+?) \(claim", DOCUMENT, re.MULTILINE | re.DOTALL)
    *manners, needs = re.findall("`(.+?)`", sentence)
    assert manners == list(MANNERS)
    assert manner_of(needs) == ("ok", "db cache")


@pytest.mark.parametrize("kind", ["given", "when", "then"])
def test_the_documented_steps_of_message_services_are_all_that_there_are(kind: str) -> None:
    names = [context.parser.name for context in defined({service_steps.__name__}) if context.type == kind]
    assert sorted(documented(f"Of a service: {kind.capitalize()}")) == sorted(names)


@pytest.mark.parametrize("kind", ["given", "when", "then"])
def test_the_documented_steps_of_migrations_are_all_that_there_are(kind: str) -> None:
    names = [context.parser.name for context in defined({migration_steps.__name__}) if context.type == kind]
    assert sorted(documented(f"Of a migration: {kind.capitalize()}")) == sorted(names)


def test_what_may_become_of_a_request_is_documented() -> None:
    (phases,) = re.findall(r"^\| `request \{number:d\} \{what\}` \| (.+) \|$", DOCUMENT, re.MULTILINE)
    assert re.findall("`(.+?)`", phases) == list(PHASES)


@pytest.mark.parametrize("kind", ["given", "when", "then"])
def test_the_documented_steps_of_workflows_are_all_that_there_are(kind: str) -> None:
    of_workflows = defined({each.__name__ for each in (core_steps, guard_steps, local_steps, system_steps)})
    names = [context.parser.name for context in of_workflows if context.type == kind]
    assert sorted(documented(f"Of workflows: {kind.capitalize()}")) == sorted(names)


def test_the_documented_abilities_of_replicas_can_be_read() -> None:
    (abilities,) = re.findall(
        r"^\| `replicas A and B that {ability}` \| makes them so that they (.+) \|$", DOCUMENT, re.MULTILINE
    )
    for ability in re.findall("`(.+?)`", abilities)[:3]:
        assert sync_settings_of(ability) != StateSyncSettings()


def test_the_documented_abilities_are_all_that_there_are_and_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATTERNPROOF_STORE", "somewhere")
    assert documented("Abilities") == list(ABILITIES)
    for ability in ABILITIES:
        assert settings_of(re.sub(r"\d+", "7", ability)) != settings_of("")


@pytest.mark.parametrize("example", examples(feature_file("circuit_breaker")), ids=lambda example: example.name)
def test_an_example_is_short_and_speaks_of_the_domain(example: Example) -> None:
    steps_of = example.template.steps
    assert len(steps_of) <= MOST_STEPS
    for step in steps_of:
        assert not re.search(r"\b(tasks?|threads?|futures?|loops?|HTTP|coroutines?)\b", step.name), step.name


@pytest.mark.parametrize("stem", PATTERNS)
def test_every_step_of_a_feature_has_exactly_one_definition_among_those_of_all_patterns(stem: str) -> None:
    assert all_steps.modules()  # which are imported by that
    everywhere = [
        each for each in step_function_context_registry.values() if each.step_func.__module__.startswith("patternproof.")
    ]
    for example in examples(feature_file(stem)):
        for step in example.template.steps:
            found = [each for each in everywhere if each.type in (None, step.type) and each.parser.is_matching(step.name)]
            assert len(found) == 1, f"{step.name}: {[each.parser.name for each in found]}"


def test_the_worked_example_passes_as_it_is_printed(tmp_path: Path) -> None:
    (tmp_path / "payments.feature").write_text(block("gherkin") + OWN_STEP, encoding="utf-8")
    (tmp_path / "conftest.py").write_text(block("python"), encoding="utf-8")
    adapter = "patternproof.reference.adapters.in_memory"
    (tmp_path / "pytest.ini").write_text(block("ini").replace("my_project.adapter", adapter), encoding="utf-8")
    out = pytest_in(tmp_path)
    assert "5 passed" in out, out


OWN_STEP = """
  Example: a step of one's own
    Given a circuit breaker
    When a customer pays twice
    Then the operation has run once
"""


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        ("Then the circuit is ajar", "'ajar' is no state of a circuit; write 'closed' or 'open' or"),
        ("When a call explodes", "'explodes' is no thing that happens to a call; write"),
        ("When call A suceeds", "'suceeds' is no thing that happens to a call; write 'succeeds'"),
        ("When a call has a rest", "'has a rest' is no thing that happens to a call; write"),
        ("Then call Z is rejected", "no call 'Z' has begun; calls so far: none has a name"),
        ("Given a circuit breaker that sings", "'sings' is nothing that a circuit breaker is known to do; write"),
        ("Given a circuit breaker that opens after 2 failures", "there is a circuit breaker already"),
        ("Then the next call is accepted", "'is accepted' is no answer to a call; write"),
        ("Then the listener has heard: a song", "'a song' is no transition; write 'closed to open'"),
    ],
)
def test_a_word_that_nobody_knows_is_answered_with_those_that_are_known(tmp_path: Path, step: str, hint: str) -> None:
    feature = f"Feature: Ours\n\n  Example: wrong\n    Given a circuit breaker\n    {step}\n"
    (tmp_path / "payments.feature").write_text(feature, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\npatternproof_adapter = patternproof.reference.adapters.in_memory\n")
    assert hint in pytest_in(tmp_path)


def pytest_in(folder: Path) -> str:
    """What pytest says of the feature in a folder."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment |= {"PYTHONPATH": str(ROOT), "PYTEST_PLUGINS": "pytest_bdd.plugin,patternproof.plugin"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the plugins of everything that is installed take seconds to import
    command = [sys.executable, "-m", "pytest", "-q", "payments.feature"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False).stdout
