"""The registry: one line for each pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern: `stem` names its files in every folder and, without `parts`, its factory; `prefix` begins its ids."""

    stem: str
    prefix: str
    claims: frozenset[str] = frozenset()
    service: str = ""
    """The function of an adapter that gives a service over HTTP, where one can be held to some of the requirements."""

    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """The factories of a pattern that has several, and of other patterns those whose products each is made over."""

    @property
    def makers(self) -> tuple[str, ...]:
        """The functions that make what the kit calls."""
        return tuple(self.parts) or (self.stem,)

    @property
    def factories(self) -> tuple[str, ...]:
        """The functions by which an adapter offers the pattern, or part of it."""
        return (*self.makers, self.service) if self.service else self.makers

    @property
    def wanted(self) -> str:
        """Any of the makers, for messages."""
        return " or ".join(map(repr, self.makers))

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
        Pattern(
            "workflows",
            "WF",
            parts={
                "core_component": ("service_interface", "shared_state"),
                "ui_component": ("event_bus",),
                "guarded_client": ("connection_pool", "circuit_breaker", "event_bus"),
                "local_component": ("state_sync", "event_bus"),
                "working_system": ("resource_lifecycle", "service_interface", "event_bus", "connection_pool"),
            },
        ),
        Pattern(
            "migration",
            "MG",
            parts=dict.fromkeys(("legacy_service", "event_bridge", "state_switch", "convert_error", "restore_error"), ()),
        ),
    )
}


def owner(factory: str) -> Pattern:
    """The pattern that a factory is of."""
    return next(pattern for pattern in PATTERNS.values() if factory in pattern.factories)


def reference(runtime: str) -> ModuleType:
    """The reference as an adapter of that runtime."""
    return import_module(f"patternproof.reference.adapters.{'threads' if runtime == 'threads' else 'in_memory'}")
