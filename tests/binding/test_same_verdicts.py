"""The same verdicts behind a server as in process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from patternproof.binding.messages import PATTERNS
from tests.binding.serving import KIT, Served, environment

REFERENCE = "patternproof.reference.adapters.in_memory"
ELSEWHERE: dict[str, str] = {}
"""By requirement, the verdict behind a server where it is another one, each for the reason that the report gives."""


def verdicts(folder: Path, adapter: str, pattern: str) -> dict[str, str]:
    subprocess.run(
        [*KIT, "run", "--adapter", adapter, "--pattern", pattern, "--profile", "quick", "--report", str(folder)],
        env=environment(),
        capture_output=True,
        timeout=110,
        check=False,
    )
    report: Any = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {each["id"]: each["verdict"] for each in report["requirements"] if each["pattern"] == pattern}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_reference_gets_the_same_verdicts_behind_a_server(pattern: str, reference: Served, tmp_path: Path) -> None:
    here = verdicts(tmp_path / "here", REFERENCE, pattern)
    there = verdicts(tmp_path / "there", reference.address, pattern)
    assert there == {**here, **{each: verdict for each, verdict in ELSEWHERE.items() if each in here}}
