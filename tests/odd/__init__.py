"""Implementations that are unusual and right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])


@dataclass(frozen=True)
class Odd:
    """One unusual implementation.

    Args:
        factory: as in an adapter module.
        claims: what its adapter claims; None: all that the reference makes.
    """

    factory: Callable[..., Any]
    claims: frozenset[str] | None = None

    @property
    def name(self) -> str:
        return str(getattr(self.factory, "__name__", self.factory))

    def __str__(self) -> str:
        return self.name


class Registry(list[Odd]):
    """The unusual implementations of one pattern."""

    def add(self, factory: T) -> T:
        """Register the decorated factory."""
        self.append(Odd(factory))
        return factory
