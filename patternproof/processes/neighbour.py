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
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from patternproof import servers
from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import AdapterError
from patternproof.processes.messages import Abandon, Answer, Begin, Cancel, Close, Ended, Make, Operated, Read, Run

_SERVING = "patternproof.processes.serving"
LONGEST = 60.0
"""Real seconds in which the neighbour has to answer what takes no waiting."""

Operation = Callable[[], Awaitable[Any]]


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
        # Changed by `_take` and the methods of `Remote` only.
        self._numbers = count()
        self._operations: dict[int, Operation] = {}
        self._calls: dict[int, asyncio.Future[Ended]] = {}
        self._runs: dict[int, asyncio.Task[None]] = {}
        self._outcomes: dict[int, Any] = {}
        """By run, what the operation returned or raised on this side."""
        atexit.register(self.close)
        self._await_answer()

    @property
    def ended(self) -> bool:
        """Whether the process is no more."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the process."""
        atexit.unregister(self.close)
        self._connection.close()
        self._process.wait()

    @contextmanager
    def make(self, pattern: str, *arguments: Any) -> Iterator[Remote]:
        """Make an implementation over there, and clean it up at the end of the scope.

        Raises:
            NotOffered | Unavailable | AdapterError: as `Adapter.make` does.
        """
        number = next(self._numbers)
        self.ask(Make(number, pattern, arguments))
        try:
            yield Remote(self, number)
        finally:
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
            case Run(call, run) if call in self._operations:
                loop = self._calls[call].get_loop()
                self._runs[run] = loop.create_task(self._operate(run, self._operations[call]))
            case Abandon(run) if run in self._runs:
                self._runs[run].cancel()
            case Ended(call) if call in self._calls and not self._calls[call].done():
                self._calls[call].set_result(message)
        return None

    async def _operate(self, run: int, operation: Operation) -> None:
        error = None
        try:
            self._outcomes[run] = await operation()
        except asyncio.CancelledError:
            return
        except BaseException as raised:  # noqa: BLE001  # whatever it raises goes to the implementation
            error = self._outcomes[run] = raised
        self.send(Operated(run, error))

    async def follow(self, number: int, method: str, operation: Operation) -> Any:
        """Call a method over there with an operation of this side; to be awaited in the loop of the example."""
        loop, call = asyncio.get_running_loop(), next(self._numbers)
        loop.add_reader(self._connection.fileno(), self.receive)
        self._calls[call], self._operations[call] = loop.create_future(), operation
        self.send(Begin(call, number, method))
        try:
            ended = await asyncio.shield(self._calls[call])
        except asyncio.CancelledError:
            self.send(Cancel(call))
            ended = await self._calls[call]
        finally:
            del self._calls[call], self._operations[call]
        return self._deliver(ended)

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

    async def call(self, method: str, operation: Operation) -> Any:
        """Call a method with an operation of this side, and return or raise what it does; the very objects of the operation."""
        return await self._house.follow(self._number, method, operation)

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
