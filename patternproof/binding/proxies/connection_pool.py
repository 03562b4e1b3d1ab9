"""Connection pools behind a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from patternproof.binding.messages import Outcome
from patternproof.binding.messages import connection_pool as messages
from patternproof.binding.messages.common import ClosedThere, TimedOut
from patternproof.binding.proxies.proxy import Proxy, settings_as, with_members
from patternproof.binding.tokens import AsItIs
from patternproof.drivers.remote import Remote
from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolClosedError, PoolStatistics, PoolTimeoutError


class RemotePool(Proxy):
    """A pool over there."""

    def acquire(self) -> RemoteScope:
        return RemoteScope(self._driver, self._instance)

    async def close(self) -> None:
        await self._follow(messages.ClosePool)


class RemoteScope(Proxy):
    """The scope of a handle over there."""

    async def __aenter__(self) -> RemoteScope:
        call = self._driver.number("c")
        await self._follow(messages.Acquire, call=call)
        self._handle = call
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        told = None if error is None else self._driver.tokens.of_error(error)
        return bool(await self._follow(messages.GiveBack, handle=self._handle, error=told))

    async def request(self, payload: Any) -> Any:
        sent = self._driver.tokens.of(payload)
        return await self._follow(messages.UseHandle, atomic=True, handle=self._handle, payload=sent)

    def _delivered(self, outcome: Outcome) -> Any:
        match outcome:
            case TimedOut():
                raise PoolTimeoutError("over there")
            case ClosedThere():
                raise PoolClosedError("over there")
        return super()._delivered(outcome)


class Counting(RemotePool):
    """One that reports its counts."""

    def statistics(self) -> Any:
        counts = self._plainly(messages.ReadStatistics)
        return PoolStatistics(**counts)


MEMBERS = {"statistics": Counting}


class Connections:
    """The kit's connections, as the server knows them.

    Args:
        driver: tells of them.
        connect: makes one.
    """

    def __init__(self, driver: Remote, connect: Callable[[], Awaitable[Any]]) -> None:
        self._driver, self._connect = driver, connect
        self._alive: dict[str, Any] = {}
        self.instance = ""

    async def connect(self) -> AsItIs:
        """Make a connection, and give it an id."""
        connection = await self._connect()
        identifier = self._driver.number("n")
        for method in (connection.request, connection.reset, connection.close):
            self._driver.give(method, identifier, method.__name__)
        self._alive[identifier] = connection
        return AsItIs({"connection": identifier})

    def tell_broken(self) -> None:
        """Let the server know which are not alive any more, but for those that it has closed itself."""
        for identifier, connection in [*self._alive.items()]:
            if not connection.is_alive():
                del self._alive[identifier]
                if not connection.closed:
                    self._driver.notify(self.instance, messages.BreakConnection, connection=identifier)


def make(driver: Remote, connect: Callable[[], Awaitable[Any]], settings: ConnectionPoolSettings) -> Iterator[RemotePool]:
    """As an adapter's factory.

    Raises:
        Unsupported: it does not have one of the settings.
    """
    connections = Connections(driver, connect)
    driver.watchers.append(connections.tell_broken)
    given = driver.give(connections.connect)
    made = driver.make(messages.Make, connect=given, settings=settings_as(messages.Settings, settings))
    connections.instance = made.instance
    kind = with_members(RemotePool, tuple(MEMBERS[name] for name in MEMBERS if name in made.members))
    yield kind(driver, made.instance)
    driver.remove(made.instance)
