"""What a function does to data, told over a wire."""

from __future__ import annotations

from typing import Any

import pytest

from patternproof.binding.messages.shared_state import Add, Append, Edit
from patternproof.binding.proxies.edits import RecordingMapping


def recorded(function: Any) -> list[Edit]:
    edits: list[Edit] = []
    function(RecordingMapping({"count": 3, "history": {"updates": [1]}}, edits))
    return edits


def test_a_number_that_grows_is_an_amount_and_not_what_it_grows_to() -> None:
    def function(data: Any) -> None:
        data["count"] += 2

    assert recorded(function) == [Add(path=["count"], by=2)]


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


def test_what_no_edit_can_say_is_refused() -> None:
    with pytest.raises(KeyError):
        recorded(lambda data: data.__setitem__("new", 1))
