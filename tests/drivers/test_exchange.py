"""Builtin functions with other insides."""

from __future__ import annotations

import time

from patternproof.drivers.exchange import exchange_function


def test_dictionaries_still_find_a_function_whose_insides_were_exchanged() -> None:
    names = {time.ctime: "ctime", time.asctime: "asctime"}
    exchange_function(time.ctime, lambda original: lambda seconds: f"as ever: {original(seconds)}")
    assert time.ctime(0).startswith("as ever: ")
    assert names[time.ctime] == "ctime"
    assert names[time.asctime] == "asctime"
