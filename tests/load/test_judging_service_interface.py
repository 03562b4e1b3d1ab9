"""What evidence of a message service says, without any load."""

from __future__ import annotations

import pytest
from patternproof.scenarios.service_interface import load as services

from patternproof.load.evidence import Said


def told(asked: list[services.Asked] | None = None, got: list[services.Got] | None = None) -> dict[str, Said]:
    return {each.requirement: each for each in services.judge(services.Evidence(asked or [], got or []))}


def broken(asked: list[services.Asked] | None = None, got: list[services.Got] | None = None) -> set[str]:
    return {each.requirement for each in told(asked, got).values() if each.message}


def answered(name: str, asked: int, over: int, names: str = "", answers: str = "") -> services.Asked:
    return services.Asked(name, "returned", asked, over, names or name, answers or name)


def handler(*numbers: int, since: int = 0) -> services.Got:
    return services.Got("handler", "fast", since, 3, [*numbers])


def reader(*numbers: int, since: int = 0) -> services.Got:
    return services.Got("reader", "steady", since, 3, [*numbers])


STOPPED = services.Got("reader", services.STOPPING, 0, services.STOPS + 1, list(range(1, services.STOPS + 2)))


def test_a_service_that_answers_each_and_misses_nothing_is_right() -> None:
    calls = [services.Asked("a", "cancelled", 1, 2), answered("b", 3, 4), answered("c", 5, 6)]
    seen = told(calls, [handler(1, 2, 3), handler(3, since=2), reader(2, 1, 3), reader(3, since=2), STOPPED])
    assert not any(each.message for each in seen.values())
    assert {each.requirement: each.times for each in seen.values()} == {"SI-03": 2, "SI-04": 4, "SI-10": 4 + services.STOPS + 1}


def test_one_call_after_the_other_could_not_be_mistaken_nor_a_reader_be_held_up_by_none() -> None:
    seen = told([answered("a", 1, 2), answered("b", 3, 4)], [reader(1, 2, 3)])
    assert {each.times for each in seen.values()} == {0}


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (answered("a", 1, 9), set()),
        (answered("a", 1, 9, names="b"), {"SI-03"}),
        (answered("a", 1, 9, answers="b"), {"SI-03"}),
        (services.Asked("a", "raised ServiceError: no", 1, 9), set()),
    ],
)
def test_a_response_is_that_of_its_request(call: services.Asked, wrong: set[str]) -> None:
    assert broken([call, answered("b", 2, 3)]) == wrong


@pytest.mark.parametrize(
    ("got", "wrong"),
    [
        ([handler(1, 2, 3)], set()),
        ([handler(1, 2, 3, since=2)], set()),
        ([handler(1, 3, 2)], {"SI-04"}),
        ([handler(1, 2, 2, 3)], {"SI-04"}),
        ([handler(1, 3)], {"SI-04"}),
        ([reader(1, 3)], {"SI-10"}),
        ([handler(1), reader(1)], {"SI-10"}),
        ([handler(1, 1), reader(1)], {"SI-04", "SI-10"}),
        ([reader(3, 2, 1)], set()),
        ([reader(2, since=1)], {"SI-10"}),
    ],
)
def test_handlers_get_each_message_once_in_order_and_readers_miss_nothing(got: list[services.Got], wrong: set[str]) -> None:
    assert broken(got=got) == wrong


def test_a_message_that_came_before_is_told_from_one_that_comes_again() -> None:
    assert "seen: message 2 twice by handler fast" in told(got=[handler(1, 2, 3, 2)])["SI-04"].message
    assert "seen: message 2 after 3 by handler fast" in told(got=[handler(1, 3, 2)])["SI-04"].message
