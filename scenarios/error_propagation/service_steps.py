"""The steps about a service and its errors."""

from __future__ import annotations

import pytest
from pytest_bdd import given, then, when

from patternproof.adapter import Adapter
from patternproof.outcome import check, premise

from .service import Answers, Fault, answers


class Service:
    """The adapter's service, and what it answered."""

    def __init__(self, adapter: Adapter, requirement: str) -> None:
        self._adapter, self._requirement = adapter, requirement
        self.answers = Answers()

    def ask(self) -> None:
        """Ask it for everything.

        Raises:
            NotOffered: the adapter has no service.
            Unavailable: what it takes is not installed.
        """
        self.answers = answers(self._adapter)
        premise(
            self.answers.asked, f"no request was answered: {'; '.join(self.answers.unanswered[:1]) or 'there is no operation'}"
        )

    def expect_none(self, seen: int, what: str) -> None:
        """Hold its answers to the example's requirement, where any of them could have broken it.

        Raises:
            PremiseMissing: none could.
            Violation: one does.
        """
        fault = self.answers.faults.get(self._requirement)
        premise(seen or fault, f"of {self.answers.asked} answers none was {what}")
        check(self._requirement, fault is None, *_told(fault))


def _told(fault: Fault | None) -> tuple[str, tuple[str, ...]]:
    if fault is None:
        return "", ()
    return fault.message, (fault.curl, *fault.answer.splitlines())


@pytest.fixture
def http_service(patternproof_adapter: Adapter, requirement: str) -> Service:
    """The service of an example."""
    return Service(patternproof_adapter, requirement)


@given("a service")
def there_is_a_service(http_service: Service) -> None:
    http_service.ask()


@when("it is asked for all that its description allows and forbids")
def ask_it(http_service: Service) -> None:
    http_service.ask()


@then("nothing of the inside is in the errors that it answers")
def nothing_of_the_inside(http_service: Service) -> None:
    http_service.expect_none(http_service.answers.errors, "an error")


@then("no bad request is answered with a 5xx")
def no_server_error(http_service: Service) -> None:
    http_service.expect_none(http_service.answers.forbidden, "to what its description forbids")


@then("its problem documents are well formed")
def documents_are_well_formed(http_service: Service) -> None:
    http_service.expect_none(http_service.answers.problems, "a problem document")
