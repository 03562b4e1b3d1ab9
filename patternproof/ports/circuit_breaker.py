"""The port of the circuit breaker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class CircuitState(StrEnum):
    """The three states (Nygard, *Release It!*, 2nd ed., chapter 5)."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class CircuitBreakerSettings:
    """What the kit asks a factory for.

    A factory refuses a value that its implementation cannot have with ``Unsupported("name_of_the_field")``.
    """

    failure_threshold: int = 5
    """Consecutive failures that open the circuit; at least 1."""
    reset_timeout: float = 30.0
    """Seconds between opening and the first probe; above 0."""
    half_open_max_calls: int = 1
    """Probes that may be in flight at a time while half_open; at least 1."""
    success_threshold: int = 1
    """Successful probes that close the circuit; at least 1."""
    ignored_errors: tuple[type[Exception], ...] = ()
    """Errors that pass through and count neither as a success nor as a failure."""
    failure_rate: float | None = None
    """Claim ``sliding_window``: share of failures, 0 < rate <= 1, that opens the circuit; None: count consecutive ones."""
    window: int | None = None
    """Claim ``sliding_window``: number of latest calls that the rate is taken over; None with ``window_seconds`` or no rate."""
    window_seconds: float | None = None
    """Claim ``sliding_window``: seconds that the rate is taken over, in place of ``window``."""
    minimum_calls: int = 1
    """Claim ``sliding_window``: calls in the window below which the circuit never opens."""
    store: str | None = None
    """Claim ``shared``: a name, new for each example; breakers of one name are one circuit, in whichever process they were made.
    Where it is stored, the adapter knows; see `patternproof.servers`. None: a breaker by itself."""


class CircuitOpenError(Exception):
    """A call was rejected without running its operation.

    Args:
        retry_after: seconds until the next probe is admitted; at least 0; None where the implementation gives no hint.
    """

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("the circuit is open" if retry_after is None else f"the circuit is open, retry in {retry_after:g} s")
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[CircuitOpenError], tuple[float | None]]:
        return type(self), (self.retry_after,)  # an error that crosses processes is made again from what it was made of


class CircuitBreaker(Protocol):
    """A circuit breaker as the kit drives it."""

    @property
    def state(self) -> CircuitState:
        """The state now; reading it changes nothing."""

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Run ``operation()`` or reject the call.

        Raises:
            CircuitOpenError: the circuit is open, or half_open with every probe taken; the operation was not run.
            Exception: whatever the operation raised, the very same object.
        """


class Announcing(Protocol):
    """A breaker that announces its transitions (CB-17, CB-18)."""

    def add_listener(self, listener: Callable[[CircuitState, CircuitState], Any]) -> Any:
        """Call ``listener(old, new)`` after each transition."""


class ManualControl(Protocol):
    """A breaker that claims ``manual_control`` (CB-22). Both methods are plain in either flavour."""

    def trip(self) -> Any:
        """Open the circuit at once; reset_timeout starts now."""

    def reset(self) -> Any:
        """Close the circuit at once, with no failures counted."""


ARGUMENTS = ("settings",)
REQUIRED = CircuitBreaker
OPTIONAL = (Announcing, ManualControl)
