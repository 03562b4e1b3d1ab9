"""Connection pools as a server has them."""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.binding.errors import Fault
from patternproof.binding.hosting.host import Host
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import connection_pool as messages
from patternproof.binding.messages.common import ClosedThere, TimedOut
from patternproof.binding.messages.settings import settings_of
from patternproof.drivers import Cancelled, Operation, Pending, Raised, Returned
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


class Order(Pending):
    """A call that a borrower carries out, in its own task or thread: pools may go by which it is."""

    __slots__ = ("asked", "deed", "leaves")

    def __init__(self, deed: Callable[[], Coroutine[Any, Any, Any]], leaves: bool = False) -> None:
        super().__init__()
        self.deed, self.leaves = deed, leaves
        self.asked = False
        """Whether the kit has asked for its cancellation."""

    async def carry_out(self) -> bool:
        """Do it; whether that went well."""
        if self.outcome is not None:
            return False
        try:
            self.outcome = Returned(await self.deed())
        except CancelledError as error:
            self.outcome = Cancelled() if self.asked else Raised(error)
        except BaseException as error:  # noqa: BLE001  # whatever it raises is the call's outcome
            self.outcome = Raised(error)
        return isinstance(self.outcome, Returned)


class Borrower:
    """Enters the scope of a handle, carries out orders in it, and leaves.

    Args:
        host: of the pool.
    """

    def __init__(self, host: ConnectionPoolHost) -> None:
        self._host = host
        self._scope: Any = None
        self._handle: Any = None
        self._gone = False
        self._waits = Operation(host.world.driver)
        self._orders: deque[Order] = deque()
        self.entering = Order(self._enter)
        self._task = host.world.driver.begin(host.flavoured(self._borrow)).handle
        self.entering.handle = self._task
        if isinstance(self._task, asyncio.Task):
            self._task.add_done_callback(self._end)

    def order(self, deed: Callable[[], Coroutine[Any, Any, Any]], leaves: bool = False) -> Pending:
        """Have something done within the scope; by somebody else once it was left."""
        if self._gone:
            return self._host.world.driver.begin(self._host.flavoured(deed))
        order = Order(deed, leaves)
        order.handle = self._task
        self._orders.append(order)
        self._gone = leaves
        if self._waits.held:
            self._waits.release(Returned())
        return order

    async def _enter(self) -> None:
        self._scope = scope = self._host.made.acquire()
        kind = type(scope)
        self._handle = await resolved((kind.__aenter__ if hasattr(kind, "__aenter__") else kind.__enter__)(scope))

    def _end(self, _: asyncio.Task[None]) -> None:
        """Let go of what can not be carried out any more: it was cancelled in the turn in which it was to begin."""
        for order in (self.entering, *self._orders):
            order.outcome = order.outcome or Cancelled()

    async def _borrow(self) -> None:
        inside = await self.entering.carry_out()
        while inside:
            stopped = await self._wait()
            order = self._orders.popleft()
            if stopped is not None and order.leaves:
                order.deed = partial(self._leave_stopped, stopped)
            elif stopped is not None:
                order.outcome = Cancelled()
            await order.carry_out()
            inside = not order.leaves

    async def _wait(self) -> CancelledError | None:
        """Wait for an order; a cancellation until then is of that one, before it begins."""
        stopped = None
        while not self._orders or self._waits.held:
            try:
                await resolved(self._waits.function())
            except CancelledError as error:
                if self._orders and self._orders[0].asked:  # otherwise it came too late for the one before
                    stopped = error
        return stopped

    async def _leave_stopped(self, stopped: CancelledError) -> bool:
        if await self.leave(stopped):
            return True
        raise stopped

    async def request(self, payload: Any) -> Any:
        return await resolved(self._handle.request(payload))

    async def leave(self, error: BaseException | None) -> bool:
        kind = type(self._scope)
        leave = kind.__aexit__ if hasattr(kind, "__aexit__") else kind.__exit__
        given = None if error is None else type(error), error, error and error.__traceback__
        return bool(await resolved(leave(self._scope, *given)))


class ConnectionPoolHost(Host):
    """A connection pool."""

    plain = messages.PLAIN

    def __init__(self, world: World, made: Any, *_: Any) -> None:
        super().__init__(world, made)
        self._borrowers: dict[str, Borrower] = {}

    @staticmethod
    def arguments(world: World, message: messages.MakePool) -> tuple[Any, ...]:
        connect = world.function(message.connect, result=partial(_connection, world))
        return connect, settings_of(ConnectionPoolSettings, message.settings)

    def begin(self, message: Any) -> Pending:
        match message:
            case messages.Acquire(call=call):
                self._borrowers[call] = Borrower(self)
                return self._borrowers[call].entering
            case messages.UseHandle(handle=handle, payload=payload):
                borrower = self._borrower(handle)
                return borrower.order(partial(borrower.request, payload))
            case messages.GiveBack(handle=handle, error=error):
                borrower = self._borrower(handle)
                raised = None if error is None else self.world.errors.of(error)
                return borrower.order(partial(borrower.leave, raised), leaves=True)
        return super().begin(message)

    def cancel(self, pending: Pending) -> None:
        if isinstance(pending, Order):
            pending.asked = True
        super().cancel(pending)

    def _borrower(self, handle: str) -> Borrower:
        borrower = self._borrowers.get(handle)
        if borrower is None or not isinstance(borrower.entering.outcome, Returned):
            raise Fault(404, "unknown", "no such handle", f"no call {handle!r} has acquired anything")
        return borrower

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
