"""Short programs of threads, explored and judged by the model."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.drivers import Hang
from patternproof.drivers.direct import Direct
from patternproof.exploration import ThreadProgram
from patternproof.findings import Findings
from patternproof.history import Batch, History, Hung
from patternproof.outcome import PremiseMissing
from patternproof.patterns import PATTERNS
from patternproof.rig import Rig
from patternproof.threads import StandsStill, explore_threads, taken

if TYPE_CHECKING:
    from patternproof.judge import Subject


class _Hung(Exception):
    """The implementation hangs in the kit's own thread, before or after the workers.

    Args:
        history: all that was done and seen.
    """

    def __init__(self, history: History) -> None:
        super().__init__(str(history.moments[-1].seen))
        self.history = history


def explore_with_threads(held: Subject, findings: Findings, program: ThreadProgram, runs: int) -> bool:
    """Run a program of threads in every schedule that can matter, and learn from the histories.

    A program of which the exploration cannot tell anything adds nothing: its requirements stay not exercised in this way.

    Returns:
        Whether the next one is worth it: of an implementation that hangs each takes seconds, and says the same again.
    """
    last: list[History] = []
    made: list[Rig] = []
    with ExitStack() as stack:
        setup = partial(_set_up, stack, held, program, made)
        workers = [partial(_work, events) for events in program.workers]
        try:
            holds = partial(_holds, held, findings, program, last)
            found = explore_threads(setup, workers, holds, runs, held.adapter.adapts, program.own)
        except StandsStill:
            return False
        except PremiseMissing:
            return True
        except _Hung as hung:
            findings.take([hung.history])
            return False
        if program.own and found.failure is not None and not (last and made[-1].history is last[-1]):  # it never came to its end
            made[-1].history.add(Batch(tuple(_worked(program))), Hung("the threads wait for each other, for ever"))
            last.append(made[-1].history)
    if found.failure is None:
        findings.add(last)
    else:
        findings.take(last[-1:])
    return True


def _has_hung(findings: Findings) -> bool:
    return any(isinstance(moment.seen, Hung) for history in findings.histories for moment in history)


def _set_up(stack: ExitStack, held: Subject, program: ThreadProgram, made: list[Rig]) -> Rig:
    stack.close()
    driver = stack.enter_context(Direct(taken[-1] if program.own else None))
    rig: Rig = stack.enter_context(PATTERNS[held.stem].scenarios("rig").rig(held.adapter, driver, program.settings))
    made[:] = [rig]
    for events in program.prefix:
        _perform(rig, events)
    return rig


def _perform(rig: Rig, events: Sequence[Any]) -> None:
    try:
        with rig.driver.watch():
            _work(events, rig)
    except Hang as hang:
        rig.history.add(Batch(tuple(events)), Hung(str(hang)))
        raise _Hung(rig.history) from hang
    _seen(rig, events)


def _work(events: Sequence[Any], rig: Rig) -> None:
    for event in events:
        rig.do(event)


def _worked(program: ThreadProgram) -> list[Any]:
    return [event for events in program.workers for event in events]


def _seen(rig: Rig, events: Sequence[Any]) -> None:
    rig.history.add(Batch(tuple(events)), rig.look())


def _holds(held: Subject, findings: Findings, program: ThreadProgram, last: list[History], rig: Rig) -> bool:
    _seen(rig, _worked(program))
    for events in program.after:
        _perform(rig, events)
    last[:] = [*last[-20:], rig.history]
    return findings.explains(rig.history)
