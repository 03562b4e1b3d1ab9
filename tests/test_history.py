"""What a history tells of what waits."""

from __future__ import annotations

from patternproof.history import History

WORKER = "task of Pool.worker at pool.py:3 in worker"


def told(*stacks: str) -> list[str]:
    return History(None, stacks=lambda: list(stacks)).waiting()


def test_workers_that_have_nothing_to_do_are_not_told() -> None:
    assert told(WORKER) == []


def test_a_call_that_waits_is_told_with_what_it_may_wait_for() -> None:
    call = "task call at pool.py:7 in acquire"
    assert told(WORKER, call) == [f"waiting: {WORKER}", f"waiting: {call}"]


def test_the_number_of_a_call_is_not_told() -> None:
    assert told("thread call 12 at pool.py:7 in acquire") == ["waiting: thread call at pool.py:7 in acquire"]


def test_a_task_that_is_named_like_a_call_is_none() -> None:
    assert told("task callback at pool.py:3 in worker") == []
