"""The merge function that the kit supplies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from patternproof.ports.state_sync import Merge

SEPARATOR = "+"


def tokens(value: object) -> frozenset[str]:
    """The values of writes that a text holds."""
    return frozenset(value.split(SEPARATOR)) if isinstance(value, str) and value else frozenset()


@dataclass(frozen=True, slots=True)
class Union:
    """Keeps what either side has, without what either removed since the base: a three-way merge of sets, written as text."""

    def __call__(self, base: object, local: object, remote: object) -> str | None:
        before, ours, theirs = tokens(base), tokens(local), tokens(remote)
        kept = (ours | theirs) - (before - ours) - (before - theirs)
        return SEPARATOR.join(sorted(kept)) or None

    def __repr__(self) -> str:
        return "union"


class Watched:
    """A merge function of which it is known what it was called with.

    Args:
        merge: the function.
        calls: where that is kept.
    """

    def __init__(self, merge: Merge, calls: list[tuple[Any, Any, Any]]) -> None:
        self._merge, self._calls = merge, calls

    @property
    def rule(self) -> str:
        """What it is called, where it has to be run behind a process boundary."""
        return repr(self._merge)

    def __call__(self, base: Any, local: Any, remote: Any) -> Any:
        self._calls.append((base, local, remote))
        return self._merge(base, local, remote)
