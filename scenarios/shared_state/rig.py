"""A shared state held by a driver."""

from __future__ import annotations

import select
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Cancelled, Driver, Hang, Operation, Pending, Raised, Returned
from patternproof.drivers.clocks import real_monotonic
from patternproof.flavour import plainly, resolved
from patternproof.history import shown
from patternproof.linearizability import Record
from patternproof.outcome import AdapterError
from patternproof.ports import Unsupported
from patternproof.ports.shared_state import SharedStateSettings, VersionConflictError
from patternproof.rig import Rig

from . import events
from .audience import Calls, Member, failures
from .events import Call, Seen, UpdaterAbort, UpdaterFailure, Version
from .model import PLAIN, Capabilities, SharedStateModel
from .ordering import CONFLICT, step
from .readers import Readers
from .snapshots import Snapshots, add, change, count, initial, updates
from .transitions import ELSE

SMOKE = (events.Update(0), events.Get(1))
"""The plainest use."""
ERRORS: dict[str, type[BaseException]] = {"fail": UpdaterFailure, "abort": UpdaterAbort}
"""What functions that fail raise."""
UNSEEN_SECONDS = 2.0
"""Real seconds that a call which nothing holds is given where it seems to stand still."""
UNSEEN_SLICE = 0.02
MOST_FRUITLESS = 4
"""Times that it stood still all the same, after which it is taken for granted: each takes its time."""
_fruitless: list[type] = []


class FailingReports:
    """A listener of errors that fails each time."""

    fails = True
    """For those that are told over a process boundary, where the error has to be made over there."""

    def __call__(self, *_: Any) -> None:
        raise RuntimeError("of a listener of errors")


class CallInFlight:
    """A call of the kit's, and what its function has found and returned."""

    def __init__(self, number: int, event: Any, driver: Driver) -> None:
        self.number, self.event = number, event
        self.how = getattr(event, "how", "ok")
        self.operation = Operation(driver) if self.how == "held" else None
        self.pending: Any = None
        self.version: Version | None = None
        self.results: list[tuple[str, tuple[int, ...]]] = []
        """One for each run of the function: an optimistic implementation may run it again."""
        self.told = False

    def function(self, data: dict[str, Any]) -> Any:
        """What is handed to update()."""
        found = updates(data)
        if self.how != "idle":
            add(data, self.number)
        if self.operation is not None and not self.results:
            self.results.append(("of a function that was held", found))
            self.operation.function()
        if self.how != "idle":
            count(data)
        if self.how in ERRORS:
            raise ERRORS[self.how](f"of call {self.number}")
        self.results.append((f"the result of call {self.number}", found))
        return self.results[-1]

    def found(self, value: Any) -> tuple[int, ...] | None:
        """The updates that the run found whose result that is; None: it is no result of the function."""
        return next((result[1] for result in reversed(self.results) if value == result), None)


class SharedStateRig(Rig):
    """Drives one shared state.

    Args:
        driver: an entered driver.
        settings: as the state was made with.
        state: the state.
        threads: whether its methods are plain.
    """

    def __init__(self, driver: Driver, settings: SharedStateSettings, state: Any, threads: bool) -> None:
        super().__init__(driver, settings)
        self.state = state
        self.snapshots = Snapshots()
        self.calls: dict[int, CallInFlight] = {}
        self.members: dict[int, Member] = {}
        self.refused: Unsupported | None = None
        """Why a listener could not be added, where the implementation does not take such."""
        self._threads = threads
        self._record = Record((0, ()), step)
        self._readers = Readers(driver, self._flavoured(self._get))
        self._plain: list[Pending] = []
        self._cancelled_early: set[int] = set()
        self._reported: set[tuple[int, int]] = set()
        self._failed = ""
        self._begin()

    def _begin(self) -> None:
        try:
            self.snapshots.begin(self.driver.complete(self._flavoured(lambda: resolved(self.state.get()))))
        except (Exception, Hang) as error:  # noqa: BLE001  # whatever it raises is what was seen
            self._failed = f"the first get() gives no snapshot, but {shown(error)}"
        if hasattr(self.state, "add_error_listener"):
            self._guarded(lambda: self.state.add_error_listener(self._report))

    def _flavoured(self, method: Callable[[], Awaitable[Any]]) -> Callable[[], Any]:
        return (lambda: plainly(method())) if self._threads else method  # type: ignore[arg-type]  # coroutines of the kit's own

    def _report(self, *arguments: Any) -> None:
        for error in arguments:
            self._reported.update((failure.listener, failure.version) for failure in failures(error))

    def do(self, event: Any) -> None:
        match event:
            case events.AddListener(number, how):
                self._add_listener(number, how)
            case events.RemoveListener(number):
                self._remove_listener(number)
            case events.ListenerEnds(number, how):
                self._end_listener(number, how)
            case events.BreakReports():
                self._guarded(lambda: self.state.add_error_listener(FailingReports()))
            case events.Advance(seconds):
                self.driver.pass_time(seconds)
            case events.SetWallClock(seconds):
                self.driver.move_wall_clock(seconds)
            case _:
                self._call(event)

    def _end_listener(self, number: int, how: str) -> None:
        if number in self.members:
            self.members[number].end(how)

    def _call(self, event: Any) -> None:
        match event:
            case events.Update(number) | events.UpdateIf(number) | events.Get(number) | events.Change(number):
                self._start(number, event)
            case events.UpdateEnds(number, how):
                self._let_go(number, how)
            case events.Cancel(number):
                self._cancel(number)
            case events.ReadTogether():
                self._readers.together()
            case events.UpdateAmongReaders(number):
                self._readers.around(partial(self._started, number, event))

    def _start(self, number: int, event: Any) -> None:
        self._started(number, event)
        if number in self._cancelled_early:
            self.driver.cancel(self.calls[number].pending)

    def _started(self, number: int, event: Any) -> Pending:
        call = self.calls[number] = CallInFlight(number, event, self.driver)
        method = partial(self._read, call) if isinstance(event, events.Get | events.Change) else partial(self._update, call)
        call.pending = self.driver.begin(self._flavoured(method))
        return call.pending  # type: ignore[no-any-return]  # it was just set

    def _let_go(self, number: int, how: str) -> None:
        call = self.calls.get(number)
        if call is not None and call.operation is not None and call.operation.held:
            call.how = how
            call.operation.release(Returned())

    def _cancel(self, number: int) -> None:
        if number in self.calls:
            self.driver.cancel(self.calls[number].pending)
        else:
            self._cancelled_early.add(number)  # a schedule has put the cancellation first: the call ends as it begins

    async def _read(self, call: CallInFlight) -> None:
        snapshot = await self._recorded("get", None, self.state.get, lambda got: self._updates_in(call, got))
        if isinstance(call.event, events.Change):
            change(snapshot)

    def _updates_in(self, call: CallInFlight, snapshot: Any) -> tuple[int, ...]:
        call.version = self.snapshots.read(snapshot, keep=not isinstance(call.event, events.Change))
        return call.version.updates

    async def _update(self, call: CallInFlight) -> Any:
        expected = call.event.version if isinstance(call.event, events.UpdateIf) else None
        if expected is None:
            method = partial(self.state.update, call.function)
        else:
            method = partial(self.state.update_if, expected + self.snapshots.base, call.function)
        number = None if call.how == "idle" else call.number
        return await self._recorded("update", (number, expected), method, call.found, void=lambda: call.how in ERRORS)

    async def _get(self) -> Version:
        """As a reader without a number does, and as listeners do."""
        read = self.snapshots.read
        return read(await self._recorded("get", None, self.state.get, lambda snapshot: read(snapshot).updates))

    async def _nested_update(self, number: int) -> Any:
        call = CallInFlight(number, events.Update(number), self.driver)
        return await self._update(call)

    async def _recorded(
        self,
        name: str,
        argument: Any,
        method: Callable[[], Any],
        outcome: Callable[[Any], Any],
        void: Callable[[], bool] = lambda: False,
    ) -> Any:
        call = self._record.begin(name, argument)
        try:
            result = await resolved(method())
        except VersionConflictError:
            self._record.end(call, CONFLICT)
            raise
        except BaseException:
            (self._record.void if void() or name == "get" else self._record.lose)(call)
            raise
        seen = outcome(result)
        if void():
            self._record.void(call)
        elif seen is None:
            self._record.lose(call)  # it returned something else than its function did
        else:
            self._record.end(call, seen)
        return result

    def _guarded(self, function: Callable[[], Any], inside: bool = False) -> Any:
        """What a plain method gives, called from outside or by a listener; where it is to be awaited, the call that does so."""
        try:
            given = function() if inside else self.driver.now(function)
        except Unsupported as error:
            self.refused = error
            return None
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            self._failed = f"an error instead of an answer: {shown(error)}"
            return None
        if not hasattr(given, "__await__"):
            return given
        self._plain.append(self.driver.begin(lambda: given))
        return self._plain[-1]

    def _add_listener(self, number: int, how: str, inside: bool = False) -> None:
        leave, invite = partial(self._remove_listener, inside=True), partial(self._add_listener, how="plain", inside=True)
        calls = Calls(self._get, self._nested_update, leave, invite)
        member = self.members[number] = Member(number, how, self.driver, self.snapshots, calls)
        member.remove = self._guarded(lambda: self.state.add_listener(member.function(self._threads)), inside)

    def _remove_listener(self, number: int, inside: bool = False) -> None:
        remove = self.members[number].remove if number in self.members else None
        if isinstance(remove, Pending):
            remove = remove.outcome.value if isinstance(remove.outcome, Returned) else None
        if callable(remove):
            self._guarded(remove, inside)
        elif number in self.members:
            self._failed = f"add_listener() gave nothing to remove the listener by, but {shown(remove)}"

    def _await_the_unseen(self) -> None:
        """Give calls that nothing holds some real time: a thread may wait in a C library, as SQLite does for a locked file."""
        calls = [call for call in self.calls.values() if not call.told]
        if not self._threads or not self.driver.holds or any(call.operation and call.operation.held for call in calls):
            return
        limit = real_monotonic() + (UNSEEN_SECONDS if _fruitless.count(type(self.state)) < MOST_FRUITLESS else 0.0)
        while any(call.pending.outcome is None for call in calls) and real_monotonic() < limit:
            select.select([], [], [], UNSEEN_SLICE)
            with suppress(Hang):
                self.driver.settle()
        if any(call.pending.outcome is None for call in calls):
            _fruitless.append(type(self.state))

    def look(self) -> Seen:
        self._await_the_unseen()
        for pending in self._plain:
            if isinstance(pending.outcome, Raised):
                self._failed = f"an error instead of an answer: {shown(pending.outcome.error)}"
        members = [member for _, member in sorted(self.members.items())]
        hearings = [member.hearing() for member in members]
        seen = Seen(
            calls=tuple(self._seen(call) for _, call in sorted(self.calls.items()) if not call.told),
            heard=tuple(hearing for hearing in hearings if hearing.versions),
            nested=tuple((member.number, fate) for member in members for fate in sorted(member.fates())),
            reported=tuple(sorted(self._reported)),
            altered=self.snapshots.altered(),
            order=self._record.fault(),
            readers=self._readers.look(),
            failed=self._failed,
        )
        self._failed = ""
        self._reported.clear()
        self._cancelled_early.clear()
        return seen

    def _seen(self, call: CallInFlight) -> Call:
        outcome = call.pending.outcome
        call.told = outcome is not None
        match outcome:
            case None:
                return Call(call.number, "held" if call.operation is not None and call.operation.held else "waiting")
            case Cancelled():
                return Call(call.number, "cancelled")
            case Raised(error):
                return Call(call.number, _raised(call, error))
        if call.version is not None:
            return Call(call.number, "returned", call.version)
        found = call.found(outcome.value)
        if found is None:
            return Call(call.number, ELSE if call.how in ERRORS else f"{ELSE}: {shown(outcome.value)}")
        return Call(call.number, "returned", None, found)


def _raised(call: CallInFlight, error: BaseException) -> str:
    if isinstance(error, VersionConflictError) and isinstance(call.event, events.UpdateIf):
        return CONFLICT
    # Whatever it is wrapped in, it was to fail.
    meant = call.how in ERRORS and isinstance(error, Exception | ERRORS[call.how])
    return "raised" if meant else f"raised {shown(error)}"


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: SharedStateSettings) -> Iterator[SharedStateRig]:
    """A rig over a new state, which is cleaned up at the end of the scope.

    Raises:
        NotOffered: the implementation does not have one of the settings.
    """
    with adapter.make("shared_state", driver, initial(), settings) as state:
        yield SharedStateRig(driver, settings, state, adapter.runtime == "threads")


def model(adapter: Adapter) -> SharedStateModel:
    """The model of what the adapter's states can be asked for, as found by making one."""
    with adapter.driver() as driver, rig(adapter, driver, PLAIN) as held:
        compares = "compare_and_set" in adapter.claims
        if compares and not hasattr(held.state, "update_if"):
            raise AdapterError(f"{adapter.file}: CLAIMS names 'compare_and_set', and the shared state has no update_if()")
        listens = hasattr(held.state, "add_listener")
        if listens:
            held.perform(events.AddListener(0, "slow"))
        capabilities = Capabilities(
            cancels=driver.can_cancel,
            clocks=driver.moves_clocks,
            turns=driver.has_turns,
            holds=adapter.runtime == "threads" and driver.holds,
            listens=listens,
            awaits=listens and held.refused is None,
            reports=hasattr(held.state, "add_error_listener"),
            timed=held.snapshots.is_timed,
            compares=compares,
        )
    return SharedStateModel(capabilities)
