"""What the kit says of the samples in Rust.

Each of these failures was judged by hand in the sample.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.binding.serving import Started, run, verdicts
from tests.samples import IN_RUST

every_pattern = pytest.mark.parametrize("pattern", IN_RUST)


def test_the_server_is_in_order(serve: Callable[[], Started]) -> None:
    with serve() as served:
        ended = run("smoke", "--adapter", served.address)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "binding: in order" in ended.stdout


@pytest.mark.proof
@pytest.mark.timeout(300)  # a sample that breaks nearly everything takes long to diagnose
@every_pattern
def test_a_sample_breaks_this_and_nothing_else(pattern: str, serve: Callable[[], Started], tmp_path: Path) -> None:
    with serve() as served:
        found = verdicts(tmp_path, "--adapter", served.address, "--pattern", pattern, "--profile", "quick")
    assert "errored" not in found.values()
    assert " ".join(sorted(each for each, verdict in found.items() if verdict == "failed")) == IN_RUST[pattern]
