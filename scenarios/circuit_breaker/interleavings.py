"""Short concurrent programs over a circuit breaker."""

from __future__ import annotations

from collections.abc import Iterator

from patternproof.exploration import Program, ThreadProgram
from patternproof.ports.circuit_breaker import CircuitBreakerSettings

from .events import RESET_TIMEOUT, Advance, Cancel, Finish, Start
from .model import CircuitBreakerModel

_ONE = CircuitBreakerSettings(failure_threshold=1, reset_timeout=RESET_TIMEOUT)
_TWO = CircuitBreakerSettings(failure_threshold=2, reset_timeout=RESET_TIMEOUT)
_THREE = CircuitBreakerSettings(failure_threshold=3, reset_timeout=RESET_TIMEOUT)
_PROBES = CircuitBreakerSettings(failure_threshold=1, half_open_max_calls=2, reset_timeout=RESET_TIMEOUT)
_LATER = Advance(31.0)
_OPENED = (Start(0), Finish(0, "failure"))
_DUE = (*_OPENED, _LATER)

_PROGRAMS = (
    Program("results come together", _TWO, (Start(0), Start(1)), (Finish(0, "ok"), Finish(1, "ok"))),
    Program("failures end together", _TWO, (Start(0), Start(1)), (Finish(0, "failure"), Finish(1, "failure")), (Start(2),)),
    Program(
        "more fail together than it takes", _ONE, (Start(0), Start(1)), (Finish(0, "failure"), Finish(1, "failure")), (Start(2),)
    ),
    Program(
        "a success among failures",
        _TWO,
        (Start(0), Start(1), Start(2)),
        (Finish(0, "failure"), Finish(1, "ok"), Finish(2, "failure")),
        (Start(3),),
    ),
    Program(
        "a call begins as the circuit opens",
        _ONE,
        (Start(0), Start(1)),
        (Finish(0, "failure"), Start(2)),
        (Finish(1, "ok"), Start(3)),
    ),
    Program("callers rush a circuit that is due", _ONE, _DUE, (Start(1), Start(2), Start(3)), (Finish(1, "ok"), Start(4))),
    Program("callers rush as the timeout passes", _ONE, _OPENED, (_LATER, Start(1), Start(2)), (Start(3),)),
    Program("a caller comes as the probe succeeds", _ONE, (*_DUE, Start(1)), (Finish(1, "ok"), Start(2), Start(3)), (Start(4),)),
    Program(
        "a caller comes as the probe fails",
        _ONE,
        (*_DUE, Start(1)),
        (Finish(1, "failure"), Start(2), Start(3)),
        (_LATER, Start(4)),
    ),
    Program(
        "a probe is cancelled as it succeeds",
        _ONE,
        (*_DUE, Start(1)),
        (Finish(1, "ok"), Cancel(1), Start(2)),
        (_LATER, Start(3), Start(4)),
    ),
    Program(
        "a probe is cancelled as it fails",
        _ONE,
        (*_DUE, Start(1)),
        (Finish(1, "failure"), Cancel(1), Start(2)),
        (_LATER, Start(3), Start(4)),
    ),
    Program("a probe is cancelled as it begins", _ONE, _DUE, (Start(1), Cancel(1), Start(2)), (_LATER, Start(3), Start(4))),
    Program("a call is cancelled as it fails", _ONE, (Start(0),), (Finish(0, "failure"), Cancel(0)), (Start(1),)),
    Program("a call is cancelled as it begins", _ONE, (), (Start(0), Cancel(0)), (Start(1),)),
    Program("a late success meets an opening", _ONE, (Start(0), Start(1)), (Finish(0, "failure"), Finish(1, "ok")), (Start(2),)),
    Program(
        "a late success meets a probe",
        _ONE,
        (Start(0), Start(1), Finish(0, "failure"), _LATER),
        (Start(2), Finish(1, "ok"), Start(3)),
        (Finish(2, "failure"), Start(4)),
    ),
    Program(
        "a late failure meets a closing",
        _ONE,
        (Start(0), Start(1), Finish(0, "failure"), _LATER, Start(2)),
        (Finish(2, "ok"), Finish(1, "failure")),
        (Start(3),),
    ),
    Program(
        "two probes end together",
        _PROBES,
        (*_DUE, Start(1), Start(2)),
        (Finish(1, "failure"), Finish(2, "ok"), Start(3)),
        (Start(4),),
    ),
)


def _call(number: int, how: str) -> tuple[Start, Finish]:
    return Start(number), Finish(number, how)


_THREADS = (
    ThreadProgram("threads fail together", _TWO, (_call(0, "failure"), _call(1, "failure")), after=(_call(2, "ok"),)),
    ThreadProgram(
        "threads fail together, one too few",
        _THREE,
        (_call(0, "failure"), _call(1, "failure")),
        after=(_call(2, "failure"), _call(3, "ok")),
    ),
    ThreadProgram(
        "a success among failures of threads",
        _TWO,
        (_call(1, "ok"), _call(2, "failure")),
        prefix=(_call(0, "failure"),),
        after=(_call(3, "failure"), _call(4, "ok")),
    ),
    ThreadProgram(
        "threads rush a circuit that is due",
        _ONE,
        (_call(1, "ok"), _call(2, "ok")),
        prefix=(_call(0, "failure"), (_LATER,)),
        after=(_call(3, "ok"),),
    ),
    ThreadProgram(
        "a probe fails as another thread comes",
        _ONE,
        (_call(1, "failure"), _call(2, "ok")),
        prefix=(_call(0, "failure"), (_LATER,)),
        after=(_call(3, "ok"),),
    ),
    ThreadProgram(
        "a thread comes as the circuit opens",
        _ONE,
        (_call(0, "failure"), _call(1, "ok")),
        after=(_call(2, "ok"),),
    ),
)


def thread_programs(model: CircuitBreakerModel) -> Iterator[ThreadProgram]:
    """The programs for implementations that are called from threads."""
    return iter(_THREADS)


def programs(model: CircuitBreakerModel) -> Iterator[Program]:
    """The programs that the implementation and its driver can run."""
    for program in _PROGRAMS:
        if model.capabilities.cancels or not any(isinstance(event, Cancel) for event in program.together):
            yield program
