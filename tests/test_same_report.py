"""The same run gives the same report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
ADAPTER = '''
from patternproof.reference.circuit_breaker import CircuitBreaker


class Rushed(CircuitBreaker):
    """Admits whoever comes while it is half-open, and forgets nobody that came before."""

    def __init__(self, settings):
        super().__init__(settings)
        self.late = 0

    async def call(self, operation):
        try:
            return await super().call(operation)
        finally:
            if self.state == "half_open":
                self.reset()


def circuit_breaker(settings):
    return Rushed(settings)
'''
SELECTED = ("--requirement", "CB-08,CB-09,CB-11", "--profile", "quick")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of the same run: in one process, and again with two workers and another hash seed."""
    folder = tmp_path_factory.mktemp("reports")
    (folder / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    runs = {"once": ("1",), "shared": ("2", "-n", "2")}
    return {name: reported(folder, name, *arguments) for name, arguments in runs.items()}


def reported(folder: Path, name: str, seed: str, *arguments: str) -> Any:
    command = [sys.executable, "-c", "from patternproof.cli import main; main()", "run", "--adapter", "adapter.py"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
    subprocess.run(
        [*command, "--report", name, *SELECTED, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=100,
        check=False,
    )
    return json.loads((folder / name / "report.json").read_text(encoding="utf-8"))


def test_the_run_has_failures_to_compare(reports: dict[str, Any]) -> None:
    assert reports["once"]["ledger"]["failed"] > 0


def test_the_same_run_again_with_two_processes_gives_the_same_report(reports: dict[str, Any]) -> None:
    assert reports["shared"] == reports["once"]
