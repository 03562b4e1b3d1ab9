"""Making a history shorter while it still shows the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass, replace

from patternproof.history import Batch, alone

Shows = Callable[[Sequence[Batch]], bool]
MOST_TRIES = 400
"""Replays of one shrinking."""


def shrunk(batches: Sequence[Batch], shows: Shows) -> list[Batch]:
    """The batches without whatever is not needed; greedy, deterministic, the same in every run.

    Args:
        batches: a history's batches, which show something.
        shows: whether other batches show it too; replays them against a new implementation.
    """
    current, tries = list(batches), 0
    improved = True
    while improved:
        improved = False
        for candidate in _simpler(current):
            tries += 1
            if tries > MOST_TRIES:
                return current
            if shows(candidate):
                current, improved = candidate, True
                break
    return current


def renumbered(batches: Sequence[Batch], field: str) -> list[Batch]:
    """The batches with the numbers of calls counted from 0 again, without the gaps that shrinking has left.

    Args:
        batches: a history's batches.
        field: of the events, in which they name a call.
    """
    numbers = sorted({getattr(event, field) for batch in batches for event in batch.events if hasattr(event, field)})
    events = [
        tuple(
            replace(event, **{field: numbers.index(getattr(event, field))}) if hasattr(event, field) else event
            for event in batch.events
        )
        for batch in batches
    ]
    return [Batch(changed, batch.turns) for changed, batch in zip(events, batches, strict=True)]


def _simpler(batches: list[Batch]) -> Iterator[list[Batch]]:
    """Every way to make the batches a little simpler, the boldest first."""
    for size in (4, 2, 1):
        for start in range(len(batches) - size, -1, -1):
            yield batches[:start] + batches[start + size :]
    for index in range(len(batches) - 1):
        for longer in _as_one(batches[index], batches[index + 1]):
            yield [*batches[:index], alone(longer), *batches[index + 2 :]]
    for index, batch in enumerate(batches):
        for simpler in _simpler_batch(batch):
            yield batches[:index] + simpler + batches[index + 1 :]


def _as_one(first: Batch, second: Batch) -> Iterator[object]:
    """Two lapses of time as one."""
    match first.events, second.events:
        case (one,), (other,) if type(one) is type(other) and is_dataclass(one) and hasattr(one, "seconds"):
            yield replace(one, seconds=one.seconds + other.seconds)


def _simpler_batch(batch: Batch) -> Iterator[list[Batch]]:
    if len(batch.events) == 1:
        return
    yield [Batch((event,)) for event in batch.events]
    for index in range(len(batch.events)):
        events = batch.events[:index] + batch.events[index + 1 :]
        turns = batch.turns[1:] if index == 0 else batch.turns[: index - 1] + batch.turns[index:]
        yield [Batch(events, turns)]
    for index, distance in enumerate(batch.turns):
        if distance:
            yield [Batch(batch.events, (*batch.turns[:index], 0, *batch.turns[index + 1 :]))]
