"""What a cleanup does to a manager's model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from patternproof.modelling import Names

from .events import CANCELLED, CLEANS, DOWN, QUITS, RAISED, RETURNED, STOPS, UNCLEAN, UNCLEANED, WAITING
from .state import (
    AGAIN,
    AN_END,
    AN_ERROR,
    CLEANING,
    COLD,
    DONE,
    GHOST,
    GONE,
    INITIALISING,
    IS_UP,
    LEFT,
    PENDING,
    RETURNED_OR_ERROR,
    Resource,
    State,
    Tracked,
)

FIRST_FIRST = "cleans up in the order of registration"
ANY_ORDER = "cleans up in some other order"
ALL_AT_ONCE = "cleans up all at once"
_ORDERS = {FIRST_FIRST, ANY_ORDER, ALL_AT_ONCE}
_NOT_LEFT = {"fail": "an error leaves the scope uncleaned", "cancel": "a cancellation leaves the scope uncleaned"}


def clean_up(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    """cleanup_all() is called, or the scope is left."""
    if _NOT_LEFT.get(tracked.leaves) in deviations or (tracked.leaves and "leaving the scope cleans up nothing" in deviations):
        yield state.with_call(_over(state, tracked))
    elif state.cleaning:
        yield from _again_meanwhile(state, tracked, deviations)
    elif state.closed and not any(_concerns(each) for each in state.resources):
        yield from _again(state, tracked, deviations)
    else:
        yield from _begin(state.with_call(tracked), deviations)


def _concerns(resource: Resource) -> bool:
    return resource.phase in (IS_UP, INITIALISING, AGAIN)


def _again(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    over = _over(state, tracked)
    if state.unclean or state.broken:  # the first report may be given once more
        over = over._replace(phase=AN_END if tracked.leaves in ("fail", "cancel") else RETURNED_OR_ERROR)
    if "a second cleanup fails" in deviations and not tracked.leaves:
        over = over._replace(phase=AN_ERROR)
    yield state.with_call(over)


def _again_meanwhile(state: State, tracked: Tracked, deviations: Names) -> Iterator[State]:
    state = state.shaken_by("a second cleanup")
    again = [each.doing(*each.cleanup) for each in state.resources if each.phase in (CLEANING, DONE)]
    rest = any(each.phase == IS_UP and each.target for each in state.resources)
    if "a second cleanup meanwhile cleans up again" in deviations:
        begun = _with(state.with_call(tracked._replace(loose=True)), again)
        yield from _with_the_rest(begun, tracked.number, deviations)
        return
    if rest and "a second cleanup meanwhile goes on with the rest" in deviations:
        loose = [each._replace(loose=True) for each in (*state.calls, tracked) if each.phase == WAITING]
        for call in loose:
            state = state.with_call(call)
        yield from _with_the_rest(state._replace(order=True), tracked.number, deviations)
        return
    yield state.with_call(tracked._replace(loose=True))
    phase = AN_END if tracked.leaves else RETURNED_OR_ERROR
    yield state.with_call(tracked._replace(phase=_over(state, tracked).phase if tracked.leaves == "ok" else phase))


def _with_the_rest(state: State, number: int, deviations: Names) -> Iterator[State]:
    """With a deviation: a second cleanup cleans up what the first has not come to, as far as it can."""
    rest = [each for each in state.resources if each.phase == IS_UP and each.target]
    if not rest:
        call = state.call(number)
        yield state.ended(number, AN_END if call is not None and call.leaves else RETURNED_OR_ERROR)
        return
    for after in clean(state, rest[-1], deviations):
        if rest[-1].manner == "lingers":
            yield after
        else:
            yield from _with_the_rest(after, number, deviations)


def _begin(state: State, deviations: Names) -> Iterator[State]:
    state = state._replace(cleaning=True, closed=True, unclean=(), broken=False)
    for each in state.resources:
        if each.phase == IS_UP:
            state = state.with_resource(each._replace(target=True))
        elif each.phase == AGAIN:
            state = state.with_resource(_once_more(each)._replace(target=True))
        elif each.phase == INITIALISING and not each.orphaned:
            state = state.with_resource(each._replace(doomed=True)).shaken_by("a meeting")
    doomed = [each for each in state.resources if each.doomed and each.phase == INITIALISING]
    yield from go_on(state, deviations)
    if state.is_checking:
        yield state._replace(awaits=True, rests=True)
    if doomed and "a resource that is being registered is left" not in deviations:
        yield state._replace(awaits=True, rests=True)
        yield from go_on(state._replace(awaits=True), deviations)
        for each in doomed:
            state = state.with_resource(each.doing(STOPS, CLEANS, DOWN, phase=GONE)).ended(each.number, AN_END)
        yield from go_on(state, deviations)


def _once_more(resource: Resource) -> Resource:
    """What is to be cleaned up once more; that does not take its time a second time."""
    return resource._replace(phase=IS_UP, manner="ok" if resource.manner == "lingers" else resource.manner)


def _with(state: State, resources: Iterable[Resource]) -> State:
    for each in resources:
        state = state.with_resource(each)
    return state


def go_on(state: State, deviations: Names) -> Iterator[State]:
    """The cleanup that is under way goes on as far as it can; many orders come to the same, and are followed once."""
    if not state.cleaning:
        yield state
        return
    left, known = [state], {state}
    while left:
        each = left.pop()
        further, over = _one_more(each, deviations)
        yield from over
        left += [after for after in dict.fromkeys(further) if after not in known]
        known.update(left)


def _one_more(state: State, deviations: Names) -> tuple[list[State], list[State]]:
    """Once one more has been cleaned up, as far as it goes; and as it is, if that may be all for now."""
    coming = any((each.doomed and each.phase == INITIALISING) or _is_refused(each) for each in state.resources)
    doomed = state.awaits and (coming or state.is_checking)
    ready = [] if doomed and state.rests else _ready(state, deviations)
    at_work = any(each.phase == CLEANING and each.target for each in state.resources)
    further = [after for each in ready for after in clean(state, each, deviations)]
    if ready and (not at_work or ALL_AT_ONCE in deviations):
        return further, []
    return further, [state] if at_work or doomed else [*_finishes(state, deviations)]


def _finishes(state: State, deviations: Names) -> Iterator[State]:
    yield _finished(state, deviations)
    if any(each.phase == PENDING for each in state.resources):
        for call in state.waiting("clean"):
            if call.loose and not call.queued:  # it may come after those that wait to register
                yield _finished(state.with_call(call._replace(queued=True)), deviations)


def begun_again(state: State, deviations: Names) -> Iterator[State]:
    """A second cleanup that had to wait begins, as soon as nothing is in its way."""
    queued = [each for each in state.waiting("clean") if each.queued]
    if not queued or state.cleaning or state.is_busy:
        yield state
        return
    first = queued[0]._replace(queued=False, loose=False)
    yield from clean_up(state.with_call(first), first, deviations)


def _is_refused(resource: Resource) -> bool:
    """Whether it came too late, and is cleaned up by whoever has registered it."""
    return resource.phase == CLEANING and not resource.target


def _ready(state: State, deviations: Names) -> list[Resource]:
    """What may be cleaned up next; where none takes its time the order makes no difference, and one is enough."""
    targets = [each for each in state.resources if each.target and each.phase in (IS_UP, CLEANING)]
    waiting = [each for each in targets if each.phase == IS_UP]
    if FIRST_FIRST in deviations:
        at_work = len(targets) > len(waiting)
        return [] if at_work else waiting[:1]
    if not deviations & {ANY_ORDER, ALL_AT_ONCE}:
        waiting = [each for each in waiting if not _before(each, targets)]
    return waiting if any(each.manner == "lingers" for each in targets) or ANY_ORDER in deviations else waiting[-1:]


def _before(resource: Resource, others: Sequence[Resource]) -> bool:
    """Whether others are to be cleaned up first."""
    if _is_substitute(resource, others):
        return False
    first = [each for each in others if resource.number in each.after or resource.id in each.needs]
    return any(not _is_substitute(each, others) for each in first)


def _is_substitute(resource: Resource, others: Iterable[Resource]) -> bool:
    """Whether it has replaced what another depended on: the orders of registration and dependence part, and either is right."""
    return any(resource.id in each.needs and each.number in resource.after for each in others)


def clean(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    """A resource is cleaned up, as far as it goes."""
    if deviations & {"nothing is cleaned up", "some are not cleaned up"}:
        left = state.with_resource(resource._replace(phase=LEFT, target=False))
        yield left
        if state.call(resource.number) is not None:
            yield left._replace(leaked=(*left.leaked, resource.number))  # it came as the cleanup began
        if "nothing is cleaned up" in deviations:
            return
    if deviations & _ORDERS:
        state = _out_of_order(state, resource)
    if any(each.hasty and each.phase in (LEFT, CLEANING) and resource.number in each.after for each in state.resources):
        state = state._replace(order=True)  # what came later is not done
    match resource.manner:
        case "lingers":
            yield state.with_resource(resource.doing(CLEANS, phase=CLEANING))
        case "unclean" | "breaks":
            yield from failed_cleanup(state, resource, (CLEANS, UNCLEAN), deviations)
        case _:
            twice = (CLEANS, DOWN) if "cleans up twice" in deviations else ()
            yield state.with_resource(_after_cleanup(resource.doing(CLEANS, DOWN, *twice, phase=GONE), deviations))


def _out_of_order(state: State, resource: Resource) -> State:
    """Whether the cleanup of a resource begins too early, or after it was too late."""
    late = any(number in resource.after for number in state.sooner)
    early = any(each.phase == CLEANING and each.target and resource.number in each.after for each in state.resources)
    return state._replace(order=state.order or late or early, sooner=tuple(sorted((*state.sooner, resource.number))))


def _after_cleanup(resource: Resource, deviations: Names) -> Resource:
    """What is cleaned up is gone, unless with a deviation it stays registered."""
    got, again = "can be got afterwards" in deviations, "is cleaned up again" in deviations
    over = DONE if "a second cleanup meanwhile cleans up again" in deviations else GONE
    over = COLD if "is initialised again afterwards" in deviations else over
    phase = IS_UP if got and again else GHOST if got else AGAIN if again else over
    return resource._replace(phase=phase, target=False)


def failed_cleanup(state: State, resource: Resource, acts: tuple[str, ...], deviations: Names) -> Iterator[State]:
    """A cleanup() has failed; the others are none the worse for it, unless with a deviation."""
    state = state.with_resource(resource.doing(*acts, phase=GONE))
    broke = resource.manner == "breaks"
    failed = state._replace(broken=True) if broke else state._replace(unclean=tuple(sorted({*state.unclean, resource.id})))
    ending = "a broken cleanup ends it all" if broke else "a failing cleanup ends it all"
    if ending in deviations:
        yield from _stopped(failed.with_resource(_after_cleanup(resource.doing(*acts, phase=GONE), deviations)))
    elif "stays registered if it fails to clean up" in deviations:
        yield failed.with_resource(_once_more(resource.doing(*acts))._replace(target=False))
    else:
        gone = failed.with_resource(_after_cleanup(resource.doing(*acts, phase=GONE), deviations))
        yield gone
        if "failures to clean up are told otherwise" in deviations:  # and before the others are cleaned up
            for call in gone.waiting("clean"):
                gone = gone.ended(call.number, AN_ERROR)
            yield gone


def _stopped(state: State) -> Iterator[State]:
    """What was to be cleaned up is not, and is registered or forgotten."""
    rest = [each for each in state.resources if each.target and each.phase == IS_UP]
    if not rest:
        yield state
        return
    yield _with(state, [each._replace(target=False) for each in rest])
    yield _with(state, [each._replace(target=False, phase=LEFT) for each in rest])


def _finished(state: State, deviations: Names) -> State:
    """Nothing is left to be cleaned up, and whoever has waited for that goes on."""
    for call in (*state.waiting("clean"), *state.waiting("scope")):
        if not call.queued:
            state = state.with_call(_over(state, call, deviations))
    left = [each.number for each in state.resources if each.leaks and each.phase != INITIALISING]
    resources = tuple([_let_be(each)._replace(leaks=each.leaks and each.number not in left) for each in state.resources])
    leaked = (*state.leaked, *left)
    return state._replace(resources=resources, cleaning=False, awaits=False, rests=False, sooner=(), leaked=leaked)


def _let_be(resource: Resource) -> Resource:
    """A resource once the cleanup is over."""
    return resource._replace(target=False, phase=GONE if resource.phase == DONE else resource.phase)


def _over(state: State, call: Tracked, deviations: Names = frozenset()) -> Tracked:
    """How the call ends, now that all is cleaned up."""
    failed = bool(state.unclean or state.broken) and state.cleaning
    if call.cancelled:
        return call._replace(phase=AN_END)
    if call.leaves in ("fail", "cancel"):
        own = RAISED if call.leaves == "fail" else CANCELLED
        if "the error of the scope is lost" in deviations and call.leaves == "fail":
            own = RETURNED
        return call._replace(phase=AN_END if failed else own)
    if not failed:
        return call._replace(phase=RETURNED)
    if call.loose:
        return call._replace(phase=RETURNED_OR_ERROR)
    return _told(state, call, deviations)


def _told(state: State, call: Tracked, deviations: Names) -> Tracked:
    if "failures to clean up are not told" in deviations:
        return call._replace(phase=RETURNED_OR_ERROR if state.broken else RETURNED)
    if state.broken or "failures to clean up are told otherwise" in deviations:
        return call._replace(phase=AN_ERROR)
    if len(state.unclean) > 1 and "one failure to clean up is told" in deviations:
        return call._replace(phase=UNCLEANED, about=state.unclean[-1:])
    return call._replace(phase=UNCLEANED, about=state.unclean)


def cleanup_ends(state: State, number: int, how: str, deviations: Names) -> Iterator[State]:
    """A cleanup() that took its time ends."""
    resource = state.resource(number)
    if resource is None or resource.phase != CLEANING:
        yield state
        if resource is not None and resource.phase == LEFT:
            yield state.with_resource(resource.doing(DOWN if how == "ok" else UNCLEAN, phase=GONE))
    elif _is_refused(resource):
        yield from _made_way(state, resource, DOWN if how == "ok" else UNCLEAN, deviations)
    elif how == "ok":
        twice = (CLEANS, DOWN) if "cleans up twice" in deviations else ()
        yield from go_on(state.with_resource(_after_cleanup(resource.doing(DOWN, *twice, phase=GONE), deviations)), deviations)
    else:
        for after in failed_cleanup(state, resource, (UNCLEAN,), deviations):
            yield from go_on(after, deviations)


def _made_way(state: State, resource: Resource, act: str, deviations: Names) -> Iterator[State]:
    """The cleanup() of a resource that was refused is over."""
    after = state.ended(resource.number, AN_ERROR).with_resource(resource.doing(act, phase=GONE))
    yield from go_on(after, deviations)
    if resource.hasty and act != DOWN:  # whoever waits for that may be told of it
        for each in [each for each in after.resources if each.id == resource.id and each.phase == PENDING]:
            after = after.ended(each.number, AN_ERROR).with_resource(each._replace(phase=GONE))
        yield from go_on(after, deviations)


def cancel(state: State, call: Tracked, deviations: Names) -> Iterator[State]:
    """Whoever cleans up is cancelled meanwhile."""
    if call.kind == "scope":
        state = state.shaken_by("a cancelled leaving")
    marked = state.with_call(call._replace(cancelled=True))
    at_work = [each for each in state.resources if each.phase == CLEANING and each.target]
    quit_all = [_after_cleanup(each.doing(QUITS, phase=GONE), deviations) for each in at_work]
    if "a cancelled leaving ends it all" in deviations and call.kind == "scope":
        yield from _given_up(_with(marked, quit_all), call)
        return
    if "a cancelled leaving that waits cleans up nothing" in deviations and call.kind == "scope" and state.rests:
        yield from _given_up(marked, call)
    yield marked  # it waits for the end all the same
    yield state.with_call(call._replace(phase=CANCELLED))  # the cleanup goes on by itself
    if at_work:
        yield from go_on(_with(marked, quit_all), deviations)
    if call.kind == "clean":
        yield from _given_up(_with(marked, quit_all), call)
        shaky = [_once_more(each.doing(QUITS))._replace(shaky=True) for each in at_work]
        yield from _given_up(_with(marked, shaky), call)


def _given_up(state: State, call: Tracked) -> Iterator[State]:
    """The cleanup is over before its time; what it has not come to is registered as before."""
    for other in (*state.waiting("clean"), *state.waiting("scope")):
        state = state.with_call(other._replace(phase=AN_END))
    resources = tuple([_let_be(each)._replace(doomed=False) for each in state.resources])
    yield state.with_call(call._replace(phase=AN_END))._replace(
        resources=resources, cleaning=False, awaits=False, rests=False, sooner=()
    )


def give_up(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    """A cleanup() has taken too long."""
    state = state.shaken_by("a hang")
    if _is_refused(resource):
        yield from _made_way(state, resource, QUITS, deviations)
        return
    told = (
        state
        if "a hanging cleanup is not told" in deviations
        else state._replace(unclean=tuple(sorted({*state.unclean, resource.id})))
    )
    ends = "a hanging cleanup ends it all" in deviations
    quits = _after_cleanup(resource.doing(QUITS, phase=GONE), deviations)
    for left in (quits, resource._replace(phase=LEFT, target=False)):
        after = told.with_resource(left)
        for stopped in _stopped(after) if ends else (after,):
            yield from go_on(stopped, deviations)


def waits(state: State, number: int) -> bool:
    """Whether a call is still in flight."""
    call = state.call(number)
    return call is not None and call.phase == WAITING
