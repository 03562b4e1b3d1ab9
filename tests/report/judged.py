"""Verdicts of every kind, for the reports to tell."""

from __future__ import annotations

from types import ModuleType

from patternproof.adapter import Adapter
from patternproof.load.messages import Bin, Result, Second
from patternproof.moments import Done, Mark, Phase, Step
from patternproof.outcome import Outcome, Status, Way
from patternproof.requirements import Requirement
from patternproof.settings import Settings
from patternproof.verdict import Blame, Errored, Fault, Verdicts, verdicts

LONG = "Once its time has passed since opening, the next call is admitted as a probe, whichever loop or thread it comes from"
SETTINGS = Settings("adapter.py", "quick", 7)
STEPS = (
    Step((Done("call 0 begins", "call 0", Mark.OTHER),), "call 0 running", (Phase("call 0", "running", in_flight=True),)),
    Step((Done("31 s pass", "", Mark.CLOCK),), "call 0 running", (Phase("call 0", "running", in_flight=True),)),
    Step((Done("call 0 is cancelled", "call 0", Mark.CANCEL),), "call 0 lost", (Phase("call 0", "lost", in_flight=False),)),
)
_WAYS = frozenset({Way.FEATURE, Way.MACHINE})


def _requirement(number: int, sentence: str = "It holds", level: str = "must", claim: str | None = None) -> Requirement:
    broken_by = "counting over all time" if number == 2 else ""
    return Requirement(f"CB-{number:02}", level, "circuit_breaker", sentence, "It matters", broken_by, _WAYS, claim)  # type: ignore[arg-type]  # a level


CATALOGUE = {
    each.id: each
    for each in (
        _requirement(1),
        _requirement(2, "It fails in two ways"),
        _requirement(3, LONG),
        _requirement(4, "It is known to fail"),
        _requirement(5, "It was known to fail"),
        _requirement(6, "It errs"),
        _requirement(7, "It should hold", "should"),
        _requirement(8, "It is declined", "may", "manual_control"),
        _requirement(9, "It holds what XML has to escape: & <b>"),
    )
}
OUTCOMES = [
    Outcome("CB-01", Way.FEATURE, Status.PASSED, exercised=2),
    Outcome(
        "CB-02",
        Way.MACHINE,
        Status.FAILED,
        "expected 1 run, seen 2",
        ("1. call 0 begins", "2. it ends", "3. again"),
        9,
        "replay me",
    ),
    Outcome(
        "CB-02", Way.FEATURE, Status.FAILED, "expected one, seen two", ("1. call 0 begins", "2. it ends"), 1, "replay this", STEPS
    ),
    Outcome("CB-03", Way.FEATURE, Status.NOT_OFFERED, "the implementation has no setting 'reset_timeout'"),
    Outcome("CB-04", Way.FEATURE, Status.FAILED, "expected a hint, seen none", (), 1, "replay the known one"),
    Outcome("CB-05", Way.FEATURE, Status.PASSED, exercised=1),
    Outcome("CB-05", Way.LOAD, Status.PASSED, exercised=70),
    Outcome("CB-04", Way.LOAD, Status.FAILED, "expected a hint, seen 7", (), 3, "load again"),
    Errored("CB-06", Way.FEATURE, Status.ERRORED, "undefined step: Given a braker", blame=Blame.KIT),
    Outcome("CB-07", Way.FEATURE, Status.FAILED, "expected a hint, seen -1", (), 1),
    Outcome("CB-08", Way.FEATURE, Status.FAILED, "trip() does nothing", (), 1),
    Outcome("CB-09", Way.FEATURE, Status.FAILED, "seen \x1b[31m", (), 1),
]


def measured(text: str = "add: 500: no") -> Result:
    """What load has measured; of a fault it says what is given."""
    bins = [Bin(0.001, 0.002, 30), Bin(0.1, 0.2, 10)]
    timeline = [Second(0, 10, 0.001, 0.002, 0.01), Second(1, 20, 0.001, 0.002, 0.5), Second(3, 10, 0.001, 0.002, 0.003)]
    latencies = {"service": {"50": 0.001, "99": 0.002}, "response": {"50": 0.001, "99": 0.2}}
    return Result(
        "circuit_breaker", 40, 1, 4.0, 10.0, latencies, [], [text], 0, "", False, 12, 20.0, "ramp", timeline, {"response": bins}
    )


def judged(partial: tuple[str, ...] = (), faults: tuple[Fault, ...] = ()) -> Verdicts:
    """Verdicts on an adapter of which everything can be said."""
    module = ModuleType("adapter")
    module.circuit_breaker = lambda settings: None  # type: ignore[attr-defined]  # a module made for the test
    known = {"CB-04": "issue 12", "CB-05": "issue 13"}
    adapter = Adapter("adapter.py", "adapter", module, known_failures=known, adapts=("pytest",))
    return verdicts(CATALOGUE, OUTCOMES, adapter, partial, faults)
