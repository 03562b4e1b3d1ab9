"""The merge function that the kit supplies."""

from __future__ import annotations

from dataclasses import dataclass

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
