"""Implementations that are unusual and right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.proof import Made

T = TypeVar("T", bound=Callable[..., Any])


@dataclass(frozen=True)
class Odd:
    """One unusual implementation.

    Args:
        factory: as in an adapter module.
        claims: what its adapter claims; None: all that the reference makes.
        part: which factory of a pattern that has several; empty: the only one.
    """

    factory: Callable[..., Any]
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


class Registry(list[Odd]):
    """The unusual implementations of one pattern, or of one part of it."""

    def __init__(self, part: str = "") -> None:
        super().__init__()
        self._part = part

    def add(self, factory: T) -> T:
        """Register the decorated factory."""
        self.append(Odd(factory, part=self._part))
        return factory
