"""Circuit breakers that are unusual and right."""

from __future__ import annotations

import asyncio
import functools
import math
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import Enum
from typing import Any

from patternproof.reference.circuit_breaker import CircuitBreaker, _Machine, _Outcome

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState
from tests.odd import Registry

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
Operation = Callable[[], Awaitable[Any]]

ODD = Registry()
odd = ODD.add


class Breaker(CircuitBreaker):
    """The reference, with a machine that a subclass replaces."""

    Machine: type[_Machine] = _Machine

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        if settings.store is not None:
            raise Unsupported("store")
        super().__init__(settings)
        self._machine = self.Machine(settings)


# When a transition happens, and when it is told


@odd
class HalfOpenByTimer(Breaker):
    """Becomes half_open in the background, announced."""

    def _announce(self) -> None:
        if any(new is OPEN for _, new in self._machine.moves):
            loop = asyncio.get_running_loop()
            loop.call_later(self._machine.settings.reset_timeout, self._wake, self._machine.generation)
        super()._announce()

    def trip(self) -> None:
        if self._machine.state is not OPEN:
            super().trip()

    def _wake(self, generation: int) -> None:
        if generation == self._machine.generation:
            self._change(self._machine.move, HALF_OPEN)
            self._announce()


@odd
class HalfOpenOnRead(Breaker):
    """Becomes half_open when the state is read, announced, without taking a probe."""

    @property
    def state(self) -> CircuitState:
        machine = self._machine
        if machine.state is OPEN and machine.opened_at + machine.settings.reset_timeout <= self._clock():
            self._change(machine.move, HALF_OPEN)
            self._announce()
        return machine.state


@odd
class ReadsHalfOpenWhenDue(Breaker):
    """Computes half_open from the time, and becomes it with the next call."""

    @property
    def state(self) -> CircuitState:
        machine = self._machine
        due = machine.state is OPEN and machine.opened_at + machine.settings.reset_timeout <= self._clock()
        return HALF_OPEN if due else machine.state


@odd
class AnnouncesHalfOpenAfterProbe(Breaker):
    """Tells of half_open when the first probe is over, as message buses in libraries do."""

    def _announce(self) -> None:
        if list(self._machine.moves) != [(OPEN, HALF_OPEN)] or self._machine.probes == 0:
            super()._announce()


@odd
class TellsLater(Breaker):
    """Listeners hear a turn of the loop later."""

    def _tell(self, old: CircuitState, new: CircuitState) -> None:
        asyncio.get_running_loop().call_soon(super()._tell, old, new)


@odd
class TellsFromTask(Breaker):
    """Listeners hear from a task of their own, which keeps the order."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self._news: deque[tuple[CircuitState, CircuitState]] = deque()
        self._teller: asyncio.Task[None] | None = None

    def _tell(self, old: CircuitState, new: CircuitState) -> None:
        self._news.append((old, new))
        if self._teller is None or self._teller.done():
            self._teller = asyncio.get_running_loop().create_task(self._tell_all())

    async def _tell_all(self) -> None:
        while self._news:
            super()._tell(*self._news.popleft())
            await asyncio.sleep(0)


# Turns of the loop


@odd
class YieldsBefore(Breaker):
    """Gives way three times before it looks at anything."""

    async def call(self, operation: Operation) -> Any:
        for _ in range(3):
            await asyncio.sleep(0)
        return await super().call(operation)


@odd
class YieldsAfter(Breaker):
    """Gives way twice between the end of the operation and its counting."""

    async def call(self, operation: Operation) -> Any:
        async def slow() -> Any:
            try:
                return await operation()
            finally:
                await asyncio.sleep(0)
                await asyncio.sleep(0)

        return await super().call(slow)


@odd
class OwnTask(Breaker):
    """Runs each operation in a task of its own."""

    async def call(self, operation: Operation) -> Any:
        async def whole() -> Any:
            return await operation()

        async def apart() -> Any:
            return await asyncio.get_running_loop().create_task(whole())

        return await super().call(apart)


@odd
class LockAroundChange(Breaker):
    """Takes an asyncio lock around each admission, and gives it back before the operation runs."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self._turnstile = asyncio.Lock()

    async def call(self, operation: Operation) -> Any:
        async with self._turnstile:
            running = asyncio.ensure_future(super().call(operation))
            try:
                await asyncio.sleep(0)  # the task has been admitted or rejected by now
            except asyncio.CancelledError:
                running.cancel()
                raise
        return await running


@odd
class GivesFuture(Breaker):
    """call() is a plain function that returns something to await."""

    def call(self, operation: Operation) -> Any:
        return asyncio.ensure_future(super().call(operation))


@odd
class GivesWayAtRandom(Breaker):
    """Gives way up to three times at every point where it may, now more and now less."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self._random = random.Random(1)

    async def _give_way(self) -> None:
        for _ in range(self._random.randrange(4)):
            await asyncio.sleep(0)

    async def call(self, operation: Operation) -> Any:
        async def slow() -> Any:
            await self._give_way()
            try:
                return await operation()
            finally:
                await self._give_way()

        await self._give_way()
        try:
            return await super().call(slow)
        finally:
            await self._give_way()


@odd
class ForwardsCancellation(Breaker):
    """Runs each operation in a task of its own, and when it is cancelled waits until that has ended."""

    async def call(self, operation: Operation) -> Any:
        async def whole() -> Any:
            return await operation()

        async def apart() -> Any:
            running = asyncio.ensure_future(whole())
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                running.cancel()
                await asyncio.wait([running])
                raise

        return await super().call(apart)


@odd
class Actor(HalfOpenByTimer):
    """One task makes all changes, in the order in which calls ask for them through a queue."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self._asked: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def _ask(self, change: Callable[[], Any]) -> asyncio.Future[Any]:
        answer = asyncio.get_running_loop().create_future()
        self._asked.append((change, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())
        return answer

    async def _work(self) -> None:
        while self._asked:
            change, answer = self._asked.popleft()
            await asyncio.sleep(0)
            if not answer.cancelled():
                try:
                    answer.set_result(change())
                except CircuitOpenError as error:
                    answer.set_exception(error)
                self._announce()

    async def call(self, operation: Operation) -> Any:
        admitted = self._ask(lambda: self._change(self._machine.admit))
        try:
            generation = await admitted
            result = await operation()
        except BaseException as error:
            if admitted.done() and not admitted.cancelled() and admitted.exception() is None:
                self._end(admitted.result(), error)
            raise
        self._end(generation, None)
        return result

    def _end(self, generation: int, error: BaseException | None) -> None:
        self._ask(lambda: self._change(self._machine.finish, generation, self._outcome(error)))


# Types


class _Text(str):
    __slots__ = ()


class OtherState(str, Enum):  # noqa: UP042 - the older way to write it, whose str() is not its value
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class _Translated(Breaker):
    """Says its states in a type of its own."""

    @staticmethod
    def word(state: CircuitState) -> Any:
        raise NotImplementedError

    @property
    def state(self) -> Any:
        return self.word(super().state)

    def _tell(self, old: CircuitState, new: CircuitState) -> None:
        super()._tell(self.word(old), self.word(new))


@odd
class PlainText(_Translated):
    """States are plain strings."""

    word = staticmethod(str)


@odd
class TextSubclass(_Translated):
    """States are of a subclass of str."""

    word = staticmethod(_Text)


@odd
class OtherEnum(_Translated):
    """States are members of another enumeration, equal to the port's."""

    word = staticmethod(OtherState)


class DetailedOpenError(CircuitOpenError):
    """Says more than asked."""

    def __init__(self, retry_after: float | None, failures: int) -> None:
        super().__init__(retry_after)
        self.failures = failures


@odd
class DetailedError(Breaker):
    """Raises a subclass, with a cause."""

    async def call(self, operation: Operation) -> Any:
        admitted = False

        def noted() -> Awaitable[Any]:
            nonlocal admitted
            admitted = True
            return operation()

        try:
            return await super().call(noted)
        except CircuitOpenError as error:
            if admitted:
                raise
            raise DetailedOpenError(error.retry_after, 3) from LookupError("the last failure")


class Proxy:
    """Slots, and everything by way of another object."""

    __slots__ = ("_inner",)

    def __init__(self, inner: CircuitBreaker) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@odd
def proxy(settings: CircuitBreakerSettings) -> Proxy:
    """A proxy has no member of its own."""
    return Proxy(Breaker(settings))


class Seconds(float):
    """A number that is a float, and more."""


class Rejected(CircuitOpenError, RuntimeError):
    """An error with a second base, whose hint is computed."""

    def __init__(self, seconds: float | None) -> None:
        RuntimeError.__init__(self, "rejected")
        self._seconds = seconds

    @property
    def retry_after(self) -> Seconds | None:  # type: ignore[override]  # computed, where the port has an attribute
        return None if self._seconds is None else Seconds(self._seconds)


class Compiled:
    """Members that are no methods, as those of an extension module: no names, no signatures, no room for more."""

    __slots__ = ("_inner", "add_listener", "call", "reset", "trip")

    def __init__(self, inner: CircuitBreaker) -> None:
        self._inner = inner
        self.call = functools.partial(self._call)
        self.add_listener = functools.partial(inner.add_listener)
        self.trip, self.reset = functools.partial(inner.trip), functools.partial(inner.reset)

    async def _call(self, operation: Operation) -> Any:
        ran = False

        def noted() -> Awaitable[Any]:
            nonlocal ran
            ran = True
            return operation()

        try:
            return await self._inner.call(noted)
        except CircuitOpenError as error:
            if ran:
                raise
            raise Rejected(error.retry_after) from None

    @property
    def state(self) -> OtherState:
        return OtherState(self._inner.state)


@odd
def compiled(settings: CircuitBreakerSettings) -> Compiled:
    """An extension module: slots, partials, errors and numbers of its own types."""
    return Compiled(Breaker(settings))


@odd
async def async_factory(settings: CircuitBreakerSettings) -> CircuitBreaker:
    """A factory that takes its time."""
    await asyncio.sleep(0)
    return Breaker(settings)


@odd
async def async_generator(settings: CircuitBreakerSettings) -> AsyncIterator[CircuitBreaker]:
    """A factory that cleans up, slowly."""
    yield Breaker(settings)
    await asyncio.sleep(1.0)


# Latitude in numbers and outcomes


@odd
class FewerProbes(Breaker):
    """Admits one probe at a time, whatever half_open_max_calls allows."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            if self.state is HALF_OPEN and self.probes:
                raise CircuitOpenError(0.0)
            return super().admit(now)


class _Hinting(Breaker):
    class Machine(_Machine):
        def admit(self, now: float) -> int:
            try:
                return super().admit(now)
            except CircuitOpenError as error:
                raise CircuitOpenError(self.hint(error.retry_after or 0.0)) from None

        def hint(self, seconds: float) -> float | None:
            raise NotImplementedError


@odd
class WholeSeconds(_Hinting):
    """Rounds the hint up to an integer (circuitbreaker)."""

    class Machine(_Hinting.Machine):
        def hint(self, seconds: float) -> float | None:
            return math.ceil(seconds)


@odd
class NoHintForProbes(_Hinting):
    """Gives no hint while half_open: nobody knows when a probe ends."""

    class Machine(_Hinting.Machine):
        def hint(self, seconds: float) -> float | None:
            return None if self.state is HALF_OPEN else seconds


@odd
class TripLeavesTimer(Breaker):
    """trip() of an open circuit changes nothing."""

    def trip(self) -> None:
        if self._machine.state is not OPEN:
            super().trip()


class _Counting(Breaker):
    """Counts what the requirements leave open."""

    def is_failure(self, error: BaseException, probe: bool) -> bool:
        raise NotImplementedError

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        probe = self._machine.state is HALF_OPEN
        if error is not None and self.is_failure(error, probe):
            self._change(self._machine.finish, generation, _Outcome.FAILURE)
            self._announce()
        else:
            super()._finish(generation, error)


@odd
class InterruptionIsFailure(_Counting):
    """A BaseException counts as a failure, a cancellation of a closed call does not."""

    def is_failure(self, error: BaseException, probe: bool) -> bool:
        return not isinstance(error, Exception | asyncio.CancelledError)


@odd
class CancelledProbeReopens(_Counting):
    """A probe that was cancelled has failed."""

    def is_failure(self, error: BaseException, probe: bool) -> bool:
        return probe and isinstance(error, asyncio.CancelledError)


@odd
class RemembersSuccesses(Breaker):
    """Successful probes of an earlier half_open still count."""

    class Machine(_Machine):
        remembered = 0

        def _finish_probe(self, now: float, outcome: _Outcome) -> None:
            remembered = self.successes
            super()._finish_probe(now, outcome)
            if self.state is OPEN:
                self.remembered = remembered

        def move(self, now: float, new: CircuitState) -> None:
            super().move(now, new)
            if new is HALF_OPEN:
                self.successes, self.remembered = self.remembered, 0
            elif new is CLOSED:
                self.remembered = 0
