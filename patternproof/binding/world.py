"""The implementations behind a server, and what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

from patternproof.adapter import Adapter
from patternproof.binding.errors import Errors, Exit, Fault, Interrupt
from patternproof.binding.hosting import HOSTS
from patternproof.binding.hosting.host import Host
from patternproof.binding.messages import (
    PATTERNS,
    Abandoned,
    Begun,
    CallState,
    Cancelled,
    Ended,
    Event,
    Failed,
    Made,
    Move,
    NotHad,
    Outcome,
    Raised,
    Release,
    Returned,
    Told,
)
from patternproof.binding.values import plain
from patternproof.drivers import Cancelled as WasCancelled
from patternproof.drivers import Driver, Hang, Operation, Pending
from patternproof.drivers import Outcome as Ending
from patternproof.drivers import Raised as HasRaised
from patternproof.drivers import Returned as HasReturned
from patternproof.drivers.base import deliver
from patternproof.flavour import plainly, resolved
from patternproof.outcome import AdapterError, NotOffered, Unavailable
from patternproof.ports import Unsupported

MOST_INSTANCES = 64
MOST_CALLS = 10_000
"""Calls since the first of the instances that there are was made."""

MOST_INTERRUPTS = 4
"""Times that one of the kit's own passes through the loop itself in one settling."""


class Instance(NamedTuple):
    """An implementation."""

    pattern: str
    host: Host
    stack: ExitStack
    """Closed with it."""


class World:
    """The implementations of one adapter, in one driver that begins with the first of them and ends with the last.

    Args:
        adapter: makes them.
    """

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter
        self.threads = adapter.runtime == "threads"
        self._driver: Driver | None = None
        self._begin()

    def _begin(self) -> None:
        # Changed by the methods below only; all are new with each driver.
        self.instances: dict[str, Instance] = {}
        self.errors = Errors()
        self.things: dict[str, Any] = {}
        """What the kit's objects are here, by id."""
        self._calls: dict[str, tuple[Host, Pending]] = {}
        self._running: list[str] = []
        """The calls that have not been told of as over."""
        self._outcomes: dict[str, Outcome] = {}
        self._operations: dict[str, Operation] = {}
        self._released: dict[str, Ending] = {}
        self._late: set[str] = set()
        """Calls that were over when their cancellation came."""
        self._overtaken: set[Any] = set()
        """Tasks whose cancellation came in the turn in which an operation of theirs was released."""
        self._events: list[Event] = []

    @property
    def driver(self) -> Driver:
        """The driver, entered.

        Raises:
            Fault: there is no instance.
        """
        if self._driver is None:
            raise Fault(409, "no-instance", "there is no instance", "make one first: POST /instances")
        return self._driver

    def events(self, settle: bool) -> list[Event]:
        """What has happened since the last time.

        Args:
            settle: go on first until nothing can move by itself.
        """
        if settle and self._driver is not None:
            with self._hanging():
                _calmly(self._driver.settle)
        for call in [*self._running]:
            host, pending = self._calls[call]
            if pending.outcome is not None:
                self._running.remove(call)
                self._outcomes[call] = _told(self, host, pending.outcome)
                late = call in self._late or self._is_overtaken(pending)
                self._events.append(Ended(call=call, outcome=self._outcomes[call], late=late))
        events, self._events = self._events, []
        return events

    def _is_overtaken(self, pending: Pending) -> bool:
        overtaken = pending.handle in self._overtaken
        self._overtaken.discard(pending.handle)
        return overtaken and not isinstance(pending.outcome, WasCancelled)

    @contextmanager
    def _hanging(self) -> Iterator[None]:
        """Give up what hangs, and all that is with it: nothing that it does afterwards says anything."""
        try:
            yield
        except Hang as hang:
            self.end(hang)
            detail = str(hang).splitlines()[0]
            raise Fault(504, "hang", "the implementation hangs", detail, stacks=hang.stacks) from hang

    def end(self, hang: Hang | None = None) -> None:
        """End all instances, and the driver with them."""
        driver, instances = self._driver, self.instances
        if hang is None:
            self._let_through()
        self._driver = None
        self._begin()
        if hang is None:
            for instance in instances.values():
                instance.stack.close()
        if driver is not None:
            driver.__exit__(None if hang is None else Hang, hang, None)
            self._begin()  # what was cut short has no place in the next example

    def _let_through(self) -> None:
        """Let interruptions that are on their way come out, before there is anything that they would break off."""
        if self._driver is not None and self.errors.passing:
            with suppress(Hang):
                _calmly(self._driver.settle)

    def make(self, message: Any) -> Made:
        """Make an instance.

        Raises:
            Fault: its id is taken, it is not offered as asked for, or there are too many.
        """
        pattern = message.__struct_config__.tag
        if message.instance in self.instances:
            raise Fault(409, "taken", "the id is taken", f"there is an instance {message.instance!r} already")
        if len(self.instances) >= MOST_INSTANCES:
            raise Fault(429, "too-many", "too many instances", f"there are {MOST_INSTANCES}; delete some first")
        if pattern not in self.adapter.offered:
            raise Fault(422, "unsupported", "not offered", f"{self.adapter.name} has no {pattern}", setting=pattern)
        if self._driver is None:
            self._driver = self.adapter.driver().__enter__()
        try:
            made = self.instances[message.instance] = self._made(pattern, message)
        finally:
            if not self.instances:
                self.end()
        members = [name for name in PATTERNS[pattern].MEMBERS if made.host.has(name)]
        return Made(instance=message.instance, members=members)

    def _made(self, pattern: str, message: Any) -> Instance:
        host, stack = HOSTS[pattern], ExitStack()
        arguments = host.arguments(self, message)
        try:
            with self._hanging():
                made = stack.enter_context(self.adapter.make(pattern, self.driver, *arguments))
        except NotOffered as error:
            raise Fault(422, "unsupported", "not supported", str(error), setting=str(error)) from error
        except Unavailable as error:
            raise Fault(503, "unavailable", "a server is missing", str(error)) from error
        except AdapterError as error:
            raise Fault(422, "adapter", "an error of the adapter", str(error)) from error
        return Instance(pattern, host(self, made, *arguments), stack)

    def remove(self, instance: str) -> None:
        """Delete an instance; with the last one all is over.

        Raises:
            Fault: there is none of that id.
        """
        gone = self._of(self.instances, instance, "instance")
        self._let_through()
        del self.instances[instance]
        with self._hanging():
            gone.stack.close()
        if not self.instances:
            self.end()

    @staticmethod
    def _of(known: dict[str, Any], identifier: str, what: str) -> Any:
        if identifier not in known:
            raise Fault(404, "unknown", f"no such {what}", f"there is no {what} {identifier!r}")
        return known[identifier]

    def begin(self, instance: str, message: Any) -> None:
        """Begin a call.

        Raises:
            Fault: no such instance, the call's id is taken, it is one of another pattern, or there are too many.
        """
        held = self._of(self.instances, instance, "instance")
        pattern = PATTERNS[held.pattern]
        if not isinstance(message, pattern.CALLS):
            tag = message.__struct_config__.tag
            raise Fault(422, "method", "a method of another pattern", f"instance {instance!r} is a {held.pattern}, seen {tag}")
        if message.call in self._calls:
            raise Fault(409, "taken", "the id is taken", f"there was a call {message.call!r} already")
        if len(self._calls) >= MOST_CALLS:
            raise Fault(429, "too-many", "too many calls", f"there were {MOST_CALLS}; delete the instances first")
        with self._hanging():
            pending = held.host.begin(message)
        self._calls[message.call] = held.host, pending
        self._running.append(message.call)

    def call(self, call: str) -> CallState:
        """A call as it stands.

        Raises:
            Fault: there was none of that id.
        """
        host, pending = self._of(self._calls, call, "call")
        if pending.outcome is None:
            return CallState(call=call, state="running")
        return CallState(call=call, state="ended", outcome=self._outcomes.get(call) or _told(self, host, pending.outcome))

    def cancel(self, call: str) -> None:
        """Cancel a call where it stands; one that is over stays as it is.

        Raises:
            Fault: there was none of that id, or calls cannot be cancelled.
        """
        host, pending = self._of(self._calls, call, "call")
        if not self.driver.can_cancel:
            raise Fault(409, "no-cancelling", "calls cannot be cancelled", f"the driver is {self.driver.name}")
        if pending.outcome is None:
            host.cancel(pending)
        else:
            self._late.add(call)

    def function(
        self,
        function: str,
        method: str = "",
        result: Callable[[Any], Any] = lambda value: value,
        sent: Callable[[Any], Any] = lambda value: value,
    ) -> Callable[..., Any]:
        """What the implementation is given for a function of the kit's.

        Args:
            function: its id.
            method: where the id is that of an object.
            result: makes what the implementation gets of what the kit has returned.
            sent: makes what the kit gets of each argument.
        """

        async def run(*arguments: Any) -> Any:
            number, operation = f"o{len(self._operations) + 1}", Operation(self.driver)
            self._operations[number] = operation
            self._events.append(Begun(operation=number, function=function, method=method, arguments=[*map(sent, arguments)]))
            try:
                return result(await resolved(operation.function()))
            except asyncio.CancelledError as error:
                if number not in self._released:
                    self._events.append(Abandoned(operation=number))
                    raise
                if self.errors.told(error) is not None:
                    raise  # the kit has it end so
            self._overtaken.add(_cancel_later())
            return result(deliver(self._released[number]))

        return (lambda *arguments: plainly(run(*arguments))) if self.threads else run

    def release(self, operation: str, message: Release) -> None:
        """Let an operation end.

        Raises:
            Fault: there is none of that id, or it was released before.
        """
        held = self._of(self._operations, operation, "operation")
        if operation in self._released:
            raise Fault(409, "released", "released already", f"operation {operation!r} was released before")
        ending = self._released[operation] = self._ending(message.outcome)
        if held.held:  # otherwise it was abandoned just now
            held.release(ending)

    def _ending(self, outcome: Returned | Raised) -> Ending:
        return HasReturned(outcome.value) if isinstance(outcome, Returned) else HasRaised(self.errors.of(outcome))

    def tell(self, listener: str, arguments: list[Any]) -> None:
        """Let the kit know what a listener has heard."""
        self._events.append(Told(listener=listener, arguments=arguments))

    def move(self, message: Move) -> float:
        """Let turns and time pass.

        Returns:
            The seconds that are left, where an operation has begun.

        Raises:
            Fault: the driver cannot.
        """
        driver = self.driver
        if message.turns and not driver.has_turns:
            raise Fault(409, "no-turns", "turns cannot be counted", f"the driver is {driver.name}")
        if message.wall_clock and not driver.moves_clocks:
            raise Fault(409, "no-clock", "the wall clock cannot be moved", f"the driver is {driver.name}")
        with self._hanging():
            if message.turns:
                for _ in range(message.turns):
                    _calmly(driver.turn)
            left = self._passed(message.seconds) if message.seconds else 0.0
            if message.wall_clock:
                driver.move_wall_clock(message.wall_clock)
        return left

    def _passed(self, seconds: float) -> float:
        """Let time pass; the seconds that are left."""
        before = self.driver.time()
        try:
            return self.driver.pass_until(seconds, self._asks)
        except (Interrupt, Exit):  # as of `_calmly`: what is left passes next time
            return max(0.0, seconds - (self.driver.time() - before))

    def _asks(self) -> bool:
        """Whether an operation has begun that the kit has not been told of."""
        return any(isinstance(event, Begun) for event in self._events)


def _cancel_later() -> Any:
    """Have a cancellation show where the task waits next, as if it had come a moment later; gives the task.

    The kit knows an operation as over that was released, and cancelled in the same turn.
    """
    task = asyncio.current_task()
    assert task is not None, "only tasks are cancelled"
    task.uncancel()
    task.cancel()
    return task


def _calmly(function: Callable[[], Any]) -> None:
    """Out of a task of the implementation's an interruption passes through the loop as well: go on after it."""
    for _ in range(MOST_INTERRUPTS):
        with suppress(Interrupt, Exit):
            function()
            return


def _told(world: World, host: Host, ending: Ending) -> Outcome:
    match ending:
        case WasCancelled():
            return Cancelled()
        case HasReturned(value):
            return Returned(value=plain(value))
        case HasRaised(Unsupported() as error):
            return NotHad(what=str(error))
        case HasRaised(error):
            failed = Failed(type=type(error).__name__, message=str(error)[:1000])
            return host.outcome(error) or world.errors.told(error) or failed
