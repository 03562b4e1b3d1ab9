"""Whether histories of many clients are decided rightly."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from patternproof.scenarios.shared_state.rig import step

from patternproof.linearizability import Record

CLIENTS = 8
CALLS = 1_000


def recorded(stale: bool = False) -> Record:
    """Calls of several clients that overlap, each taking effect at some moment of its own; the last may read what is too old."""
    chance, record = Random(1), Record((0, ()), step)
    updates: tuple[int, ...] = ()
    under_way: dict[int, tuple[Any, Any]] = {}
    for number in range(CALLS):
        client = chance.randrange(CLIENTS)
        if client in under_way:
            record.end(*under_way.pop(client))
        # Ten updates, and then only readers: the state of a search is small, as it is in the examples.
        updating = len(updates) < CALLS // 100 and chance.random() < 0.1
        call = record.begin("update", (number, None)) if updating else record.begin("get")
        under_way[client] = call, updates
        updates = (*updates, number) if updating else updates
    for ended in under_way.values():
        record.end(*ended)
    if stale:
        record.end(record.begin("get"), updates[:-1])
    return record


def test_calls_of_many_clients_that_overlap_are_explained() -> None:
    assert not recorded().fault()


def test_one_reader_of_what_is_too_old_is_found_among_a_thousand_calls() -> None:
    assert "no order of the calls explains that get()" in recorded(stale=True).fault()


@pytest.mark.parametrize("version", [0, 2])
def test_a_comparison_with_another_version_has_to_end_in_a_conflict(version: int) -> None:
    record = Record((0, ()), step)
    record.end(record.begin("update", (0, None)), ())
    record.end(record.begin("update", (1, version)), (0,))
    assert record.fault()
