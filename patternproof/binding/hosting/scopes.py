"""Scopes of an implementation, entered and left by calls."""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from patternproof.binding.errors import Fault
from patternproof.binding.hosting.host import Host
from patternproof.binding.hosting.orders import Order
from patternproof.drivers import Cancelled, Operation, Pending, Returned
from patternproof.flavour import entered, left, resolved


class Visitor:
    """Enters a scope, carries out orders in it, and leaves, all in one task or thread.

    Args:
        host: of the implementation.
        scope: gives the scope.
    """

    def __init__(self, host: Host, scope: Callable[[], Any]) -> None:
        self._host, self._give = host, scope
        self._scope: Any = None
        self.handle: Any = None
        """What entering has given."""
        self._gone = False
        self._waits = Operation(host.world.driver)
        self._orders: deque[Order] = deque()
        self.entering = Order(self._enter)
        self._task = host.world.driver.begin(host.flavoured(self._visit)).handle
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
        self._scope = self._give()
        self.handle = await entered(self._scope)

    def _end(self, _: asyncio.Task[None]) -> None:
        """Let go of what can not be carried out any more: it was cancelled in the turn in which it was to begin."""
        for order in (self.entering, *self._orders):
            order.outcome = order.outcome or Cancelled()

    async def _visit(self) -> None:
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

    async def leave(self, error: BaseException | None) -> bool:
        return bool(await left(self._scope, error))


class Visitors:
    """The visitors of one implementation, by the ids of the calls that have entered.

    Args:
        host: of the implementation.
        what: what a scope is called.
    """

    def __init__(self, host: Host, what: str) -> None:
        self._host, self._what = host, what
        self._all: dict[str, Visitor] = {}

    def enter(self, call: str, scope: Callable[[], Any]) -> Pending:
        """Have a scope entered."""
        self._all[call] = Visitor(self._host, scope)
        return self._all[call].entering

    def of(self, call: str) -> Visitor:
        """Who is in the scope that a call has entered.

        Raises:
            Fault: it has entered none.
        """
        visitor = self._all.get(call)
        if visitor is None or not isinstance(visitor.entering.outcome, Returned):
            raise Fault(404, "unknown", f"no such {self._what}", f"no call {call!r} has entered one")
        return visitor

    def leave(self, call: str, error: Any) -> Pending:
        """Have a scope left, with an error of the kit's or None."""
        visitor = self.of(call)
        raised = None if error is None else self._host.world.errors.of(error)
        return visitor.order(partial(visitor.leave, raised), leaves=True)
