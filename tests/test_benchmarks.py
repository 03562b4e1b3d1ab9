"""The benchmarks run, and say what they measured."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import binding, circuit_breaker, connection_pool, event_bus, kit, resource_lifecycle, shared_state, state_sync
from benchmarks.contest import Contest, Peer, Work, measured


class Processor:
    """A processor whose time passes only in work of its own."""

    def __init__(self) -> None:
        self.time = 0.0

    def work(self, seconds: float, done: int | None = None) -> Work:
        def work(times: int) -> int | None:
            self.time += seconds * (done or times)
            return done

        return work


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Processor:
    """In place of the machine's."""
    processor = Processor()
    monkeypatch.setattr("benchmarks.contest._processor_time", lambda: processor.time)
    return processor


PARTS = (binding, circuit_breaker, connection_pool, event_bus, resource_lifecycle, shared_state, state_sync, kit)


@pytest.mark.parametrize("contests", [part.contests for part in PARTS])
def test_each_benchmark_runs(contests: Callable[[], Iterator[Contest]]) -> None:
    for contest in contests():
        rows = measured(contest, times=1, rounds=1)
        assert {row.peer for row in rows} - {None} == set(contest.peers)
        assert all(row.ours > 0.0 for row in rows)


def test_a_whole_run_is_measured_with_the_process_that_it_starts() -> None:
    (row,) = measured(next(kit.whole_runs("-k", "histories")))
    assert row.ours > 0.05  # what a process takes only to import pytest is more, and what starting one takes is less


def test_a_budget_is_held_against_the_ratio_or_without_a_peer_against_the_time(processor: Processor) -> None:
    peers = {"fast": Peer(processor.work(1.0), 1.9), "slow": Peer(processor.work(4.0), 0.5), "other": Peer(processor.work(1.0))}
    rows = measured(Contest("a thing", processor.work(2.0), 10, 3, peers, budget=2.5))
    assert [(row.peer, row.ratio, row.within) for row in rows] == [
        (None, None, True),
        ("fast", 2.0, False),
        ("slow", 0.5, True),
        ("other", 2.0, None),
    ]


def test_work_is_measured_by_what_it_says_that_it_did(processor: Processor) -> None:
    (row,) = measured(Contest("a thing", processor.work(2.0, done=7), 10, 3))
    assert row.ours == 2.0


def test_the_table_and_the_file_have_every_row(
    processor: Processor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contest = Contest("a thing", processor.work(2e-6), 1, 1, {"another": Peer(processor.work(8e-6), 0.5)})
    monkeypatch.setattr(command, "contests", lambda: [contest])
    monkeypatch.setattr(logging, "disable", lambda: None)  # it would last
    command.main(["--json", str(tmp_path / "rows.json")])
    (row,) = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert (row["what"], row["peer"], row["within"]) == ("a thing", "another", True)
    assert capsys.readouterr().out.splitlines()[3].split() == [
        "a",
        "thing",
        "2",
        "µs",
        "another",
        "8",
        "µs",
        "0.25",
        "0.50",
        "yes",
    ]
