"""Short programs of threads, explored and judged by the model."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.drivers.direct import Direct
from patternproof.exploration import ThreadProgram
from patternproof.findings import Findings
from patternproof.history import Batch, History
from patternproof.outcome import PremiseMissing
from patternproof.patterns import PATTERNS
from patternproof.rig import Rig
from patternproof.threads import explore_threads

if TYPE_CHECKING:
    from patternproof.judge import Subject


def explore_with_threads(held: Subject, findings: Findings, program: ThreadProgram, runs: int) -> None:
    """Run a program of threads in every schedule that can matter, and learn from the histories.

    A program of which the exploration cannot tell anything adds nothing: its requirements stay not exercised in this way.
    """
    last: list[History] = []
    with ExitStack() as stack:
        setup = partial(_set_up, stack, held, program)
        workers = [partial(_work, events) for events in program.workers]
        try:
            found = explore_threads(setup, workers, partial(_holds, held, findings, program, last), runs, held.adapter.adapts)
        except PremiseMissing:
            return
    if found.failure is None:
        findings.add(last)
    else:
        findings.take(last[-1:])


def _set_up(stack: ExitStack, held: Subject, program: ThreadProgram) -> Rig:
    stack.close()
    driver = stack.enter_context(Direct())
    rig: Rig = stack.enter_context(PATTERNS[held.stem].scenarios("rig").rig(held.adapter, driver, program.settings))
    for events in program.prefix:
        _perform(rig, events)
    return rig


def _perform(rig: Rig, events: Sequence[Any]) -> None:
    _work(events, rig)
    _seen(rig, events)


def _work(events: Sequence[Any], rig: Rig) -> None:
    for event in events:
        rig.do(event)


def _seen(rig: Rig, events: Sequence[Any]) -> None:
    rig.history.add(Batch(tuple(events)), rig.look())


def _holds(held: Subject, findings: Findings, program: ThreadProgram, last: list[History], rig: Rig) -> bool:
    _seen(rig, [event for events in program.workers for event in events])
    for events in program.after:
        _perform(rig, events)
    last[:] = [*last[-20:], rig.history]
    return findings.explains(rig.history)
