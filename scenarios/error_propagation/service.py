"""What a service answers to all that can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from patternproof.adapter import Adapter

from .checks import Asked, faults
from .opening import opened

if TYPE_CHECKING:
    from schemathesis import Case, Response

EXAMPLES = 12
"""Requests for each operation that its description allows, and as many that it forbids."""
MOST_OPERATIONS = 60
"""Operations that are asked; services with more have the rest like these."""
SECONDS = 10.0
"""Real seconds that an answer is waited for."""
SERVER_ERROR = 500
ERROR = 400


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that a requirement forbids."""

    requirement: str
    message: str
    curl: str
    """The request, as a command."""
    answer: str
    """Status and beginning of the body."""


@dataclass
class Answers:
    """What a service answered."""

    asked: int = 0
    errors: int = 0
    """Answers with a status of 400 and more."""
    forbidden: int = 0
    """Requests that the description forbids."""
    problems: int = 0
    """Problem documents."""
    faults: dict[str, Fault] = field(default_factory=dict)
    """By requirement, the fault with the shortest request."""
    unanswered: list[str] = field(default_factory=list)

    def take(self, fault: Fault) -> None:
        """Keep a fault, where its request is the shortest."""
        known = self.faults.get(fault.requirement)
        if known is None or len(fault.curl) < len(known.curl):
            self.faults[fault.requirement] = fault


_answers: dict[str, Answers] = {}


def answers(adapter: Adapter) -> Answers:
    """What the adapter's service answers; asked once in a process.

    Raises:
        NotOffered: the adapter has no service.
        Unavailable: schemathesis is not installed.
        AdapterError: the service has no OpenAPI document.
    """
    if adapter.spec not in _answers:
        with opened(adapter) as schema:
            _answers[adapter.spec] = _asked(schema)
    return _answers[adapter.spec]


def _asked(schema: Any) -> Answers:
    found = Answers()
    schema.config.output.sanitization.update(enabled=False)  # a command that is to be run again has to be whole
    for number, result in enumerate(schema.get_all_operations()):
        if number >= MOST_OPERATIONS:
            break
        if hasattr(result, "ok"):
            _ask(result.ok(), found)
    return found


def _ask(operation: Any, found: Answers) -> None:
    from schemathesis import GenerationMode

    works = False
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        for case in _cases(operation, mode):
            answer = _sent(case, found)
            if answer is None:
                continue
            forbidden = mode is GenerationMode.NEGATIVE
            works = works or (not forbidden and answer.status_code < SERVER_ERROR)
            _judge(case, answer, forbidden, works, found)


def _cases(operation: Any, mode: Any) -> Iterator[Case[Any]]:
    """Cases of one operation, the same in every run."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable

    cases: list[Case[Any]] = []
    quiet = settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )

    def keep(case: Case[Any]) -> None:
        cases.append(case)

    given_one: Any = given(operation.as_strategy(generation_mode=mode))
    draw: Any = quiet(given_one(keep))
    try:
        draw()
    except Unsatisfiable:
        pass  # an operation without parameters forbids nothing
    except Exception as error:
        if not _nothing_to_draw(error):
            raise
    yield from cases


def _nothing_to_draw(error: BaseException) -> bool:
    from schemathesis.errors import SchemathesisError

    return isinstance(error, SchemathesisError) or "Unsatisfiable" in type(error).__name__ or "SkipTest" in type(error).__name__


def _sent(case: Case[Any], found: Answers) -> Response | None:
    try:
        return case.call(timeout=SECONDS)
    except Exception as error:  # noqa: BLE001  # an application in this process may raise anything in place of an answer
        found.unanswered.append(f"{type(error).__name__}: {str(error)[:100]}")
        return None


def _judge(case: Case[Any], answer: Response, forbidden: bool, works: bool, found: Answers) -> None:
    found.asked += 1
    found.errors += answer.status_code >= ERROR
    found.forbidden += forbidden
    asked = Asked.of(case, answer, forbidden, works)
    found.problems += asked.is_problem
    for requirement, message in faults(asked):
        text = answer.content.decode(errors="replace")
        found.take(Fault(requirement, message, case.as_curl_command(), f"status {answer.status_code}: {text[:300]}"))
