"""The model of the conversion of errors."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from patternproof.history import Hung
from patternproof.modelling import Names

from .deviations import CONVERTING, EFFECTS, MIXED, MIXED_UP, NOT_NEW, RAISES
from .events import NEW_SAMPLES, SAMPLES, Convert, Converted, Given, Restore, RestoreNew

MOST_CONVERTED = 2


class State(NamedTuple):
    """What was converted, and what was looked at since the last batch."""

    converted: tuple[tuple[int, str], ...] = ()
    """Numbers and samples, the latest last; those that could be converted."""
    looked: tuple[tuple[str, ...], ...] = ()
    """What was found wrong each time; several, where any of them may be."""
    begun: int = 0


@dataclass(frozen=True, slots=True)
class ConversionModel:
    """Judges histories of conversions; nothing is under way between two of them."""

    def initial(self, settings: Given) -> Iterable[State]:
        return (State(),)

    def begin(self, state: State) -> State:
        return state._replace(looked=())

    def apply(self, state: State, event: Any, deviations: Names) -> Iterator[State]:
        match event:
            case Convert(number, sample):
                wrong = [fault for fault in _faults(sample, deviations) if fault in CONVERTING][:1]
                broken = wrong and wrong[0] in (RAISES, NOT_NEW)
                after = state if broken else state._replace(converted=(*state.converted, (number, sample)))
                yield _looked(after._replace(begun=max(state.begun, number + 1)), wrong)
            case Restore(number):
                known = dict(state.converted).get(number, "new")
                yield state if known == "new" else _looked(state, _restoring(state, number, known, deviations))
            case RestoreNew(sample):
                yield _looked(state, _faults(sample, deviations))
            case _:
                raise TypeError(f"no event of conversions: {event!r}")

    def observe(self, state: State, deviations: Names) -> Converted:
        return Converted(tuple([wrong[0] for wrong in state.looked]))

    def matches(self, state: State, seen: Converted | Hung, deviations: Names) -> bool:
        if isinstance(seen, Hung) or len(seen.found) != len(state.looked):
            return False
        return all(found in wrong for found, wrong in zip(seen.found, state.looked, strict=True))

    def enabled(self, state: State) -> Iterator[Any]:
        return self.alongside(state, ())

    def alongside(self, state: State, events: Sequence[Any]) -> Iterator[Any]:
        number = state.begun + sum(isinstance(event, Convert) for event in events)
        if len(state.converted) < MOST_CONVERTED:
            yield from (Convert(number, sample) for sample in SAMPLES)
        yield from (Restore(each) for each, _ in state.converted)
        yield from map(RestoreNew, NEW_SAMPLES)

    def key(self, state: State) -> Hashable:
        return tuple([(state.begun - number, sample) for number, sample in state.converted])


def _faults(sample: str, deviations: Names) -> list[str]:
    """What is wrong with a sample, or may be."""
    faults = [EFFECTS[name][0] for name in EFFECTS if name in deviations and EFFECTS[name][1] == sample]
    return [fault for each in faults for fault in each]


def _restoring(state: State, number: int, sample: str, deviations: Names) -> list[str]:
    if MIXED_UP in deviations and state.converted[-1][0] != number:
        return [MIXED]
    return [fault for fault in _faults(sample, deviations) if fault not in CONVERTING]


def _looked(state: State, wrong: Sequence[str]) -> State:
    return state._replace(looked=(*state.looked, tuple(wrong) or ("",)))
