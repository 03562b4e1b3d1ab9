"""Systems under load, shut down in the middle of work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from itertools import count
from typing import Any, NamedTuple

from patternproof.flavour import resolved
from patternproof.load.evidence import Broken
from patternproof.load.real import Aside, Workshop
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.ports.event_bus import Topic, UserAction
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings

from .events import SYSTEM
from .load_core import Peer
from .load_guard import a_bus
from .system_model import ROOM
from .watching import Book

LONGEST = 8.0
"""Seconds in which cleaning up, and work that is under way, have to end."""
SETTLING = 2.0
"""Seconds in which what is given up has to be gone: cancelled tasks take some turns."""
GRACE, TURNS = 0.02, 30
"""Seconds, and turns of the loop, in which work that was given up comes to its end; what goes on takes clearly longer."""
LOOKS = 0.005
"""Seconds between two looks."""


class ShutDown(NamedTuple):
    """A system that was shut down."""

    number: int
    outcome: str
    """over, or what it did instead."""
    under_way: int
    """Requests at the dependency as cleaning up began."""
    hanging: int
    """Jobs that have not ended."""
    left: list[str]
    order: str
    """What was wrong with the order; empty: nothing."""
    afterwards: str
    """What became of a job that came later: refused, or done."""
    began: int
    over: int

    def __str__(self) -> str:
        left = f"; left: {', '.join(self.left)}" if self.left else ""
        return (
            f"ticks {self.began} to {self.over}: system {self.number}, {self.under_way} requests under way: {self.outcome}{left}"
        )


class Work:
    """The dependency of one system."""

    def __init__(self, shop: Workshop, takes: float) -> None:
        self._shop, self._takes = shop, takes
        self._open: list[Line] = []
        self.under_way: list[object] = []
        self.connect = shop.flavoured(self._connect)

    async def _connect(self) -> Line:
        self._open.append(Line(self))
        return self._open[-1]

    @property
    def open(self) -> int:
        """Connections that are not closed."""
        return sum(each.is_alive() for each in self._open)

    async def done(self, payload: object) -> object:
        """Do a request."""
        mark = object()
        self.under_way.append(mark)
        try:
            await self._shop.pause(self._takes)
        finally:
            self.under_way.remove(mark)
        return payload

    def flavoured(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """As the implementation has it."""
        return self._shop.flavoured(function)


class Line:
    """A connection."""

    def __init__(self, work: Work) -> None:
        self._closed = False
        self._work = work
        flavoured = work.flavoured
        self.request, self.reset, self.close = flavoured(self._request), flavoured(self._reset), flavoured(self._close)

    async def _request(self, payload: object) -> object:
        await self._reset()
        return await self._work.done(payload)

    def is_alive(self) -> bool:
        """Whether it can be used."""
        return not self._closed

    async def _reset(self) -> None:
        if self._closed:
            raise ConnectionError("the connection is closed")

    async def _close(self) -> None:
        self._closed = True


_made_for: ContextVar[list[Any] | None] = ContextVar("made_for", default=None)


def _watch(loop: asyncio.AbstractEventLoop) -> None:
    """Have the tasks of a loop taken down with the system for which they were made; once for a loop."""
    before = loop.get_task_factory()
    if getattr(before, "watches", False):
        return

    def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> Any:
        task = asyncio.Task(coroutine, loop=loop, **more) if before is None else before(loop, coroutine, **more)
        tasks = _made_for.get()
        if tasks is not None:
            tasks.append(task)
        return task

    make.watches = True  # type: ignore[attr-defined]  # a mark, for this function alone
    loop.set_task_factory(make)


class Systems:
    """Makes one system after the other, and shuts each down in the middle of work.

    Args:
        shop: where.
        stack: closed with it.

    Raises:
        NotOffered: there is none.
    """

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop.around(SYSTEM)
        self._numbers = count(1)
        with ExitStack() as trial:  # whether there is all that it takes
            Trial(self._shop, trial, 0.0)

    async def shut_down(self, jobs: int, takes: float) -> ShutDown:
        """Make a system, give it work, and clean up in the middle of it."""
        number, stack = next(self._numbers), ExitStack()
        if self._shop.threads:
            trial = Trial(self._shop, stack, takes)
        else:
            _watch(asyncio.get_running_loop())
            _made_for.set([])
            trial = await asyncio.to_thread(Trial, self._shop, stack, takes)
        try:
            return await trial.shut_down(number, jobs)
        finally:
            self._shop.aside(lambda: self._close(stack))  # what hangs would hold up what is told of it

    async def _close(self, stack: ExitStack) -> None:
        if self._shop.threads:
            stack.close()
        else:
            await asyncio.to_thread(stack.close)


class Trial:
    """One system, and all that it is made over.

    Args:
        shop: where.
        stack: closed with it.
        takes: seconds that the dependency takes for a request.
    """

    def __init__(self, shop: Workshop, stack: ExitStack, takes: float) -> None:
        self._shop, self._takes = shop, takes
        self._work, self._peer, self._book = Work(shop, takes), Peer(shop), Book()
        self._own: list[Aside] = []
        self._manager = shop.made(stack, "resource_lifecycle", ResourceLifecycleSettings())
        service = shop.made(stack, "service_interface", self._peer)
        stack.callback(shop.begun, self._peer.hang_up)
        self._bus, _ = a_bus(shop, stack)
        shop.begun(lambda: self._warm_up(service))
        self._before = self._tasks()
        pool = shop.made(stack, "connection_pool", self._work.connect, ConnectionPoolSettings(max_size=ROOM))
        parts = self._manager, self._book.service(service), self._book.bus(self._bus), self._book.pool(pool)
        self._system = shop.made(stack, SYSTEM, *parts)

    async def _warm_up(self, service: Any) -> None:
        """Use bus and service once: what they start for that, and keep, is none of the system's."""
        ignore = self._shop.flavoured(_ignored)
        heard = self._bus.handle((Topic.USER,), ignore) if hasattr(self._bus, "handle") else self._bus.subscribe(Topic.USER)
        await resolved((await resolved(heard)).unsubscribe())
        await resolved(service.unregister_handler(await resolved(service.register_handler(ignore))))

    def _tasks(self) -> int:
        """Tasks that run for this system, and are not the kit's; under threads nobody can tell whose a thread is."""
        own = {*map(id, self._own)}
        return sum(not each.done() and id(each) not in own for each in _made_for.get() or ())

    def _aside(self, work: Callable[[], Any]) -> Aside:
        self._own.append(self._shop.aside(lambda: resolved(work())))
        return self._own[-1]

    async def shut_down(self, number: int, jobs: int) -> ShutDown:
        """Give it work, and clean up in the middle of that."""
        given = [self._aside(lambda job=job: self._system.run(f"job {job}")) for job in range(jobs)]  # type: ignore[misc]  # lambdas with a default
        await self._peer.tell("work")
        self._aside(lambda: self._bus.publish(UserAction("work")))
        await self._until(lambda: len(self._work.under_way) >= jobs, LONGEST)
        under_way, began = len(self._work.under_way), self._shop.tick()
        down = self._aside(self._manager.cleanup_all)
        given += [self._aside(lambda: self._system.run("one more"))]
        await self._until(down.done, LONGEST)
        outcome = _how(down)
        for _ in range(TURNS):
            await self._shop.pause(0)
        await self._shop.pause(GRACE)
        goes_on = ["requests under way"] if self._work.under_way and outcome == "over" else []
        await self._until(lambda: all(each.done() for each in given), LONGEST)
        hanging = sum(not each.done() for each in given)
        afterwards = await self._tried() if outcome == "over" else ""
        if outcome == "over":
            await self._until(lambda: not self._left(), SETTLING)
        left = [*goes_on, *self._left()] if outcome == "over" else []
        # Of what remains there is no saying whether it went too late.
        order = "" if self._book.subscriptions + self._book.handlers else self._book.order
        return ShutDown(number, outcome, under_way, hanging, left, order, afterwards, began, self._shop.tick())

    async def _until(self, reached: Callable[[], bool], seconds: float) -> None:
        began = time.monotonic()
        while not reached() and time.monotonic() - began < seconds:
            await self._shop.pause(LOOKS)

    async def _tried(self) -> str:
        late = self._aside(lambda: self._system.run("late"))
        await self._until(late.done, LONGEST)
        if not late.done():
            return "never ended"
        return "refused" if late.cancelled() or late.exception() else "done"

    def _left(self) -> list[str]:
        counts = {
            "connections": self._work.open,
            "subscriptions": self._book.subscriptions,
            "handlers": self._book.handlers,
            "tasks": self._tasks() - self._before,
        }
        return [what for what, number in counts.items() if number > 0]


def _how(down: Aside) -> str:
    if not down.done():
        return "did not end"
    error = None if down.cancelled() else down.exception()
    return "over" if error is None else f"raised {type(error).__name__}: {error}"


async def _ignored(_: object) -> None:
    return


def everything_is_cleaned_up(down: Sequence[ShutDown]) -> Iterator[int]:
    """Cleaning up ends, in order, and leaves nothing; work ends either way."""
    for each in down:
        if each.outcome != "over":
            raise Broken(f"expected cleaning up in the middle of work to end; seen: it {each.outcome}", [each])
        if each.hanging:
            raise Broken(f"expected work under way to end, one way or the other; seen: {each.hanging} jobs that never do", [each])
        if each.left:
            raise Broken(f"expected nothing of the system to remain; seen: {' and '.join(each.left)}", [each])
        if each.order:
            raise Broken(f"expected cleaning up in order; seen: {each.order}", [each])
        if each.afterwards != "refused":
            raise Broken(f"expected new work to be refused once it is shut down; seen: it {each.afterwards}", [each])
        yield int(each.under_way > 0)
