"""Circuit breakers as a server has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.binding.messages import Outcome
from patternproof.binding.messages import circuit_breaker as messages
from patternproof.binding.messages.common import Rejected
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState

if TYPE_CHECKING:
    from patternproof.binding.world import World


class ListenerFailure(Exception):
    """The error of a listener that is to fail."""


def arguments(world: World, message: messages.Make) -> tuple[Any, ...]:
    """The settings."""
    values = {name: getattr(message.settings, name) for name in message.settings.__struct_fields__}
    return (CircuitBreakerSettings(**{**values, "ignored_errors": tuple(map(world.errors.kind, values["ignored_errors"]))}),)


def method(world: World, made: Any, message: Any) -> Callable[[], Any]:
    """What a call does."""
    match message:
        case messages.CallBreaker():
            return partial(made.call, world.function(message.function))
        case messages.ReadState():
            return lambda: _word(made.state)
        case messages.AddBreakerListener():
            return lambda: made.add_listener(partial(_hear, world, message)) and None
        case messages.Trip():
            return lambda: made.trip() and None
    return lambda: made.reset() and None


def outcome(error: BaseException) -> Outcome | None:
    """An error that the port has a word for."""
    return Rejected(retry_after=error.retry_after) if isinstance(error, CircuitOpenError) else None


def _hear(world: World, message: messages.AddBreakerListener, old: Any, new: Any) -> None:
    world.tell(message.listener, [_word(old), _word(new)])
    if message.fails:
        raise ListenerFailure(f"listening to {old} to {new}")


def _word(state: Any) -> str:
    return next((word.value for word in CircuitState if word.value in (state, str(state))), str(state))
