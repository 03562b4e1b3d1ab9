"""What a script does to calls."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest
from patternproof.doubles import Call, Script

from patternproof.drivers import Raised, Returned
from patternproof.drivers.simulated import Simulated


class Down(Exception):
    """What is scripted."""


def ended(script: Script, calls: int, method: str = "get") -> list[str]:
    """How so many calls, one after the other, end."""

    async def main() -> list[str]:
        found = await asyncio.gather(*[script.play(method) for _ in range(calls)], return_exceptions=True)
        return ["passed" if each is None else repr(each) for each in found]

    return asyncio.run(main())


def test_nothing_happens_to_a_call_that_nothing_is_scripted_for() -> None:
    script = Script("get", "put")
    script.fail("put", error=Down)
    assert ended(script, 2) == ["passed", "passed"]


def test_one_call_fails_and_those_around_it_do_not() -> None:
    script = Script("get")
    script.fail("get", on=3, error=Down("third"))
    assert ended(script, 4) == ["passed", "passed", "Down('third')", "passed"]


def test_calls_are_counted_from_where_the_script_was_written() -> None:
    script = Script("get")
    ended(script, 2)
    script.fail("get", on=1, error=Down)
    assert ended(script, 2) == ["Down()", "passed"]


def test_every_call_fails_until_the_script_is_cleared() -> None:
    script = Script("get")
    script.fail("get", error=Down)
    assert ended(script, 2) == ["Down()", "Down()"]
    script.clear()
    assert ended(script, 1) == ["passed"]


def test_a_class_of_errors_gives_each_call_an_error_of_its_own() -> None:
    script = Script("get")
    script.fail("get", error=Down)

    async def main() -> list[Any]:
        return await asyncio.gather(script.play("get"), script.play("get"), return_exceptions=True)

    first, second = asyncio.run(main())
    assert first is not second


def test_a_delay_takes_the_time_of_the_loop() -> None:
    script = Script("get")
    script.delay("get", 2.0, on=1)
    with Simulated() as driver:
        delayed, other = (driver.start(partial(script.play, "get")) for _ in range(2))
        assert other.outcome == Returned()
        driver.advance(1.9)
        assert delayed.outcome is None
        driver.advance(0.2)
        assert delayed.outcome == Returned()


def test_calls_that_are_held_go_on_together_and_later_ones_are_not_held() -> None:
    script = Script("get")
    with Simulated() as driver:
        hold = script.hold("get")
        held = [driver.start(partial(script.play, "get")) for _ in range(2)]
        assert [each.outcome for each in held] == [None, None]
        assert hold.waiting == 2
        driver.now(hold.release)
        driver.settle()
        later = driver.start(partial(script.play, "get"))
        assert [each.outcome for each in (*held, later)] == [Returned()] * 3
        assert hold.waiting == 0


def test_a_hold_can_be_waited_for() -> None:
    async def main() -> None:
        script = Script("get")
        hold = script.hold("get", on=2)
        calls = [asyncio.create_task(script.play("get")) for _ in range(2)]
        await hold.reached()
        assert [call.done() for call in calls] == [True, False]
        hold.release()
        await asyncio.gather(*calls)

    asyncio.run(main())


def test_what_is_scripted_for_one_call_happens_in_that_order() -> None:
    script = Script("get")
    with Simulated() as driver:
        hold = script.hold("get", on=1)
        script.fail("get", on=1, error=Down)
        call = driver.start(partial(script.play, "get"))
        assert call.outcome is None
        driver.now(hold.release)
        driver.settle()
        assert isinstance(call.outcome, Raised)
        assert isinstance(call.outcome.error, Down)


def test_a_held_call_that_is_cancelled_waits_no_more() -> None:
    script = Script("get")
    with Simulated() as driver:
        hold = script.hold("get")
        driver.cancel(driver.start(partial(script.play, "get")))
        driver.settle()
        assert hold.waiting == 0


def test_clearing_lets_nothing_go_that_is_held() -> None:
    script = Script("get")
    with Simulated() as driver:
        hold = script.hold("get")
        held = driver.start(partial(script.play, "get"))
        script.clear()
        assert driver.start(partial(script.play, "get")).outcome == Returned()
        assert held.outcome is None
        driver.now(hold.release)
        driver.settle()
        assert held.outcome == Returned()


def test_calls_are_recorded_in_the_order_in_which_they_began() -> None:
    script = Script("get", "put")
    script.fail("put", error=Down)

    async def main() -> None:
        await script.play("get", key="a")
        with pytest.raises(Down):
            await script.play("put", key="a", value=1)

    asyncio.run(main())
    assert script.calls == [Call("get", {"key": "a"}), Call("put", {"key": "a", "value": 1})]
    assert script.calls_of("put") == [Call("put", {"key": "a", "value": 1})]
    assert repr(script) == "<Script 1 rules; calls: 1 get, 1 put>"


MISUSES: dict[str, Any] = {
    "no method 'gett' can be scripted here; there are get, put; was 'get' meant?": lambda script: script.hold("gett"),
    "no method 'frobnicate' can be scripted here; there are get, put$": lambda script: script.calls_of("frobnicate"),
    r"on counts the calls of get\(\) from now, and the next one is 1; got 0": lambda script: script.fail("get", on=0, error=Down),
    r"the next one is 1; got -2": lambda script: script.hold("get", on=-2),
    "seconds are at least 0; got -1": lambda script: script.delay("get", -1),
    "error is what the call raises, an exception or a class of exceptions; got 'down'": lambda script: script.fail(
        "get", error="down"
    ),
    r"this hold of get\(\) was released already; script another hold for later calls": lambda script: released_twice(script),
}


def released_twice(script: Script) -> None:
    hold = script.hold("get")
    hold.release()
    hold.release()


@pytest.mark.parametrize("told", MISUSES)
def test_a_misuse_is_told(told: str) -> None:
    with pytest.raises((ValueError, TypeError, RuntimeError), match=told):
        MISUSES[told](Script("get", "put"))
