"""Whether two implementations differ."""

from __future__ import annotations

from random import Random

import pytest

from patternproof.commands.load_compare import told
from patternproof.load.comparing import difference


def test_what_is_the_same_but_for_noise_does_not_differ() -> None:
    random = Random(1)
    one, other = ([random.lognormvariate(0.0, 0.1) for _ in range(6)] for _ in range(2))
    found = difference(one, other)
    assert not found.shown
    assert found.low < found.ratio < found.high


def test_what_takes_half_as_long_again_differs_though_the_machine_is_busy_now_and_then() -> None:
    random = Random(2)
    one = [random.uniform(1.0, 5.0) for _ in range(6)]
    other = [1.5 * each * random.lognormvariate(0.0, 0.02) for each in one]
    found = difference(one, other)
    assert found.shown
    assert found.low < 1.5 < found.high
    back = difference(other, one)
    assert (back.low, back.high) == (pytest.approx(1 / found.high), pytest.approx(1 / found.low))


def test_an_interval_is_as_a_table_of_students_t_has_it() -> None:
    found = difference([1.0, 1.0, 1.0], [1.0, 2.718281828459045, 7.38905609893065])
    assert found.ratio == pytest.approx(2.718281828459045)
    assert found.high / found.ratio == pytest.approx(2.718281828459045 ** (9.925 / 3**0.5))


def test_of_rounds_without_a_difference_few_are_said_to_differ() -> None:
    random = Random(3)
    wrong = sum(difference(*([random.lognormvariate(0.0, 0.2) for _ in range(6)] for _ in range(2))).shown for _ in range(1_000))
    assert wrong <= 25


@pytest.mark.parametrize(("one", "other"), [([1.0, 1.0], [1.0, 1.0]), ([1.0, 1.0, 1.0], [1.0])])
def test_too_few_rounds_show_nothing(one: list[float], other: list[float]) -> None:
    with pytest.raises(ValueError, match="expected at least 3 rounds of both"):
        difference(one, other)


def test_a_single_number_is_never_enough() -> None:
    assert "no difference that these rounds can show" in told("p99", [1.0, 1.0, 1.0], [1.0, 1.0, 9.0])
    assert told("p99", [1.0, 1.1, 1.0, 1.0], [2.0, 2.2, 2.0, 2.0]).startswith("p99        B is 2 times A")
