"""The driver for implementations behind a server."""

from __future__ import annotations

import pytest

from patternproof.adapter import load
from patternproof.binding.messages.circuit_breaker import CallBreaker, MakeBreaker
from patternproof.drivers import Hang
from patternproof.drivers.remote import MOST_ROUNDS, Remote
from tests.binding.bad_servers import DESCRIPTION, MADE, answering, http


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
