"""The command line."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from io import StringIO
from pathlib import Path

import pytest
import yaml

from patternproof import cli, judge, members
from patternproof.adapter import load
from patternproof.cli import call
from patternproof.commands import catalogue
from patternproof.commands.new import adapter_text as adapter_text_of
from patternproof.outcome import KitError
from patternproof.patterns import PATTERNS
from patternproof.report.json import decode
from tests.conftest import ROOT, Project, adapter_text


@pytest.fixture
def good(project: Project) -> Project:
    project.write("adapter.py", adapter_text())
    return project


def test_a_right_implementation_is_conformant(good: Project) -> None:
    ended = good.kit("run", "--adapter", "adapter.py")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == "adapter.py: conformant"
    assert "6 requirements = 4 passed + 1 declined + 1 not exercised" in ended.out
    assert "circuit breaker: features 7/7" in ended.err


def test_a_failure_shows_what_was_expected_how_why_and_how_to_see_it_again(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-01"]))
    ended = project.kit("run", "--adapter", "adapter.py")
    assert ended.code == 1
    told = ended.out[ended.out.index("CB-01 (must)") :].splitlines()
    assert told[:8] == [
        "CB-01 (must) The operation runs exactly once",
        "  expected: it holds; seen: it does not",
        "    given the defaults",
        "    1. a call",
        "  broken by: running it twice",
        "  found by: feature",
        "  also found by: machine: expected 1 run, seen 2",
        "  replay: patternproof run --adapter adapter.py --requirement CB-01 -k CB-01-one-call",
    ]


def test_a_replay_command_fails_as_the_run_did(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-02"]))
    ended = project.kit("run", "--adapter", "adapter.py", "--requirement", "CB-02", "-k", "CB-02-one-error")
    assert ended.code == 1
    assert "CB-02 (must)" in ended.out
    assert "selected: --requirement CB-02" in ended.out


def test_a_history_is_replayed_from_its_token(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-01"]))
    broken = project.kit("run", "--adapter", "adapter.py", "--replay", "token")
    project.write("adapter.py", adapter_text())
    right = project.kit("run", "--adapter", "adapter.py", "--replay", "token")
    assert (broken.code, broken.out.splitlines()[-1]) == (1, "adapter.py: CB-01 failed in this history")
    assert (right.code, right.out.splitlines()[-1]) == (0, "adapter.py: nothing failed in this history")


def test_workers_come_to_the_same_report(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-03", "CB-16"], unreachable=["CB-02"]))
    alone = project.kit("run", "--adapter", "adapter.py", "--report", "alone")
    shared = project.kit("run", "--adapter", "adapter.py", "--report", "shared", "-n", "2")
    assert (alone.code, alone.out) == (shared.code, shared.out)
    assert project.report("alone") == project.report("shared")


def test_the_same_run_twice_writes_the_same_bytes(good: Project) -> None:
    good.kit("run", "--adapter", "adapter.py", "--report", "one")
    good.kit("run", "--adapter", "adapter.py", "--report", "two")
    assert (good.folder / "one/report.json").read_bytes() == (good.folder / "two/report.json").read_bytes()


def test_the_report_says_what_was_judged_and_how(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-03"], claims=["manual_control"], known={"CB-03": "issue 12"}))
    ended = project.kit("run", "--adapter", "adapter.py", "--report", "out", "--junit", "--profile", "quick", "--seed", "7")
    report = decode(json.dumps(project.report()))
    assert ended.code == 0
    assert "conformant but for known failures: CB-03" in ended.out
    assert (report.schema, report.edition, report.profile, report.seed, report.partial) == (1, 1, "quick", 7, False)
    assert (report.adapter.spec, report.adapter.claims) == ("adapter.py", ["manual_control"])
    assert sum(report.ledger.values()) == 6
    failed = next(each for each in report.requirements if each.id == "CB-03")
    assert (failed.verdict, failed.ways["feature"].found, failed.ways["machine"].exercised) == ("known failure", True, 8)
    assert failed.failures[0].replay.endswith("--profile quick --seed 7")
    assert (project.folder / "out/junit.xml").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--pattern", "circuit_braker"], "did you mean 'circuit_breaker'"),
        (["--requirement", "CB-1"], "did you mean 'CB-01'"),
        (["--level", "most"], "did you mean 'must'"),
        (["--pattern", "connection_pool"], "no requirement is all of that"),
        (["--level", "may", "--requirement", "CB-01"], "no requirement is all of that"),
        (["-k", "nothing_is_called_so"], "nothing is called so"),
        (["-k", "sucess"], "did you mean 'CB-03-a-success'"),
        (["-k", "and and"], "and and"),
        (["--profile", "slow"], "slow"),
        (["--seed", "often"], "often"),
        (["--feature", "no.feature"], "there is no such file"),
        (["--feature", "."], "no .feature file in this folder"),
        (["--report", "adapter.py"], "nothing can be written there"),
        (["--report", "adapter.py/out"], "nothing can be written there"),
        (["--requirement", "CB-20"], "only load exercises"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error_before_anything_runs(good: Project, arguments: list[str], told: str) -> None:
    ended = good.kit("run", "--adapter", "adapter.py", *arguments)
    assert ended.code == 2, ended.out + ended.err
    assert told in ended.err + ended.out
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "arguments", [[], ["run"], ["run", "--adapter", "nowhere.py"], ["ruin"], ["explain"], ["new", "--runtime", "trio"]]
)
def test_a_wrong_command_line_has_the_exit_code_of_a_usage_error(project: Project, arguments: list[str]) -> None:
    ended = project.kit(*arguments)
    assert ended.code == (2 if arguments else 0)
    assert "Traceback" not in ended.err


def test_an_error_of_the_adapter_in_the_middle_of_a_run_is_told_apart(project: Project) -> None:
    project.write("adapter.py", adapter_text().replace("return Breaker()", "return None"))
    ended = project.kit("run", "--adapter", "adapter.py")
    assert ended.code == 2
    assert "circuit_breaker() returned None" in ended.out


def test_an_error_of_the_implementation_is_a_failure_of_what_was_being_exercised(project: Project) -> None:
    project.write("adapter.py", adapter_text(more="EXPLODES = {'CB-01'}"))
    ended = project.kit("run", "--adapter", "adapter.py")
    assert ended.code == 1
    assert "an error that no requirement allows: RuntimeError: of the implementation" in ended.out


def test_an_error_of_the_kit_is_told_apart(project: Project) -> None:
    project.write("adapter.py", adapter_text(more="CRASHES = {'run_machine'}"))
    ended = project.kit("run", "--adapter", "adapter.py", "--report", "out")
    assert ended.code == 3
    assert "ZeroDivisionError: of the judge" in ended.out
    assert {each["blame"] for each in project.report()["requirements"] if each["verdict"] == "errored"} == {"kit"}


def test_a_process_that_dies_is_no_pass(project: Project) -> None:
    project.write("adapter.py", adapter_text(more="import os").replace("pass", "os._exit(9)"))
    ended = project.kit("run", "--adapter", "adapter.py", "-n", "1")
    assert ended.code == 3
    assert "ended without an outcome" in ended.out


def test_a_partial_run_says_so(good: Project) -> None:
    ended = good.kit("run", "--adapter", "adapter.py", "-k", "CB-02", "--report", "out")
    assert ended.code == 0
    assert "partial run, no verdict (9 of 10 exercises did not run)" in ended.out
    assert good.report()["partial"] is True


def test_a_feature_of_a_team_runs_without_any_python(good: Project) -> None:
    good.write(
        "own/ordering.feature", "Feature: Ordering\n\n  Example: it holds\n    Given a breaker\n    When 2 calls are made\n"
    )
    good.write("own/broken.feature", "Feature: Broken\n\n  Example: it does not\n    Given a braker\n")
    assert good.kit("run", "--adapter", "adapter.py", "--feature", "own/ordering.feature").code == 0
    ended = good.kit("run", "--adapter", "adapter.py", "--feature", "own")
    assert ended.code == 1
    assert "undefined step: Given a braker" in ended.out
    assert "Given a breaker" in ended.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Feature: Broken\n\n  Example: one\n    Given a breaker\n    nonsense\n", "broken.feature:5"),
        ("", "an empty feature"),
        ("Feature: Empty\n", "without any example"),
        ("Feature: Twice\n\n  Example: a\n    Given a breaker\n\n  Example: a\n    Given a breaker\n", "at lines 3 and 6"),
        ("Feature: No steps\n\n  Example: a\n", "has no steps"),
    ],
)
def test_a_feature_that_cannot_be_read_is_a_usage_error_with_its_line(good: Project, text: str, told: str) -> None:
    good.write("broken.feature", text)
    ended = good.kit("run", "--adapter", "adapter.py", "--feature", "broken.feature")
    assert ended.code == 2, ended.out
    assert told in ended.out


OWN = """Feature: Ours

  Example: ours
    Given a breaker
    When {step}
"""
OWN_STEPS = """
from patternproof.outcome import NotApplicable, NotOffered, PremiseMissing, Unavailable
from pytest_bdd import when

@when("our own lookup fails")
def _():
    raise LookupError("no such shop")

@when("we expect too much")
def _(breaker):
    assert breaker.state == "open"

@when("there is no verdict")
def _():
    raise {error}("for a reason")
"""


def test_a_teams_feature_alone_is_told_without_the_requirements(good: Project) -> None:
    good.write("own/conftest.py", OWN_STEPS.format(error="NotOffered"))
    good.write("own/ours.feature", OWN.format(step="2 calls are made"))
    ended = good.kit("run", "--adapter", "adapter.py", "--feature", "own", "-k", "ours")
    assert (ended.code, ended.out) == (0, "own features: 1 passed; they count for no requirement\n")


def test_an_error_in_a_teams_own_step_is_shown_as_it_is(good: Project) -> None:
    good.write("own/conftest.py", OWN_STEPS.format(error="NotOffered"))
    good.write("own/ours.feature", OWN.format(step="our own lookup fails"))
    ended = good.kit("run", "--adapter", "adapter.py", "--feature", "own", "-k", "ours")
    assert ended.code == 1
    assert "undefined" not in ended.out
    assert "LookupError: no such shop" in ended.out
    assert "ours.feature:5: When our own lookup fails" in ended.out
    assert "examples.py" not in ended.out


@pytest.mark.parametrize("error", ["NotApplicable", "NotOffered", "PremiseMissing", "Unavailable"])
def test_a_teams_example_without_a_verdict_is_skipped_with_its_reason(good: Project, error: str) -> None:
    good.write("own/conftest.py", OWN_STEPS.format(error=error))
    good.write("own/ours.feature", OWN.format(step="there is no verdict"))
    ended = good.kit("run", "--adapter", "adapter.py", "--feature", "own", "-k", "ours")
    assert ended.code == 0
    assert "for a reason" in ended.out
    assert ended.out.endswith("own features: 1 skipped; they count for no requirement\n")


def test_smoke_passes_what_can_be_judged(good: Project) -> None:
    ended = good.kit("smoke", "--adapter", "adapter.py")
    assert (ended.code, ended.out) == (0, "circuit_breaker: in order\nadapter.py: ready to run\n")


def test_smoke_refuses_a_broken_adapter(project: Project) -> None:
    project.write("adapter.py", adapter_text(more="CRASHES = {'smoke'}"))
    ended = project.kit("smoke", "--adapter", "adapter.py")
    assert ended.code == 2
    assert "call() returned before its operation had ended" in ended.out


def test_requirements_are_listed_as_a_table_and_as_json(project: Project) -> None:
    table = project.kit("list", "--level", "must", "--way", "interleavings")
    assert table.out.splitlines()[1].split(maxsplit=3) == ["CB-02", "must", "F·I·", "An error comes back as it is"]
    rows = json.loads(project.kit("list", "--claim", "manual_control", "--json").out)
    assert [(row["id"], row["level"], row["claim"], row["ways"]) for row in rows] == [
        ("CB-22", "may", "manual_control", ["feature"])
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--claim", "manual"], "did you mean 'manual_control'"), (["--claim", "shared"], "no requirement is all of that")],
)
def test_a_list_of_nothing_is_a_usage_error(project: Project, arguments: list[str], told: str) -> None:
    ended = project.kit("list", *arguments)
    assert ended.code == 2
    assert told in ended.err


def test_a_requirement_is_explained_with_how_it_breaks(project: Project) -> None:
    ended = project.kit("explain", "cb-01")
    assert ended.code == 0
    for told in (
        "CB-01  circuit breaker, must",
        "Why: A caller counts on it.",
        "feature: examples in Gherkin\n    - one call\n    - several calls\n  machine: histories",
        "patternproof run --adapter ADAPTER --requirement CB-01",
        "Usually broken by: running it twice",
        "1. call 0 begins",
    ):
        assert told in ended.out


def test_a_slip_in_an_id_is_answered_with_the_nearest(project: Project) -> None:
    ended = project.kit("explain", "CB-O1")
    assert ended.code == 2
    assert "'CB-01'" in ended.err


@pytest.mark.parametrize("error", [KitError("no state left"), ZeroDivisionError("of the kit"), AssertionError("never")])
def test_whatever_else_goes_wrong_is_said_to_be_the_kits_fault_with_where_to_report_it(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(catalogue, "catalogue", fail)
    code = cli.call(["explain", "CB-01"])
    err = capsys.readouterr().err
    assert code == 3
    assert "an error of the kit, not of the adapter or the implementation: " in err
    assert "Traceback" in err
    assert "Please report it" in err
    assert str(error) in err


TERMINATED = "        import os, signal; os.kill(os.getpid(), signal.SIGTERM)"


@pytest.mark.parametrize("end", ["        raise KeyboardInterrupt", TERMINATED])
def test_a_run_that_is_interrupted_writes_what_it_saw_and_says_that_it_is_partial(project: Project, end: str) -> None:
    project.write("adapter.py", adapter_text().replace("        pass", end))
    ended = project.kit("run", "--adapter", "adapter.py", "--report", "out")
    assert ended.code == 130
    assert "interrupted: what follows is about the part that ran" in ended.err
    assert "adapter.py: partial run, no verdict" in ended.out
    assert project.report()["partial"] is True


@pytest.mark.parametrize("command", [[], *([name] for name in ("run", "smoke", "list", "explain", "new", "report", "compare"))])
def test_help_has_examples_that_can_be_copied(project: Project, command: list[str]) -> None:
    out = project.kit(*command, "--help").out
    copied = [line.strip() for line in out.splitlines() if line.startswith("    patternproof ")]
    assert copied
    assert all(line.startswith(" ".join(["patternproof", *command])) for line in copied)
    assert max(map(len, out.splitlines())) <= 80
    assert "..." not in "".join(copied)


def test_a_new_adapter_can_be_loaded_and_says_what_to_fill_in(project: Project) -> None:
    for runtime in ("asyncio", "threads"):
        ended = project.kit("new", runtime, "--patterns", "circuit_breaker,connection_pool", "--runtime", runtime)
        assert ended.code == 0, ended.err
        assert f"patternproof smoke --adapter {runtime}/adapter.py" in ended.out
        assert project.kit("run", "--adapter", f"{runtime}/adapter.py").code == 2
    ended = project.kit("run", "--adapter", "asyncio/adapter.py")
    assert "is not filled in yet" in " ".join(ended.out.split())
    assert "make the circuit breaker here" in ended.out
    assert project.kit("new", "spaced out").out.splitlines()[3].split("#")[0].endswith("--adapter 'spaced out/adapter.py'    ")


@pytest.mark.parametrize("runtime", ["asyncio", "threads", "live"])
@pytest.mark.parametrize("stem", PATTERNS)
def test_a_new_adapter_has_every_member_setting_and_claim_of_the_pattern(stem: str, runtime: str, tmp_path: Path) -> None:
    text = adapter_text_of([stem], runtime)
    compile(text, "adapter.py", "exec")
    for factory in PATTERNS[stem].makers:
        assert f"\ndef {factory}(" in text
        for name in (*members.required(factory), *members.optional(factory)):
            assert f" {name}(self" in text
    for claim in PATTERNS[stem].claims:
        assert claim in text
    assert max(map(len, text.splitlines())) <= 130


def test_a_new_adapter_once_filled_in_is_right(tmp_path: Path) -> None:
    text = adapter_text_of(["circuit_breaker"], "asyncio").replace("    # ", "    ").split("    Durations are")[0]
    text = text.replace("    Optional: ", "    # Optional: ")
    inner = "patternproof.reference.circuit_breaker"
    text += f"    from {inner} import CircuitBreaker as Inner\n    return CircuitBreaker(Inner(settings))\n"
    (tmp_path / "filled_adapter.py").write_text(text, encoding="utf-8")
    adapter = load(str(tmp_path / "filled_adapter.py"))
    judge.smoke(adapter, "circuit_breaker")


def test_a_new_adapter_of_a_service_keeps_the_defaults_of_the_port_and_once_filled_in_is_right(tmp_path: Path) -> None:
    text = adapter_text_of(["service_interface"], "asyncio")
    assert "async def send_message(self, message: Any, timeout: Any = None, idempotency_key: Any = None) -> Any:" in text
    assert "Unsupported" not in text.split("CLAIMS")[0]  # it has no settings to refuse
    inner = "patternproof.reference.service_interface"
    filled = f"    from {inner} import MessageService as Inner\n    return MessageService(Inner(dependency))\n"
    (tmp_path / "filled_service.py").write_text(text.split("    raise NotImplementedError")[0] + filled, encoding="utf-8")
    judge.smoke(load(str(tmp_path / "filled_service.py")), "service_interface")


def commands(job: str) -> list[list[str]]:
    """The commands of the kit in a CI job."""
    found = [line.split("patternproof ")[1] for line in job.splitlines() if re.match(r"\s+(- |- run: |run: )patternproof ", line)]
    return [shlex.split(command.partition(" >> ")[0]) for command in found]


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_the_job_of_a_new_adapter_says_what_to_fill_in_and_once_it_is_filled_in_passes(ci: str, project: Project) -> None:
    assert project.kit("new", "tests/conformance", "--patterns", "circuit_breaker", "--ci", ci).code == 0
    job = (project.folder / "tests/conformance/conformance.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(job)
    smoke, run, *more = commands(job)
    assert (smoke[0], run[0], [words[0] for words in more]) == ("smoke", "run", ["report"] if ci == "github" else [])
    assert "is not filled in yet" in " ".join(project.kit("run", "--adapter", "tests/conformance/adapter.py").out.split())
    project.write("tests/conformance/adapter.py", adapter_text())
    for command in (smoke, run, *more):
        ended = project.kit(*command)
        assert ended.code == 0, ended.out + ended.err
    assert (project.folder / "out/junit.xml").exists()


def test_the_pyproject_lines_of_a_new_adapter_are_right(project: Project) -> None:
    assert project.kit("new", "--patterns", "circuit_breaker").code == 0
    project.write("adapter.py", adapter_text())
    lines = (project.folder / "pyproject-lines.toml").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (wanted,) = tomllib.loads(lines)["dependency-groups"]["conformance"]
    assert wanted.removeprefix("patternproof[").removesuffix("]") in extras
    project.write("pyproject.toml", lines)
    assert project.pytest("--strict-config", "-q", "test_conformance.py").code == 0


def test_a_new_adapter_needs_no_ci(project: Project) -> None:
    assert "conformance.yml" not in project.kit("new", "--patterns", "circuit_breaker", "--ci", "none").out


def test_at_a_terminal_it_asks_for_what_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("circuit_breaker\ntrio\nthreads\nnone\n"))
    monkeypatch.setattr("sys.stdout", out := Terminal())
    assert call(["new", str(tmp_path)]) == 0
    assert "Patterns, with commas" in out.getvalue()
    assert 'RUNTIME = "threads"' in (tmp_path / "adapter.py").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter.py", "pyproject-lines.toml", "test_conformance.py"]


def test_nothing_is_overwritten_by_a_new_adapter(good: Project) -> None:
    before = (good.folder / "adapter.py").read_text()
    ended = good.kit("new", "--patterns", "circuit_breaker")
    assert ended.code == 2
    assert "nothing is overwritten" in ended.err
    assert (good.folder / "adapter.py").read_text() == before


def test_every_line_fits_into_eighty_columns_but_commands_to_copy(project: Project) -> None:
    project.write("adapter.py", adapter_text(broken=["CB-01", "CB-16"]))
    out = project.kit("run", "--adapter", "adapter.py").out
    assert shutil.get_terminal_size((80, 24)).lines
    assert [line for line in out.splitlines() if len(line) > 80 and "replay:" not in line] == []
