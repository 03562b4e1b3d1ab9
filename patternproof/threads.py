"""Exploring the schedules of threads, with frontrun."""

from __future__ import annotations

import ctypes
import importlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import packages_distributions
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar
from unittest.mock import patch

import patternproof
from patternproof.drivers import clocks
from patternproof.outcome import PremiseMissing, Unavailable
from patternproof.own_threads import OwnThreads, taking_threads

S = TypeVar("S")

IMPLEMENTATIONS = {"adapters", "reference"}
"""Folders of an installed kit that hold implementations."""
STANDS_STILL = 2.0
"""Real seconds after which a thread that does not take its turn waits where the exploration cannot see it."""
LONGEST = 300.0
"""Real seconds that one exploration may take; the number of runs is what limits it, so that a verdict does not depend on luck."""


class StandsStill(PremiseMissing):
    """A worker did not end, or waited where the exploration cannot see it."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """What exploring the schedules of some threads came to."""

    explored: int
    """Schedules that were run, no two of them equivalent."""
    exhausted: bool
    """Whether these were all that can be told apart."""
    failure: str | None = None
    """Which accesses collide, line by line, or the cycle of a deadlock; None: the invariant held in every schedule."""
    schedule: tuple[int, ...] = ()
    """The failing schedule: which worker takes each step."""


def explore_threads(
    setup: Callable[[], S],
    workers: Sequence[Callable[[S], None]],
    invariant: Callable[[S], bool],
    runs: int,
    distributions: Sequence[str] = (),
    own: int = 0,
) -> Exploration:
    """Run workers side by side in every schedule that can matter (dynamic partial order reduction), up to a number of runs.

    Setup, workers and invariant see virtual clocks; in `setup`, ``time.sleep`` lets time pass.

    Args:
        setup: makes the shared state, once for each run.
        workers: what each thread does with it; they catch the errors that they expect.
        invariant: whether the state is right when all have ended.
        runs: most schedules to run.
        distributions: installed distributions of the implementation, whose code is followed too.
        own: workers more, which run the threads that setup and the workers start (`own_threads`).

    Raises:
        PremiseMissing: no verdict: a thread waited where the exploration cannot see it, a second exploration went otherwise, or
            the workers have nothing in common that it can see.
        Unavailable: frontrun is not installed.
    """
    began = clocks.real_monotonic()
    if own:  # each that is there for nothing multiplies the schedules
        _explored(setup, workers, invariant, 1, distributions, own)
        own = taken[-1].used or 1
    result = _explored(setup, workers, invariant, runs, distributions, own)
    if result.property_holds is None:
        raise StandsStill(f"the exploration came to no verdict: {result.inconclusive_reason}")
    if result.property_holds:
        if result.num_explored == 1:
            raise PremiseMissing("the calls never met: nothing that they share can be seen by the exploration")
        in_time = clocks.real_monotonic() - began < LONGEST
        return Exploration(result.num_explored, exhausted=in_time and result.num_explored < runs)
    if own and result.explanation and "eadlock" in result.explanation and taken[-1].is_beyond:
        raise StandsStill("threads of the implementation's own wait where the exploration cannot end them")
    again = _explored(setup, workers, invariant, runs, distributions, own)
    if again.property_holds is not False or again.counterexample != result.counterexample:
        raise PremiseMissing("the exploration is not the same at a second run, so that a failure proves nothing")
    return Exploration(result.num_explored, False, result.explanation or "the invariant is broken", tuple(result.counterexample))


def _explored(
    setup: Callable[[], S],
    workers: Sequence[Callable[[S], None]],
    invariant: Callable[[S], bool],
    runs: int,
    distributions: Sequence[str],
    own: int,
) -> Any:
    frontrun = _part()
    with _without_leftovers(), _followed(_packages(tuple(distributions))), _patched(), _clocks() as wall, taking_threads():

        def first() -> S:
            wall.reset()
            if not own:
                return setup()
            taken[:] = [OwnThreads(len(workers), own, _is_broken_off)]
            with taken[-1].taken():
                return setup()

        everybody: list[Callable[[S], None]] = [*workers]
        if own:
            everybody = [*map(_taking, workers), *(partial(_run_taken, place) for place in range(own))]
        return frontrun.explore(
            _timed(first),
            [_noted(_timed(worker)) for worker in everybody],
            _stopped(invariant),
            clock="virtual",
            preemption_bound=None,
            max_executions=runs,
            reproduce_on_failure=0,  # its own replay imports database drivers while their clocks are exchanged
            deadlock_timeout=STANDS_STILL,
            timeout_per_run=2 * STANDS_STILL,
            total_timeout=LONGEST,
            detect_io=False,
        )


_workers: set[threading.Thread] = set()
"""The threads in which the exploration runs its workers."""


def _noted(worker: Callable[[S], None]) -> Callable[[S], None]:
    def run(state: S) -> None:
        _workers.add(threading.current_thread())
        worker(state)

    return run


@contextmanager
def _without_leftovers() -> Iterator[None]:
    """Stop the workers that spin still: the exploration leaves them running, and all that follows would be slow."""
    _workers.clear()
    try:
        yield
    finally:
        for thread in _workers & {*threading.enumerate()}:  # not those of the implementation's own: its clean-up may need them
            stop = ctypes.pythonapi.PyThreadState_SetAsyncExc
            stop(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


def _part(name: str = "") -> Any:
    """The library or one of its modules; imported late, because that is slow and few runs need it."""
    try:
        return importlib.import_module(f"frontrun.{name}" if name else "frontrun")
    except ImportError as error:
        raise Unavailable("exploring threads takes frontrun: install patternproof[threads]") from error


@contextmanager
def _patched() -> Iterator[None]:
    cooperative = _part("_cooperative")
    cooperative.patch_locks()
    try:
        yield
    finally:
        cooperative.unpatch_locks()


taken: list[OwnThreads] = []
"""Who takes the threads of the exploration that runs; empty where none is to be."""


def _taking(worker: Callable[[S], None]) -> Callable[[S], None]:
    def run(state: S) -> None:
        own = taken[-1]
        with own.taken():
            worker(state)
        own.ended()

    return run


def _is_broken_off() -> bool:
    """Whether the exploration ends a run before its time: what waits in a deadlock gets an error, which a call may catch."""
    context = _part("_cooperative").get_context()
    return context is not None and bool(context[0]._error)  # noqa: SLF001  # the library has no public name for it


def _run_taken(place: int, _: Any) -> None:
    taken[-1].run(place)


_last = [clocks.START]
"""The exploration's time when a part last ended: its clock is gone once all workers have ended."""


def _stopped(invariant: Callable[[S], bool]) -> Callable[[S], bool]:
    def run(state: S) -> bool:
        with clocks.attached(lambda: _last[0]):
            return invariant(state)

    return run


def _timed(part: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        with clocks.attached(_now):
            try:
                return part(*arguments)
            finally:
                _last[0] = _virtual_now()

    return run


def _now() -> float:
    """The exploration's time; its own machinery, which reads the same functions, has the machine's."""
    if _asking().partition(".")[0] in {"frontrun", "threading", "queue"}:
        return clocks.real_monotonic()
    return _virtual_now()


def _virtual_now() -> float:
    virtual = _part("_virtual_clock")
    clock = virtual._active_virtual_clock()  # noqa: SLF001  # the library has no public name for it
    return clocks.real_monotonic() if clock is None else clocks.START + float(clock.now()) - float(virtual.VIRTUAL_EPOCH)


def _asking() -> str:
    """The module that reads a clock."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # nothing else tells who asks
    while frame is not None and frame.f_globals["__name__"] in {__name__, clocks.__name__}:
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__"))


@contextmanager
def _clocks() -> Iterator[clocks.WallClock]:
    """Have the wall clock, under every name, follow the exploration's time."""
    clocks.install()
    wall, virtual = clocks.WallClock(), _part("_virtual_clock").VirtualClock
    advance = virtual.advance_to

    def advance_both(self: Any, deadline: float) -> None:
        before = self.now()
        advance(self, deadline)
        wall.shift(self.now() - before)

    wall.start()
    _file_clocks_anew()
    try:
        with patch.object(virtual, "advance_to", advance_both):
            yield wall
    finally:
        wall.stop()
        _file_clocks_anew()


def _file_clocks_anew() -> None:
    """Let the library find the wall clock in its own table, which it may walk: moving a builtin function changes its hash."""
    table = _part("_virtual_clock")._REAL_TIME_FUNCTIONS  # noqa: SLF001  # it has no public way to it
    items = list(table.items())
    table.clear()
    table.update(items)


@cache
def _packages(distributions: tuple[str, ...]) -> tuple[str, ...]:
    owners = packages_distributions()
    return tuple(name for name, owning in owners.items() if not {*owning}.isdisjoint(distributions))


@cache
def _is_own(filename: str) -> bool | None:
    """Whether a file is the kit's own, and no implementation; None where it is not of the kit at all. Asked at every step."""
    kit, file = Path(patternproof.__file__).parent, Path(filename)
    if file.is_relative_to(kit):
        return file.relative_to(kit).parts[0] not in IMPLEMENTATIONS
    return True if any(file.is_relative_to(Path(folder) / "scenarios") for folder in patternproof.__path__) else None


@contextmanager
def _followed(packages: Sequence[str]) -> Iterator[None]:
    tracing = _part("_tracing")

    class Followed(tracing.TraceFilter):  # type: ignore[misc, name-defined]  # the library has no types
        """The implementation's code: neither the kit's, whose steps do not matter, nor that of other distributions."""

        def should_trace_file(self, filename: str) -> bool:
            own = _is_own(filename)
            return bool(super().should_trace_file(filename)) if own is None else not own

    tracing.set_active_trace_filter(Followed([pattern for name in packages for pattern in (name, f"{name}.*")]))
    try:
        yield
    finally:
        tracing.set_active_trace_filter(None)
