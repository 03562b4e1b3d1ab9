"""How long to wait before a retry."""

from __future__ import annotations

from patternproof.ports.state_sync import StateSyncSettings


def delay(settings: StateSyncSettings, failures: int) -> float:
    """Seconds before the next attempt: random() * min(retry_max, retry_delay * 2 ** (failures - 1)).

    The *full jitter* of Brooker, *Exponential backoff and jitter*, 2015.

    Args:
        settings: with the source of randomness.
        failures: attempts that have failed; at least 1.
    """
    return settings.random() * min(settings.retry_max, settings.retry_delay * 2.0 ** (failures - 1))


def validate(settings: StateSyncSettings) -> None:
    """Refuse settings that mean nothing.

    Raises:
        ValueError: what was expected of which, and what was seen.
    """
    interval = settings.sync_interval
    _require(interval is None or interval > 0.0, f"sync_interval must be above 0 s, or None for none, got {interval!r}")
    _require(settings.retries >= 0, f"retries must be at least 0, got {settings.retries!r}")
    for name in ("retry_delay", "retry_max"):
        seconds = getattr(settings, name)
        _require(seconds >= 0.0, f"{name} must be at least 0 s, got {seconds!r}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
