"""Payloads as people write them."""

from __future__ import annotations

from patternproof.load.payloads import MANY, texts


def test_payloads_are_the_same_for_a_seed_and_others_for_another() -> None:
    assert texts(1) == texts(1)
    assert texts(1) != texts(2)


def test_payloads_are_many_and_not_all_ascii() -> None:
    found = texts(0)
    assert len(set(found)) == MANY
    assert any(not each.isascii() for each in found)
    assert any("\n" in each for each in found)
