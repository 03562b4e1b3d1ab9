"""Circuit breakers as a server has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.binding.hosting.host import Host
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import circuit_breaker as messages
from patternproof.binding.messages.common import Rejected
from patternproof.binding.messages.settings import settings_of
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

if TYPE_CHECKING:
    from patternproof.binding.world import World


class ListenerFailure(Exception):
    """The error of a listener that is to fail."""


class CircuitBreakerHost(Host):
    """A circuit breaker."""

    plain = messages.PLAIN

    @staticmethod
    def arguments(world: World, message: messages.MakeBreaker) -> tuple[Any, ...]:
        ignored = tuple(map(world.errors.kind, message.settings.ignored_errors))
        return (settings_of(CircuitBreakerSettings, message.settings, ignored_errors=ignored),)

    def method(self, message: Any) -> Callable[[], Any]:
        match message:
            case messages.CallBreaker(function=function):
                return partial(self.made.call, self.world.function(function))
            case messages.ReadState():
                return lambda: _word(self.made.state)
            case messages.AddBreakerListener():
                return lambda: self.made.add_listener(partial(self._hear, message)) and None
            case messages.Trip():
                return lambda: self.made.trip() and None
        return lambda: self.made.reset() and None

    def _hear(self, message: messages.AddBreakerListener, old: Any, new: Any) -> None:
        self.world.tell(message.listener, [_word(old), _word(new)])
        if message.fails:
            raise ListenerFailure(f"listening to {old} to {new}")

    def outcome(self, error: BaseException) -> Outcome | None:
        return Rejected(retry_after=error.retry_after) if isinstance(error, CircuitOpenError) else None


def _word(state: Any) -> str:
    return next((word.value for word in CircuitState if word.value in (state, str(state))), str(state))
