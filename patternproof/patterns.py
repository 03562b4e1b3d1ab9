"""The registry: one line for each pattern."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern: `stem` names its files in every folder and its factory in an adapter, `prefix` begins its ids."""

    stem: str
    prefix: str
    claims: frozenset[str] = frozenset()
    service: str = ""
    """The function of an adapter that gives a service over HTTP, where one can be held to some of the requirements."""

    @property
    def factories(self) -> tuple[str, ...]:
        """The functions by which an adapter offers the pattern, or part of it."""
        return (self.stem, self.service) if self.service else (self.stem,)

    @property
    def title(self) -> str:
        return self.stem.replace("_", " ")

    def scenarios(self, part: str) -> ModuleType:
        """The module `part` (steps, model, rig, machine or interleavings) of the pattern's scenarios."""
        return import_module(f"patternproof.scenarios.{self.stem}.{part}")


PATTERNS: dict[str, Pattern] = {
    pattern.stem: pattern
    for pattern in (
        Pattern("circuit_breaker", "CB", frozenset({"manual_control", "sliding_window", "shared"})),
        Pattern("connection_pool", "CP", frozenset({"min_size", "transactional"})),
        Pattern("event_bus", "EB", frozenset({"replay", "distributed", "durable"})),
        Pattern("shared_state", "SS", frozenset({"compare_and_set", "persistent", "distributed"})),
        Pattern("state_sync", "SY", frozenset({"three_way_merge", "distributed"})),
        Pattern("error_propagation", "EP", service="error_propagation_service"),
        Pattern("service_interface", "SI"),
        Pattern("resource_lifecycle", "RL", frozenset({"dependencies", "restart", "replace"})),
    )
}
