"""Loads from beginning to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

from patternproof.load.messages import Result
from patternproof.load.runs import outcomes
from patternproof.outcome import Status
from tests.test_servers import heed_interrupts

pytestmark = pytest.mark.skipif(find_spec("locust") is None, reason="unavailable: locust")
CLI = "from patternproof.cli import main; main()"
HERE = Path(__file__).parent
OF_CLASS = "tests/load/of_class.py"
REFERENCE = "patternproof.reference.adapters.in_memory"
CAUGHT = {
    "tests.faulty.circuit_breaker:OpensLate:circuit_breaker": "CB-04",
    "tests.faulty.circuit_breaker:HalfTheTimeout:circuit_breaker": "CB-05",
    "tests.faulty.circuit_breaker:AllRush:circuit_breaker": "CB-07",
    "tests.load.faulty:SlowToReject:circuit_breaker": "CB-20",
    "tests.faulty.circuit_breaker:OneCallAtATime:circuit_breaker": "CB-21",
    "tests.faulty.connection_pool:OneTooMany:connection_pool": "CP-02",
    "tests.faulty.connection_pool:SharesWhenFull:connection_pool": "CP-03",
    "tests.faulty.connection_pool:DiscardedKeepsSlot:connection_pool": "CP-14",
    "tests.load.faulty:LastComeFirstServed:connection_pool": "CP-18",
    "tests.faulty.event_bus:DeliversTwice:event_bus": "EB-01",
    "tests.faulty.event_bus:LatestFirst:event_bus": "EB-04",
    "tests.faulty.event_bus:AwaitsOneByOne:event_bus": "EB-07",
    "tests.faulty.event_bus:NeverUnsubscribes:event_bus": "EB-09",
    "tests.faulty.event_bus:DropsInSilence:event_bus": "EB-13",
    "tests.faulty.error_propagation:TellsTheResult:error_propagation": "EP-10",
    "tests.load.faulty:VerboseWhenBusy:error_propagation": "EP-10",
    "tests.faulty.workflows:ReadsThenWrites:core_component": "WF-01",
    "tests.faulty.workflows:TakesResponsesInOrder:core_component": "WF-01",
    "tests.faulty.workflows:HidesCauses:guarded_client": "WF-03",
    "tests.faulty.workflows:CatchesInside:guarded_client": "WF-03",
    "tests.faulty.workflows:GivesUpForGood:guarded_client": "WF-03",
    "tests.faulty.workflows:KeepsFailuresToItself:guarded_client": "WF-03",
    "tests.faulty.workflows:ForgetsThePool:working_system": "WF-05",
    "tests.faulty.workflows:ForgetsATask:working_system": "WF-05",
    "tests.faulty.workflows:DoesNotWaitForWork:working_system": "WF-05",
    "tests.faulty.shared_state:AwaitsBetweenReadAndWrite:shared_state": "SS-03",
    "tests.faulty.shared_state:CachesForASecond:shared_state": "SS-05",
    "tests.faulty.shared_state:ComparesThenAwaits:shared_state": "SS-13",
    "tests.faulty.state_sync:LocksWhileSyncing:state_sync": "SY-01",
    "tests.faulty.state_sync:RemembersWhatItTold:state_sync": "SY-02",
    "tests.faulty.state_sync:ForgetsOfflineWrites:state_sync": "SY-05",
    "tests.faulty.state_sync:TransfersEverything:state_sync": "SY-13",
    "tests.faulty.service_interface:ShiftedByOne:service_interface": "SI-03",
    "tests.faulty.service_interface:TaskForEach:service_interface": "SI-04",
    "tests.faulty.service_interface:WaitsForRoom:service_interface": "SI-10",
    "tests.faulty.migration:BothPathsAct:event_bridge": "MG-02",
    "tests.faulty.migration:EachBringsItOver:state_switch": "MG-03",
}
"""Implementations, and the requirement that load finds broken; those of `tests.load.faulty` only load finds."""
ODD = (
    "tests.odd.circuit_breaker:TripLeavesTimer:circuit_breaker",
    "tests.odd.connection_pool:ConnectsInTask:connection_pool",
    "tests.odd.event_bus:Proxies:event_bus",
    "tests.odd.state_sync:KeepsBoth:state_sync",
    "tests.odd.state_sync:TellsAtOnce:state_sync",
    "tests.odd.error_propagation:TellsInsidersMore:error_propagation",
    "tests.odd.workflows:TakesItsTime:core_component",
    "tests.odd.workflows:BorrowsFirst:guarded_client",
    "tests.odd.workflows:GivesWorkUp:working_system",
    "tests.odd.service_interface:OneAtATime:service_interface",
    "tests.odd.service_interface:SideBySide:service_interface",
    "tests.odd.migration:PublishesFirst:event_bridge",
    "tests.odd.migration:Replays:state_switch",
)


def loaded(adapter: str, folder: Path, *more: str, of_class: str = "") -> tuple[int, dict[str, Any], str]:
    """Exit code, the first result, and what was printed."""
    command = [sys.executable, "-c", CLI, "load", "--adapter", adapter, "--report", str(folder), *more]
    environment = os.environ | {"OF_CLASS": of_class}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=110, cwd=HERE.parent.parent)
    return ended.returncode, measured(folder) if (folder / "report.json").exists() else {}, ended.stdout + ended.stderr


def measured(folder: Path) -> dict[str, Any]:
    (load, *_) = json.loads((folder / "report.json").read_bytes())["load"]
    return dict(load)


def failed(result: dict[str, Any]) -> set[str]:
    return {each["id"] for each in result["verdicts"] if each["found"]}


def test_two_workers_say_the_same_of_a_right_pool_as_one_process(tmp_path: Path) -> None:
    for more in ((), ("--", "--processes", "2")):
        code, result, told = loaded(REFERENCE, tmp_path, "--scenario", "connection_pool", "--time", "3s", *more)
        assert code == 0, told
        assert result["failed"] == 0
        assert {each["id"] for each in result["verdicts"] if each["times"]} == {"CP-02", "CP-03", "CP-14", "CP-18"}
        assert sum(each["requests"] for each in result["histogram"]["response"]) == sum(
            each["requests"] for each in result["timeline"]
        )


def test_a_run_with_load_reports_what_load_has_measured(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLI, "run", "--adapter", REFERENCE, "--requirement", "CP-18", "--with-load"]
    ended = subprocess.run([*command, "--report", str(tmp_path)], capture_output=True, text=True, timeout=110, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    load = measured(tmp_path)
    assert load["scenario"] == "connection_pool"
    assert [(each["id"], each["verdict"]) for each in load["verdicts"]] == [("CP-18", "passed")]
    assert '<h2 id="load">' in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_an_objective_that_is_missed_is_told_and_so_is_the_exit_code(tmp_path: Path) -> None:
    code, _, told = loaded(REFERENCE, tmp_path, "--scenario", "shared_state", "--time", "2s", "--slo", "p50<1us")
    assert code == 1
    assert "objective missed: expected p50<1us; seen: " in told


def test_what_arrives_by_itself_shows_a_stall_that_users_who_wait_hide(tmp_path: Path) -> None:
    more = ("--scenario", "shared_state", "--time", "4s", "--users", "4")
    stalls = "tests.load.faulty:StallsOnce:shared_state"
    _, closed, told = loaded(OF_CLASS, tmp_path, *more, of_class=stalls)
    assert closed, told
    _, opened, told = loaded(OF_CLASS, tmp_path, *more, "--open", "100", of_class=stalls)
    assert opened, told
    assert opened["latencies"]["response"]["99"] > 2 * closed["latencies"]["response"]["99"]


def test_an_interrupted_run_tells_of_what_was_measured_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLI, "load", "--adapter", REFERENCE, "--scenario", "shared_state", "--time", "60s"]
    command += ["--report", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts)
    assert process.stderr is not None
    assert "users" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "partial: interrupted" in told
    assert measured(tmp_path)["interrupted"]


def test_a_worker_that_dies_is_told_of_and_the_run_is_partial(tmp_path: Path) -> None:
    more = ["--scenario", "shared_state", "--time", "9s", "--report", str(tmp_path), "--", "--processes", "2"]
    command = [sys.executable, "-c", CLI, "load", "--adapter", REFERENCE, *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    while not process.stderr.readline().startswith("   2 s"):
        assert process.poll() is None
    master_and_workers = [each for each in psutil.Process(process.pid).children(recursive=True) if "locust" in each.cmdline()]
    max(master_and_workers, key=lambda each: each.pid).kill()
    told, noise = process.communicate(timeout=100)
    assert "is lost: what it had not reported yet is missing" in noise
    assert "partial: 1 workers were lost" in told
    assert measured(tmp_path)["lost"] == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--scenario", "nope"), "--scenario nope: known are: circuit_breaker"),
        (("--users", "0"), "--users 0: expected at least 1"),
        (("--time", "soon"), "--time soon: expected a time above 0, such as 30s, 5m or 1h"),
        (("--slo", "p99"), "--slo: 'p99' is no objective"),
        (("--open", "-1"), "--open -1: expected requests a second"),
    ],
)
def test_what_cannot_be_asked_for_is_a_usage_error(more: tuple[str, ...], told: str, tmp_path: Path) -> None:
    code, _, seen = loaded(REFERENCE, tmp_path, *more)
    assert code == 2
    assert told in seen


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "expected either --adapter, or --compare with two adapters"),
        (["--adapter", REFERENCE, "--compare", REFERENCE, REFERENCE], "expected either --adapter, or --compare"),
        (["--compare", REFERENCE, REFERENCE, "--rounds", "2"], "--rounds 2: expected at least 3"),
        (["--compare", REFERENCE, REFERENCE, "--scenario", "nope"], "--scenario nope: both have to offer it"),
        (["--compare", REFERENCE, REFERENCE, "--slo", "p50<1s"], "--compare goes with none of --report, --slo and --web"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_a_usage_error(given: list[str], told: str) -> None:
    ended = subprocess.run([sys.executable, "-c", CLI, "load", *given], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert told in ended.stderr


def test_what_is_wrong_is_not_compared() -> None:
    environment = os.environ | {"OF_CLASS": "tests.faulty.shared_state:AwaitsBetweenReadAndWrite:shared_state"}
    command = [sys.executable, "-c", CLI, "load", "--compare", REFERENCE, OF_CLASS, "--time", "2s", "--rounds", "3"]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=110, cwd=HERE.parent.parent, check=False
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "  B cannot be compared: SS-03: " in ended.stdout


def test_a_factory_that_fails_is_an_error_of_the_adapter(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.py"
    adapter.write_text("def shared_state(initial, settings):\n    raise RuntimeError('boom')\n")
    code, _, told = loaded(str(adapter), tmp_path, "--time", "2s")
    assert code == 2
    assert "the factory 'shared_state' failed with RuntimeError: boom" in told


def test_a_scenario_in_which_nothing_happened_has_exercised_nothing() -> None:
    nothing = Result("shared_state", 0, 0, 1.0, 0.0, {}, [], ["add: 500: no"], 0)
    found = outcomes(nothing, ())
    assert "SS-15" not in {each.requirement for each in found}
    assert {each.status for each in found} == {Status.NOT_EXERCISED}
    assert all("requests failed: add: 500: no" in each.message for each in found)


@pytest.mark.proof
@pytest.mark.parametrize("of_class", CAUGHT)
def test_load_catches_what_is_wrong(of_class: str, tmp_path: Path) -> None:
    _, result, told = loaded(OF_CLASS, tmp_path, of_class=of_class)
    assert CAUGHT[of_class] in failed(result), told


@pytest.mark.proof
@pytest.mark.parametrize("of_class", ODD)
def test_load_says_nothing_against_what_is_odd(of_class: str, tmp_path: Path) -> None:
    code, result, told = loaded(OF_CLASS, tmp_path, of_class=of_class)
    assert code == 0, told
    assert failed(result) == set()
