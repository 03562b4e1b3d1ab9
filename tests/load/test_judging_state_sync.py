"""What evidence of replicas under load says, without any load."""

from __future__ import annotations

from typing import Any

import pytest
from patternproof.scenarios.state_sync import load as replicas

from patternproof.load.evidence import Said

A, B, C, D = replicas.REPLICAS
HELD = replicas.Cut(A, "stuck", 10, 1_000)
DOWN = replicas.Cut(A, "down", 10, 20)


def wrote(key: str, value: str, asked: int, over: int, outcome: str = "returned", replica: str = A) -> replicas.Call:
    return replicas.Call("write", replica, outcome, asked, over, key, value)


def synced(asked: int, over: int, outcome: str = "returned", last: bool = False, replica: str = A) -> replicas.Call:
    return replicas.Call("sync", replica, outcome, asked, over, last=last)


def everywhere(**data: Any) -> list[replicas.Contents]:
    return [replicas.Contents(node, data) for node in (*replicas.REPLICAS, replicas.STORE)]


def told(**evidence: Any) -> dict[str, Said]:
    return {each.requirement: each for each in replicas.judge(replicas.Evidence(**evidence))}


def broken(**evidence: Any) -> set[str]:
    return {each.requirement for each in told(**evidence).values() if each.message}


def test_replicas_that_write_while_their_lines_are_cut_and_are_equal_in_the_end_are_right() -> None:
    calls = [
        wrote("A-1", "one", 11, 12),
        synced(13, 14, "raised SyncError"),
        wrote("A-1", "two", 15, 16),
        synced(21, 22, last=True),
    ]
    seen = told(calls=calls, cuts=[DOWN], contents=everywhere(**{"A-1": "two"}), volumes=[(26, 300), (400, 320)])
    assert not any(each.message for each in seen.values())
    assert {each.requirement: each.times for each in seen.values()} == {"SY-01": 2, "SY-02": 1, "SY-05": 2, "SY-13": 1}


def test_where_no_line_was_cut_and_nothing_has_grown_nothing_is_exercised() -> None:
    seen = told(calls=[wrote("A-1", "one", 1, 2)], contents=everywhere(**{"A-1": "one"}), volumes=[(26, 300), (30, 9_000)])
    assert {each.times for each in seen.values()} == {0}


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (wrote("A-1", "one", 11, 12, "raised Unreachable"), {"SY-01"}),
        (wrote("A-1", "one", 11, 1_001), {"SY-01"}),
        (wrote("A-1", "one", 11, 999), set()),
        (wrote("A-1", "one", 800, 1_001), set()),
        (wrote("B-1", "one", 11, 1_001, replica=B), set()),
        (synced(11, 1_001), set()),
    ],
)
def test_what_is_local_waits_for_no_line(call: replicas.Call, wrong: set[str]) -> None:
    assert broken(calls=[call], cuts=[HELD]) == wrong


@pytest.mark.parametrize(
    ("calls", "there", "wrong"),
    [
        ([wrote("A-1", "one", 1, 2), wrote("A-1", "two", 3, 4)], "two", set()),
        ([wrote("A-1", "one", 1, 2), wrote("A-1", "two", 3, 4)], "one", {"SY-05"}),
        ([wrote("A-1", "one", 1, 4), wrote("A-1", "two", 2, 3)], "one", set()),
        ([wrote("A-1", "one", 1, 4), wrote("A-1", "two", 2, 3)], "two", set()),
        ([wrote("A-1", "one", 1, 2), wrote("A-1", "two", 3, 4, "raised OSError")], "one", {"SY-01"}),
        ([wrote("shared-1", "one", 1, 2), wrote("shared-1", "two", 3, 4)], "one", set()),
        ([wrote("A-1", "one", 1, 2)], "none", {"SY-05"}),
    ],
)
def test_the_last_write_of_a_key_without_rivals_is_at_the_store(calls: list[replicas.Call], there: str, wrong: set[str]) -> None:
    contents = everywhere(**{calls[0].key: there})
    assert broken(calls=calls, contents=contents) == wrong


def test_replicas_that_differ_in_the_end_are_wrong_unless_they_have_lost_a_write() -> None:
    contents = everywhere(**{"A-1": "two", "shared-1": "red"})
    contents[1] = replicas.Contents(B, {"A-1": "two", "shared-1": "blue"})
    calls = [wrote("A-1", "two", 1, 2)]
    assert broken(calls=calls, contents=contents) == {"SY-02"}
    assert broken(calls=[*calls, wrote("A-1", "three", 3, 4)], contents=contents) == {"SY-05"}


def test_a_sync_that_fails_once_the_network_is_back_is_wrong_and_nothing_is_called_lost() -> None:
    calls = [wrote("A-1", "one", 1, 2), synced(3, 4, "raised SyncError", last=True)]
    assert broken(calls=calls, contents=everywhere()) == {"SY-02"}


@pytest.mark.parametrize(("large", "wrong"), [(599, set()), (601, {"SY-13"}), (0, set())])
def test_one_change_takes_about_as_much_whatever_the_state(large: int, wrong: set[str]) -> None:
    assert broken(volumes=[(26, 300), (400, large)]) == wrong
