"""Circuit breakers that are wrong, each in one way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from patternproof.reference.circuit_breaker import CircuitBreaker, _Consecutive, _Machine, _Outcome, _Rate

from patternproof.ports import Unsupported
from patternproof.ports.circuit_breaker import CircuitBreakerSettings, CircuitOpenError, CircuitState
from tests.faulty import Registry

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
SUCCESS, FAILURE, NOTHING = _Outcome.SUCCESS, _Outcome.FAILURE, _Outcome.NOTHING
Operation = Callable[[], Awaitable[Any]]

FAULTY = Registry()
faulty = FAULTY.add


class Breaker(CircuitBreaker):
    """The reference, with a machine that a subclass replaces."""

    Machine: type[_Machine] = _Machine

    def __init__(self, settings: CircuitBreakerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        if settings.store is not None:
            raise Unsupported("store")
        super().__init__(settings, clock)
        self._machine = self.Machine(settings)


# CB-01, CB-02: what comes back


@faulty("CB-01", "the operation runs more than once")
class RunsTwice(Breaker):
    """A warm-up run, as caches in front of a breaker make, whose outcome is thrown away."""

    async def call(self, operation: Operation) -> Any:
        async def twice() -> Any:
            try:
                await operation()
            except asyncio.CancelledError:
                raise
            except BaseException:
                pass
            return await operation()

        return await super().call(twice)


@faulty("CB-01", "expected")
class RetriesByItself(Breaker):
    """A retry that is built in: the operation of a failed call runs again (tenacity or backoff under the breaker)."""

    async def call(self, operation: Operation) -> Any:
        async def again() -> Any:
            try:
                return await operation()
            except Exception:
                return await operation()

        return await super().call(again)


@faulty("CB-01", "the result that comes back is not the operation's")
class WrapsResult(Breaker):
    """Gives a pair of state and result, as breakers with statistics do."""

    async def call(self, operation: Operation) -> Any:
        return self.state, await super().call(operation)


@faulty("CB-01", "returned something else", "interleavings")
class LastResultForAll(Breaker):
    """Keeps the latest result for statistics, and returns it: calls that end together get one result."""

    async def call(self, operation: Operation) -> Any:
        async def kept() -> None:
            self._latest = await operation()

        await super().call(kept)
        await asyncio.sleep(0)
        return self._latest


@faulty("CB-02", "the error that comes back is not the operation's own")
class ReplacesTrippingError(Breaker):
    """The failure that opens the circuit comes back as a circuit-open error (pybreaker's throw_new_error_on_trip, aiobreaker)."""

    async def call(self, operation: Operation) -> Any:
        generation = self._machine.generation
        try:
            return await super().call(operation)
        except Exception as error:
            if not isinstance(error, CircuitOpenError) and self.state is OPEN and self._machine.generation != generation:
                raise CircuitOpenError(30.0) from error
            raise


@faulty("CB-02", "the error that comes back is not the operation's own")
class CopiesError(Breaker):
    """An error of the same type and text, and not the same one: rebuilt from a record of it."""

    async def call(self, operation: Operation) -> Any:
        try:
            return await super().call(operation)
        except CircuitOpenError:
            raise
        except Exception as error:
            raise type(error)(*error.args) from None


@faulty("CB-02", "no cause, as the operation gave none", "feature")
class AddsCause(Breaker):
    """The very error, with a cause that the operation did not give it."""

    async def call(self, operation: Operation) -> Any:
        try:
            return await super().call(operation)
        except CircuitOpenError:
            raise
        except Exception as error:
            raise error from RuntimeError("recorded by the circuit breaker")


# CB-03, CB-04: counting


class _AllTime(_Consecutive):
    def record(self, failed: bool, now: float) -> bool:
        self.failures += failed
        return self.failures >= self.threshold

    def is_unmoved_by_success(self) -> bool:
        return True


@faulty("CB-03", "counted over all time", "histories feature")
class CountsOverAllTime(Breaker):
    """Successes leave the count as it is: the tenth failure of a year opens the circuit."""

    class Machine(_Machine):
        def __init__(self, settings: CircuitBreakerSettings) -> None:
            super().__init__(settings)
            self.rule = _AllTime(settings) if settings.failure_rate is None else self.rule


class _WithRule(_Machine):
    """Counts consecutive failures by another rule."""

    rule_of: type[_Consecutive]

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        if settings.failure_rate is None:
            self.rule = self.rule_of(settings)
            self.at_rest = self.rule.is_unmoved_by_success()


class _Leaky(_Consecutive):
    def record(self, failed: bool, now: float) -> bool:
        self.failures = self.failures + 1 if failed else max(0, self.failures - 1)
        return self.failures >= self.threshold


@faulty("CB-03", "takes one failure off the count", "histories feature")
class TakesOneFailureOff(Breaker):
    """A leaky bucket: a success makes up for one failure, and for no more."""

    class Machine(_WithRule):
        rule_of = _Leaky


class _ForShow(_Consecutive):
    def record(self, failed: bool, now: float) -> bool:
        super().record(failed, now)
        return False


@faulty("CB-04", "failures do not open the circuit")
class CountsForShow(Breaker):
    """Failures are counted for the dashboard alone."""

    class Machine(_WithRule):
        rule_of = _ForShow


class _EveryCall(_Consecutive):
    def record(self, failed: bool, now: float) -> bool:
        return super().record(True, now)

    def is_unmoved_by_success(self) -> bool:
        return False


@faulty("CB-04", "a success counts as a failure")
class CountsEveryCall(Breaker):
    """Counts in `finally`: after so many calls the circuit opens, however they ended."""

    class Machine(_WithRule):
        rule_of = _EveryCall


@faulty("CB-04", "in the same turn are counted as one", "feature interleavings")
class ReadsCountThenWrites(Breaker):
    """Reads the count, stores it somewhere slow, and writes it back: failures at one moment are counted as one."""

    async def call(self, operation: Operation) -> Any:
        async def counted() -> Any:
            try:
                return await operation()
            except Exception:
                before, generation, rule = self._machine.rule.failures, self._machine.generation, self._machine.rule
                await asyncio.sleep(0)
                if generation == self._machine.generation and isinstance(rule, _Consecutive):
                    rule.failures = min(before, rule.failures)
                raise

        return await super().call(counted)


class _OneLess(_Machine):
    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        if isinstance(self.rule, _Consecutive):
            self.rule.threshold = settings.failure_threshold - 1


class _OneMore(_Machine):
    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        if isinstance(self.rule, _Consecutive):
            self.rule.threshold = settings.failure_threshold + 1


@faulty("CB-04", "one failure before failure_threshold", "histories feature")
class OpensEarly(Breaker):
    """Compares the count before this failure is added, the other way round."""

    Machine = _OneLess


@faulty("CB-04", "one failure after failure_threshold")
class OpensLate(Breaker):
    """Opens when the count is above the threshold: > in place of >=."""

    Machine = _OneMore


# CB-05, CB-06: open


@faulty("CB-05", "the operation runs while the circuit is open")
class RunsWhileOpen(Breaker):
    """A dry run, of which somebody forgot to take out: logs that the circuit is open, and goes on."""

    async def call(self, operation: Operation) -> Any:
        machine = self._machine
        if machine.state is OPEN and machine.opened_at + machine.settings.reset_timeout > self._clock():
            return await operation()
        return await super().call(operation)


@faulty("CB-05", "in something else than a circuit-open error")
class ReturnsNone(Breaker):
    """A fallback of None where no fallback was asked for."""

    async def call(self, operation: Operation) -> Any:
        with suppress(CircuitOpenError):
            return await super().call(operation)


@faulty("CB-05", "in something else than a circuit-open error")
class RaisesConnectionError(Breaker):
    """An error that operations raise too."""

    async def call(self, operation: Operation) -> Any:
        try:
            return await super().call(operation)
        except CircuitOpenError as error:
            raise ConnectionError("service unavailable") from error


@faulty("CB-05", "a call waits while the circuit is open")
class WaitsWhileOpen(Breaker):
    """Waits until the next probe in place of failing at once."""

    async def call(self, operation: Operation) -> Any:
        while self._machine.state is OPEN and self._clock() < self._machine.opened_at + self._machine.settings.reset_timeout:
            await asyncio.sleep(1.0)
        return await super().call(operation)


class _Impatient(_Machine):
    """Waits for another time than reset_timeout, from closed and from half_open."""

    factor = 1.0
    only_again = False

    def move(self, now: float, new: CircuitState) -> None:
        again = self.state is HALF_OPEN
        super().move(now, new)
        if new is OPEN and (again or not self.only_again):
            self.opened_at = now + (self.factor - 1.0) * self.settings.reset_timeout


@faulty("CB-05", "a probe is admitted before reset_timeout has passed", "histories feature")
class HalfTheTimeout(Breaker):
    """Probes after half the time: minutes were meant, or some jitter was added on the wrong side."""

    class Machine(_Impatient):
        factor = 0.5


@faulty("CB-06", "only some time after reset_timeout has passed", "histories feature")
class BacksOff(Breaker):
    """Waits twice as long after a failed probe, unasked."""

    class Machine(_Impatient):
        factor = 2.0
        only_again = True


@faulty("CB-06", "no probe is admitted once reset_timeout has passed")
class OpenForEver(Breaker):
    """Nobody ever moves the circuit from open to half_open, as in the pattern document's sample."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            return super().admit(min(now, self.opened_at + self.settings.reset_timeout - 0.001) if self.state is OPEN else now)


@faulty("CB-06", "a call that is rejected restarts reset_timeout", "histories feature")
class RejectionRestartsTimer(Breaker):
    """Each rejected call starts the timeout anew: under steady load the circuit stays open for ever."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            try:
                return super().admit(now)
            except CircuitOpenError:
                self.opened_at = now
                raise


# CB-07: probes


@faulty("CB-07", "half_open admits every call")
class AllRush(Breaker):
    """Nobody counts the probes (circuitbreaker, purgatory and aiobreaker)."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            self.probes = 0
            return super().admit(now)


@faulty("CB-07", "one call more than half_open_max_calls")
class OneProbeTooMany(Breaker):
    """Compares with > in place of >=."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            spare = self.state is HALF_OPEN
            self.probes -= spare
            try:
                return super().admit(now)
            finally:
                self.probes += spare


@faulty("CB-07", "every call that arrives while the circuit becomes half_open", "feature interleavings")
class RushesAsTimeoutPasses(Breaker):
    """Looks whether the timeout has passed, says so somewhere slow, and only then becomes half_open."""

    async def call(self, operation: Operation) -> Any:
        machine = self._machine
        if machine.state is OPEN and machine.opened_at + machine.settings.reset_timeout <= self._clock():
            await asyncio.sleep(0)
            if machine.state is HALF_OPEN:
                return await self._rush(operation)
        return await super().call(operation)

    async def _rush(self, operation: Operation) -> Any:
        others, self._machine.probes = self._machine.probes, 0

        def rushed() -> Awaitable[Any]:
            self._machine.probes += others
            return operation()

        return await super().call(rushed)


@faulty("CB-07", "in half_open a call waits for a probe to end")
class WaitsForProbe(Breaker):
    """The others wait for the probe in place of being rejected (pybreaker's lock)."""

    async def call(self, operation: Operation) -> Any:
        while self._machine.state is HALF_OPEN and self._machine.probes >= self._machine.settings.half_open_max_calls:
            await asyncio.sleep(0.5)
        return await super().call(operation)


# CB-08, CB-09: the end of a probe


@faulty("CB-08", "whatever success_threshold says", "histories feature")
class AnySuccessCloses(Breaker):
    """The setting success_threshold is read by nobody."""

    class Machine(_Machine):
        def _finish_probe(self, now: float, outcome: _Outcome) -> None:
            if outcome is SUCCESS:
                self.move(now, CLOSED)
            else:
                super()._finish_probe(now, outcome)


@faulty("CB-08", "one successful probe after success_threshold")
class ClosesLate(Breaker):
    """Compares before this success is added."""

    class Machine(_Machine):
        def _finish_probe(self, now: float, outcome: _Outcome) -> None:
            if outcome is SUCCESS and self.successes < self.settings.success_threshold:
                self.probes -= 1
                self.successes += 1
            else:
                super()._finish_probe(now, outcome)


@faulty("CB-08", "do not add up to success_threshold", "histories feature")
class StartsCountingAgain(Breaker):
    """Each probe that is let in begins a new count of successes."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            generation = super().admit(now)
            self.successes = 0
            return generation


@faulty("CB-08", "successful probes do not close the circuit")
class NeverCloses(Breaker):
    """Nobody moves the circuit from half_open to closed."""

    class Machine(_Machine):
        def _finish_probe(self, now: float, outcome: _Outcome) -> None:
            super()._finish_probe(now, NOTHING if outcome is SUCCESS else outcome)


@faulty("CB-08", "one failure after closing opens the circuit again", "histories feature")
class StaleCount(Breaker):
    """The count is not cleared when the circuit closes (gobreaker before its generations)."""

    class Machine(_Machine):
        def _finish_probe(self, now: float, outcome: _Outcome) -> None:
            super()._finish_probe(now, outcome)
            if self.state is CLOSED and isinstance(self.rule, _Consecutive):
                self.rule.failures = self.rule.threshold - 1
                self.at_rest = self.rule.is_unmoved_by_success()


class _OutcomeOf(Breaker):
    """Counts some errors otherwise; `counted` says as what."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        raise NotImplementedError

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        probe = self._machine.state is HALF_OPEN and generation == self._machine.generation
        counted = None if error is None else self.counted(error, probe)
        if counted is None:
            super()._finish(generation, error)
        else:
            self._change(self._machine.finish, generation, counted)
            self._announce()


def _is_interruption(error: BaseException) -> bool:
    return not isinstance(error, Exception | asyncio.CancelledError)


@faulty("CB-08", "a probe that was cancelled counts as a success", "histories")
class CancelledProbeCloses(_OutcomeOf):
    """Whatever is no failure is a success: `except Exception` ... `else` with a cancellation that was caught before."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return SUCCESS if probe and isinstance(error, asyncio.CancelledError) else None


@faulty("CB-08", "a probe that raised a BaseException counts as a success", "histories")
class InterruptedProbeCloses(_OutcomeOf):
    """As before, of errors that are no Exception."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return SUCCESS if probe and _is_interruption(error) else None


@faulty("CB-09", "the next one is admitted too early", "histories feature")
class KeepsOldTimer(Breaker):
    """The time of opening is set from closed only."""

    class Machine(_Machine):
        def _finish_probe(self, now: float, outcome: _Outcome) -> None:
            opened_at = self.opened_at
            super()._finish_probe(now, outcome)
            if self.state is OPEN:
                self.opened_at = opened_at - self.settings.reset_timeout


@faulty("CB-09", "after a failed probe the next one is admitted before", "histories feature")
class ShortensTimer(Breaker):
    """Tries again sooner after a failed probe, since recovery must be near."""

    class Machine(_Impatient):
        factor = 0.5
        only_again = True


@faulty("CB-09", "after a failed probe the circuit stays half_open")
class StaysHalfOpen(Breaker):
    """Only successes are looked at while half_open."""

    class Machine(_Machine):
        def _finish_probe(self, now: float, outcome: _Outcome) -> None:
            super()._finish_probe(now, NOTHING if outcome is FAILURE else outcome)


@faulty("CB-09", "a failed probe closes the circuit")
class FailedProbeCloses(Breaker):
    """Any answer is taken for a sign of life."""

    class Machine(_Machine):
        def _finish_probe(self, now: float, outcome: _Outcome) -> None:
            if outcome is FAILURE:
                self.move(now, CLOSED)
            else:
                super()._finish_probe(now, outcome)


# CB-10: late outcomes


class _Late(_Machine):
    """Counts late outcomes of one kind in one state."""

    state_then = OPEN
    counts = SUCCESS

    def finish(self, now: float, generation: int, outcome: _Outcome) -> None:
        if generation != self.generation and (self.state, outcome) == (self.state_then, self.counts):
            self.late(now)
        else:
            super().finish(now, generation, outcome)

    def late(self, now: float) -> None:
        self.probes += self.state is HALF_OPEN  # it holds no slot of this half_open
        super().finish(now, self.generation, self.counts)


@faulty("CB-10", "closes it by its success", "histories feature machine interleavings")
class LateSuccessCloses(Breaker):
    """Any success sets the state to closed (circuitbreaker)."""

    class Machine(_Late):
        def late(self, now: float) -> None:
            self.move(now, CLOSED)


@faulty("CB-10", "the success of an earlier call closes the circuit", "histories feature interleavings")
class LateSuccessIsProbe(Breaker):
    """A success while half_open counts, whoever brings it (purgatory)."""

    class Machine(_Late):
        state_then = HALF_OPEN


@faulty("CB-10", "restarts reset_timeout", "histories feature")
class LateFailureRestartsTimer(Breaker):
    """Any failure sets the time of the last failure, which the timeout is counted from (circuitbreaker, aiobreaker)."""

    class Machine(_Late):
        counts = FAILURE

        def late(self, now: float) -> None:
            self.opened_at = now


@faulty("CB-10", "the failure of an earlier call re-opens the circuit", "histories feature interleavings")
class LateFailureReopens(Breaker):
    """A failure while half_open re-opens, whoever brings it (purgatory)."""

    class Machine(_Late):
        state_then, counts = HALF_OPEN, FAILURE


@faulty("CB-10", "gives back a slot that it does not hold", "histories feature interleavings")
class LateOutcomeFreesSlot(Breaker):
    """Whoever ends while half_open gives a slot back, held or not: a semaphore that is released in `finally`."""

    class Machine(_Machine):
        def finish(self, now: float, generation: int, outcome: _Outcome) -> None:
            if generation != self.generation and self.state is HALF_OPEN:
                self.probes = max(0, self.probes - 1)
            super().finish(now, generation, outcome)


@faulty("CB-10", "a failure from before counts in the closed state after", "histories feature interleavings")
class LateFailureCounts(Breaker):
    """Without an epoch a failure of last week counts today (purgatory)."""

    class Machine(_Late):
        state_then, counts = CLOSED, FAILURE


@faulty("CB-10", "clears the failures counted after", "histories")
class LateSuccessClears(Breaker):
    """Without an epoch a success of last week says that all is well today."""

    class Machine(_Late):
        state_then = CLOSED


@faulty("CB-10", "expected", "histories feature interleavings")
class NoEpoch(Breaker):
    """Shared counters without an epoch: every outcome counts in the state that it meets."""

    class Machine(_Machine):
        def finish(self, now: float, generation: int, outcome: _Outcome) -> None:
            if generation != self.generation and self.state is HALF_OPEN:
                self.probes += 1
            super().finish(now, self.generation, outcome)


# CB-11, CB-12: calls that were broken off


@faulty("CB-11", "after a probe was cancelled no other is admitted", "histories feature interleavings")
class CancelledProbeKeepsSlot(Breaker):
    """The slot is given back after success and after Exception, which a cancellation is not."""

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        if not isinstance(error, asyncio.CancelledError):
            super()._finish(generation, error)


@faulty("CB-11", "after a probe raised a BaseException no other is admitted", "histories feature")
class InterruptedProbeKeepsSlot(Breaker):
    """The slot is given back after success, Exception and CancelledError, and not after a BaseException of one's own."""

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        if error is None or not _is_interruption(error):
            super()._finish(generation, error)


@faulty("CB-11", "no other is admitted", "histories feature")
class ReleasesOnExceptionOnly(Breaker):
    """`except Exception` where the slot is given back: both of the above."""

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        if error is None or isinstance(error, Exception):
            super()._finish(generation, error)


@faulty("CB-12", "a cancelled call counts as a failure", "histories feature machine interleavings")
class CancellingIsFailure(_OutcomeOf):
    """`except BaseException: on_failure()` (purgatory)."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return FAILURE if isinstance(error, asyncio.CancelledError) else None


@faulty("CB-12", "a cancelled call clears the failures", "histories feature")
class CancellingIsSuccess(_OutcomeOf):
    """What is not among the errors to count is a success (circuitbreaker), in closed state."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return SUCCESS if not probe and isinstance(error, asyncio.CancelledError) else None


@faulty("CB-08 CB-12", "counts as a success", "histories feature")
class CancellingIsSuccessAnywhere(_OutcomeOf):
    """What is not among the errors to count is a success (circuitbreaker), in every state."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return SUCCESS if isinstance(error, asyncio.CancelledError) else None


# CB-13 to CB-15: clocks, sharing, reading


@faulty("CB-13", "durations follow the wall clock")
class WallClock(Breaker):
    """time.time() (purgatory)."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings, time.time)


@faulty("CB-13", "durations follow the wall clock")
class LocalTime(Breaker):
    """datetime.now(), which goes back an hour in autumn besides (aiobreaker, pybreaker with UTC)."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings, lambda: datetime.now().timestamp())  # noqa: DTZ005 - a local time is the fault


@faulty("CB-14", "two breakers share their state")
class SharedCounters(Breaker):
    """The state is kept under a name that has a default: all that are not named share it."""

    registry: WeakKeyDictionary[asyncio.AbstractEventLoop, _Machine] = WeakKeyDictionary()

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self._machine = self.registry.setdefault(asyncio.get_running_loop(), self._machine)


@faulty("CB-14", "two breakers share their count of failures", "histories feature")
class SharedCount(Breaker):
    """The count is kept under a name that has a default; the state is not."""

    registry: WeakKeyDictionary[asyncio.AbstractEventLoop, _Consecutive | _Rate] = WeakKeyDictionary()

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        if settings.failure_rate is None:
            self._machine.rule = self.registry.setdefault(asyncio.get_running_loop(), self._machine.rule)


_by_name: WeakKeyDictionary[asyncio.AbstractEventLoop, Breaker] = WeakKeyDictionary()


@faulty("CB-14", "two breakers share their state")
def registry_by_default_name(settings: CircuitBreakerSettings) -> Breaker:
    """The factory gives the breaker of that name, and the name has a default."""
    return _by_name.setdefault(asyncio.get_running_loop(), Breaker(settings))


@faulty("CB-15", "uses up the probe")
class ReadingTakesProbe(Breaker):
    """The getter asks for admission, in order to say what a call would find."""

    @property
    def state(self) -> CircuitState:
        if self._machine.state is OPEN:
            with suppress(CircuitOpenError):
                self._change(self._machine.admit)
                self._announce()
        return self._machine.state


@faulty("CB-15", "restarts reset_timeout")
class ReadingRestartsTimer(Breaker):
    """The getter refreshes a cached state, and with it the time of its last change."""

    @property
    def state(self) -> CircuitState:
        if self._machine.state is OPEN and self._clock() < self._machine.opened_at + self._machine.settings.reset_timeout:
            self._machine.opened_at = self._clock()
        return self._machine.state


@faulty("CB-15", "the state reads otherwise than it behaves")
class ReadsClosedAsHalfOpen(Breaker):
    """The default of an exhaustive match is the wrong one."""

    @property
    def state(self) -> CircuitState:
        return HALF_OPEN if self._machine.state is CLOSED else self._machine.state


@faulty("CB-15", "half_open reads as closed")
class ReadsBoolean(Breaker):
    """Half-open reads as closed: a boolean underneath."""

    @property
    def state(self) -> CircuitState:
        return OPEN if self._machine.state is OPEN else CLOSED


@faulty("CB-15", "half_open reads as open", "histories feature")
class ReadsOpenUntilClosed(Breaker):
    """Half-open reads as open: the circuit counts as open until it is closed."""

    @property
    def state(self) -> CircuitState:
        return CLOSED if self._machine.state is CLOSED else OPEN


# CB-16 to CB-18: hints and listeners


@faulty("CB-16", "does not say how long until the next probe")
class NoHint(Breaker):
    """The error says no more than that the circuit is open (pybreaker, purgatory)."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            try:
                return super().admit(now)
            except CircuitOpenError:
                raise CircuitOpenError from None


@faulty("CB-16", "says the whole reset_timeout")
class HintOfWholeTimeout(Breaker):
    """The setting, and not what is left of it."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            try:
                return super().admit(now)
            except CircuitOpenError:
                raise CircuitOpenError(self.settings.reset_timeout) from None


@faulty("CB-16", "does not say how long until the next probe")
class NegativeHint(Breaker):
    """Now less the time of the next probe (aiobreaker, where local time is compared with UTC)."""

    class Machine(_Machine):
        def admit(self, now: float) -> int:
            try:
                return super().admit(now)
            except CircuitOpenError as error:
                raise CircuitOpenError(-(error.retry_after or 0.0)) from None


@faulty("CB-17", "once each, in order", "histories feature machine interleavings")
class EveryFailureAnnounces(Breaker):
    """Whoever fails and finds the circuit open announces it: two tasks announce one trip."""

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        opened = self._machine.state is OPEN
        super()._finish(generation, error)
        if opened and isinstance(error, Exception):
            self._tell(CLOSED, OPEN)


@faulty("CB-17", "once each, in order")
class AnnouncesNoHalfOpen(Breaker):
    """Only opening and closing are announced."""

    def _tell(self, old: CircuitState, new: CircuitState) -> None:
        if new is not HALF_OPEN:
            super()._tell(old, new)


@faulty("CB-17", "once each, in order")
class AnnouncesBackwards(Breaker):
    """The new state before the old one."""

    def _tell(self, old: CircuitState, new: CircuitState) -> None:
        super()._tell(new, old)


@faulty("CB-18", "the error of a listener changes what comes after")
class ListenerReplacesResult(Breaker):
    """Listeners are called in the way of the result (pybreaker, aiobreaker, purgatory)."""

    def _tell(self, old: CircuitState, new: CircuitState) -> None:
        for listener in self._listeners:
            listener(old, new)


@faulty("CB-18", "listeners after a failing one do not hear")
class ListenerSilencesNext(Breaker):
    """One try around all listeners."""

    def _tell(self, old: CircuitState, new: CircuitState) -> None:
        with suppress(Exception):
            for listener in self._listeners:
                listener(old, new)


# CB-19, CB-21: ignored errors, concurrency


class _Ignoring(_OutcomeOf):
    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return None

    def is_ignored(self, error: BaseException) -> bool:
        return isinstance(error, self._machine.settings.ignored_errors)


@faulty("CB-19", "an ignored error counts as a failure", "histories feature")
class IgnoredCounts(_Ignoring):
    """The setting is read for logging alone."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return FAILURE if self.is_ignored(error) else None


@faulty("CB-19", "an ignored error counts as a success", "histories feature")
class IgnoredIsSuccess(_Ignoring):
    """Excluded errors are successes (pybreaker, aiobreaker, purgatory, circuitbreaker)."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return SUCCESS if self.is_ignored(error) else None


@faulty("CB-19", "counts as a successful probe", "histories feature")
class IgnoredProbeCloses(_Ignoring):
    """As before, in half_open alone."""

    def counted(self, error: BaseException, probe: bool) -> _Outcome | None:
        return SUCCESS if probe and self.is_ignored(error) else None


@faulty("CB-19", "after a probe raised an ignored error no other is admitted", "histories feature")
class IgnoredProbeKeepsSlot(_Ignoring):
    """Returns before the slot is given back."""

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        if error is None or not self.is_ignored(error):
            super()._finish(generation, error)


@faulty("CB-21", "expected", "histories feature machine interleavings")
class OneCallAtATime(Breaker):
    """A lock is held over the whole call in closed state."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self._one = asyncio.Lock()

    async def call(self, operation: Operation) -> Any:
        if self._machine.state is not CLOSED:
            return await super().call(operation)
        async with self._one:
            return await super().call(operation)


@faulty("CB-21", "waits for another to end", "histories feature machine interleavings")
class OneCallAtATimeAnywhere(Breaker):
    """A lock is held over the whole call in every state (pybreaker): while half_open the others wait for the probe."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self._one = asyncio.Lock()

    async def call(self, operation: Operation) -> Any:
        async with self._one:
            return await super().call(operation)


@faulty("CB-21", "expected", "histories feature machine interleavings")
class OneOperationAtATime(Breaker):
    """A lock is held over the operation in closed state, after the call was let in."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        self._one = asyncio.Lock()

    async def call(self, operation: Operation) -> Any:
        async def alone() -> Any:
            async with self._one:
                return await operation()

        return await super().call(alone if self._machine.state is CLOSED else operation)


# CB-22, CB-23: claims


@faulty("CB-22", "trip() does not open the circuit")
class TripDoesNothing(Breaker):
    """trip() asks for a state that the next call is to make."""

    def trip(self) -> None:
        self._announce()


@faulty("CB-22", "reset() does not close the circuit")
class ResetDoesNothing(Breaker):
    """reset() clears the count and leaves the state."""

    def reset(self) -> None:
        if self._machine.state is CLOSED:
            super().reset()


@faulty("CB-22", "one failure after reset() opens the circuit again", "histories feature")
class ResetKeepsCount(Breaker):
    """reset() sets the state and leaves the count."""

    def reset(self) -> None:
        super().reset()
        rule = self._machine.rule
        if isinstance(rule, _Consecutive):
            rule.failures = rule.threshold - 1
            self._machine.at_rest = rule.is_unmoved_by_success()


@faulty("CB-22", "after reset() the failure of a call in flight counts", "histories")
class ResetKeepsProbes(Breaker):
    """reset() begins no new generation: the probes of before count as calls of now."""

    def reset(self) -> None:
        generation = self._machine.generation
        super().reset()
        self._machine.generation = generation


@faulty("CB-22", "trip() and reset() are not announced")
class SilentByHand(Breaker):
    """Listeners hear of what the counter did, and not of what people did."""

    def trip(self) -> None:
        super_tell, self._tell = self._tell, lambda old, new: None  # type: ignore[method-assign]  # for one move
        super().trip()
        self._tell = super_tell  # type: ignore[method-assign]  # as it was

    def reset(self) -> None:
        super_tell, self._tell = self._tell, lambda old, new: None  # type: ignore[method-assign]  # for one move
        super().reset()
        self._tell = super_tell  # type: ignore[method-assign]  # as it was


@faulty("CB-22", "after trip() the success of a call in flight closes the circuit", "histories feature")
class TripIsAFlag(Breaker):
    """A flag beside the state machine, that the next result of a call overrides."""

    tripped = False

    def trip(self) -> None:
        self.tripped = self._machine.state is CLOSED
        super().trip()

    def _finish(self, generation: int, error: BaseException | None = None) -> None:
        if self.tripped and self._machine.state is OPEN and error is None:
            self._change(self._machine.move, CLOSED)
        self.tripped = self.tripped and self._machine.state is OPEN
        super()._finish(generation, error)


class _WithRate(_Machine):
    rule_of: type[_Rate]

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        super().__init__(settings)
        if settings.failure_rate is not None:
            self.rule = self.rule_of(settings, settings.failure_rate)


class _WithoutMinimum(_Rate):
    def __init__(self, settings: CircuitBreakerSettings, rate: float) -> None:
        super().__init__(settings, rate)
        self._minimum = 1


class _WithoutSliding(_Rate):
    def __init__(self, settings: CircuitBreakerSettings, rate: float) -> None:
        super().__init__(settings, rate)
        self._most = self._seconds = float("inf")


class _NeverReached(_Rate):
    def record(self, failed: bool, now: float) -> bool:
        super().record(failed, now)
        return False


@faulty("CB-23", "opens with fewer calls than minimum_calls")
class MinimumIgnored(Breaker):
    """One of one is 100 %: the first failure of the day opens the circuit."""

    class Machine(_WithRate):
        rule_of = _WithoutMinimum


@faulty("CB-23", "calls that have left the window still count", "histories feature")
class RateOverAllTime(Breaker):
    """A rate over all time: after a good year nothing opens the circuit, after a bad one everything does."""

    class Machine(_WithRate):
        rule_of = _WithoutSliding


@faulty("CB-23", "the failure rate does not open the circuit", "histories feature")
class RateIsForShow(Breaker):
    """The rate is counted for the dashboard alone."""

    class Machine(_WithRate):
        rule_of = _NeverReached


# Several at once, and as the pattern document has it


@faulty("CB-07 CB-16 CB-19", "half_open admits every call")
class ThreeDefects(NoHint, IgnoredCounts):
    """No hint, ignored errors that count, and no limit to the probes."""

    class Machine(NoHint.Machine, AllRush.Machine):
        pass


@faulty("CB-06 CB-16", "no probe is admitted once reset_timeout has passed", claims="")
class AsWritten:
    """Literally the pattern document's sample: trip_circuit() and close_circuit() are there; nothing leads to HalfOpen."""

    def __init__(self, settings: CircuitBreakerSettings) -> None:
        plain = CircuitBreakerSettings(failure_threshold=settings.failure_threshold, reset_timeout=settings.reset_timeout)
        if settings != plain:
            raise Unsupported("half_open_max_calls", "success_threshold", "ignored_errors")
        self.state, self._failure_count, self._last_failure, self._settings = CLOSED, 0, 0, settings

    async def call(self, operation: Operation) -> Any:
        if self.state is OPEN:
            raise CircuitOpenError
        if self.state is HALF_OPEN:
            return await self._test(operation)
        try:
            result = await operation()
        except Exception:
            self._failure_count += 1
            self._last_failure = int(time.time())
            if self._failure_count >= self._settings.failure_threshold:
                self.state = OPEN
            raise
        self._failure_count = 0
        return result

    async def _test(self, operation: Operation) -> Any:
        try:
            result = await operation()
        except Exception:
            self.state = OPEN
            raise
        self.state = CLOSED
        return result
