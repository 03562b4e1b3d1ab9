"""The pytest plugin, in a team's own suite."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import Project, adapter_text

SUITE = "from patternproof.conformance import *  # noqa: F403\n\nADAPTER = 'adapter.py'\n"
OWN_FEATURE = "Feature: Ours\n\n  @{tag}\n  Example: it holds\n    Given {given}\n"
LAST = {"conformant": "adapter.py: conformant", "not": "adapter.py: not conformant"}


@pytest.fixture
def good(project: Project) -> Project:
    project.write("adapter.py", adapter_text())
    project.write("test_conformance.py", SUITE)
    return project


def test_a_test_module_that_imports_the_suite_runs_all_of_it(good: Project) -> None:
    ended = good.pytest("-v")
    assert ended.code == 0, ended.out
    assert "10 passed" in ended.out
    assert "test_conformance.py::circuit_breaker.feature::CB-01-several-calls[2] PASSED" in ended.out
    assert "test_conformance.py::test_machine[circuit_breaker] PASSED" in ended.out
    assert LAST["conformant"] in ended.out


def test_workers_come_to_the_same_verdict(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-03"]))
    project.write("test_conformance.py", SUITE)
    alone, shared = project.pytest(), project.pytest("-n", "2")
    assert (alone.code, shared.code) == (1, 1)
    assert verdicts(alone.out) == verdicts(shared.out)
    assert verdicts(alone.out)[-1] == LAST["not"]


def verdicts(out: str) -> list[str]:
    """The lines of the kit's own report."""
    lines = out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip("= ") == "patternproof")
    end = next(number for number, line in enumerate(lines) if line.startswith("adapter.py: "))
    return lines[start + 1 : end + 1]


@pytest.mark.parametrize("how", ["option", "ini"])
def test_an_option_or_the_ini_file_brings_the_suite_along(project: Project, how: str) -> None:
    project.write("own_adapter.py", adapter_text())
    project.write("test_own.py", "def test_own():\n    pass\n")
    if how == "ini":
        project.write("pytest.ini", "[pytest]\npatternproof_adapter = own_adapter\n")
    ended = project.pytest(*(["--patternproof-adapter", "own_adapter"] if how == "option" else []))
    assert ended.code == 0, ended.out
    assert "11 passed" in ended.out
    assert "own_adapter: conformant" in ended.out


def test_with_the_ini_file_alone_one_test_of_a_team_can_still_be_run_by_itself(project: Project) -> None:
    project.write("pytest.ini", "[pytest]\npatternproof_adapter = adapter.py\n")
    project.write("adapter.py", adapter_text())
    project.write("test_own.py", "def test_own():\n    pass\n")
    ended = project.pytest("test_own.py")
    assert "1 passed" in ended.out


def test_the_suite_runs_once_where_it_is_asked_for_twice(good: Project) -> None:
    ended = good.pytest("--patternproof-adapter", "adapter.py")
    assert "10 passed" in ended.out


def test_a_module_in_a_folder_finds_the_adapter_beside_it(project: Project) -> None:
    project.write("tests/adapter.py", adapter_text())
    project.write("tests/test_conformance.py", SUITE)
    assert "tests/adapter.py: conformant" in project.pytest().out


def test_what_only_should_hold_and_what_is_known_to_fail_are_expected_failures(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-01", "CB-16", "CB-22"], known={"CB-01": "issue 12"}))
    project.write("test_conformance.py", SUITE)
    ended = project.pytest("-rx")
    assert ended.code == 0, ended.out
    assert "CB-01 (known failure, issue 12)" in ended.out
    assert "CB-16 (should)" in ended.out
    assert "CB-22 (a claim not made)" in ended.out
    assert "adapter.py: conformant but for known failures: CB-01" in ended.out


def test_a_known_failure_that_passes_fails_the_session_though_no_test_failed(project: Project) -> None:
    project.write("adapter.py", adapter_text(known={"CB-01": "issue 12"}))
    project.write("test_conformance.py", SUITE)
    ended = project.pytest()
    assert ended.code == 1
    assert "10 passed" in ended.out
    assert "take it off the list" in " ".join(ended.out.split())


def test_a_premise_that_is_not_reached_is_skipped_and_not_passed(project: Project) -> None:
    project.write("adapter.py", adapter_text(unreachable=["CB-02"], broken=["CB-02"]))
    project.write("test_conformance.py", SUITE)
    ended = project.pytest("-rs", "-k", "feature")
    assert "not exercised: the situation was not reached" in ended.out
    assert "1 skipped" in ended.out


@pytest.mark.parametrize(
    "selection",
    [
        ["-k", "CB-01"],
        ["test_conformance.py::test_machine"],
        ["test_conformance.py::circuit_breaker.feature"],
        ["--deselect", "test_conformance.py::test_machine"],
        ["--patternproof-level", "must"],
        ["--patternproof-requirement", "CB-01,CB-02"],
        ["--patternproof-pattern", "circuit_breaker"],
        ["--maxfail=1", "-k", "not CB-01"],
    ],
)
def test_any_selection_makes_the_run_partial(good: Project, selection: list[str]) -> None:
    ended = good.pytest(*selection)
    assert ended.code == 0, ended.out
    assert "adapter.py: partial run, no verdict" in ended.out


def test_a_run_that_stops_early_is_partial(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-03"]))
    project.write("test_conformance.py", SUITE)
    ended = project.pytest("-x", "--patternproof-report", "out")
    assert ended.code == 1
    assert project.report()["partial_reasons"] == ["9 of 10 exercises did not run"]


@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_an_interrupted_run_still_writes_its_report(project: Project, workers: list[str]) -> None:
    project.write("adapter.py", adapter_text().replace("        pass", "        raise KeyboardInterrupt"))
    project.write("test_conformance.py", SUITE)
    ended = project.pytest("--patternproof-report", "out", *workers)
    assert ended.code == 2
    report = project.report()
    assert report["partial"] is True
    assert sum(report["ledger"].values()) == 6


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (SUITE.replace("ADAPTER = 'adapter.py'", ""), "no adapter: write ADAPTER"),
        (SUITE.replace("adapter.py", "no_such_adapter"), "no module named 'no_such_adapter'"),
    ],
)
@pytest.mark.parametrize("workers", [[], ["-n", "1"]])
def test_without_an_adapter_nothing_is_judged(good: Project, module: str, told: str, workers: list[str]) -> None:
    good.write("test_conformance.py", module)
    ended = good.pytest(*workers)
    assert ended.code == 2, ended.out
    assert told in ended.out
    assert "Traceback" not in ended.out


def test_two_adapters_do_not_share_a_session(good: Project) -> None:
    good.write("another.py", adapter_text())
    good.write("test_other.py", SUITE.replace("adapter.py", "another.py"))
    ended = good.pytest()
    assert ended.code == 2
    assert "a run judges one adapter" in ended.out


@pytest.mark.parametrize(
    ("option", "told"), [("--patternproof-profile=slow", "quick"), ("--patternproof-pattern=x", "there is none")]
)
def test_a_wrong_option_is_a_usage_error(good: Project, option: str, told: str) -> None:
    ended = good.pytest("--patternproof-adapter", "adapter.py", option)
    assert ended.code == 2
    assert told in ended.err


def test_a_teams_features_are_collected_without_glue_code_once_the_kit_is_used(good: Project) -> None:
    good.write("features/ours.feature", OWN_FEATURE.format(tag="smoke", given="a breaker"))
    good.write("pytest.ini", "[pytest]\naddopts = --strict-markers\nmarkers = smoke\npatternproof_adapter = adapter.py\n")
    ended = good.pytest("-v", "-m", "smoke")
    assert ended.code == 0, ended.out
    assert "features/ours.feature::it-holds PASSED" in ended.out
    assert "1 passed" in ended.out


def test_steps_of_a_team_go_before_the_kits_in_the_features_of_the_team_alone(good: Project) -> None:
    good.write(
        "conftest.py", "from pytest_bdd import given\n\n@given('a breaker')\ndef _():\n    assert False, 'the step of the team'\n"
    )
    good.write("ours.feature", OWN_FEATURE.format(tag="smoke", given="a breaker"))
    ended = good.pytest("--patternproof-adapter", "adapter.py")
    assert "the step of the team" in ended.out
    assert "1 failed, 10 passed" in ended.out


def test_fixtures_of_a_team_do_not_take_the_place_of_the_kits(good: Project) -> None:
    good.write("conftest.py", "import pytest\n\n@pytest.fixture\ndef driver():\n    assert False, 'a web driver'\n")
    assert "10 passed" in good.pytest().out


def test_a_feature_with_glue_code_of_its_own_runs_once(good: Project) -> None:
    good.write("ours.feature", OWN_FEATURE.format(tag="smoke", given="a breaker"))
    good.write("test_glue.py", "from pytest_bdd import scenarios\n\nscenarios('ours.feature')\n")
    assert "11 passed" in good.pytest("--patternproof-adapter", "adapter.py").out


def test_an_ambiguous_step_is_an_error_with_both_places(good: Project) -> None:
    steps = "from pytest_bdd import given\n\n@given('two of us')\ndef _():\n    pass\n\n@given('two of us')\ndef _():\n    pass\n"
    good.write("conftest.py", steps)
    good.write("ours.feature", OWN_FEATURE.format(tag="smoke", given="two of us"))
    ended = good.pytest("ours.feature")
    assert ended.code == 1
    assert "is ambiguous: 'two of us' in conftest, 'two of us' in conftest" in ended.out


def test_a_feature_named_on_the_command_line_is_collected_without_an_adapter(project: Project) -> None:
    project.write("conftest.py", "from pytest_bdd import given\n\n@given('nothing special')\ndef _():\n    pass\n")
    project.write("ours.feature", OWN_FEATURE.format(tag="smoke", given="nothing special"))
    ended = project.pytest("ours.feature")
    assert ended.code == 0, ended.out
    assert "1 passed" in ended.out


def test_unused_the_plugin_collects_nothing(project: Project) -> None:
    project.write("ours.feature", OWN_FEATURE.format(tag="smoke", given="a breaker"))
    project.write("test_own.py", "def test_own():\n    pass\n")
    ended = project.pytest()
    assert ended.code == 0
    assert "1 passed" in ended.out
    assert "patternproof" not in ended.out


def test_unused_the_plugin_imports_nothing_heavy() -> None:
    code = "import sys, pytest; before = set(sys.modules); import patternproof.plugin; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["patternproof", "patternproof.plugin"]


def test_unused_a_session_imports_nothing_of_the_kit_but_the_plugin(project: Project) -> None:
    loaded = "print('loaded', *sorted(name for name in sys.modules if name.startswith('patternproof')))"
    project.write("conftest.py", f"import sys\n\ndef pytest_unconfigure():\n    {loaded}\n")
    out = project.pytest("--collect-only", "-p", "no:tests.standins").out
    assert "loaded patternproof patternproof.plugin\n" in out


def test_every_option_carries_the_kits_name(project: Project) -> None:
    out = project.pytest("--help").out
    section = out[out.index("conformance of integration patterns") :].split("\n\n")[0]
    options = [word for word in section.split() if word.startswith("--")]
    assert options
    assert all(word.startswith("--patternproof-") for word in options)
