"""What the kit says of libraries of JavaScript.

Each of these failures was judged by hand in the library's source.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.binding.serving import Started, run, verdicts

FAILED = {
    "opossum": "CB-10 CB-16 CB-18 CB-19",
    "cockatiel": "CB-07 CB-10 CB-13 CB-16 CB-18 CB-19",
    "generic_pool": "CP-04 CP-08 CP-10 CP-11 CP-12 CP-13 CP-16 CP-17",
    "tarn": "CP-10 CP-11 CP-12 CP-13",
    "emittery": "EB-07 EB-13",
    "eventemitter3": "EB-04",
    "yjs": "",
}
"""By adapter, the requirements that the library breaks."""
every_library = pytest.mark.parametrize("name", FAILED)


@every_library
def test_the_adapter_is_in_order(name: str, serve: Callable[[str], Started]) -> None:
    with serve(name) as served:
        ended = run("smoke", "--adapter", served.address)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.proof
@every_library
def test_it_breaks_this_and_nothing_else(name: str, serve: Callable[[str], Started], tmp_path: Path) -> None:
    with serve(name) as served:
        found = verdicts(tmp_path, "--adapter", served.address)
    assert "errored" not in found.values()
    assert " ".join(sorted(each for each, verdict in found.items() if verdict == "failed")) == FAILED[name]
