"""What the neighbour runs: an adapter's implementations, as told."""

from __future__ import annotations

import asyncio
import pickle
import sys
from contextlib import ExitStack
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from patternproof import servers
from patternproof.adapter import Adapter, load
from patternproof.drivers.live import Live
from patternproof.flavour import resolved
from patternproof.history import shown
from patternproof.outcome import AdapterError
from patternproof.processes.messages import (
    Abandon,
    Answer,
    Begin,
    Cancel,
    Close,
    Ended,
    MadeThere,
    Make,
    Operated,
    Placeholder,
    Read,
    Run,
)


class Serving(Live):
    """A live driver that goes on until there is a message."""

    def until_readable(self, connection: Connection) -> None:
        """Run the loop until a message has come."""
        self._loop.add_reader(connection.fileno(), self._loop.stop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.remove_reader(connection.fileno())


class House:
    """The implementations made here, and their calls.

    Args:
        connection: to the kit.
        driver: an entered driver.
        adapter: whose factories make the implementations.
    """

    def __init__(self, connection: Connection, driver: Serving, adapter: Adapter) -> None:
        self._connection, self._driver, self._adapter = connection, driver, adapter
        # Changed by `obey`, `_operate` and `_follow` only.
        self._made: dict[int, tuple[Any, ExitStack]] = {}
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._runs: dict[int, asyncio.Future[Any]] = {}
        self._given: dict[int, tuple[Any, int]] = {}
        """By identity, what operations have given, and in which run."""
        self._numbers = count()

    def serve(self) -> None:
        """Obey until the kit is gone."""
        while True:
            self._driver.until_readable(self._connection)
            try:
                while self._connection.poll():
                    self.obey(self._connection.recv())
            except (EOFError, ConnectionError):
                return

    def obey(self, message: Any) -> None:
        """Do what a message says."""
        match message:
            case Begin(call, number):
                called = partial(self._follow, message, self._made[number][0])
                self._calls[call] = self._driver.begin(called).handle
            case Operated(run, error):
                self._operated(run, error)
            case Cancel(call):
                if call in self._calls:
                    self._calls[call].cancel()
            case _:
                self._connection.send(self._answer(message))

    def _answer(self, message: Any) -> Answer:
        try:
            match message:
                case Make(number, pattern, arguments, environment):
                    servers.adopt(environment)
                    stack = ExitStack()
                    present = [each.function(self._driver) if isinstance(each, MadeThere) else each for each in arguments]
                    self._made[number] = stack.enter_context(self._adapter.make(pattern, self._driver, *present)), stack
                case Read(number, name):
                    return Answer(_sendable(self._driver.now(lambda: getattr(self._made[number][0], name))))
                case Close(number):
                    if number in self._made:  # what a call left may have been let go of already
                        self._made.pop(number)[1].close()
        except Exception as error:  # noqa: BLE001  # whatever it is, the kit decides what to make of it
            return Answer(error=_sendable(error))
        return Answer()

    async def _follow(self, begin: Begin, implementation: Any) -> None:
        call = begin.call
        arguments = [partial(self._operate, call) if each is Placeholder.OPERATION else each for each in begin.arguments]
        try:
            value = await resolved(getattr(implementation, begin.method)(*arguments))
            if begin.keep is not None:
                self._made[begin.keep] = value, ExitStack()
                value = None
            ended = Ended(call, self._run_of(value), value=_sendable(value))
        except asyncio.CancelledError:
            ended = Ended(call, cancelled=True)
        except BaseException as error:  # noqa: BLE001  # whatever it raises is the call's outcome
            ended = Ended(call, self._run_of(error), error=_sendable(error))
        self._calls.pop(call, None)
        self._connection.send(ended)

    async def _operate(self, call: int, *arguments: Any) -> Any:
        run = next(self._numbers)
        self._runs[run] = asyncio.get_running_loop().create_future()
        self._connection.send(Run(call, run, arguments))
        try:
            return await self._runs[run]
        except asyncio.CancelledError:
            self._connection.send(Abandon(run))
            raise
        finally:
            del self._runs[run]

    def _operated(self, run: int, error: BaseException | None) -> None:
        given = object() if error is None else error
        self._given[id(given)] = given, run
        if run in self._runs and not self._runs[run].done():
            self._runs[run].set_result(given) if error is None else self._runs[run].set_exception(error)

    def _run_of(self, value: Any) -> int | None:
        return self._given[id(value)][1] if id(value) in self._given else None


def _sendable(value: Any) -> Any:
    """A value as it is, or what it looks like where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(value))
    except Exception:  # noqa: BLE001  # pickling runs code of the value
        return AdapterError(shown(value)) if isinstance(value, BaseException) else shown(value)
    return value


def main(descriptor: str, spec: str) -> None:
    """Serve the kit at the other end of a socket."""
    connection = Connection(int(descriptor))
    servers.inherit()
    try:
        adapter = load(spec)
    except Exception as error:  # noqa: BLE001  # as in `House._answer`
        connection.send(Answer(error=_sendable(error)))
        return
    connection.send(Answer())
    driver = {"scale": adapter.scale, "settle": adapter.settle}
    with Serving(**{name: value for name, value in driver.items() if value is not None}) as entered:
        House(connection, entered, adapter).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
