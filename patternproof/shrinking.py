"""Making a history shorter while it still shows the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from patternproof.history import Batch

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


def _simpler(batches: list[Batch]) -> Iterator[list[Batch]]:
    """Every way to make the batches a little simpler, the boldest first."""
    for size in (4, 2, 1):
        for start in range(len(batches) - size, -1, -1):
            yield batches[:start] + batches[start + size :]
    for index, batch in enumerate(batches):
        for simpler in _simpler_batch(batch):
            yield batches[:index] + simpler + batches[index + 1 :]


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
