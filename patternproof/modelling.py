"""Models with deviations: judging, diagnosing and separating histories.

A model says which observations are right after each event. It holds *all* the states that fit what has been seen, so that where
several behaviours are right each of them passes. A deviation breaks one requirement and nothing else. The smallest set of
deviations with which a model reproduces every history is the diagnosis. A breadth-first search over the product of the right
model and a deviant one gives the shortest history that tells them apart (Lee and Yannakakis, *Principles and methods of testing
finite state machines*, 1996).

States are kept in tuples, in the order in which they were found: a set would make a run depend on the hash seed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Protocol

from patternproof.history import Batch, History, alone

Names = frozenset[str]
States = tuple[Any, ...]
RIGHT: Names = frozenset()
ACCUSATION = 2
"""What a diagnosis pays for each requirement that it says is broken, where a deviation costs 1: of two that explain the same the
one that accuses of less comes first, even if it takes one deviation more."""
MOST_COST = 12
"""Cost of what one diagnosis adds to what is known; beyond it a history counts as unexplained."""
MOST_TRIES = 200
"""Sets of deviations that one diagnosis looks at."""
MOST_EVENTS = 14
"""Events in a separating history."""

MOST_PAIRS = 100_000
"""Pairs of states that one search looks at; the longest separating histories take some thousands."""
MOST_HIDDEN_PAIRS = 5_000
"""Pairs in one search for what another deviation hides: most hide for good, and each search costs time."""
MOST_SEPARATED = 10_000
"""Searches for separating histories of which it is remembered what they have found."""
MORE_EVENTS = 2
"""Events by which a history for a pair may be longer than the one for a single deviation; where one deviation includes
another, as a broad one does, there is none of any length."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One named way to break one requirement and nothing else."""

    name: str
    requirement: str
    sentence: str
    uses: str = ""
    """Kinds of events, beyond the model's plain ones, that the search for a separating history needs, separated by spaces."""
    aspect: str = ""
    """What it is about, where another deviation about the same thing cannot hold at the same time."""
    broad: bool = False
    """Explains more than its own plain form, the right one included: the special deviations come first."""
    elusive: bool = False
    """No history of single events separates it for certain: it shows only where several events share one turn of the loop, or
    where an implementation takes a latitude that it need not take, or it stands for several of which each shows elsewhere."""


class Model(Hashable, Protocol):
    """A small pure model of one pattern."""

    @property
    def deviations(self) -> dict[str, Deviation]:
        """By name, the special before the general: of two that explain a history the first is the diagnosis."""

    @property
    def numbered(self) -> str:
        """The field in which events name whoever they are about, such as a call; numbers are given out from 0."""

    def variants(self) -> Sequence[Any]:
        """Settings worth trying, the plainest first; counts are kept at 1 to 3."""

    def initial(self, settings: Any) -> Iterable[Any]:
        """The states that a new implementation may be in."""

    def begin(self, state: Any) -> Any:
        """Forget what was observed so far, before the next batch."""

    def apply(self, state: Any, event: Any, deviations: Names) -> Iterable[Any]:
        """Every state that may be right after the event."""

    def observe(self, state: Any, deviations: Names) -> Any:
        """What an implementation in this state plainly shows once all has settled."""

    def matches(self, state: Any, seen: Any, deviations: Names) -> bool:
        """Whether what was seen, everything observable or that it hangs (`Hung`), is right in this state."""

    def enabled(self, state: Any) -> Iterable[Any]:
        """The events worth trying next, for the search."""

    def alongside(self, state: Any, events: Sequence[Any]) -> Iterable[Any]:
        """The events worth trying in one batch with `events`, for the machine; what stands there twice is drawn more often."""

    def kind(self, event: Any) -> str:
        """The kind of an event, for the search: "" for a plain one."""

    def key(self, state: Any) -> Hashable:
        """What the future of a state depends on: states with one key behave alike."""

    def relevant(self, deviation: Deviation, settings: Any) -> bool:
        """Whether the deviation can show with these settings."""

    def blame(self, states: States, batch: Batch, seen: Any) -> str:
        """The requirement that an observation breaks which no deviation explains."""


def occasions(deviations: Names) -> tuple[Names, ...]:
    """What may be in force at any one event where deviations hold on some occasions only: all, all but one, or none of them."""
    return tuple(dict.fromkeys((deviations, *(deviations - {name} for name in sorted(deviations)), RIGHT)))


def _distinct(states: list[Any]) -> States:
    """Without repetitions; one alone needs no hash, which costs more than all else."""
    return tuple(states) if len(states) < 2 else tuple(dict.fromkeys(states))


def successors(model: Model, states: Iterable[Any], batch: Batch, *deviations: Names) -> States:
    """Every state after a batch, in whichever order its events took effect.

    Args:
        model: the model.
        states: those before the batch.
        batch: what happens.
        deviations: the set that is in force; of several, any one at each event.
    """
    begun = [model.begin(state) for state in states]
    # Of states that behave alike from here on one is enough: with broad deviations there would be thousands.
    started = begun if len(begun) == 1 else {model.key(state): state for state in reversed(begun)}.values()
    if len(batch.events) == 1:  # nearly all are; the general way takes twice the time
        (event,) = batch.events
        return _distinct([after for state in started for names in deviations for after in model.apply(state, event, names)])
    # By the set of events that have taken effect, as a bit mask; a set comes after all of its subsets.
    reached: list[dict[Any, None]] = [dict.fromkeys(started)]
    for done in range(1, 1 << len(batch.events)):
        after: dict[Any, None] = {}
        for index, event in enumerate(batch.events):
            if done >> index & 1:
                for state in reached[done ^ 1 << index]:
                    for names in deviations:
                        after.update(dict.fromkeys(model.apply(state, event, names)))
        reached.append(after)
    return tuple(reached[-1])


def fitting(model: Model, states: Iterable[Any], batch: Batch, seen: Any, *deviations: Names) -> States:
    """The states after a batch that fit what was seen."""
    reached = successors(model, states, batch, *deviations)
    if len(deviations) == 1:
        (names,) = deviations
        return tuple([state for state in reached if model.matches(state, seen, names)])
    return tuple(state for state in reached if any(model.matches(state, seen, names) for names in deviations))


def followed(model: Model, history: History, *deviations: Names) -> Iterator[States]:
    """The states that fit before the first moment, and after each; stops where none fits."""
    states = tuple(model.initial(history.settings))
    yield states
    for moment in history:
        states = fitting(model, states, moment.batch, moment.seen, *deviations)
        if not states:
            return
        yield states


def explained(model: Model, history: History, *deviations: Names) -> int:
    """How many moments of a history the model reproduces with these deviations; of several sets, with any one at each event."""
    return sum(1 for _ in followed(model, history, *deviations)) - 1


def explains(model: Model, histories: Iterable[History], deviations: Names) -> bool:
    """Whether the model with these deviations reproduces every history whole."""
    return all(explained(model, history, deviations) == len(history) for history in histories)


def diagnose(
    model: Model, histories: Sequence[History], known: Names = RIGHT, without: str = "", most: int = MOST_COST
) -> Names | None:
    """The cheapest set of deviations that explains all histories; None where none of a fair cost does.

    Args:
        model: the model.
        histories: those to explain.
        known: deviations that are in every set.
        without: a deviation that is in none.
        most: what the others may cost.
    """
    search = _Diagnosis(model, sorted(histories, key=len), without)
    least = cost(model, known)
    for size in range(least, least + most + 1):
        found = search.of_size(known, size)
        if found is not None:
            return found
    return None


def cost(model: Model, names: Names) -> int:
    """How much a set supposes; a broad deviation costs as much as two of two requirements: it is never the easy way out."""
    deviations = [model.deviations[name] for name in names]
    broad = sum(each.broad for each in deviations)
    return len(names) + broad * (1 + ACCUSATION) + ACCUSATION * len({each.requirement for each in deviations})


class _Diagnosis:
    """Depth-first: whatever helps the first history that is not explained yet, without spoiling a shorter one."""

    def __init__(self, model: Model, histories: Sequence[History], without: str) -> None:
        self._model = model
        self._histories = histories
        self._without = without
        self._failed: dict[Names, int] = {}
        self._tries = MOST_TRIES

    def of_size(self, names: Names, size: int) -> Names | None:
        if self._failed.get(names, -1) >= size or self._tries <= 0 or cost(self._model, names) > size:
            return None
        self._tries -= 1
        self._failed[names] = size
        for history in self._histories:
            reached = explained(self._model, history, names)
            if reached < len(history):
                return self._helped(names, size, history, reached) if cost(self._model, names) < size else None
        return names

    def _helped(self, names: Names, size: int, history: History, reached: int) -> Names | None:
        aspects = {self._model.deviations[name].aspect for name in names} - {""}
        for name, deviation in self._model.deviations.items():
            if name in names or name == self._without or deviation.aspect in aspects:
                continue
            if explained(self._model, history, names | {name}) > reached:
                found = self.of_size(names | {name}, size)
                if found is not None:
                    return found
        return None


def rivals(model: Model, histories: Sequence[History], known: Names) -> Iterator[Names]:
    """Other sets that explain the same, in which one deviation has given way to one of another requirement, or of its aspect."""
    relevant = [history for history in histories if explained(model, history, known) == len(history)]
    for name in sorted(known):
        needing = [history for history in relevant if explained(model, history, known - {name}) < len(history)]
        replaced = model.deviations[name]
        for other, deviation in model.deviations.items():
            rival = known - {name} | {other}
            apart = deviation.requirement != replaced.requirement or deviation.aspect == replaced.aspect != ""
            if other not in known and apart and explains(model, needing, rival) and explains(model, relevant, rival):
                yield rival


def necessary(model: Model, history: History, names: Names) -> Names:
    """The least part of a diagnosis that one history gives evidence of; the general give way to the special."""
    for name in [name for name in reversed(model.deviations) if name in names]:
        if explained(model, history, names - {name}) == len(history):
            return necessary(model, history, names - {name})
    return names


@dataclass(frozen=True, slots=True)
class Separation:
    """The shortest events that tell a deviant implementation from a right one, whatever latitude either takes."""

    settings: Any
    events: tuple[Any, ...]


Pair = tuple[Any, States]
"""A state of the deviant model, and the states of the other that have shown the same so far."""


@lru_cache(maxsize=MOST_SEPARATED)  # what is wrong with one implementation is wrong with the next
def separate(
    model: Model, deviant: Names, other: Names = RIGHT, depth: int = MOST_EVENTS, pairs: int = MOST_PAIRS
) -> Separation | None:
    """The shortest history that tells a model with `deviant` from a model with `other`; None where there is none.

    All variants of the settings are searched level by level together, so that the shortest of all comes first.
    """
    searches = [
        _Search(model, settings, deviant, other)
        for settings in model.variants()
        if all(model.relevant(model.deviations[name], settings) for name in deviant - other)
    ]
    for _ in range(depth):
        for search in searches:
            events = search.deepen(pairs)
            pairs -= search.looked_at
            if events is not None:
                return Separation(search.settings, events)
            if pairs <= 0:
                return None
    return None


class _Search:
    """Breadth-first over the product of a deviant model and the states of the other that fit."""

    def __init__(self, model: Model, settings: Any, deviant: Names, other: Names) -> None:
        self.settings = settings
        self._model, self._deviant, self._other = model, deviant, other
        self._kinds = {"", *(kind for name in deviant ^ other for kind in model.deviations[name].uses.split())}
        start = tuple(model.initial(settings))
        # The nodes of the level, each with the way to it.
        self._level: list[tuple[list[Pair], tuple[Any, ...]]] = [([(state, start) for state in start], ())]
        self._visited: set[Any] = set()
        self.looked_at = 0
        """Pairs that the last level took."""

    def deepen(self, most: int) -> tuple[Any, ...] | None:
        """Search one level further, or until `most` pairs are looked at; the events once a separation is found."""
        following = []
        self.looked_at = 0
        for node, path in self._level:
            size = sum(len(candidates) for _, candidates in node)
            for event in self._model.enabled(node[0][0]):
                if self._model.kind(event) not in self._kinds:
                    continue
                self.looked_at += size
                if self.looked_at > most:
                    return None
                reached = list(self._step(node, event))
                if not reached:
                    return (*path, event)
                key = frozenset((self._model.key(state), frozenset(map(self._model.key, fit))) for state, fit in reached)
                if key not in self._visited:
                    self._visited.add(key)
                    following.append((reached, (*path, event)))
        self._level = following
        return None

    def _step(self, node: Iterable[Pair], event: Any) -> Iterator[Pair]:
        batch = alone(event)
        for state, candidates in node:
            right = successors(self._model, candidates, batch, self._other)
            for after in successors(self._model, (state,), batch, self._deviant):
                seen = self._model.observe(after, self._deviant)
                fit = tuple(candidate for candidate in right if self._model.matches(candidate, seen, self._other))
                if fit:
                    yield self._model.begin(after), tuple(map(self._model.begin, fit))


@cache
def separations(model: Model) -> dict[str, Separation]:
    """The separating history of every deviation that sequential events can show with the model's variants."""
    found: dict[str, Separation] = {}
    for name, deviation in model.deviations.items():
        separation = None if deviation.elusive else separate(model, frozenset({name}))
        if separation is not None:
            found[name] = separation
    return found


def enacted(model: Model, separation: Separation, deviations: Names) -> History:
    """The history that an implementation with these deviations plainly shows, for examples and tests of diagnosis."""
    history = History(separation.settings)
    states = tuple(model.initial(separation.settings))
    for event in separation.events:
        after = [(state, model.observe(state, deviations)) for state in successors(model, states, alone(event), deviations)]
        # Not every state that is right, at the start above all, is one that these deviations lead to.
        state, seen = next((each for each in after if model.matches(*each, deviations)), after[0])
        history.add(alone(event), seen)
        states = (state,)
    return history


def pair_separations(model: Model, singles: Mapping[str, Separation], suspects: Names) -> list[Separation]:
    """Histories that tell the suspected deviations from every other one of another requirement.

    Most pairs are told apart already by the separating history of one of them; those need none of their own and are left out.
    """
    found = []
    for one in sorted(suspects & singles.keys()):
        history = enacted(model, singles[one], frozenset({one}))
        for other, deviation in model.deviations.items():
            alike = explained(model, history, frozenset({other})) == len(history)
            if alike and deviation.requirement != model.deviations[one].requirement:
                depth = len(singles[one].events) + MORE_EVENTS
                pairs = MOST_HIDDEN_PAIRS if deviation.broad else MOST_PAIRS
                separation = separate(model, frozenset({one}), frozenset({other}), depth, pairs)
                found += [separation] if separation is not None else []
    return found


def masked_separations(model: Model, known: Names, names: Iterable[str]) -> list[Separation]:
    """For an implementation with `known` deviations, histories that show whether it has one of `names` as well.

    One defect can hide another: where every call is admitted as a probe, a circuit that closes too early looks the same.
    """
    singles = separations(model)
    found = []
    for name in names:
        if name in singles:
            depth = len(singles[name].events) + MORE_EVENTS
            separation = separate(model, known | {name}, known, depth, MOST_HIDDEN_PAIRS)
            found += [separation] if separation is not None else []
    return found
