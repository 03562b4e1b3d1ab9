"""Circuit breakers behind a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from patternproof.binding.messages import Outcome
from patternproof.binding.messages import circuit_breaker as messages
from patternproof.binding.messages.common import Rejected
from patternproof.binding.proxies.proxy import Proxy, deaf, settings_as, with_members
from patternproof.drivers.remote import Remote
from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState


class RemoteBreaker(Proxy):
    """A breaker over there."""

    @property
    def state(self) -> Any:
        value = self._plainly(messages.ReadState)
        return CircuitState(value) if value in list(CircuitState) else value

    async def call(self, operation: Callable[[], Awaitable[Any]]) -> Any:
        return await self._follow(messages.CallBreaker, function=self._driver.give(operation))

    def _delivered(self, outcome: Outcome) -> Any:
        if isinstance(outcome, Rejected):
            raise CircuitOpenError(outcome.retry_after)
        return super()._delivered(outcome)


class Announcing(RemoteBreaker):
    """One that announces its transitions."""

    def add_listener(self, listener: Callable[[Any, Any], Any]) -> None:
        fails = getattr(listener, "fails", False)
        self._plainly(messages.AddBreakerListener, listener=self._driver.listen(deaf if fails else listener), fails=fails)


class Tripping(RemoteBreaker):
    """One that is opened by hand."""

    def trip(self) -> None:
        self._plainly(messages.Trip)


class Resetting(RemoteBreaker):
    """One that is closed by hand."""

    def reset(self) -> None:
        self._plainly(messages.ResetBreaker)


MEMBERS = {"add_listener": Announcing, "trip": Tripping, "reset": Resetting}


def make(driver: Remote, settings: CircuitBreakerSettings) -> Iterator[RemoteBreaker]:
    """As an adapter's factory.

    Raises:
        Unsupported: it does not have one of the settings.
    """
    if settings.store is not None:
        raise Unsupported("store")
    driver.tokens.ignored = settings.ignored_errors
    ignored = ("ignored",) if settings.ignored_errors else ()
    made = driver.make(messages.Make, settings=settings_as(messages.Settings, settings, ignored_errors=ignored))
    kind = with_members(RemoteBreaker, tuple(MEMBERS[name] for name in MEMBERS if name in made.members))
    yield kind(driver, made.instance)
    driver.remove(made.instance)
