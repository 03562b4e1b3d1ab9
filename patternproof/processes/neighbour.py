"""The second process, as the kit sees it."""

from __future__ import annotations

import asyncio
import atexit
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from patternproof import servers
from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import AdapterError
from patternproof.processes.messages import (
    Abandon,
    Answer,
    Begin,
    Cancel,
    Close,
    Ended,
    Make,
    Operated,
    Placeholder,
    Read,
    Run,
)

_SERVING = "patternproof.processes.serving"
LONGEST = 60.0
"""Real seconds in which the neighbour has to answer what takes no waiting."""

Operation = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that is not over, or has left something over there."""

    operation: Operation
    ended: asyncio.Future[Ended]


async def _no_operation(*arguments: Any) -> Any:
    raise AssertionError("the call was given no operation")


class Neighbour:
    """One process; it ends with this one, however that ends.

    Args:
        adapter: what it loads.

    Raises:
        AdapterError: the adapter cannot be loaded over there.
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", _SERVING, str(theirs.fileno()), adapter.spec],
                env={**os.environ, **servers.environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for this process, and that one ends with it
            )
        self._connection = Connection(ours.detach())
        # Changed by `_take`, `follow` and the methods of `Remote` only.
        self._numbers = count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._called: dict[int, _Call] = {}
        self._kept: dict[int, int] = {}
        """By number of what stays over there, the call that has returned it."""
        self._left_by: dict[int, list[int]] = {}
        """By number of what was made, what its calls have left over there."""
        self._runs: dict[int, asyncio.Task[None]] = {}
        self._outcomes: dict[int, Any] = {}
        """By run, what the operation returned or raised on this side."""
        atexit.register(self.close)
        self._await_answer()

    @property
    def ended(self) -> bool:
        """Whether the process is no more."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End the process at once, wherever it is (SIGKILL)."""
        self._process.kill()
        self.close()

    def close(self) -> None:
        """End the process."""
        atexit.unregister(self.close)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._connection.fileno())  # the next socket may have the same number
        self._connection.close()
        self._process.wait()

    @contextmanager
    def make(self, pattern: str, *arguments: Any) -> Iterator[Remote]:
        """Make an implementation over there, and clean it up at the end of the scope.

        Args:
            pattern: stem of the pattern.
            *arguments: of the factory; a `MadeThere` stands for one that the other process makes.

        Raises:
            NotOffered | Unavailable | AdapterError: as `Adapter.make` does.
        """
        number = next(self._numbers)
        self.ask(Make(number, pattern, arguments, servers.environment()))
        try:
            yield Remote(self, number)
        finally:
            self.let_go(number)

    def let_go(self, number: int) -> None:
        """Clean up what was made over there, with what its calls have left, or what was kept of one call."""
        for kept in self._left_by.pop(number, ()):
            self.let_go(kept)
        self._called.pop(self._kept.pop(number, -1), None)
        self.ask(Close(number))

    def ask(self, message: Any) -> Any:
        """Send what is answered at once, and give the answer.

        Raises:
            Exception: the answer is that it failed with this.
        """
        self.send(message)
        return self._await_answer()

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            AdapterError: the process has ended.
        """
        try:
            self._connection.send(message)
        except OSError as error:
            raise self._gone() from error

    def _gone(self) -> AdapterError:
        return AdapterError(f"{self._adapter.spec}: the second process that loaded it has ended with {self._process.poll()}")

    def _await_answer(self) -> Any:
        answer = None
        while answer is None:
            if not self._connection.poll(LONGEST):
                raise AdapterError(f"{self._adapter.spec}: the second process that loaded it does not answer")
            answer = self._take()
        if answer.error is not None:
            raise answer.error
        return answer.value

    def receive(self) -> None:
        """Take in all that has come."""
        while self._connection.poll():
            self._take()

    def _take(self) -> Answer | None:
        """Take in one message, and give it where it is an answer."""
        try:
            message = self._connection.recv()
        except (EOFError, ConnectionError) as error:
            raise self._gone() from error
        match message:
            case Answer():
                return message
            case Run(call, run, arguments) if call in self._called:
                called = self._called[call]
                self._runs[run] = called.ended.get_loop().create_task(self._operate(run, called.operation, arguments))
            case Abandon(run) if run in self._runs:
                self._runs[run].cancel()
            case Ended(call) if call in self._called and not self._called[call].ended.done():
                self._called[call].ended.set_result(message)
        return None

    async def _operate(self, run: int, operation: Operation, arguments: tuple[Any, ...]) -> None:
        error = None
        try:
            self._outcomes[run] = await operation(*arguments)
        except asyncio.CancelledError:
            return
        except BaseException as raised:  # noqa: BLE001  # whatever it raises goes to the implementation
            error = self._outcomes[run] = raised
        self.send(Operated(run, error))

    async def follow(self, number: int, method: str, arguments: tuple[Any, ...], keep: int | None = None) -> Any:
        """Call a method over there; to be awaited in the loop of the example.

        Args:
            number: of the implementation.
            method: its name.
            arguments: one that can be called is an operation, and stays on this side.
            keep: the number that what it returns is to have over there; None: that is given here.
        """
        loop, call = asyncio.get_running_loop(), next(self._numbers)
        self._loop = loop
        loop.add_reader(self._connection.fileno(), self.receive)
        operation: Any = next(filter(callable, arguments), _no_operation)
        called = self._called[call] = _Call(operation, loop.create_future())
        sent = tuple([Placeholder.OPERATION if callable(each) else each for each in arguments])
        self.send(Begin(call, number, method, sent, keep))
        try:
            ended = await asyncio.shield(called.ended)
        except asyncio.CancelledError:
            self.send(Cancel(call))
            ended = await called.ended
        finally:
            if keep is None:
                del self._called[call]
            else:
                self._kept[keep] = call
        return self._deliver(ended)

    async def keep(self, number: int, method: str, arguments: tuple[Any, ...]) -> Remote:
        """As `follow`; what the method returns stays over there, and its operation may be run for as long."""
        kept = next(self._numbers)
        await self.follow(number, method, arguments, kept)
        self._left_by.setdefault(number, []).append(kept)
        return Remote(self, kept)

    def _deliver(self, ended: Ended) -> Any:
        if ended.cancelled:
            raise asyncio.CancelledError
        if ended.error is not None:
            raise self._outcomes[ended.run] if ended.run is not None else ended.error
        return self._outcomes[ended.run] if ended.run is not None else ended.value


class Remote:
    """One implementation over there."""

    def __init__(self, house: Neighbour, number: int) -> None:
        self._house = house
        self._number = number

    async def call(self, method: str, *arguments: Any) -> Any:
        """Call a method, and return or raise what it does; the very objects where an operation of this side gave them."""
        return await self._house.follow(self._number, method, arguments)

    async def keep(self, method: str, *arguments: Any) -> Remote:
        """Call a method, and leave what it returns over there."""
        return await self._house.keep(self._number, method, arguments)

    def let_go(self) -> None:
        """Have what was kept forgotten."""
        self._house.let_go(self._number)

    def read(self, name: str) -> Any:
        """The value of an attribute."""
        return self._house.ask(Read(self._number, name))


_neighbours: dict[str, Neighbour] = {}


def neighbour(adapter: Adapter, driver: Driver) -> Neighbour | None:
    """The neighbour that has loaded an adapter, one in a process; None under a driver whose time another process cannot share."""
    if driver.name != "live":
        return None
    if adapter.spec not in _neighbours or _neighbours[adapter.spec].ended:
        _neighbours[adapter.spec] = Neighbour(adapter)
    return _neighbours[adapter.spec]
