"""What a registration does to a manager's model."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.modelling import Names

from .events import (
    BEGINS,
    CANCELLED,
    CLEANS,
    DOWN,
    FAILS,
    RAISED,
    REFUSED,
    RETURNED,
    UNCLEAN,
    UP,
    WAITING,
    Register,
)
from .state import (
    AGAIN,
    AN_ERROR,
    CIRCLE,
    CLEANING,
    GHOST,
    GONE,
    INITIALISING,
    IS_UP,
    LEFT,
    PENDING,
    RETURNED_OR_ERROR,
    TAKEN,
    UNCLEAN_MANNERS,
    Resource,
    State,
    Tracked,
)

TRIED = (BEGINS, UP, CLEANS, DOWN)
"""What an optimistic manager does before it refuses."""
TAKEN_IDS = {
    "a taken id is ignored",
    "a taken id is overwritten",
    "a taken id is hidden",
    "the second is left initialised",
    "the first is cleaned up as well",
    "a taken id is replaced",
}


def register(state: State, event: Register, deviations: Names) -> Iterator[State]:
    """register() is called."""
    after = tuple([each.number for each in state.resources if each.phase in (IS_UP, CLEANING)])
    resource = Resource(event.call, event.id, event.manner, tuple(event.needs.split()), after=after)
    if any(each.kind == "clean" and each.phase != WAITING for each in state.calls) and deviations & _LEAVING:
        resource = resource._replace(leaks=True)  # in one batch with a cleanup that is over: they may have met
    call = Tracked(event.call, "register", id=event.id)
    if event.call in state.early:
        yield state.with_call(call._replace(phase=CANCELLED)).shaken_by("a cancellation")
        return
    begun = state.with_call(call).with_resource(resource)
    if resource.needs:
        begun = begun.shaken_by("needs")
    yield from _admit(begun, resource, deviations)


def _admit(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    """Whether a resource that has come is initialised, refused or has to wait."""
    if resource.needs and "needs are not looked at" not in deviations and _wanting(state, resource):
        yield from _without(state, resource, deviations)
        holder = state.registered(resource.id)
        if holder is not None and deviations & TAKEN_IDS:  # that the id is taken may be seen before what it needs is looked at
            yield from _taken(state, resource, holder, deviations)
    elif state.cleaning:
        yield from _during_cleanup(state, resource, deviations)
    else:
        yield from _admitted(state, resource, deviations)
        if state.closed:
            yield from _refused(state, resource, AN_ERROR)


def _refused(state: State, resource: Resource, phase: str) -> Iterator[State]:
    """The call ends in an error, and nothing is left of the resource, if it was initialised at all."""
    ended = state.ended(resource.number, phase)
    yield ended.with_resource(resource._replace(phase=GONE))
    if resource.manner in ("ok", "slow"):
        yield ended.with_resource(resource.doing(*TRIED, phase=GONE))
    elif resource.manner in ("fails", "declines"):
        yield ended.with_resource(resource.doing(BEGINS, FAILS, CLEANS, DOWN, phase=GONE))
    elif resource.manner in UNCLEAN_MANNERS:
        yield state.ended(resource.number, AN_ERROR).with_resource(resource.doing(BEGINS, UP, CLEANS, UNCLEAN, phase=GONE))
    elif resource.manner == "lingers":
        yield state.with_resource(resource.doing(BEGINS, UP, CLEANS, phase=CLEANING))  # the call ends once it is down


def _wanting(state: State, resource: Resource) -> list[str]:
    """The ids that it needs and that are not there."""
    return [id for id in resource.needs if (found := state.registered(id)) is None or found.number == resource.number]


def _is_circle(state: State, resource: Resource) -> bool:
    """Whether it would depend on itself."""
    reached, left = set(), [*resource.needs]
    while left:
        id = left.pop()
        if id not in reached:
            reached.add(id)
            left += [need for each in state.resources if each.id == id and each.phase == PENDING for need in each.needs]
    return resource.id in reached


def _without(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    """What it needs is not there."""
    circle = _is_circle(state, resource)
    if circle and "a circle is not refused" in deviations:
        yield state
        return
    yield state.ended(resource.number, CIRCLE if circle else AN_ERROR).with_resource(resource._replace(phase=GONE))
    if not circle or state.is_busy:
        yield state


def _during_cleanup(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    state = state.shaken_by("a meeting")
    if "a resource that comes during a cleanup is left" in deviations:
        yield from _initialised(state, resource._replace(leaks=True), deviations)
        return
    if "a taken id is ignored" in deviations and state.registered(resource.id) is not None:
        yield state.ended(resource.number, RETURNED).with_resource(resource._replace(phase=GONE))
    yield from _refused(state, resource, AN_ERROR)
    yield state
    if resource.manner == "ok":
        up = resource.doing(BEGINS, UP, phase=IS_UP)._replace(target=True)
        yield state.ended(resource.number, RETURNED_OR_ERROR).with_resource(up)
        yield state.ended(resource.number, RETURNED_OR_ERROR).with_resource(resource.doing(*TRIED, phase=GONE))


def _admitted(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    holder = state.registered(resource.id)
    rivals = [] if resource.resumed else _rivals(state, resource)
    kept = [each for each in state.resources if each.id == resource.id and each.phase == LEFT and each.lost]
    if holder is not None:
        if state.is_busy and not resource.resumed:
            yield state
        yield from _taken(state, resource, holder, deviations)
    elif kept:
        yield from _refused(state, resource, TAKEN)
    elif rivals:
        state = state.shaken_by("rivals")
        if "rivals both win" not in deviations:
            yield from _refused(state, resource, TAKEN)
            yield state
        yield from _initialised(state, resource, deviations)
    else:
        if state.is_busy and not resource.resumed:
            yield state
        yield from _initialised(state, resource, deviations)
        if _has_overlapped(state, resource):
            yield from _refused(state, resource, TAKEN)
        if any(each.orphaned and each.id == resource.id for each in state.resources):
            yield from _refused(state, resource, TAKEN)
            if not resource.resumed:
                yield state


def _rivals(state: State, resource: Resource) -> list[Resource]:
    return [each for each in state.under_way() if state.ids and each.id == resource.id and each.number != resource.number]


def _has_overlapped(state: State, resource: Resource) -> bool:
    """Whether another registration of its id has come to nothing at the same time, and may have been in its way."""
    return any(each.kind == "register" and each.id == resource.id and each.number != resource.number for each in state.calls)


def _taken(state: State, resource: Resource, holder: Resource, deviations: Names) -> Iterator[State]:
    """The id belongs to another resource."""
    if deviations & TAKEN_IDS and not state.settings.replace:
        yield from _taken_all_the_same(state, resource, holder, deviations)
    elif state.settings.replace and "a replaced resource is left" in deviations:
        yield from _initialised(state.with_resource(holder._replace(phase=LEFT)), resource, deviations)
    elif state.settings.replace and "a taken id is not replaced" not in deviations:
        yield from _replaced(state, resource, holder, deviations)
        if state.call(holder.number) is not None:
            yield from _refused(state, resource, TAKEN)  # one was in the way of the other
    else:
        yield from _refused(state, resource, TAKEN)
        if resource.manner == "slow" and not resource.resumed:  # an optimistic manager looks once it is up
            yield state.with_resource(resource.doing(BEGINS, phase=INITIALISING))
        if state.replaces and not state.settings.replace:
            yield from _replaced(state, resource, holder, deviations)


def _taken_all_the_same(state: State, resource: Resource, holder: Resource, deviations: Names) -> Iterator[State]:
    """With a deviation more comes of it than an error."""
    if "a taken id is ignored" in deviations:
        yield state.ended(resource.number, RETURNED).with_resource(resource._replace(phase=GONE))
    elif "a taken id is overwritten" in deviations:
        forgotten = state.with_resource(holder._replace(phase=LEFT))
        yield from _initialised(forgotten, resource, deviations)
    elif "a taken id is hidden" in deviations:
        yield from _initialised(state, resource, deviations, over=True)
    elif "the second is left initialised" in deviations:
        state, resource = _unlooked_at(state, resource)
        yield state.ended(resource.number, TAKEN).with_resource(resource.doing(BEGINS, UP, phase=LEFT))
        if resource.manner == "slow":
            yield state.with_resource(resource.doing(BEGINS, phase=INITIALISING))
    elif "the first is cleaned up as well" in deviations:
        lingers = holder.doing(CLEANS, phase=LEFT)._replace(hasty=True)
        cleaned = lingers if holder.manner == "lingers" else _cleaned(holder)
        yield from _refused(state.with_resource(cleaned), resource, TAKEN)
    elif holder.manner != "lingers":
        yield from _replaced(state, resource, holder, deviations)
    elif holder.phase == IS_UP:  # the second waits until it is down
        yield state.with_resource(holder.doing(CLEANS, phase=CLEANING)._replace(hasty=True))
    elif not resource.resumed:
        yield state
        yield from _refused(state, resource, TAKEN)


def _cleaned(holder: Resource) -> Resource:
    """A resource that makes way, once its cleanup is over."""
    return holder.doing(*holder.cleanup, phase=GONE)


def _replaced(state: State, resource: Resource, holder: Resource, deviations: Names) -> Iterator[State]:
    """The first is cleaned up, before the second is initialised or after; a second that fails leaves it or not."""
    down = state.with_resource(_cleaned(holder))
    yield from _initialised(down, resource, deviations)
    if holder.manner in UNCLEAN_MANNERS:
        yield from _refused(down, resource, AN_ERROR)  # told of that, whoever registers has to try again
    if resource.manner in ("fails", "declines"):
        yield from _initialised(state, resource, deviations)
    if resource.manner == "slow":
        yield from _initialised(state, resource._replace(after=()), deviations)


def _initialised(state: State, resource: Resource, deviations: Names, over: bool = False) -> Iterator[State]:
    """The resource is initialised, as far as it goes."""
    state, resource = _unlooked_at(state, resource)
    if "is not initialised" in deviations:
        yield up(state, resource._replace(phase=IS_UP))
        return
    match resource.manner:
        case "fails":
            yield from fail(state, resource.doing(BEGINS, FAILS), deviations)
        case "declines":
            yield from fail(state, resource.doing(BEGINS, FAILS), deviations)
            yield from fail(state, resource.doing(BEGINS, FAILS), deviations, opened=False)
        case "slow":
            yield state.with_resource(resource.doing(BEGINS, phase=INITIALISING))
        case _:
            twice = (BEGINS, UP) if "is initialised twice" in deviations else ()
            begun = resource.doing(*twice, BEGINS)
            yield from finish(state, begun, deviations) if not over else (up(state, begun.doing(UP, phase=IS_UP)),)


def _unlooked_at(state: State, resource: Resource) -> tuple[State, Resource]:
    """With a deviation a resource is initialised though what it needs is not there."""
    if resource.needs and _wanting(state, resource):
        return state._replace(needs=True), resource._replace(needs=())
    return state, resource


def up(state: State, resource: Resource) -> State:
    """A resource is registered."""
    cold = state.cold(resource.id)
    if cold is not None:  # it gives way
        state = state.with_resource(cold._replace(phase=GONE))
    return state.ended(resource.number, RETURNED).with_resource(resource)


def fail(state: State, resource: Resource, deviations: Names, opened: bool = True) -> Iterator[State]:
    """initialize() has failed."""
    state = state.shaken_by("a failing initialise")
    told = RETURNED if "a failing initialise is not told" in deviations else RAISED
    if "a failing initialise is told otherwise" in deviations:
        told = REFUSED
    elif resource.doomed:
        told = AN_ERROR
    state = state.ended(resource.number, told)
    cleaned = (CLEANS, DOWN) if opened else ()
    if "what a failing initialise began is left" in deviations:
        resource = resource._replace(phase=LEFT)
    elif "a failed resource is cleaned up with the others" in deviations:
        resource = resource._replace(phase=AGAIN)
    else:
        resource = resource.doing(*cleaned, phase=GONE)
    if "a failed resource can be got" in deviations:
        resource = resource._replace(phase=GHOST)
    if "a failed resource keeps its id" in deviations:
        resource = resource._replace(phase=LEFT, lost=True)
    yield state.with_resource(resource)


def finish(state: State, resource: Resource, deviations: Names) -> Iterator[State]:
    """initialize() has succeeded."""
    done = resource.doing(UP)
    gone = done.doing(CLEANS, DOWN, phase=GONE)
    holder = state.registered(resource.id)
    hides = holder is not None and holder.number in resource.after and "a taken id is hidden" in deviations
    if resource.orphaned and "a cancelled register goes on" not in deviations:
        yield state.with_resource(gone)
        if resource.shaky:
            yield state.with_resource(done._replace(phase=GONE))
    elif resource.doomed:
        yield from _finish_doomed(state, done, deviations)
    elif holder is not None and holder.number != resource.number and not hides and "rivals both win" not in deviations:
        if state.settings.replace:
            down = state.with_resource(_cleaned(holder))
            yield up(down, done._replace(phase=IS_UP))
            if holder.manner in UNCLEAN_MANNERS:
                yield down.ended(resource.number, AN_ERROR).with_resource(gone)
        left = "the second is left initialised" in deviations
        yield state.ended(resource.number, TAKEN).with_resource(done._replace(phase=LEFT) if left else gone)
    else:
        if holder is not None and holder.number != resource.number and not hides:
            yield up(state.with_resource(holder._replace(phase=LEFT)), done._replace(phase=IS_UP))
            yield up(state, done._replace(phase=LEFT))
        done = done._replace(leaks=resource.leaks and state.cleaning)
        yield up(state, done._replace(phase=IS_UP))
        if (state.cleaning or resource.leaks) and deviations & _LEAVING:
            yield up(state, done._replace(phase=GHOST))
            yield up(state, done._replace(phase=LEFT))


_LEAVING = {"a resource that is being registered is left", "a resource that comes during a cleanup is left"}


def _finish_doomed(state: State, done: Resource, deviations: Names) -> Iterator[State]:
    ended = state.ended(done.number, RETURNED_OR_ERROR)
    if "a resource that is being registered is left" in deviations:
        leaked = ended if state.cleaning else ended._replace(leaked=(*ended.leaked, done.number))
        for phase in (IS_UP, GHOST, LEFT):
            yield leaked.with_resource(done._replace(phase=phase, doomed=False, leaks=state.cleaning))
        return
    yield ended.with_resource(done.doing(CLEANS, DOWN, phase=GONE))
    if state.cleaning:
        yield ended.with_resource(done._replace(phase=IS_UP, doomed=False, target=True, after=()))  # too late for the order


def initialize_ends(state: State, number: int, how: str, deviations: Names) -> Iterator[State]:
    """An initialize() that took its time ends."""
    resource = state.resource(number)
    if resource is None or resource.phase != INITIALISING:
        yield state
    elif how == "ok" and "is initialised twice" in deviations and not resource.twice:
        yield state.with_resource(resource.doing(UP, BEGINS)._replace(twice=True))
    elif how == "ok":
        yield from finish(state, resource._replace(twice=False), deviations)
    else:
        yield from fail(state, resource.doing(FAILS), deviations)
        if resource.orphaned:
            yield state.with_resource(resource.doing(FAILS, phase=GONE))


def let_in(state: State, deviations: Names) -> Iterator[State]:
    """A cleanup that waits for registrations may wait for those behind them as well."""
    yield state
    waiting = [each for each in state.resources if each.phase == PENDING and not each.needs]
    if not (state.cleaning and state.awaits) or any(each.phase == INITIALISING for each in state.resources):
        return
    for each in waiting if waiting and not any(each.phase == CLEANING for each in state.resources) else ():
        coming = each._replace(doomed=False, resumed=True)
        for after in _admitted(state._replace(cleaning=False), coming, deviations):
            came = after.resource(each.number)
            assert came is not None, "it was just let in"
            taken = came._replace(target=came.phase == IS_UP, doomed=came.phase == INITIALISING)
            yield from let_in(after._replace(cleaning=True).with_resource(taken), deviations)


def resumed(state: State, deviations: Names) -> Iterator[State]:
    """Registrations that had to wait go on, where they can."""
    stays = True
    for each in state.resources if not state.cleaning else ():
        if each.phase != PENDING:
            continue
        if each.needs and _wanting(state, each) and "needs are not looked at" not in deviations:
            circle = _is_circle(state, each)
            if not (circle and "a circle is not refused" in deviations):
                stays = stays and (not circle or state.is_busy)
                refused = state.ended(each.number, CIRCLE if circle else AN_ERROR)
                yield from resumed(refused.with_resource(each._replace(phase=GONE)), deviations)
        elif all(rival.phase == PENDING for rival in _rivals(state, each)):
            stays = stays and state.is_busy
            for after in _admit(state, each._replace(resumed=True), deviations):
                yield from resumed(after, deviations)
    if stays:
        yield state
