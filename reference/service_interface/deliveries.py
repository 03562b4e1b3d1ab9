"""A message of the peer until its handlers have ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from patternproof.ports.service_interface import Reply, Request

from .errors import fault_of


@dataclass(slots=True)
class Delivery:
    """A request of the peer, and how its handlers have ended so far."""

    request: Request
    left: int
    """Handlers that have not ended."""
    errors: list[Exception] = field(default_factory=list)

    def ended(self, error: Exception | None = None) -> Reply | None:
        """Take down that one more handler has ended; the reply, once all have."""
        self.left -= 1
        if error is not None:
            self.errors.append(error)
        return None if self.left else Reply(self.request.id, fault_of(self.errors))
