"""The built wheel, installed by itself, in an empty folder."""

import importlib
import json
import pkgutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import patternproof

CHECKOUT = Path(__file__).resolve().parents[2]
INSTALLED = Path(patternproof.__file__).parent
FOLDERS = ("adapters", "doubles", "features", "reference", "scenarios")
COMMAND = Path(sys.executable).with_name("patternproof")
REFERENCE = "patternproof.reference.adapters.in_memory"


def sources(root: Path) -> set[Path]:
    """Every file under `root`, relative to it, caches left out."""
    files = (file.relative_to(root) for file in root.rglob("*") if file.is_file())
    return {file for file in files if not any(part.startswith((".", "__pycache__")) for part in file.parts)}


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command in `folder`, with nothing of the checkout in reach."""
    return subprocess.run([COMMAND, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_the_package_under_test_is_the_installed_one() -> None:
    assert INSTALLED.is_relative_to(sys.prefix)
    assert not INSTALLED.is_relative_to(CHECKOUT / "patternproof")
    assert list(patternproof.__path__) == [str(INSTALLED)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_wheel_holds_all_of_the_folder(folder: str) -> None:
    assert sources(INSTALLED / folder) == sources(CHECKOUT / folder)


def test_the_wheel_holds_all_of_the_kit() -> None:
    missing = sources(CHECKOUT / "patternproof") - sources(INSTALLED)
    assert missing == set()


def test_the_wheel_is_typed_and_carries_its_licence_and_version() -> None:
    files = {file.name for file in metadata.files("patternproof") or ()}
    assert {"py.typed", "LICENSE"} <= files
    assert metadata.version("patternproof") == patternproof.__version__


ASKING = {
    "patternproof.binding.server": "litestar",
    "patternproof.binding.serving": "granian",
    "patternproof.load.__main__": "granian",
    "patternproof.load.latency": "hdrh",
    "patternproof.load.payloads": "faker",
    "patternproof.load.server": "litestar",
    "patternproof.load.session": "gevent",
    "patternproof.load.shapes": "locust",
    "patternproof.load.user": "gevent",
    "patternproof.loadtests.circuit_breaker": "gevent",
    "patternproof.loadtests.connection_pool": "locust",
    "patternproof.loadtests.error_propagation": "locust",
    "patternproof.loadtests.event_bus": "locust",
    "patternproof.loadtests.migration": "locust",
    "patternproof.loadtests.service_interface": "locust",
    "patternproof.loadtests.shared_state": "locust",
    "patternproof.loadtests.state_sync": "gevent",
    "patternproof.loadtests.workflows": "gevent",
    "patternproof.scenarios.error_propagation.registered": "schemathesis",
}
"""The modules for which it takes an extra, http or load, and which of its libraries each asks for first."""


def test_every_module_of_the_kit_needs_no_extra_but_those_that_serve_or_load() -> None:
    beyond_the_core = ("patternproof.adapters.", "patternproof.reference.")
    names = [module.name for module in pkgutil.walk_packages(patternproof.__path__, "patternproof.")]
    assert set(names) >= ASKING.keys()
    for name in names:
        if name in ASKING:
            with pytest.raises(ModuleNotFoundError, match=ASKING[name]):
                importlib.import_module(name)
        elif not name.startswith(beyond_the_core):
            importlib.import_module(name)


def test_serving_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    result = run("serve", "--adapter", REFERENCE, folder=tmp_path)
    assert (result.returncode, "serving needs granian: pip install 'patternproof[http]'" in result.stderr) == (2, True)


def test_the_command_explains_itself(tmp_path: Path) -> None:
    result = run("--help", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "run" in result.stdout


def test_the_reference_has_no_failure_when_run_from_an_empty_folder(tmp_path: Path) -> None:
    result = run("run", "--adapter", REFERENCE, "--profile", "quick", "--report", "report", folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert "CB-01" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert report["ledger"]["passed"] > 0
    assert report["ledger"].get("failed", 0) == 0
