"""What the words in steps about error propagation mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple, TypeVar

from patternproof.ports.error_propagation import ErrorPropagationSettings, Kind

from .events import HOWS, RESOURCES

T = TypeVar("T")
CROSSES = "whose errors cross a process boundary"
_WHOSE = re.compile(r"^(that |whose )")
PHASES = {"as cancelled": "cancelled", "with KeyboardInterrupt": "interrupted", "with SystemExit": "exited"}
"""What a request may end as that no component may touch."""


class Wanted(NamedTuple):
    """What an example's component is to have."""

    settings: ErrorPropagationSettings
    crosses: bool = False
    fails_to_clean_up: bool = False


def meaning(word: str, words: Mapping[str, T], what: str) -> T:
    """What a word stands for.

    Raises:
        LookupError: it is not among the known words; the nearest, or all.
    """
    if word in words:
        return words[word]
    near = get_close_matches(word, words, n=2, cutoff=0.6) or list(words)
    raise LookupError(f"{word!r} is no {what}; write {either(near)}")


def either(words: Iterable[str]) -> str:
    """Words with *or* between them."""
    return " or ".join(map(repr, words))


def wanted(words: str) -> Wanted:
    """What a component ``that has ..., and whose ...`` is to have.

    Raises:
        LookupError: something is said that no setting stands for.
    """
    found = Wanted(ErrorPropagationSettings())
    for ability in re.split(r", and (?=that |whose )", words):
        found = _with(found, ability)
    return found


def _with(found: Wanted, ability: str) -> Wanted:
    settings = found.settings
    layers = re.fullmatch(r"that has the layers (.+)", ability)
    count = re.fullmatch(r"that asks for (\d+) resources at once", ability)
    if ability == CROSSES:
        return found._replace(crosses=True)
    if layers:
        names = tuple(names_of(layers[1]))
        return found._replace(settings=ErrorPropagationSettings(names, settings.concurrent, settings.cleanup))
    if count:
        return found._replace(settings=ErrorPropagationSettings(settings.layers, int(count[1]), settings.cleanup))
    if ability in ("that cleans up", "that cleans up, which fails"):
        changed = ErrorPropagationSettings(settings.layers, settings.concurrent, cleanup=True)
        return found._replace(settings=changed, fails_to_clean_up=ability.endswith("fails"))
    known = (CROSSES, "that has the layers gateway and orders", "that asks for 2 resources at once", "that cleans up")
    near = get_close_matches(ability, known, n=2, cutoff=0.6) or known
    raise LookupError(f"{ability!r} is nothing that a component is known to do; write {either(near)}")


def names_of(words: str) -> list[str]:
    """The names in ``"gateway, orders and warehouse"``."""
    return re.split(r", | and ", words)


def how_of(words: str) -> tuple[str, list[int] | None]:
    """How the dependency's calls end, and for which resources; None: for the only one."""
    ways = {said: how for how, (_, said) in HOWS.items()}
    if words in ways:
        return ways[words], None
    said, _, names = words.rpartition(" for ")
    return meaning(said or words, ways, "way for a call of the dependency to end"), resources_of(names)


def resources_of(words: str) -> list[int]:
    """The numbers of the resources in ``"alpha and beta"``."""
    return [meaning(name, {known: index for index, known in enumerate(RESOURCES)}, "resource") for name in names_of(words)]


def kinds_of(words: str) -> set[str]:
    """The kinds in ``"unexpected or dependency_error"``."""
    kinds = {str(kind): str(kind) for kind in Kind}
    return {meaning(word, kinds, "kind of error") for word in re.split(r", | or ", words)}
