"""A resource manager held by a driver."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Cancelled, Driver, Operation, Raised, Returned
from patternproof.flavour import plainly, resolved
from patternproof.history import shown
from patternproof.outcome import AdapterError, NotOffered
from patternproof.ports import Unsupported
from patternproof.ports.resource_lifecycle import (
    CleanupError,
    DependencyCycleError,
    DuplicateResourceError,
    ResourceLifecycleSettings,
    ResourceNotFoundError,
)
from patternproof.rig import Rig

from . import events
from .events import Acts, Call, ScopeFailure, Seen
from .model import PLAIN, REPLACING, RESTARTING, VARIANTS, Capabilities, ResourceLifecycleModel
from .resources import PlainResource, Resource, causes, is_same
from .state import REPORTS
from .witness import Witness

SMOKE = (events.Register(0, "a"), events.CleanUp(1))
"""The plainest use."""
_NAMED = {DuplicateResourceError: events.DUPLICATE, DependencyCycleError: events.CYCLE}


class CallInFlight:
    """A call of the kit's."""

    def __init__(self, event: Any, driver: Driver) -> None:
        self.number, self.event = event.call, event
        self.body = Operation(driver) if isinstance(event, events.Enter) else None
        """Of a scope: what runs in it."""
        self.failure = ScopeFailure(f"of call {self.number}")
        self.pending: Any = None
        self.is_left_by_cancelling = False
        """Of a scope: whether a cancellation of what runs in it, and nothing that came later, has ended it."""
        self.told = False


class ResourceLifecycleRig(Rig):
    """Drives one manager, with resources that the kit makes.

    Args:
        driver: an entered driver.
        settings: in the example's seconds.
        manager: the manager.
        threads: whether its methods, and those of the resources, are plain.
    """

    def __init__(self, driver: Driver, settings: ResourceLifecycleSettings, manager: Any, threads: bool) -> None:
        super().__init__(driver, settings)
        self.manager = manager
        self.resources: dict[int, Resource] = {}
        self.log: list[tuple[int, str]] = []
        """What the resources have been through, one after the other."""
        self.calls: dict[int, CallInFlight] = {}
        self.refused: Unsupported | None = None
        """What the manager said that it does not have, when it was called last."""
        self._threads = threads
        self._witness = Witness(self._is_given_up)
        self._cleaning_since: dict[int, float] = {}
        self._early: set[int] = set()

    def _is_given_up(self, resource: Resource) -> bool:
        limit = self.history.settings.cleanup_timeout
        since = self._cleaning_since.get(resource.number, self.driver.time())
        return limit is not None and self.driver.time() - since > limit / 2

    def _noted(self, resource: Resource, act: str) -> None:
        self._witness.noted(resource, act)
        self.log.append((resource.number, act))
        if act == events.CLEANS:
            self._cleaning_since[resource.number] = self.driver.time()

    def do(self, event: Any) -> None:
        match event:
            case events.InitializeEnds(number, how) if number in self.resources:
                self.resources[number].initialized(how)
            case events.CleanupEnds(number, how) if number in self.resources:
                self.resources[number].cleaned(how)
            case events.Ail(number, how) if number in self.resources:
                self.resources[number].ails = how
            case events.Leave(number, how):
                self._leave(number, how)
            case events.Cancel(number):
                self._cancel(number)
            case events.Advance(seconds):
                self.driver.pass_time(seconds)
            case events.Register() | events.Get() | events.CheckHealth() | events.CleanUp() | events.Enter():
                self._start(event)

    def _start(self, event: Any) -> None:
        call = self.calls[event.call] = CallInFlight(event, self.driver)
        methods = {
            events.Register: self._register,
            events.Get: lambda call: self.manager.get(call.event.id),
            events.CheckHealth: lambda call: self.manager.health(),
            events.CleanUp: lambda call: self.manager.cleanup_all(),
            events.Enter: self._scope,
        }
        if isinstance(event, events.Register):
            resource = (PlainResource if self._threads else Resource)(event, self.driver, self._noted)
            self.resources[event.call] = resource
            self._witness.came(resource)
        elif isinstance(event, events.CleanUp):
            self._witness.cleanup_begins(event.call)
        followed = partial(self._followed, call, partial(methods[type(event)], call))
        call.pending = self.driver.begin(self._flavoured(followed))
        if event.call in self._early:
            self.driver.cancel(call.pending)

    def _flavoured(self, method: Callable[[], Awaitable[Any]]) -> Callable[[], Any]:
        return (lambda: plainly(method())) if self._threads else method  # type: ignore[arg-type]  # coroutines of the kit's own

    def _register(self, call: CallInFlight) -> Any:
        resource = self.resources[call.number]
        if resource.needs:
            return self.manager.register(resource.id, resource, depends_on=resource.needs)
        return self.manager.register(resource.id, resource)

    async def _scope(self, call: CallInFlight) -> None:
        assert call.body is not None, "it is that of a scope"
        if self._threads:
            with self.manager:
                call.body.function()
        else:
            async with self.manager:
                await call.body.function()

    async def _followed(self, call: CallInFlight, method: Callable[[], Any]) -> Any:
        """A call, the end of which the witness is told of as it comes about."""
        succeeded = in_vain = False
        try:
            result = await resolved(method())
            succeeded = True
            return result
        except BaseException as error:
            in_vain = not isinstance(error, Exception) and not call.is_left_by_cancelling
            raise
        finally:
            if isinstance(call.event, events.Register):
                self._witness.registered(call.number, succeeded)
            else:
                self._witness.cleanup_ends(call.number, in_vain)

    def _leave(self, number: int, how: str) -> None:
        call = self.calls.get(number)
        if call is not None and call.body is not None and call.body.held:
            self._witness.cleanup_begins(number)
            call.body.release(Returned() if how == "ok" else Raised(call.failure))

    def _cancel(self, number: int) -> None:
        call = self.calls.get(number)
        if call is None:
            self._early.add(number)  # a schedule has put the cancellation first: the call ends as it begins
            return
        call.is_left_by_cancelling = call.body is not None and bool(call.body.held)
        if call.is_left_by_cancelling:
            self._witness.cleanup_begins(number)
        self.driver.cancel(call.pending)

    def _tell_of_the_unbegun(self) -> None:
        """A call that was cancelled in the turn in which it began has run nothing that would have told of its end."""
        for call in self.calls.values():
            if call.pending.outcome is not None and not call.told:
                self._witness.over(call.number)

    def look(self) -> Seen:
        self._tell_of_the_unbegun()
        resources = [Acts(number, tuple(each.acts)) for number, each in sorted(self.resources.items()) if each.acts]
        seen = Seen(
            calls=tuple(self._seen(call) for _, call in sorted(self.calls.items()) if not call.told),
            resources=tuple(resources),
            order=self._witness.order,
            needs=self._witness.needs,
            leaked=self._witness.leaked(),
        )
        for each in self.resources.values():
            each.acts.clear()
        self._witness.looked()
        self._early.clear()
        return seen

    def _seen(self, call: CallInFlight) -> Call:
        outcome = call.pending.outcome
        call.told = outcome is not None
        match outcome:
            case None:
                inside = call.body is not None and call.body.held
                return Call(call.number, events.INSIDE if inside else events.WAITING)
            case Cancelled():
                return Call(call.number, events.CANCELLED)
            case Raised(error):
                return self._raised(call, error)
        if isinstance(call.event, events.Get):
            return Call(call.number, events.GIVES, (self._which(outcome.value),))
        if isinstance(call.event, events.CheckHealth):
            return _reported(call.number, outcome.value)
        return Call(call.number, events.RETURNED)

    def _which(self, value: Any) -> str:
        found = (number for number, each in self.resources.items() if is_same(value, each))
        return next((str(number) for number in found), f"that is none: {shown(value)}")

    def _raised(self, call: CallInFlight, error: BaseException) -> Call:
        if isinstance(error, Unsupported):
            self.refused = error
        for kind, phase in _NAMED.items():
            if isinstance(error, kind):
                return Call(call.number, phase)
        if isinstance(error, ResourceNotFoundError):
            asked = getattr(call.event, "id", "")
            return Call(call.number, events.MISSING, (asked,) if asked == error.id or asked in str(error) else ())
        if isinstance(error, CleanupError):
            return Call(call.number, events.UNCLEANED, tuple(sorted(map(str, error.ids))))
        own = (call.failure, *([self.resources[call.number].failure] if call.number in self.resources else []))
        if any(each is failure for each in causes(error) for failure in own):
            return Call(call.number, events.RAISED)
        return Call(call.number, events.TIMEOUT if isinstance(error, TimeoutError) else events.REFUSED, what=shown(error))


def _reported(number: int, value: Any) -> Call:
    if not isinstance(value, Mapping):
        return Call(number, events.RETURNED, what=f"no mapping: {shown(value)}")
    report = {str(id): healthy is True or healthy == "healthy" for id, healthy in value.items()}
    return Call(number, REPORTS, report=tuple(sorted(report.items())))


def _scaled(settings: ResourceLifecycleSettings, scale: float) -> ResourceLifecycleSettings:
    """The settings in real seconds."""
    limits = {name: getattr(settings, name) for name in ("initialize_timeout", "cleanup_timeout", "health_timeout")}
    return replace(settings, **{name: seconds * scale for name, seconds in limits.items() if seconds is not None})


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: ResourceLifecycleSettings) -> Iterator[ResourceLifecycleRig]:
    """A rig over a new manager, which is cleaned up at the end of the scope.

    Raises:
        NotOffered: the manager does not have one of the settings.
    """
    threads = adapter.runtime == "threads"
    with adapter.make("resource_lifecycle", driver, _scaled(settings, driver.scale)) as manager:
        yield ResourceLifecycleRig(driver, settings, manager, threads)


def model(adapter: Adapter) -> ResourceLifecycleModel:
    """The model of what the adapter's managers can be asked for, as found by making some."""
    claimed = {RESTARTING: "restart", REPLACING: "replace"}
    supported = tuple(
        settings
        for settings in (*VARIANTS, *claimed)
        if claimed.get(settings, "") in {"", *adapter.claims} and _supports(adapter, settings)
    )
    if PLAIN not in supported:
        return ResourceLifecycleModel(supported=())
    with adapter.driver() as driver, rig(adapter, driver, PLAIN) as held:
        held.perform(events.Register(0, "a"))
        held.perform(events.Get(1, "a"))
        checks = hasattr(held.manager, "health")
        if "restart" in adapter.claims and not checks:
            raise AdapterError(f"{adapter.file}: CLAIMS names 'restart', and the resource manager has no health()")
        capabilities = Capabilities(
            cancels=driver.can_cancel,
            holds=driver.holds,
            gets=held.refused is None,
            checks=checks,
            scopes=hasattr(type(held.manager), "__enter__" if adapter.runtime == "threads" else "__aenter__"),
            needs="dependencies" in adapter.claims,
            replaces="replace" in adapter.claims,
            restarts="restart" in adapter.claims,
        )
    return ResourceLifecycleModel(capabilities, supported)


def _supports(adapter: Adapter, settings: ResourceLifecycleSettings) -> bool:
    try:
        with adapter.driver() as driver, rig(adapter, driver, settings):
            return True
    except NotOffered:
        return False
