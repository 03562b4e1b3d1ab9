"""Connection pools as a server has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.binding.errors import Fault
from patternproof.binding.hosting.host import Host
from patternproof.binding.hosting.scopes import Visitor, Visitors
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import connection_pool as messages
from patternproof.binding.messages.common import ClosedThere, TimedOut
from patternproof.binding.messages.settings import settings_of
from patternproof.drivers import Pending
from patternproof.flavour import resolved
from patternproof.ports.connection_pool import ConnectionPoolSettings, PoolClosedError, PoolTimeoutError

if TYPE_CHECKING:
    from patternproof.binding.world import World


class Connection:
    """A connection of the kit's; its methods are functions of the kit's.

    Args:
        world: tells the kit of them.
        identifier: the connection's.
    """

    def __init__(self, world: World, identifier: str) -> None:
        self.request, self.reset, self._close = (world.function(identifier, name) for name in ("request", "reset", "close"))
        self.lost = False

    def is_alive(self) -> bool:
        """Whether it was neither lost nor closed."""
        return not self.lost

    def close(self) -> Any:
        """Close it."""
        self.lost = True
        return self._close()


class ConnectionPoolHost(Host):
    """A connection pool."""

    plain = messages.PLAIN

    def __init__(self, world: World, made: Any, *_: Any) -> None:
        super().__init__(world, made)
        self._borrowers = Visitors(self, "handle")

    @staticmethod
    def arguments(world: World, message: messages.MakePool) -> tuple[Any, ...]:
        connect = world.function(message.connect, result=partial(_connection, world))
        return connect, settings_of(ConnectionPoolSettings, message.settings)

    def begin(self, message: Any) -> Pending:
        match message:
            case messages.Acquire(call=call):
                return self._borrowers.enter(call, lambda: self.made.acquire())
            case messages.UseHandle(handle=handle, payload=payload):
                borrower = self._borrowers.of(handle)
                return borrower.order(partial(_requested, borrower, payload))
            case messages.GiveBack(handle=handle, error=error):
                return self._borrowers.leave(handle, error)
        return super().begin(message)

    def method(self, message: Any) -> Callable[[], Any]:
        match message:
            case messages.BreakConnection(connection=connection):
                return partial(self._break, connection)
            case messages.ReadStatistics():
                return self.made.statistics  # type: ignore[no-any-return]  # of the implementation
        return self.made.close  # type: ignore[no-any-return]  # as above

    def _break(self, identifier: str) -> None:
        connection = self.world.things.get(identifier)
        if connection is None:
            raise Fault(404, "unknown", "no such connection", f"connect has not returned {identifier!r}")
        connection.lost = True

    def outcome(self, error: BaseException) -> Outcome | None:
        if isinstance(error, PoolTimeoutError):
            return TimedOut()
        return ClosedThere() if isinstance(error, PoolClosedError) else None


async def _requested(borrower: Visitor, payload: Any) -> Any:
    return await resolved(borrower.handle.request(payload))


def _connection(world: World, value: Any) -> Connection:
    """What connect() has given, as the pool gets it.

    Raises:
        ValueError: the kit has not said which connection that is.
    """
    match value:
        case {"connection": str(identifier)}:
            made: Connection = world.things.setdefault(identifier, Connection(world, identifier))
            return made
    raise ValueError(f'connect returns {{"connection": id}}; seen {value!r}')
