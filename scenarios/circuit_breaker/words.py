"""What the words in steps about circuit breakers mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from patternproof.ports.circuit_breaker import CircuitBreakerSettings

from .events import IgnoredError
from .sharing import new_store

T = TypeVar("T")
COUNTED_BY_RATE = 1_000_000
"""failure_threshold where a rate is to open the circuit: consecutive failures never reach it."""
OTHER_BREAKER = "on the other circuit breaker "

DEEDS = {
    "begin": ("begins", "begin"),
    "ok": ("succeeds", "succeed", "succeeded"),
    "failure": ("fails", "fail", "failed"),
    "ignored": ("raises an ignored error", "raise an ignored error", "raised an ignored error"),
    "interruption": ("raises a BaseException", "raise a BaseException", "raised a BaseException"),
    "cancelled": ("is cancelled", "are cancelled", "been cancelled"),
}
"""What may happen to a call, and how it is said of one, of several, and of the past."""
FATES = {
    "is in flight": "running",
    "is rejected": "rejected",
    "waits": "waiting",
    "returns the result of its operation": "returned",
    "raises the error of its operation": "raised",
    "ends as cancelled": "cancelled",
}
"""What may have become of a call."""
ANSWERS = {"is admitted": "running", "are admitted": "running", "is rejected": "rejected", "are rejected": "rejected"}
"""What a circuit breaker may say to a call."""
STATES = {"closed": "closed", "open": "open", "half-open": "half_open", "half_open": "half_open"}
"""The states, as they are written and as they read."""


def meaning(word: str, words: Mapping[str, T], what: str) -> T:
    """What a word stands for.

    Raises:
        LookupError: it is not among the known words; the nearest, or all.
    """
    if word in words:
        return words[word]
    near = get_close_matches(word, words, n=2, cutoff=0.6) or list(words)
    raise LookupError(f"{word!r} is no {what}; write {_either(near)}")


def _either(words: Iterable[str]) -> str:
    return " or ".join(map(repr, words))


def placed(words: str) -> tuple[str, int]:
    """What is said of a call, without the breaker that it is on, and the number of that breaker."""
    return (words.removeprefix(OTHER_BREAKER), 1) if words.startswith(OTHER_BREAKER) else (words, 0)


def deed(words: str) -> str:
    """What happens to a call: begin, ok, failure, ignored, interruption or cancelled."""
    return meaning(words, {form: name for name, forms in DEEDS.items() for form in forms}, "thing that happens to a call")


def ending(words: str) -> str:
    """As `deed`, of what ends a call."""
    endings = {form: name for name, forms in DEEDS.items() if name != "begin" for form in forms}
    return meaning(words, endings, "way for a call to end")


def fate(words: str) -> str:
    """The phase of a call that something is said of."""
    return meaning(words, FATES, "thing to say of a call")


def answer(words: str) -> str:
    """The phase of a call that has just begun."""
    return meaning(words, ANSWERS, "answer to a call")


def state_of(word: str) -> str:
    """The name of a state, as it reads."""
    return meaning(word, STATES, "state of a circuit")


def names_of(words: str) -> list[str]:
    """The names in ``"P, Q and R"``."""
    return re.split(r", | and ", words)


def number_of_runs(words: str) -> int:
    """How often ``"not run"``, ``"run once"`` or ``"run 2 times"`` is."""
    times = re.fullmatch(r"run (\d+) times", words)
    return int(times[1]) if times else meaning(words, {"not run": 0, "run once": 1, "run 2 times": 2}, "number of runs")


def transitions_of(words: str) -> list[tuple[str, str]]:
    """The transitions in ``"closed to open, open to half-open"``; none in ``"nothing"``."""
    if words == "nothing":
        return []
    return [_transition(each) for each in words.split(", ")]


def _transition(words: str) -> tuple[str, str]:
    old, separator, new = words.partition(" to ")
    if not separator:
        raise LookupError(f"{words!r} is no transition; write 'closed to open' or the like, with commas between several")
    return state_of(old), state_of(new)


def transitions_shown(transitions: Iterable[Sequence[str]]) -> str:
    """The opposite of `transitions_of`."""
    return ", ".join(f"{old} to {new}".replace("half_open", "half-open") for old, new in transitions) or "nothing"


ABILITIES = {
    "opens after 2 failures": r"opens? after (?P<failure_threshold>\d+) failures?",
    "probes after 30 s": r"probes? after (?P<reset_timeout>[\d.]+) s",
    "admits 1 probe at a time": r"admits? (?P<half_open_max_calls>\d+) probes? at a time",
    "closes after 2 successful probes": r"closes? after (?P<success_threshold>\d+) successful probes?",
    "ignores some errors": r"ignores? some errors",
    "opens at 60 % failures of the last 4 calls": r"opens? at (?P<percent>[\d.]+) % failures of the last (?P<window>\d+) calls",
    "opens at 60 % failures of the last 60 s": r"opens? at (?P<percent>[\d.]+) % failures of the last (?P<window_seconds>\S+) s",
    "but not before 4 calls": r"but not before (?P<minimum_calls>\d+) calls",
    "share one store": r"shares? one store",
}
"""What may be said of a circuit breaker, with its pattern; joined by commas and ``and``."""
_WHOLE = ("failure_threshold", "half_open_max_calls", "success_threshold", "window", "minimum_calls")


def settings_of(abilities: str) -> CircuitBreakerSettings:
    """The settings of a circuit breaker that ...; those of which nothing is said have their defaults.

    Raises:
        LookupError: something is said that no setting stands for.
    """
    changes: dict[str, Any] = {}
    for ability in re.split(r", and |, | and ", abilities) if abilities else ():
        changes.update(_setting(ability))
    return CircuitBreakerSettings(**changes)


def _setting(ability: str) -> dict[str, Any]:
    for example, pattern in ABILITIES.items():
        found = re.fullmatch(pattern, ability)
        if found:
            return _values(example, found.groupdict())
    near = get_close_matches(ability, ABILITIES, n=2, cutoff=0.6) or list(ABILITIES)
    raise LookupError(f"{ability!r} is nothing that a circuit breaker is known to do; write {_either(near)}")


def _values(example: str, found: dict[str, str]) -> dict[str, Any]:
    if example == "ignores some errors":
        return {"ignored_errors": (IgnoredError,)}
    if example == "share one store":
        return {"store": new_store()}
    values: dict[str, Any] = {name: int(value) if name in _WHOLE else float(value) for name, value in found.items()}
    if "percent" in values:
        values |= {"failure_rate": values.pop("percent") / 100, "failure_threshold": COUNTED_BY_RATE}
    return values
