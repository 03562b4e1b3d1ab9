"""Writers that are killed at any moment."""

from __future__ import annotations

from contextlib import closing

import pytest
from patternproof.scenarios.shared_state.crashes import Crashes
from patternproof.scenarios.shared_state.scene import Scene

from patternproof.adapter import load

pytestmark = pytest.mark.proof

KILLS = 40
"""In each of five batches: 200 for each store."""


@pytest.mark.parametrize("batch", range(5))
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_no_acknowledged_update_is_lost_and_none_is_half_applied(store: str, batch: int) -> None:
    if store == "postgres":
        pytest.importorskip("pgserver")
    adapter = load(f"patternproof.reference.adapters.{store}")
    with adapter.driver() as driver, closing(Scene(adapter, driver, "")) as scene:
        crashes = Crashes(scene, batch)
        for _ in range(KILLS):
            crashes.update_and_kill()
        kept = crashes.kept()
    assert crashes.lost(kept) == []
    assert crashes.is_whole(kept)
    assert len(kept.updates) >= len(crashes.acknowledged) > KILLS
