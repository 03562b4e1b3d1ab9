"""Refusing the settings that a library does not have."""

from __future__ import annotations

from dataclasses import fields

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings

FOREVER = 365 * 24 * 3600.0
"""Seconds, for a library that wants a number where the port says None: no limit."""


def offer_only(settings: CircuitBreakerSettings | ConnectionPoolSettings | ResourceLifecycleSettings, *offered: str) -> None:
    """Refuse what is asked for beyond the `offered` fields.

    The default of every other field stands for what a library without such a setting does.

    Raises:
        Unsupported: a field that is not offered is not at its default; it names all of them.
    """
    others = [field for field in fields(settings) if field.name not in offered]
    lacking = [field.name for field in others if getattr(settings, field.name) != field.default]
    if lacking:
        raise Unsupported(*lacking)
