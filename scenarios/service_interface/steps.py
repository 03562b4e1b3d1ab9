"""The steps of features about message services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from difflib import get_close_matches

import pytest
from pytest_bdd import given, parsers, then, when

from patternproof.adapter import Adapter
from patternproof.drivers import Driver
from patternproof.outcome import premise
from patternproof.time_steps import Clock

from .events import EVENTS, Answer, Lose, PeerSends, Retry, Send
from .experiments import EXPERIMENTS
from .scene import Scene
from .words import PHASES, names_of, numbers_of

text = parsers.parse


@pytest.fixture
def service(patternproof_adapter: Adapter, driver: Driver, requirement: str, clock: Clock) -> Iterator[Scene]:
    """The message service of an example, its peer, handlers and readers, and what was seen of them."""
    with closing(Scene(patternproof_adapter, driver, requirement)) as scene:
        clock.follow(scene, EVENTS)
        yield scene


# Given: the situation. An example whose situation is not reached is reported as not exercised, never as failed.


@given("a message service")
def make_service(service: Scene) -> None:
    service.make()


@given("a message service with deadlines")
def make_service_with_deadlines(service: Scene) -> None:
    service.make("timeout")


@given("a message service with idempotency keys")
def make_service_with_keys(service: Scene) -> None:
    service.make("idempotency_key")


@given(text("service handler {name:w}"))
@when(text("service handler {name:w} is registered"))
def register_one(service: Scene, name: str) -> None:
    service.register([name])


@given(text("service handlers {names}"))
def register_several(service: Scene, names: str) -> None:
    service.register(names_of(names))


@given(text("reader {number:d}"))
def subscribe_one(service: Scene, number: int) -> None:
    service.subscribe(number)


@given(text("readers {numbers}"))
def subscribe_several(service: Scene, numbers: str) -> None:
    for number in numbers_of(numbers):
        service.subscribe(number)


@given(text("request {number:d} is under way"))
def is_under_way(service: Scene, number: int) -> None:
    service.send(number)
    premise(service.phase(number) == "waits", f"expected request {number} to wait; seen: {service.seen}")


@given(text("service handler {name:w} is busy with message {number:d}"))
def is_busy(service: Scene, name: str, number: int) -> None:
    service.perform(PeerSends(number))
    service.reach(service.heard_so_far(name)[-1:] == [str(number)], f"handler {name} to hear message {number}", service.seen)


# When: what happens.


@when(text("request {number:d} is sent"))
def send(service: Scene, number: int) -> None:
    service.send(number)


@when(text("requests {numbers} are sent"))
def send_several(service: Scene, numbers: str) -> None:
    service.perform(*map(Send, numbers_of(numbers)))


@when(text("request {number:d} is sent, to be answered within 10 s"))
def send_with_deadline(service: Scene, number: int) -> None:
    service.send(number, "deadline")


@when(text("request {number:d} is sent with an idempotency key"))
def send_with_key(service: Scene, number: int) -> None:
    service.send(number, "keyed")


@when(text("request {number:d} is sent, with data that is hard on a wire"))
def send_special(service: Scene, number: int) -> None:
    service.send(number, "special")


@when(text("request {number:d} is sent, which the transport refuses"))
def send_refused(service: Scene, number: int) -> None:
    service.send(number, "refused")


@when(text("request {number:d} is sent again, as {again:d}"))
def send_again(service: Scene, number: int, again: int) -> None:
    service.perform(Retry(again, number))


@when(text("the peer answers request {number:d}"))
def answer(service: Scene, number: int) -> None:
    service.answer(number)


@when(text("the peer answers request {number:d} with a fault"))
def answer_with_fault(service: Scene, number: int) -> None:
    service.answer(number, "fault")


@when(text("the peer answers request {number:d} once more"))
def answer_again(service: Scene, number: int) -> None:
    service.perform(Answer(number, "again"))


@when(text("the call of request {number:d} is cancelled"))
def cancel(service: Scene, number: int) -> None:
    service.perform(service.cancellation(number))


@when(text("the call of request {number:d} is cancelled at the moment at which the peer answers it"))
def cancel_meets_answer(service: Scene, number: int) -> None:
    service.perform(service.cancellation(number), Answer(number))


@when("the peer is lost")
def lose(service: Scene) -> None:
    service.perform(Lose())


@when(text("the peer sends message {number:d}"))
def peer_sends(service: Scene, number: int) -> None:
    service.perform(PeerSends(number))


@when(text("the peer sends messages {numbers}"))
def peer_sends_several(service: Scene, numbers: str) -> None:
    for number in numbers_of(numbers):
        service.perform(PeerSends(number))


@when(text("messages {numbers} come at one moment"))
def peer_sends_at_once(service: Scene, numbers: str) -> None:
    service.perform(*map(PeerSends, numbers_of(numbers)))


@when(text("reader {number:d} subscribes, and message {message:d} is sent as soon as that has returned"))
def subscribe_then(service: Scene, number: int, message: int) -> None:
    service.subscribe_then(number, message)


@when(text("service handler {name:w} is unregistered"))
def unregister(service: Scene, name: str) -> None:
    service.unregister(name)


@when(text("service handler {name:w} fails"))
def handler_fails(service: Scene, name: str) -> None:
    service.end_handler(name, "error")


@when(text("service handler {name:w} sends request {number:d}"))
def handler_sends(service: Scene, name: str, number: int) -> None:
    service.end_handler(name, "sends", number)


@when(text("service handler {name:w} registers handler {other:w}"))
def handler_registers(service: Scene, name: str, other: str) -> None:
    service.end_handler(name, "registers", other=other)


@when(text("service handler {name:w} unregisters itself"))
def handler_leaves(service: Scene, name: str) -> None:
    service.end_handler(name, "leaves")


# Then: what must be seen.


@then(text("request {number:d} {what}"))
def request_is(service: Scene, number: int, what: str) -> None:
    if what not in PHASES:
        near = get_close_matches(what, PHASES, n=2, cutoff=0.5) or list(PHASES)
        raise LookupError(f"{what!r} is nothing that becomes of a request; write {' or '.join(map(repr, near))}")
    seen = service.phase(number)
    service.expect(seen == PHASES[what], f"that request {number} {what}", seen)


@then(text("the peer has got request {number:d} once, as it was sent"))
def has_arrived_once(service: Scene, number: int) -> None:
    seen = [each for each in service.arrivals if each.split()[0] == str(number)]
    service.expect(seen == [str(number)], f"request {number} to arrive once, unchanged", ", ".join(service.arrivals) or "nothing")


@then(text("service handler {name:w} has heard {messages}"))
def has_heard(service: Scene, name: str, messages: str) -> None:
    wanted = [] if messages == "nothing" else list(map(str, numbers_of(messages)))
    seen = service.heard(name)
    service.expect(seen == wanted, f"that handler {name} has heard {messages}", ", ".join(seen) or "nothing")


@then(text("reader {number:d} has got {messages}"))
def has_got(service: Scene, number: int, messages: str) -> None:
    wanted = sorted(map(str, numbers_of(messages)))
    seen = service.got(number)
    service.expect(sorted(seen) == wanted, f"that reader {number} has got {messages}", ", ".join(seen) or "nothing")


@then("no handler waits for the service")
def handlers_go_on(service: Scene) -> None:
    waiting = service.waiting_handlers()
    service.expect(not waiting, "that what handlers have asked for is done", "; ".join(waiting))


@then(text("the sender of message {number:d} gets a typed error"))
def sender_gets_error(service: Scene, number: int) -> None:
    service.let_all_return()
    seen = service.told.get(number, "nothing")
    service.expect(seen == "fault", f"a fault with a kind as the reply to message {number}", seen)


@then("no two handlers have one id")
def ids_are_unique(service: Scene) -> None:
    service.expect(not service.troubles, "ids that no other handler has or had", "; ".join(service.troubles))


@then("the service has every method of the interface, as it should be")
def has_interface(service: Scene) -> None:
    seen = service.differences()
    service.expect(not seen, "every method of the interface, as it should be", "; ".join(seen))
    service.require_nearby()


@then("a consumer gets the same from the service as from a test double")
def consumer_gets_the_same(service: Scene) -> None:
    seen, wanted = service.consumed()
    service.expect(seen == wanted, f"{wanted}", seen)


@then("another service over another transport does not change what it does")
def shares_nothing(service: Scene) -> None:
    found = EXPERIMENTS["neighbours"](service.rig)
    service.expect(not found, "the same as alone", found)


@then("a reader that stops reading holds up nobody")
def holds_up_nobody(service: Scene) -> None:
    service.subscribe(0)
    found = EXPERIMENTS["flood"](service.rig)
    service.expect(not found, "everybody else to go on", found)
