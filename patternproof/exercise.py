"""One item of a session: what it did, as outcomes."""

from __future__ import annotations

import gc
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

import patternproof
from patternproof.adapter import Adapter
from patternproof.console import plain
from patternproof.drivers import Hang
from patternproof.encoding import as_json
from patternproof.load.messages import Result
from patternproof.outcome import AdapterError, KitError, NoVerdict, Outcome, Status, Violation, Way, recording
from patternproof.report.failure import told
from patternproof.requirements import Requirement, catalogue
from patternproof.verdict import Blame, Errored, Kind, Verdict, passed, verdict

COLLECTING = 20_000, 50, 100
"""Thresholds of the garbage collector while the judge is at work; a fifth of its time went into collecting."""
_TOOLS = ("_pytest", "pytest", "pytest_bdd", "pluggy", "detangle", "frontrun", "hypothesis", "time_machine", "xdist")


class Exercise(msgspec.Struct, frozen=True):
    """What an item hands to the process that sees all reports."""

    adapter: str
    key: str
    """Pattern and part, such as ``"circuit_breaker/machine"``; the same in every session."""
    outcomes: list[dict[str, Any]]
    load: Result | None = None
    """What a load run has measured, where it was one."""

    def encode(self) -> str:
        """As JSON, which survives the way from a worker process."""
        return as_json(self).decode()

    @classmethod
    def decode(cls, text: str) -> Exercise:
        """From JSON."""
        return msgspec.json.decode(text, type=cls)

    @classmethod
    def of(cls, adapter: str, key: str, outcomes: Iterable[Outcome], load: Result | None = None) -> Exercise:
        """With outcomes."""
        return cls(adapter, key, [msgspec.to_builtins(outcome) for outcome in outcomes], load)

    def read(self) -> list[Outcome]:
        """The outcomes."""
        return [msgspec.convert(each, Errored if "blame" in each else Outcome) for each in self.outcomes]


def exercised(requirement: Requirement, run: Callable[[], None], replay: str) -> tuple[list[Outcome], BaseException | None]:
    """Run one example of a requirement.

    Args:
        requirement: the one that the example is credited to.
        run: runs the example.
        replay: the command that runs it again.

    Returns:
        Its outcomes, and the exception that ended it, if any.
    """
    with recording() as recorder:
        try:
            run()
        except (KeyboardInterrupt, SystemExit, pytest.exit.Exception):
            raise
        except BaseException as error:  # noqa: BLE001  # whatever ends an example becomes its outcome
            return _ended(requirement, error, recorder.reached.get(requirement.id, 0), replay), error
    reached = recorder.reached.get(requirement.id, 0)
    if reached:
        return [Outcome(requirement.id, Way.FEATURE, Status.PASSED, exercised=1)], None
    message = f"the example ended without its check of {requirement.id} being reached"
    return [Outcome(requirement.id, Way.FEATURE, Status.NOT_EXERCISED, message)], None


def _ended(requirement: Requirement, error: BaseException, reached: int, replay: str) -> list[Outcome]:
    own = requirement.id
    match error:
        case Violation():
            failed = Outcome(error.requirement, Way.FEATURE, Status.FAILED, error.message, error.history, 1, replay, error.steps)
            if error.requirement == own:
                return [failed]
            message = f"the example stopped where {error.requirement} failed"
            return [failed, Outcome(own, Way.FEATURE, Status.NOT_EXERCISED, message)]
        case NoVerdict():
            return [Outcome(own, Way.FEATURE, error.status, str(error))]
        case AdapterError() | KitError():
            blame = Blame.ADAPTER if isinstance(error, AdapterError) else Blame.KIT
            return [Errored(own, Way.FEATURE, Status.ERRORED, str(error), exercised=reached, replay=replay, blame=blame)]
        case Hang():
            return [Outcome(own, Way.FEATURE, Status.FAILED, f"expected an end, seen: {error}", tuple(error.stacks), 1, replay)]
    seen = f"{type(error).__name__}: {error}"
    if of_implementation(error):
        message = f"an error that no requirement allows: {seen}"
        return [Outcome(own, Way.FEATURE, Status.FAILED, message, tuple(_frames(error)), 1, replay)]
    return [Errored(own, Way.FEATURE, Status.ERRORED, f"{seen}\n{chr(10).join(_frames(error))}", replay=replay, blame=Blame.KIT)]


def of_implementation(error: BaseException) -> bool:
    """Whether an exception passed through code that belongs neither to the kit nor to its tools."""
    return any(foreign(Path(frame.filename)) for frame in traceback.extract_tb(error.__traceback__))


def foreign(path: Path) -> bool:
    """Whether a file belongs neither to the kit, nor to its tools, nor to the standard library."""
    kit = Path(patternproof.__file__).parent
    if path.is_relative_to(kit) and path.relative_to(kit).parts[0] in ("reference", "adapters"):
        return True
    if str(path).startswith("<") or any(path.is_relative_to(folder) for folder in _familiar()):
        return False
    stdlib = Path(sysconfig.get_path("stdlib"))
    return not path.is_relative_to(stdlib) or "site-packages" in path.parts


@cache
def _familiar() -> tuple[Path, ...]:
    """The folders of the kit and of the tools that run it."""
    files = [sys.modules[tool].__file__ for tool in _TOOLS if tool in sys.modules]
    tools = [Path(file).parent for file in files if file is not None and file.endswith("__init__.py")]
    return (Path(patternproof.__file__).parent, *(Path(root) / "scenarios" for root in patternproof.__path__), *tools)


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return [f"at {Path(frame.filename).name}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Collect garbage less often: each time walks through all histories and states that are kept, and frees next to none."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTING)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def judged(
    run: Callable[[], list[Outcome]], requirements: Sequence[Requirement], way: Way, replay: Callable[[str], str]
) -> list[Outcome]:
    """Run a part of the judge on one pattern.

    Args:
        run: gives the outcomes.
        requirements: those that are selected; outcomes of others are left out.
        way: how the part exercises them.
        replay: gives the command for a requirement, where an outcome has none of its own.
    """
    ids = [each.id for each in requirements]
    concerned = [each.id for each in requirements if way in each.ways]
    try:
        with _seldom_collecting():
            outcomes = run()
    except NoVerdict as error:
        return [Outcome(each, way, error.status, str(error)) for each in concerned]
    except AdapterError as error:
        return [Errored(each, way, Status.ERRORED, str(error), blame=Blame.ADAPTER) for each in concerned]
    except (Exception, Hang) as error:  # noqa: BLE001  # whatever ends the judge becomes an outcome
        message = f"{type(error).__name__}: {error}\n{chr(10).join(_frames(error))}"
        return [Errored(each, way, Status.ERRORED, message, blame=Blame.KIT) for each in concerned]
    selected = [each for each in outcomes if each.requirement in ids or each.requirement not in catalogue()]
    return [replace(each, replay=replay(each.requirement)) if _lacks_replay(each) else each for each in selected]


def _lacks_replay(outcome: Outcome) -> bool:
    return outcome.status is Status.FAILED and not outcome.replay


def conclude(outcomes: Sequence[Outcome], adapter: Adapter, error: BaseException | None = None) -> None:
    """End a pytest item as its outcomes say: what fails in conformance fails, what only should hold is an expected failure.

    Args:
        outcomes: of the item.
        adapter: what it claims and knows to fail.
        error: the exception that an error of the kit came from; its traceback is shown.
    """
    verdicts = [verdict(catalogue()[each.requirement], [each], adapter) for each in outcomes if each.requirement in catalogue()]
    bad = [each for each in verdicts if each.kind is Kind.ERRORED or (each.unexpected and each.failures)]
    if bad:
        lines = [line for each in bad for line in told(each)]
        pytest.fail("\n".join(lines), pytrace=False)
    tolerated = [each for each in verdicts if each.failures]
    if tolerated:
        excused = (f"{each.requirement.id} ({_excuse(each)}): {each.failures[0].message}" for each in tolerated)
        pytest.xfail(plain("; ".join(excused)))
    if not any(passed(each) for each in outcomes):
        reasons = dict.fromkeys(f"{each.status}: {each.message}" for each in outcomes)
        pytest.skip(plain("; ".join(reasons)) or "nothing was exercised")


def _excuse(verdict: Verdict) -> str:
    if verdict.known:
        return f"known failure, {verdict.known}"
    return "a claim not made" if verdict.kind is Kind.DECLINED else verdict.requirement.level
