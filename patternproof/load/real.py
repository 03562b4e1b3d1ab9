"""Implementations in real time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from copy import copy
from itertools import count
from typing import Any, TypeAlias

from patternproof.adapter import Adapter
from patternproof.drivers import Cancelled, Pending, Raised, Returned
from patternproof.flavour import plainly, resolved

LONGEST = 30.0
"""Real seconds in which a factory has to come back."""
MOST_THREADS = 256
"""Pieces of work at a time, under ``RUNTIME = "threads"``."""
QUIET, LOOKS = 1.0, 0.02
"""Real seconds in which nothing changes once all is over, and between two looks at whether anything has."""

Aside: TypeAlias = "asyncio.Future[Any] | Future[Any]"
"""What goes on beside."""


class Real:
    """What a factory needs of a driver, in a loop that runs by itself; called from another thread than the loop's.

    Args:
        runtime: of the adapter.
        loop: that of the server.
    """

    def __init__(self, runtime: str, loop: asyncio.AbstractEventLoop) -> None:
        self.threads = runtime == "threads"
        self._loop = loop

    def complete(self, call: Callable[[], Any]) -> Any:
        """What a call gives."""
        if self.threads:
            return call()
        return asyncio.run_coroutine_threadsafe(_awaited(call), self._loop).result(LONGEST)

    now = complete

    def start(self, call: Callable[[], Any]) -> Pending:
        """A call that is over when this returns."""
        pending = Pending()
        try:
            pending.outcome = Returned(self.complete(call))
        except (asyncio.CancelledError, TimeoutError):
            pending.outcome = Cancelled()
        except Exception as error:  # noqa: BLE001  # whatever it raises is the call's outcome
            pending.outcome = Raised(error)
        return pending


async def _awaited(call: Callable[[], Any]) -> Any:
    return await resolved(call())


class Workshop:
    """Where the work of all users is done, and what orders it.

    Args:
        adapter: of the implementations.
        loop: that of the server.
    """

    def __init__(self, adapter: Adapter, loop: asyncio.AbstractEventLoop) -> None:
        self.adapter = adapter
        self.threads = adapter.runtime == "threads"
        self._real: Any = Real(adapter.runtime, loop)
        self._ticks = count(1)
        self._executor = ThreadPoolExecutor(MOST_THREADS, "work") if self.threads else None

    def around(self, factory: str) -> Workshop:
        """The same with `Adapter.around`: what the adapter lacks for a factory of several patterns' parts is the reference's.

        Raises:
            NotOffered: as `Adapter.around`.
        """
        other = copy(self)
        other.adapter = self.adapter.around(factory)
        return other

    def made(self, stack: ExitStack, factory: str, *arguments: Any) -> Any:
        """An implementation, until the stack is closed; not to be called in the loop.

        Raises:
            NotOffered, Unavailable, AdapterError: as `Adapter.make`.
        """
        return stack.enter_context(self.adapter.make(factory, self._real, *arguments))

    def begun(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """What a coroutine function of the kit's gives; not to be called in the loop."""
        return self._real.complete((lambda: plainly(call())) if self.threads else call)  # type: ignore[arg-type]  # it is one

    def tick(self) -> int:
        """The number of this moment: larger than that of every moment before."""
        return next(self._ticks)

    async def pause(self, seconds: float) -> None:
        """Let real time pass, in either flavour."""
        if self.threads:
            time.sleep(seconds)  # noqa: ASYNC251  # it stands in a thread of its own
        else:
            await asyncio.sleep(seconds)

    async def quiet(
        self, look: Callable[[], Any], longest: float = math.inf, enough: Callable[[Any], bool] = lambda seen: False
    ) -> Any:
        """What a look shows last, once it shows nothing new.

        Args:
            look: what there is by now, in either flavour.
            longest: real seconds after which it is not waited for any longer.
            enough: whether nothing more is to come.
        """
        seen = await resolved(look())
        began = since = time.monotonic()
        while time.monotonic() < min(since + QUIET, began + longest) and not enough(seen):
            await self.pause(LOOKS)
            now = await resolved(look())
            if now != seen:
                seen, since = now, time.monotonic()
        return seen

    def flavoured(self, function: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
        """A coroutine function of the kit's, in the flavour of the implementation."""
        return (lambda *arguments: plainly(function(*arguments))) if self.threads else function  # type: ignore[arg-type]  # it is one

    def aside(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Aside:
        """Have something begun, and go on; called where work is done."""
        if self._executor is None:
            task = asyncio.ensure_future(work())
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # whoever began it may ask; nobody has to
            return task
        return self._executor.submit(lambda: plainly(work()))

    async def do(self, work: Callable[[], Any]) -> Any:
        """Have something done: in the loop, or in a thread of its own."""
        if self._executor is None:
            return await work()
        return await asyncio.get_running_loop().run_in_executor(self._executor, lambda: plainly(work()))
