"""The patterns as a server has them."""

from __future__ import annotations

from types import ModuleType

from patternproof.binding.hosting import circuit_breaker

HOSTS: dict[str, ModuleType] = {"circuit_breaker": circuit_breaker}
"""For each pattern ``arguments(world, message)`` of the factory, ``method(world, made, message)``, and ``outcome(error)``."""
