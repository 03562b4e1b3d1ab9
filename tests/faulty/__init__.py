"""Implementations that are wrong on purpose, and what they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.proof import Made

T = TypeVar("T", bound=Callable[..., Any])


@dataclass(frozen=True)
class Faulty:
    """One wrong implementation.

    Args:
        factory: as in an adapter module.
        violates: exactly the ids that it must fail, whichever way looks.
        fragment: part of the message of a failure.
        ways: the parts of a run that must find it.
        claims: what its adapter claims; None: all that the reference makes.
        part: which factory of a pattern that has several; empty: the only one.
    """

    factory: Callable[..., Any]
    violates: frozenset[str]
    fragment: str
    ways: frozenset[str]
    claims: frozenset[str] | None = None
    part: str = ""

    @property
    def made(self) -> Made:
        """What its adapter has."""
        return {self.part: self.factory} if self.part else self.factory

    @property
    def name(self) -> str:
        return str(getattr(self.factory, "__name__", self.factory))

    def __str__(self) -> str:
        return self.name


class Registry(list[Faulty]):
    """The wrong implementations of one pattern, or of one part of it, in the order of their requirements."""

    def __init__(self, part: str = "") -> None:
        super().__init__()
        self._part = part

    def add(
        self, violates: str, fragment: str, ways: str = "histories feature machine", claims: str | None = None
    ) -> Callable[[T], T]:
        """Register the decorated factory; several ids, ways or claims are separated by spaces."""

        def register(factory: T) -> T:
            made = None if claims is None else frozenset(claims.split())
            self.append(Faulty(factory, frozenset(violates.split()), fragment, frozenset(ways.split()), made, self._part))
            return factory

        return register


class ByExample(dict[Callable[..., Any], set[str]]):
    """Wrong implementations over a server, each with exactly the examples that it fails."""

    def add(self, *examples: str) -> Callable[[T], T]:
        """Register the decorated class."""

        def register(made: T) -> T:
            self[made] = set(examples)
            return made

        return register


class Unusual(list[Callable[..., Any]]):
    """Implementations over a server that fail nothing."""

    def add(self, made: T) -> T:
        """Register the decorated class."""
        self.append(made)
        return made
