"""The driver for implementations behind a server."""

from __future__ import annotations

import pytest
from patternproof.scenarios.circuit_breaker.events import Finish, Start
from patternproof.scenarios.circuit_breaker.rig import rig

from patternproof.adapter import load
from patternproof.binding.messages.circuit_breaker import CallBreaker, MakeBreaker
from patternproof.drivers import Hang
from patternproof.drivers.remote import MOST_ROUNDS, Remote
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from tests.binding.bad_servers import DESCRIPTION, MADE, answering, http
from tests.binding.serving import Served


def test_what_is_made_after_all_was_deleted_begins_anew(reference: Served) -> None:
    adapter = load(reference.address)
    with adapter.driver() as driver:
        for _ in range(2):
            with rig(adapter, driver, CircuitBreakerSettings()) as held:
                held.perform(Start(0))
                assert held.perform(Finish(0, "ok")).calls[0].phase == "returned"


def test_what_is_left_of_something_deleted_ends_nothing_of_what_comes_after(reference: Served) -> None:
    adapter = load(reference.address)
    with adapter.driver() as driver:
        with rig(adapter, driver, CircuitBreakerSettings()) as before:
            before.perform(Start(0))
        with rig(adapter, driver, CircuitBreakerSettings()) as held:
            held.perform(Start(0))
            before.do(Finish(0, "ok"))
            driver.settle()
            assert held.look().calls[0].phase == "running"


def test_a_server_that_is_never_at_rest_hangs() -> None:
    operations = iter(range(2 * MOST_ROUNDS))

    def answers(_: str, path: str) -> bytes:
        begun = {"event": "begun", "operation": f"o{next(operations)}", "function": "f1"}
        return http({"/": DESCRIPTION, "/instances": MADE}.get(path, {"events": [begun]}))

    async def ends_at_once() -> None:
        return None

    with answering(answers) as address, load(address).driver() as driver:
        assert isinstance(driver, Remote)
        driver.make(MakeBreaker)
        function = driver.give(ends_at_once)
        with pytest.raises(Hang, match="never at rest"):
            driver.start(lambda: driver.follow("i1", CallBreaker, function=function))
