"""The driver for implementations behind the HTTP binding."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, NamedTuple, TypeVar

from patternproof.binding.messages import (
    Abandoned,
    Answer,
    Begun,
    Description,
    Ended,
    Event,
    Made,
    Move,
    Outcome,
    Raised,
    Release,
    Returned,
    Told,
)
from patternproof.binding.tokens import Tokens
from patternproof.binding.wire import Wire
from patternproof.drivers.base import Hang, Pending
from patternproof.drivers.base import Outcome as Ending
from patternproof.drivers.simulated import Simulated
from patternproof.outcome import AdapterError, NoVerdict
from patternproof.ports import Unsupported

T = TypeVar("T")
MOST_ROUNDS = 1_000
"""Answers of the server in one settling after which the implementation counts as spinning."""
Function = Callable[..., Awaitable[Any]]


class Command(NamedTuple):
    """A request that waits to be sent."""

    method: str
    path: str
    message: Any = None


class Remote(Simulated):
    """The kit's part of an example runs in a loop here, and the implementation over there.

    Calls and operations are told of at once and settled together: what the kit does in one turn reaches the server before it goes
    on by itself. What has happened over there comes with each answer, and what the kit makes of it goes back, until neither side
    can move.

    Args:
        wire: the way to the server.
        served: what it says of itself.
    """

    name = "remote"
    shares_objects = False

    def __init__(self, wire: Wire, served: Description) -> None:
        super().__init__()
        self.wire, self.served = wire, served
        self.can_cancel, self.has_turns, self.moves_clocks = served.cancels, served.turns, served.wall_clock
        self.scale = served.scale
        # Changed by the methods below only.
        self._waiting: list[Command] = []
        self._settled = True
        self._over = False
        self._numbers: dict[str, int] = {}
        self._calls: dict[str, asyncio.Future[Outcome]] = {}
        self._late: set[str] = set()
        """The calls for which their cancellation came too late."""
        self._early: list[str] = []
        """Those that are to be cancelled once they have begun."""
        self._functions: dict[tuple[str, str], Function] = {}
        self._listeners: dict[str, Callable[..., Any]] = {}
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._begun_here: set[str] = set()
        """The operations that run."""
        self._abandoned: set[str] = set()
        self._instances: list[str] = []
        self._lost: BaseException | None = None
        """What the server was lost by."""
        self._told = False
        self._left = 0.0
        """Seconds that the server has still to let pass."""
        self.moments = 0
        """How many have settled."""
        self.tokens = Tokens()
        self.watchers: list[Callable[[], None]] = []
        """Called before each request: they send what has changed on this side."""

    def __exit__(self, *error: Any) -> None:
        self._over = True
        self._waiting.clear()
        try:
            for instance in self._instances:  # where something went wrong
                with suppress(AdapterError, NoVerdict, Hang):
                    self.wire.ask("DELETE", f"/instances/{instance}", None, Answer)
        finally:
            super().__exit__(*error)

    def number(self, letter: str) -> str:
        """A new id."""
        self._numbers[letter] = self._numbers.get(letter, 0) + 1
        return f"{letter}{self._numbers[letter]}"

    # What the proxies ask for.

    def make(self, message: Callable[..., Any], **values: Any) -> Made:
        """Have an instance made, and give what the server says of it.

        Raises:
            Unsupported: it does not have what was asked for.
        """
        self._flush()
        made = self._ask("POST", "/instances", message(instance=self.number("i"), **values), Made)
        self._instances.append(made.instance)
        self._settled = False
        self._take(made.events)
        return made

    def remove(self, instance: str) -> None:
        """Have an instance deleted; where the server was lost, nothing is left to be."""
        if self._lost is None:
            self._flush()
            self._instances.remove(instance)
            self._take(self._ask("DELETE", f"/instances/{instance}", None, Answer).events)
        if not self._instances:  # over there all is forgotten with the last, and operations are counted anew
            for known in (self._operations, self._begun_here, self._abandoned):
                known.clear()

    def give(self, function: Function, identifier: str = "", method: str = "") -> str:
        """Give a function an id by which the implementation can run it."""
        identifier = identifier or self.number("f")
        self._functions[identifier, method] = function
        return identifier

    def listen(self, listener: Callable[..., Any], identifier: str = "") -> str:
        """Give a listener an id."""
        identifier = identifier or self.number("l")
        self._listeners[identifier] = listener
        return identifier

    async def follow(self, instance: str, message: Callable[..., Any], /, atomic: bool = False, **values: Any) -> Outcome:
        """Make a call over there, and wait for its outcome; a cancellation is passed on, and what comes of it is the outcome.

        Args:
            instance: its id.
            message: makes the message.
            atomic: whether nothing comes between its begin and the first that it waits for, where it runs in process.
            **values: of the message.
        """
        task: Any = asyncio.current_task()
        call, ended = self._begun(instance, message, values)
        early = atomic or task._must_cancel  # it would have begun all the same, and have been cancelled where it first waits
        while not ended.done():
            try:
                await asyncio.shield(ended)
            except asyncio.CancelledError:
                if self._over:
                    raise
                self._stop(call, early)
                early = False
        if call in self._late:
            task.uncancel()
            task.cancel()  # it stops what the task does next
        return ended.result()

    def _stop(self, call: str, early: bool) -> None:
        if self._calls[call].done():
            self._late.add(call)
        elif early:
            self._early.append(call)
        else:
            self._send(Command("DELETE", f"/calls/{call}"))

    def plainly(self, instance: str, message: Callable[..., Any], /, **values: Any) -> Outcome:
        """Make a call that ends at once.

        Raises:
            AdapterError: it does not.
        """
        call, ended = self._begun(instance, message, values)
        self._flush()
        if not ended.done():
            tag = message.__struct_config__.tag  # type: ignore[attr-defined]  # a message is a struct
            raise AdapterError(f"POST {self.wire.address}/instances/{instance}/calls: {tag} has to end at once; {call} runs on")
        return ended.result()

    def _begun(self, instance: str, message: Callable[..., Any], values: dict[str, Any]) -> tuple[str, asyncio.Future[Outcome]]:
        call = values.pop("call", None) or self.number("c")
        ended = self._calls[call] = self._loop.create_future()
        self._send(Command("POST", f"/instances/{instance}/calls", message(call=call, **values)))
        return call, ended

    # Sending and taking in.

    def notify(self, instance: str, message: Callable[..., Any], /, **values: Any) -> None:
        """Make a call that ends at once, and whose outcome says nothing."""
        call = self.number("c")
        self._calls[call] = self._loop.create_future()
        self._waiting.append(Command("POST", f"/instances/{instance}/calls", message(call=call, **values)))
        self._settled = False

    def _watch(self) -> None:
        for watcher in self.watchers:
            watcher()

    def _send(self, command: Command) -> None:
        self._watch()
        self._waiting.append(command)
        self._settled = False

    def _ask(self, method: str, path: str, message: Any, kind: type[T]) -> T:
        try:
            return self.wire.ask(method, path, message, kind)
        except Unsupported:
            raise
        except BaseException as error:
            self._lost = error
            raise

    def _flush(self, settle: bool = False) -> bool:
        """Send what waits, and take in what has happened; whether anything was sent."""
        self._watch()
        if not self._instances:
            self._waiting.clear()  # without one there is nothing over there to be told
        if not self._waiting and (self._settled or not settle or not self._instances):
            return False
        waiting, self._waiting = self._waiting or [Command("POST", "/clock", Move())], []
        for command in waiting:
            last = settle and command is waiting[-1]
            if self._is_vain(command):
                command = Command("POST", "/clock", Move())
            path = f"{command.path}?settle=true" if last else command.path
            answer = self._ask(command.method, path, command.message, Answer)
            self._left = answer.left or self._left
            self._take(answer.events)
        self._settled = settle and not self._waiting
        return True

    def _is_vain(self, command: Command) -> bool:
        """Whether it would cancel a call that has ended since it was to be sent."""
        call = command.path.removeprefix("/calls/")
        if not command.path.startswith("/calls/") or not self._calls[call].done():
            return False
        self._late.add(call)
        return True

    def _take(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Begun():
                    self._operate(event)
                case Abandoned(operation=operation):
                    self._abandon(operation)
                case Ended():
                    self._end(event)
                case Told(listener=listener, arguments=arguments):
                    self._known(self._listeners, listener, "listener")(*map(self.tokens.back, arguments))

    def _known(self, known: dict[Any, Any], identifier: Any, what: str) -> Any:
        if identifier not in known:
            raise AdapterError(f"{self.wire.address}: told of the {what} {identifier!r}, which the kit does not know")
        return known[identifier]

    def _end(self, event: Ended) -> None:
        ended = self._known(self._calls, event.call, "call")
        if ended.done():
            raise AdapterError(f"{self.wire.address}: told twice that call {event.call!r} has ended; now as {event.outcome}")
        if event.late or event.call in self._early:
            self._late.add(event.call)
        ended.set_result(event.outcome)

    def _abandon(self, operation: str) -> None:
        task = self._known(self._operations, operation, "operation")
        self._abandoned.add(operation)
        if operation in self._begun_here:
            task.cancel()
        else:
            self._loop.call_soon(task.cancel)  # it begins first: what it does before it waits it has done

    def _operate(self, event: Begun) -> None:
        function = self._known(self._functions, (event.function, event.method), "function")
        if event.operation in self._operations:
            raise AdapterError(f"{self.wire.address}: told twice that operation {event.operation!r} has begun")
        running = self._running(event.operation, function, [self.tokens.back(each) for each in event.arguments])
        self._operations[event.operation] = self._loop.create_task(running, name="operation")

    async def _running(self, operation: str, function: Function, arguments: list[Any]) -> None:
        self._begun_here.add(operation)
        try:
            outcome: Returned | Raised = Returned(value=self.tokens.of(await function(*arguments)))
        except BaseException as error:  # noqa: BLE001  # whatever it raises goes to the implementation
            if operation in self._abandoned or self._over:
                return
            outcome = self.tokens.of_error(error)
        if self._operations.get(operation) is asyncio.current_task():  # otherwise all that it was part of has been deleted
            self._send(Command("POST", f"/operations/{operation}", Release(outcome=outcome)))

    # The verbs.

    def begin(self, call: Callable[[], Any]) -> Pending:
        pending = super().begin(call)
        self._go_on()
        return pending

    def cancel(self, pending: Pending) -> None:
        super().cancel(pending)
        self._go_on()

    def free(self, held: Any, outcome: Ending) -> None:
        super().free(held, outcome)
        self._go_on()

    def _go_on(self) -> None:
        """Let the kit's part settle; from within it does by itself."""
        if not self._loop.is_running():
            super().settle()

    def settle(self) -> None:
        if self._lost is not None:
            self._tell_lost()
            return
        super().settle()
        for _ in range(MOST_ROUNDS):
            if not self._flush(settle=True) and not self._stop_early():
                self.moments += 1
                return
            super().settle()
        self._lost, self._told = Hang(f"never at rest: {MOST_ROUNDS} answers in a row, each with something to be done"), True
        raise self._lost

    def _tell_lost(self) -> None:
        """Say once that the server was lost: a rig may have taken that for an answer, and what follows is cleaning up."""
        told, self._told = self._told, True
        if not told and self._lost is not None:
            raise self._lost

    def _stop_early(self) -> bool:
        """Cancel what was to be cancelled as soon as it had begun; whether there was anything."""
        early, self._early = self._early, []
        for call in early:
            self._stop(call, early=False)
        return bool(early)

    def turn(self, count: int = 1) -> None:
        self._move(Move(turns=count))
        super().settle()

    def pass_time(self, seconds: float) -> None:
        while seconds > 0.0:
            self._left = 0.0
            self._move(Move(seconds=seconds))
            left, self._left = self._left, 0.0
            super().pass_time(seconds - left)
            super().settle()  # not before: what has begun over there has begun at this time
            if left:
                self.settle()  # over there time stands still: something was asked that it may wait for no longer
            seconds = left

    def move_wall_clock(self, seconds: float) -> None:
        self._move(Move(wall_clock=seconds))
        super().move_wall_clock(seconds)
        super().settle()

    def _move(self, move: Move) -> None:
        super().settle()
        self._send(Command("POST", "/clock", move))
        self._flush()

    def watch(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _inside(self) -> AbstractContextManager[None]:
        return nullcontext()  # what takes time is over there, where it is watched

    def stacks(self) -> list[str]:
        return []
