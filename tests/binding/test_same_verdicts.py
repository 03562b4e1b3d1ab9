"""The same verdicts behind a server as in process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from patternproof.binding.messages import PATTERNS
from patternproof.requirements import catalogue
from tests.binding.serving import Served, verdicts

REFERENCE = "patternproof.reference.adapters.in_memory"
THREADS = "patternproof.reference.adapters.threads"
ELSEWHERE = {"EB-12": "not applicable", "SI-01": "not applicable"}
"""By requirement, the verdict behind a server where it is another one, each for the reason that the report gives."""


@pytest.mark.timeout(400)  # two whole runs, on a machine that may have others
@pytest.mark.parametrize(
    ("adapter", "pattern"),
    [*((REFERENCE, each) for each in (*PATTERNS, "workflows")), (THREADS, "connection_pool"), (THREADS, "resource_lifecycle")],
)
def test_a_reference_gets_the_same_verdicts_behind_a_server(
    adapter: str, pattern: str, serve: Callable[[str], Served], tmp_path: Path
) -> None:
    selected = ("--pattern", pattern, "--profile", "quick")
    here = verdicts(tmp_path / "here", "--adapter", adapter, *selected)
    there = verdicts(tmp_path / "there", "--adapter", serve(adapter).address, *selected)
    of_pattern = {each for each, verdict in here.items() if catalogue()[each].pattern == pattern}
    assert {each: there[each] for each in of_pattern} == {each: ELSEWHERE.get(each, here[each]) for each in of_pattern}
