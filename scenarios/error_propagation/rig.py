"""A component held by a driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Cancelled, Driver, Pending, Returned
from patternproof.history import Batch, shown
from patternproof.outcome import NotOffered
from patternproof.ports.error_propagation import ErrorPropagationSettings
from patternproof.rig import Rig

from . import crossing, reading
from .codes import SAMPLES, fault_of_codes
from .dependency import Dependency, Part, Work, made_for
from .events import CROSSING, Call, Cancel, CompareCodes, End, Inspect, Perform, ReadDocument, Seen
from .model import EVERYTHING, ErrorPropagationModel
from .originals import Exit, Interrupt

SMOKE = (Perform(0), End(0, 0, "ok"))
"""The plainest use."""
INTERRUPTED = {Interrupt: "interrupted", Exit: "exited"}
MOST_INTERRUPTS = 4
"""Times that one of the dependency's own passes through the loop itself in one settling."""


class CallInFlight:
    """A request under way."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.pending: Pending | None = None
        self.error: BaseException | None = None
        self.failing: list[Part] = []
        """What had failed when the error was raised."""
        self.told = False
        self.late: set[int] = set()
        """The resources whose errors were said to be lost."""


class ErrorPropagationRig(Rig):
    """Drives one component.

    Args:
        driver: an entered driver.
        settings: as the component was made with.
        component: it.
        dependency: what it was made with.
    """

    def __init__(self, driver: Driver, settings: ErrorPropagationSettings, component: Any, dependency: Dependency) -> None:
        super().__init__(driver, settings)
        self.component = component
        self.dependency = dependency
        self.calls: dict[int, CallInFlight] = {}
        self.crosses = all(hasattr(component, name) for name in ("to_problem", "from_problem"))
        self._boundary = crossing.Boundary(component, driver.now)
        self._cancelled_early: set[int] = set()
        self._samples: list[tuple[str, CallInFlight]] = []
        self._found: list[Any] = []
        self._told = ""
        self._over: list[CallInFlight] = []

    def do(self, event: Any) -> None:
        match event:
            case Perform():
                self._perform(event)
            case End(number, resource, how) if number in self.calls:
                self._end(self.calls[number], resource, how)
            case Cancel(number):
                self._cancel(number)
            case Inspect(number, aspect):
                self._inspect(number, aspect)
            case ReadDocument():
                back = self._boundary.restored(crossing.FOREIGN_DOCUMENT)
                self._found.append("" if isinstance(back, BaseException) else f"no error came of it, but {shown(back)}")
            case CompareCodes():
                self._make_samples()

    def _perform(self, event: Perform) -> None:
        call = self.calls[event.call] = CallInFlight(Work(self.driver, event))
        self.dependency.take(call.work)
        if self.driver.holds:
            self._begin(call)
        if event.call in self._cancelled_early and call.pending is not None:
            self.driver.cancel(call.pending)

    def _begin(self, call: CallInFlight) -> None:
        call.pending = self.driver.begin(lambda: self._guarded(call.work))

    def _guarded(self, work: Work) -> Any:
        """The call, of which nothing is let out that is not an Exception: it would end the loop, or the session."""
        given = self.component.perform(work.request)
        return _caught(given) if hasattr(given, "__await__") else given

    def _end(self, call: CallInFlight, resource: int, how: str) -> None:
        if call.work.parts[resource].how:
            return
        call.work.parts[resource].end(how, call.work.request.operation)
        if not self.driver.holds and call.work.decided:
            self._begin(call)

    def _cancel(self, number: int) -> None:
        call = self.calls.get(number)
        if call is None or call.pending is None:
            self._cancelled_early.add(number)  # a schedule has put the cancellation first: the request ends as it begins
        else:
            self.driver.cancel(call.pending)

    def _inspect(self, number: int, aspect: str) -> None:
        call = self.calls.get(number)
        if call is None or call.error is None:
            return  # there is none: nothing to see
        if aspect in CROSSING:
            found, told = crossing.inspect(self._boundary, reading.members(call.error), call.work, aspect)
        else:
            found, told = reading.inspect(call.error, call.work, call.failing, self.history.settings.layers, aspect)
        self._found.append(found)
        self._told = told

    def _make_samples(self) -> None:
        first = 1 + max([-1, *self.calls, *(call.work.number for _, call in self._samples)])
        for index, how in enumerate(2 * SAMPLES):
            call = CallInFlight(Work(self.driver, Perform(1000 + first + index)))
            self.dependency.take(call.work)
            self._samples.append((how, call))
            call.work.parts[0].end(how, call.work.request.operation)
            self._begin(call)

    def run(self, batch: Batch) -> Any:
        self._over = []
        return super().run(batch)

    def _do_all(self, batch: Batch) -> None:
        for index, event in enumerate(batch.events):
            if index and batch.turns:
                self._calmly(partial(self.driver.turn, batch.turns[index - 1]))
            self.do(event)
        self._calmly(self.driver.settle)

    @staticmethod
    def _calmly(function: Callable[[], None]) -> None:
        """Out of a task of the implementation's an interruption passes through the loop as well: go on after it."""
        for _ in range(MOST_INTERRUPTS):
            with suppress(Interrupt, Exit):
                function()
                return

    def unanswered(self) -> bool:
        """Whether a request has not ended though all that it asked for has."""
        return any(call.pending and call.pending.outcome is None and call.work.decided for call in self.calls.values())

    def look(self) -> Seen:
        calls = tuple(self._seen(call) for _, call in sorted(self.calls.items()) if not call.told)
        late = tuple(lost for _, call in sorted(self.calls.items()) for lost in self._late(call))
        if self._samples:
            self._found.append(fault_of_codes([(how, call.pending) for how, call in self._samples]))
            self._samples = []
        seen = Seen(calls, late, self._cleaned(), tuple(self._found), self._told, self.dependency.failed)
        self._found, self._told, self.dependency.failed = [], "", ""
        self._cancelled_early.clear()
        return seen

    def _seen(self, call: CallInFlight) -> Call:
        outcome = call.pending.outcome if call.pending is not None else None
        number = call.work.number
        call.told = outcome is not None
        if outcome is None:
            return Call(number, "waiting")
        self._over.append(call)
        if isinstance(outcome, Cancelled):
            return Call(number, "cancelled")
        if isinstance(outcome, Returned) and not isinstance(outcome.value, _Caught):
            return Call(number, _returned(outcome.value, call.work.parts))
        error = outcome.value.error if isinstance(outcome, Returned) else outcome.error
        return self._raised(call, error)

    def _raised(self, call: CallInFlight, error: BaseException) -> Call:
        number = call.work.number
        if any(error is part.error for part in call.work.parts) and type(error) in INTERRUPTED:
            return Call(number, INTERRUPTED[type(error)])
        if not reading.members(error):
            return Call(number, f"raised something else: {shown(error)}")
        call.error, call.failing = error, [part for part in call.work.parts if part.raised]
        failure = reading.read(error, call.work)
        call.late.update(failure.lost)
        return Call(number, "raised", failure)

    def _late(self, call: CallInFlight) -> Iterator[tuple[int, int]]:
        if call.error is None or call in self._over:
            return
        errors = reading.reachable(call.error)
        words, noted = reading.texts(errors), reading.notes(errors)
        for part in call.work.parts:
            told = reading.is_reached(part, errors, words) or reading.is_noted(part, noted)
            if part.raised and part.number not in call.late and not told:
                call.late.add(part.number)
                yield call.work.number, part.number

    def _cleaned(self) -> bool:
        """Whether what is over was cleaned up after; whoever was cancelled as it began has nothing to clean up."""
        if not self.history.settings.cleanup:
            return True
        begun = [call for call in self._over if any(part.operation.runs for part in call.work.parts)]
        return all(call.work.released for call in begun)


class _Caught:
    """An interruption that came out of a request."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


async def _caught(given: Any) -> Any:
    try:
        return await given
    except (Interrupt, Exit) as error:
        return _Caught(error)


def _returned(value: Any, parts: list[Part]) -> str:
    try:
        results = list(value)
    except Exception:  # noqa: BLE001  # it may be anything
        results = []
    right = len(results) == len(parts) and all(got is part.result for got, part in zip(results, parts, strict=True))
    return "returned" if right else f"returned something else: {shown(value)}"


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: ErrorPropagationSettings) -> Iterator[ErrorPropagationRig]:
    """A component of the adapter's in a driver that is entered already.

    Raises:
        NotOffered: the implementation does not have one of the settings.
    """
    dependency = made_for(adapter.runtime == "threads")
    with adapter.make("error_propagation", driver, dependency, settings) as component:
        yield ErrorPropagationRig(driver, settings, component, dependency)


def model(adapter: Adapter) -> ErrorPropagationModel:
    """The model of what the adapter's components can be asked for, as found by making one of each variant.

    Raises:
        NotOffered: the adapter has no function that makes a component.
    """
    if not adapter.has("error_propagation"):
        raise NotOffered("the adapter has no function 'error_propagation'")
    supported, crosses = [], False
    for settings in ErrorPropagationModel(EVERYTHING).variants():
        with suppress(NotOffered), adapter.driver() as driver, rig(adapter, driver, settings) as held:
            supported.append(settings)
            crosses = held.crosses
    capabilities = EVERYTHING._replace(cancels=adapter.driver().can_cancel, crosses=crosses)
    return ErrorPropagationModel(capabilities, tuple(supported))
