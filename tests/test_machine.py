"""The machine and implementations that go by chance."""

from __future__ import annotations

from typing import Any

from patternproof.reference.circuit_breaker import CircuitBreaker

from patternproof import judge
from patternproof.outcome import Status
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from tests.proof import loaded


def test_what_an_implementation_has_done_once_is_told_though_it_does_not_do_it_again() -> None:
    left: list[object] = []

    class SeldomWrong(CircuitBreaker):
        async def call(self, operation: Any) -> Any:
            result = await super().call(operation)
            return left.pop() if left else result

    def factory(settings: CircuitBreakerSettings) -> SeldomWrong:
        return SeldomWrong(settings)

    with loaded("circuit_breaker", "seldom", factory) as adapter:
        judge.subject(adapter, "circuit_breaker")  # which tries what the breaker has
        left.append("another result")
        outcomes = judge.run_machine(adapter, "circuit_breaker", "quick", None)
    assert [each.requirement for each in outcomes if each.status is Status.FAILED] == ["CB-01"]
    assert not [each for each in outcomes if each.status is Status.ERRORED]
