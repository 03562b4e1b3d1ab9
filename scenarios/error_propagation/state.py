"""What the model knows of the requests to a component."""

from __future__ import annotations

from typing import NamedTuple

from patternproof.ports.error_propagation import ErrorPropagationSettings


class Tracked(NamedTuple):
    """A request."""

    number: int
    resources: int = 1
    release: str = "ok"
    ended: tuple[tuple[int, str], ...] = ()
    """The resources for which it is known how the dependency's call ends, and how."""
    phase: str = "waiting"
    """waiting, returned, raised, cancelled, interrupted, exited; wrapped: raised where that is wrong; or what is done instead."""

    @property
    def failing(self) -> tuple[int, ...]:
        """The resources whose calls do not end well."""
        return tuple([resource for resource, how in self.ended if how != "ok"])

    @property
    def open(self) -> tuple[int, ...]:
        """The resources of whose calls the end is not yet known."""
        known = [resource for resource, _ in self.ended]
        return tuple([resource for resource in range(self.resources) if resource not in known])


class State(NamedTuple):
    """A component, as far as it can be told."""

    settings: ErrorPropagationSettings
    calls: tuple[Tracked, ...] = ()
    """Under way, over since the last look, or over with calls of the dependency that may still go on."""
    begun: int = 0
    error: Tracked | None = None
    """The request that raised last."""
    over: tuple[int, ...] = ()
    """Requests that ended since the last look."""
    late: tuple[tuple[int, int], ...] = ()
    looked: tuple[str, ...] = ()
    """What was looked at since the last look: aspects of the error, codes or document."""
    released: bool = True

    def call(self, number: int) -> Tracked | None:
        """A request that is under way, or was just over."""
        return next((call for call in self.calls if call.number == number), None)

    def with_call(self, call: Tracked) -> State:
        """With a request as it is now."""
        calls = tuple([call if each.number == call.number else each for each in self.calls])
        return self._replace(calls=calls)
