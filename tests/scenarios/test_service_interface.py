"""What the scenarios say of structure and state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from patternproof.reference.service_interface import MessageService, ThreadedMessageService
from patternproof.scenarios.service_interface.consumer import CoreComponent, Double
from patternproof.scenarios.service_interface.events import (
    Answer,
    CancelSend,
    HandlerEnds,
    PeerSends,
    Register,
    Retry,
    Seen,
    Send,
    Told,
    Unregister,
)
from patternproof.scenarios.service_interface.interleavings import thread_programs
from patternproof.scenarios.service_interface.model import complete
from patternproof.scenarios.service_interface.samples import Samples
from patternproof.scenarios.service_interface.structure import differences

from patternproof import judge
from patternproof.adapter import Adapter
from patternproof.flavour import plainly
from patternproof.history import alone
from patternproof.modelling import RIGHT, fitting, successors
from patternproof.outcome import Outcome, Status, Way
from patternproof.ports.service_interface import Message, Response
from patternproof.profiles import PROFILES
from patternproof.threading_programs import explore_with_threads
from tests.faulty import service_interface as faulty
from tests.odd import service_interface as odd
from tests.proof import loaded


class Right:
    """An object that is right, of which tests change one method."""

    async def send_message(self, message: Message, timeout: float | None = None) -> Response:
        return Response(message.id)

    async def receive_messages(self) -> Any: ...

    async def register_handler(self, handler: Any) -> int:
        return 1

    async def unregister_handler(self, handler_id: Any) -> None: ...


class Answered(Response):
    """A subclass."""


async def anything(*arguments: Any, **options: Any) -> Any: ...


async def more(message: Message, trace: str = "", **options: Any) -> Answered:
    return Answered(message.id)


def eventually(message, idempotency_key=None):  # type: ignore[no-untyped-def]  # as in code without annotations
    return anything(message)


async def another_name(request: Message) -> Response:
    return Response(request.id)


async def none_at_all() -> Response:
    return Response("")


async def a_dict(message: Message) -> dict[str, int]:
    return {}


def plain(message: Message) -> Response:
    return Response(message.id)


@pytest.mark.parametrize("method", [anything, more, eventually, print])
def test_an_object_may_take_more_and_say_less(method: Any) -> None:
    service = Right()
    service.send_message = method
    assert differences(service, threads=False) == []


@pytest.mark.parametrize(
    ("method", "seen"),
    [
        (None, "seen nothing of that name"),
        (7, "which cannot be called"),
        (another_name, "expected a parameter 'message', seen (request)"),
        (none_at_all, "called as it says, too many positional arguments"),
        (a_dict, "seen -> "),
        (plain, "seen a plain one that returns"),
    ],
)
def test_a_difference_is_told_in_one_line(method: Any, seen: str) -> None:
    service = Right()
    service.send_message = method
    (line,) = differences(service, threads=False)
    assert line.startswith("send_message: expected ")
    assert seen in line
    assert "\n" not in line


def test_both_references_have_the_interface() -> None:
    assert differences(object.__new__(MessageService), threads=False) == []
    assert differences(object.__new__(ThreadedMessageService), threads=True) == []


def test_a_consumer_is_told_by_the_double_what_the_peer_would_say() -> None:
    double = Double(Samples())
    consumer = CoreComponent(double, Samples(), plain=True)
    plainly(consumer.run(double.news))
    assert [what for what, *_ in consumer.told()] == ["answered"] * 3 + ["failed"] + ["received"] * 2 + ["heard"] * 2


def after(*events: Any) -> Any:
    """What the plainest right state shows after events."""
    model = complete()
    states = tuple(model.initial(model.variants()[0]))
    for event in events:
        states = successors(model, states, alone(event), RIGHT)
    return model.observe(states[0], RIGHT)


def test_a_key_whose_caller_was_cancelled_is_not_sent_again() -> None:
    seen = after(Send(0, "keyed"), CancelSend(0), Retry(1, 0))
    assert (seen.arrived, str(seen)) == ((), "call 1 waits")


def test_a_retry_gets_the_response_that_was_kept() -> None:
    assert str(after(Send(0, "keyed"), Answer(0), Retry(1, 0))) == "call 1 gets its response"


def test_the_failure_of_a_handler_that_was_unregistered_may_be_told_at_once_or_with_the_others_or_not() -> None:
    begun = (Register(0), Register(1), PeerSends(0), Unregister(0))
    told, untold = Seen(told=(Told(0, "fault"),)), Seen()
    failed, ended = alone(HandlerEnds(0, "error")), alone(HandlerEnds(1))
    model = complete()
    states = tuple(model.initial(model.variants()[0]))
    for event in begun:
        states = successors(model, states, alone(event), RIGHT)

    def is_right(at_once: Seen, at_last: Seen) -> bool:
        between = fitting(model, states, failed, at_once, RIGHT)
        return bool(fitting(model, between, ended, at_last, RIGHT))

    assert is_right(told, untold)
    assert is_right(untold, told)
    assert is_right(untold, untold)
    assert not is_right(told, told)


def test_a_handler_that_was_unregistered_hears_nothing() -> None:
    assert str(after(Register(0), Unregister(0), PeerSends(0))) == "nothing to see"


@contextmanager
def threaded(service: Any) -> Iterator[Adapter]:
    """The adapter of a service for threads."""
    with loaded("service_interface", f"threaded_{service}", service.factory, frozenset()) as made:
        yield replace(made, runtime="threads")


def outcomes(adapter: Adapter, *parts: Any) -> list[Outcome]:
    """What comes of it, quick profile."""
    return [each for part in parts for each in part(adapter, "service_interface", "quick", None)]


@pytest.mark.proof
@pytest.mark.parametrize("service", odd.THREADED, ids=str)
def test_nothing_is_said_against_an_odd_service_for_threads(service: Any) -> None:
    with threaded(service) as adapter:
        found = outcomes(adapter, judge.run_histories, judge.run_machine, judge.run_interleavings)
    failed = [each for each in found if each.status is Status.FAILED]
    assert not failed, "\n".join(line for each in failed for line in (each.message, *each.history))
    ways = {each.requirement for each in found if each.way is Way.INTERLEAVINGS}
    assert ways >= {"SI-03", "SI-05"}, "its threads were explored"


@pytest.mark.proof
@pytest.mark.parametrize("service", faulty.THREADED, ids=str)
def test_a_race_of_threads_is_found_by_their_schedules_alone(service: Any) -> None:
    with threaded(service) as adapter:
        without = outcomes(adapter, judge.run_histories, judge.run_machine)
        assert not [each for each in without if each.status is Status.FAILED]
        held = judge.subject(adapter, "service_interface")
        findings = held.findings.continued()
        for program in thread_programs(complete()):
            if not findings.violated():  # the others take long, and would say the same again
                explore_with_threads(held, findings, program, PROFILES["standard"].thread_schedules)
    assert set(findings.violated()) == service.violates
    evidence = [findings.evidence(each) for each in service.violates]
    assert any(service.fragment in each[1] for each in evidence if each)
