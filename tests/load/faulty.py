"""Implementations that are wrong in what only load shows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from patternproof.reference.circuit_breaker import CircuitBreaker
from patternproof.reference.connection_pool.accounts import Waiter
from patternproof.reference.error_propagation import Component
from patternproof.reference.shared_state import SharedState

from patternproof.ports.circuit_breaker import CircuitOpenError
from patternproof.ports.error_propagation import ComponentError, Request, beneath
from patternproof.ports.shared_state import SharedStateSettings
from tests.faulty.connection_pool import Pool, Slots


class StallsOnce(SharedState):
    """Does nothing for a second, once: a collection of garbage, a backup, a neighbour."""

    def __init__(self, initial: Mapping[str, Any], settings: SharedStateSettings) -> None:
        super().__init__(initial)
        self.updates = 0

    async def update(self, function: Any) -> Any:
        self.updates += 1
        if self.updates == 100:
            time.sleep(1.0)  # noqa: ASYNC251  # that it holds up all others is what is looked for
        return await super().update(function)


class SlowToReject(CircuitBreaker):
    """Writes each rejection to a log that takes a millisecond."""

    async def call(self, operation: Any) -> Any:
        try:
            return await super().call(operation)
        except CircuitOpenError:
            time.sleep(0.001)  # noqa: ASYNC251  # that it holds up all others is what is wrong
            raise


class LastComeFirstServed(Pool):
    """A stack of waiters: whoever is at its bottom may wait for ever."""

    class Accounts(Slots):
        def _hand(self, answer: Any) -> bool:
            if self.waiters:
                last: Waiter = self.waiters.pop()
                self.waiters.appendleft(last)
            return super()._hand(answer)


class VerboseWhenBusy(Component):
    """Where many requests are under way, errors bear what helps to find out why."""

    under_way = 0

    async def perform(self, request: Request) -> list[Any]:
        VerboseWhenBusy.under_way += 1
        try:
            return await super().perform(request)
        finally:
            VerboseWhenBusy.under_way -= 1

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        document = Component.to_problem(error)
        busy = VerboseWhenBusy.under_way > 3
        return {**document, "debug": [str(each) for each in beneath(error)]} if busy else document
