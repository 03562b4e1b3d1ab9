"""Short concurrent programs over an event bus."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.exploration import Program, ThreadProgram

from .model import EventBusModel


def programs(model: EventBusModel) -> Iterator[Program]:
    """The programs that the implementation and its driver can run."""
    return iter(())


def thread_programs(model: EventBusModel) -> Iterator[ThreadProgram]:
    """The programs for implementations that are called from threads."""
    return iter(())
