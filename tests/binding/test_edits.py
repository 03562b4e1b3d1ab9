"""What a function does to data, told over a wire."""

from __future__ import annotations

from typing import Any

from patternproof.binding.messages.shared_state import Add, Append, Edit, Set
from patternproof.binding.proxies.edits import RecordingMapping


def recorded(function: Any) -> list[Edit]:
    edits: list[Edit] = []
    function(RecordingMapping({"count": 3, "history": {"updates": [1]}}, edits))
    return edits


def test_a_number_that_grows_is_an_amount_and_not_what_it_grows_to() -> None:
    def function(data: Any) -> None:
        data["count"] += 2

    assert recorded(function) == [Add(path=["count"], by=2)]


def test_a_number_that_comes_grows_from_nothing() -> None:
    assert recorded(lambda data: data.__setitem__("new", data.get("new", 0) + 5)) == [Add(path=["new"], by=5)]


def test_edits_are_kept_in_their_order_and_below_their_path() -> None:
    def function(data: Any) -> None:
        data["history"]["updates"].append("x")
        data["count"] += 1

    assert recorded(function) == [Append(path=["history", "updates"], value="x"), Add(path=["count"], by=1)]


def test_what_is_edited_reads_as_edited() -> None:
    def function(data: Any) -> None:
        data["count"] += 1
        data["history"]["updates"].append(2)
        assert (data["count"], data["history"]["updates"]) == (4, [1, 2])

    recorded(function)


def test_what_is_set_for_the_first_time_goes_as_it_is() -> None:
    def function(data: Any) -> None:
        data["new"] = {"of": []}
        data["new"]["of"].append(1)

    assert recorded(function) == [Set(path=["new"], value={"of": []}), Append(path=["new", "of"], value=1)]
