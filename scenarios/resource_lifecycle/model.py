"""The model of the resource lifecycle, with deviations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from patternproof.history import Batch, Hung
from patternproof.modelling import Deviation, Names, States
from patternproof.ports.resource_lifecycle import ResourceLifecycleSettings
from patternproof.remembering import Memory

from . import checking, cleaning, registering, transitions
from .blame import blame
from .choices import Choices
from .deviations import DEVIATIONS, HARM
from .events import (
    GIVES,
    INSIDE,
    REFUSED,
    WAITING,
    Acts,
    Advance,
    Ail,
    Call,
    Cancel,
    CheckHealth,
    CleanUp,
    CleanupEnds,
    Enter,
    Get,
    InitializeEnds,
    Leave,
    Register,
    Seen,
)
from .state import GIVEN_OR_ERROR, MEANS, PLAINLY, REPORTS, State, Tracked, without_the_past

TIMEOUT = 10.0
PLAIN = ResourceLifecycleSettings()
INITIALIZE_TIMED = ResourceLifecycleSettings(initialize_timeout=TIMEOUT)
CLEANUP_TIMED = ResourceLifecycleSettings(cleanup_timeout=TIMEOUT)
HEALTH_TIMED = ResourceLifecycleSettings(health_timeout=TIMEOUT)
RESTARTING = ResourceLifecycleSettings(restarts=1)
REPLACING = ResourceLifecycleSettings(replace=True)
VARIANTS = (PLAIN, INITIALIZE_TIMED, CLEANUP_TIMED, HEALTH_TIMED)
BEGIN = (Register, Get, CheckHealth, CleanUp, Enter)
"""The events that begin a call."""
MEMORY = Memory()


class Capabilities(NamedTuple):
    """What the driver and the implementation can be asked for."""

    cancels: bool = True
    holds: bool = True
    """Whether an initialize() or a cleanup() can be held."""
    gets: bool = True
    """Whether resources have ids, and can be got by them."""
    checks: bool = True
    scopes: bool = True
    needs: bool = True
    replaces: bool = True
    restarts: bool = True


EVERYTHING = Capabilities()
NEEDS = {
    "cancel": "cancels",
    "slow": "holds",
    "lingers": "holds",
    "hangs": "checks",
    "health": "checks",
    "scope": "scopes",
    "needs": "needs",
}
"""The capability that a kind of event needs."""
SHOWS_WITH = {
    "RL-14": ("initialize_timeout", "cleanup_timeout"),
    "RL-16": ("restarts",),
    "what a hanging initialise began is left": ("initialize_timeout",),
    "a hanging initialise is not given up": ("initialize_timeout",),
    "a hanging cleanup is not given up": ("cleanup_timeout",),
    "a hanging cleanup is not told": ("cleanup_timeout",),
    "a hanging cleanup ends it all": ("cleanup_timeout",),
    "a hanging check is waited for": ("health_timeout",),
    "a hanging check breaks the report": ("health_timeout",),
    "a taken id is not replaced": ("replace",),
    "a replaced resource is left": ("replace",),
}
"""By name of a deviation, or its requirement, the settings of which one has to be set."""
OF_IDS = frozenset(
    name
    for name, deviation in DEVIATIONS.items()
    if deviation.requirement in ("RL-03", "RL-04", "RL-11")
    or name
    in (
        "is got before it is up",
        "what is registered cannot be got",
        "a failed resource can be got",
        "a failed resource keeps its id",
        "can be got afterwards",
        "a cancelled register keeps the id",
    )
)
"""What shows only where resources have ids."""


@dataclass(frozen=True, slots=True)
class ResourceLifecycleModel:
    """Judges histories of resource managers."""

    capabilities: Capabilities = EVERYTHING
    supported: tuple[ResourceLifecycleSettings, ...] | None = None
    """The variants that the implementation has; None: all."""

    @property
    def deviations(self) -> dict[str, Deviation]:
        return DEVIATIONS

    @property
    def numbered(self) -> str:
        return "call"

    def variants(self) -> Sequence[ResourceLifecycleSettings]:
        can = self.capabilities
        known = VARIANTS + (RESTARTING,) * can.restarts + (REPLACING,) * can.replaces
        return [settings for settings in known if self.supported is None or settings in self.supported]

    def initial(self, settings: ResourceLifecycleSettings) -> Iterable[State]:
        return (State(settings, ids=self.capabilities.gets, replaces=self.capabilities.replaces),)

    def begin(self, state: State) -> State:
        calls = tuple([each for each in state.calls if each.phase in (WAITING, INSIDE)])
        resources = without_the_past(state.resources)
        if state.unclean or state.broken:
            state = state.shaken_by("a failing cleanup")
        return state._replace(resources=resources, calls=calls, early=(), touched=(), order=False, needs=False, leaked=())

    def apply(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        """Every state that may be right after the event."""
        return MEMORY.remembered(self._settled, state, event, deviations)

    def _settled(self, state: State, event: Any, deviations: Names) -> tuple[State, ...]:
        if state.wild:
            return (_wild(state, event),)
        reached: dict[State, None] = {}
        for applied in self._applied(checking.interrupted(state), event, deviations):
            for after in _gone_on(applied, deviations):
                for told in transitions.answered(after, deviations):
                    reached[_wild(told) if is_wild(told, deviations) else told] = None
        return tuple(reached)

    def _applied(self, state: State, event: Any, deviations: Names) -> Iterable[State]:  # noqa: C901  # a table of all events
        match event:
            case Register():
                return registering.register(state, event, deviations)
            case InitializeEnds(number, how):
                return registering.initialize_ends(state, number, how, deviations)
            case CleanupEnds(number, how):
                return cleaning.cleanup_ends(state, number, how, deviations)
            case Get():
                return transitions.get(state, event, deviations)
            case Ail():
                return checking.ail(state, event)
            case CheckHealth(number):
                return transitions.check(state, number, deviations)
            case CleanUp():
                return transitions.clean_up(state, event, deviations)
            case Enter(number):
                return transitions.enter(state, number)
            case Leave():
                return transitions.leave(state, event, deviations)
            case Cancel(number):
                return transitions.cancel(state, number, deviations)
            case Advance(seconds):
                return transitions.pass_time(state, seconds, deviations)
        raise TypeError(f"no event of resource managers: {event!r}")

    def observe(self, state: State, deviations: Names) -> Seen:
        if is_wild(state, deviations):
            return Seen(failed="something that should not be")
        return Seen(
            calls=tuple([_shown(call, deviations) for call in state.calls]),
            resources=tuple([Acts(each.number, each.acts) for each in state.resources if each.acts]),
            order="resources are cleaned up in another order" if state.order else "",
            needs="what a resource depends on is not there" if state.needs else "",
            leaked=tuple(sorted(state.leaked)),
        )

    def matches(self, state: State, seen: Seen | Hung, deviations: Names) -> bool:
        if state.wild:
            return True  # from here on anything goes
        if isinstance(seen, Hung):
            return False
        acts = tuple([Acts(each.number, each.acts) for each in state.resources if each.acts])
        return (
            acts == seen.resources
            and len(seen.calls) == len(state.calls)
            and all(_fits(call, each, state, deviations) for call, each in zip(state.calls, seen.calls, strict=True))
            and bool(seen.order) == state.order
            and bool(seen.needs) == state.needs
            and seen.leaked == tuple(sorted(state.leaked))
            and not seen.failed
        )

    def kind(self, event: Any) -> str:
        return str(event.kind)

    def key(self, state: State) -> Hashable:
        return state

    def enabled(self, state: State) -> Iterator[Any]:
        return Choices(self, state).alone()

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        return Choices(self, state, tuple(events)).together()

    def possible(self, events: Iterable[Any]) -> bool:
        """Whether the driver and the implementation can do all of this."""
        needed = {NEEDS[kind] for event in events if (kind := self.kind(event)) in NEEDS}
        gets = any(isinstance(event, Get) for event in events)
        return all(getattr(self.capabilities, name) for name in needed) and (self.capabilities.gets or not gets)

    def relevant(self, deviation: Deviation, settings: ResourceLifecycleSettings) -> bool:
        lacking = (
            NEEDS[kind] for kind in deviation.uses.split() if kind in NEEDS and not getattr(self.capabilities, NEEDS[kind])
        )
        if next(lacking, None) is not None or (deviation.name in OF_IDS and not self.capabilities.gets):
            return False  # without a search, which would look at all there is
        if deviation.name == "a taken id is replaced" and self.capabilities.replaces:
            return False
        names = SHOWS_WITH.get(deviation.name) or SHOWS_WITH.get(deviation.requirement)
        return names is None or any(getattr(settings, name) != getattr(PLAIN, name) for name in names)

    def blame(self, states: States, batch: Batch, seen: Seen | Hung) -> str:
        return blame(self, states, batch, seen)


def _gone_on(state: State, deviations: Names) -> Iterator[State]:
    """What becomes of a state by itself."""
    for let in registering.let_in(state, deviations):
        for cleaned in cleaning.go_on(let, deviations):
            for after in registering.resumed(cleaned, deviations):
                yield from cleaning.begun_again(after, deviations)


def is_wild(state: State, deviations: Names) -> bool:
    """Whether a deviation has struck after which anything may be seen."""
    return state.wild or any(HARM[cause] in deviations for cause in state.shaken)


def _wild(state: State, event: Any = None) -> State:
    """What is still known once anything may be seen: the numbers that are taken."""
    begun = event.call + 1 if isinstance(event, BEGIN) else 0
    return State(state.settings, begun=max(state.begun, begun), wild=True)


def complete() -> ResourceLifecycleModel:
    """The model of a manager that has everything."""
    return ResourceLifecycleModel()


def _shown(call: Tracked, deviations: Names) -> Call:
    phase = PLAINLY.get(call.phase, call.phase)
    report = None
    if phase == REPORTS and call.report is not None:
        told = [(id, bool(healthy)) for id, healthy in call.report]
        if "health is reported otherwise" in deviations:
            told.append(("nobody", False))
        report = tuple(told)
    return Call(call.number, phase, call.about if phase not in (WAITING, REPORTS) else (), report)


def _fits(call: Tracked, seen: Call, state: State, deviations: Names) -> bool:
    if call.number != seen.number:
        return False
    if call.phase == REPORTS:
        return seen.phase == REPORTS and _reports(call, seen, state, deviations)
    if call.phase == GIVEN_OR_ERROR and seen.phase == GIVES:
        return call.about == seen.about
    if call.phase in MEANS:
        return seen.phase in MEANS[call.phase]
    if "not found is told otherwise" in deviations and call.kind == "get" and call.phase == REFUSED:
        return seen.phase != WAITING
    return (call.phase, call.about) == (seen.phase, seen.about)


def _reports(call: Tracked, seen: Call, state: State, deviations: Names) -> bool:
    if call.loose or state.closed or "health is reported otherwise" in deviations:
        return True
    told = dict(seen.report or ())
    expected = {id: healthy for id, healthy in call.report or () if id not in state.touched}
    unexpected = told.keys() - expected.keys() - set(state.touched)
    return not unexpected and all(healthy is None or told.get(id) == healthy for id, healthy in expected.items())
