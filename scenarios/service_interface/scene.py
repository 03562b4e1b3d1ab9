"""What the steps of one example act on."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang, Raised
from patternproof.flavour import plainly
from patternproof.history import History, shown
from patternproof.outcome import NotApplicable, NotOffered
from patternproof.scene import JudgedScene

from .consumer import CONSUMED, UNKNOWN, CoreComponent, Double
from .events import (
    Answer,
    CancelSend,
    Given,
    HandlerEnds,
    Receive,
    Register,
    Seen,
    Send,
    Subscribe,
    SubscribeThenPeerSends,
    Unregister,
    name_of,
)
from .rig import LACKING, ServiceRig, rig
from .samples import Samples
from .structure import accepts, differences

MOST_READ = 30
"""Messages that one step lets come, before it counts as without an end."""


class Scene(JudgedScene):
    """One example: a service, its peer, handlers and readers by name, and what was seen of them.

    Args:
        adapter: what is held against the requirements.
        driver: an entered driver.
        requirement: the id of the example's Rule; empty in a feature of a team's own.
    """

    stem = "service_interface"

    def __init__(self, adapter: Adapter, driver: Driver, requirement: str) -> None:
        super().__init__(adapter, driver, requirement)
        # Changed by `make`, `register`, `perform` and what they call only.
        self._rig: ServiceRig | None = None
        self._handlers: dict[str, int] = {}
        self._readers: dict[int, int] = {}
        self._phases: dict[int, str] = {}
        self._heard: dict[int, list[str]] = {}
        self._received: dict[int, list[str]] = {}
        self.arrivals: list[str] = []
        """The requests that have arrived, by number, as often as they did."""
        self.told: dict[int, str] = {}
        """By number of a message, what its sender was told last."""
        self.troubles: list[str] = []
        self.seen = Seen()
        """What was seen last."""
        self._consumed = False
        """Whether a consumer got something else than it should."""

    def __repr__(self) -> str:
        return f"<Scene handlers {', '.join(self._handlers) or 'none'}; calls {self._phases or 'none'}>"

    @property
    def rig(self) -> ServiceRig:
        """The rig of the example's service.

        Raises:
            LookupError: no step has made one.
        """
        if self._rig is None:
            raise LookupError("there is no message service yet; begin the example with 'Given a message service'")
        return self._rig

    def make(self, argument: str = "") -> None:
        """Make the service; where an argument of send_message() is given, one that takes it.

        Raises:
            NotOffered: it does not take it.
        """
        self._rig = self.stack.enter_context(rig(self.adapter, self.driver, Given()))
        if argument and not accepts(self.rig.service.send_message, argument):
            raise NotOffered(f"send_message() takes no {argument}")

    def perform(self, *events: Any) -> None:
        """Make events happen at one moment, and take in what is seen."""
        callers = {**self.rig.callers}
        try:
            seen = self.rig.perform(*events)
        except Hang as hang:
            self.expect(False, "an end", hang)
            raise
        for caller in callers.values():
            if isinstance(caller.refused, LACKING):
                raise NotOffered(str(caller.refused))
        self.take(seen)

    def take(self, seen: Seen) -> None:
        """Take in what is seen."""
        self.seen = seen
        self.arrivals += [f"{each.call}{f' {each.what}' if each.what else ''}" for each in seen.arrived]
        self._phases.update({each.call: each.phase for each in seen.calls})
        self.told.update({each.message: each.what for each in seen.told})
        self.troubles += [each.trouble for each in seen.standing if each.trouble not in ("registers", "leaves")]
        for hearing in seen.heard:
            self._heard.setdefault(hearing.handler, []).append(hearing.what)
        for receipt in seen.received:
            if receipt.what != "waits":
                self._received.setdefault(receipt.reader, []).append(receipt.what)

    # Calls

    def send(self, number: int, how: str = "") -> None:
        """Send a request.

        Raises:
            NotOffered: send_message() refuses what is asked for.
        """
        self.rig.do(Send(number, how))
        caller = self.rig.callers[number]
        self.driver.settle()
        self.take(self.rig.look_at(Send(number, how)))
        if isinstance(caller.refused, LACKING):
            raise NotOffered(str(caller.refused))

    def answer(self, number: int, how: str = "ok") -> None:
        """Answer a request.

        Raises:
            PremiseMissing: it has not arrived: some send a request once those before it are answered.
        """
        arrived = [call for _, call in self.rig.peer.open]
        self.reach(
            number in arrived, f"request {number} to have arrived", f"{', '.join(map(str, arrived)) or 'none'} at the peer"
        )
        self.perform(Answer(number, how))

    def cancellation(self, number: int) -> CancelSend:
        """The cancellation of a call.

        Raises:
            NotApplicable: the driver cannot cancel.
        """
        if not self.driver.can_cancel:
            raise NotApplicable(f"a call cannot be cancelled from outside under the {self.driver.name} driver")
        return CancelSend(number)

    def phase(self, number: int) -> str:
        """What has become of a request.

        Raises:
            LookupError: there is none of that number.
        """
        if number not in self._phases:
            raise LookupError(f"no request {number} was sent; known: {', '.join(map(str, self._phases)) or 'none so far'}")
        return self._phases[number]

    # Handlers and readers

    def register(self, names: list[str]) -> None:
        """Register a handler for each name.

        Raises:
            NotOffered: the service has none.
        """
        for name in names:
            self.perform(Register(self.new_handler(name)))
            self._require(self.rig.hearers[self.handler(name)].refused)

    def _require(self, refusal: BaseException | None) -> None:
        if isinstance(refusal, LACKING):
            raise NotOffered(str(refusal))

    def new_handler(self, name: str) -> int:
        """The number of a handler that is new.

        Raises:
            LookupError: the name is taken.
        """
        if name in self._handlers:
            raise LookupError(f"there is a handler {name} already; give each handler of an example a name of its own")
        self._handlers[name] = len(self._handlers)
        return self._handlers[name]

    def handler(self, name: str) -> int:
        """The number of a handler.

        Raises:
            LookupError: there is none of that name.
        """
        if name not in self._handlers:
            raise LookupError(f"there is no handler {name!r}; known: {', '.join(self._handlers) or 'none so far'}")
        return self._handlers[name]

    def unregister(self, name: str) -> None:
        """Take a handler back.

        Raises:
            NotOffered: the service cannot.
        """
        self.perform(Unregister(self.handler(name)))
        self._require(self.rig.hearers[self.handler(name)].refused)

    def end_handler(self, name: str, how: str = "ok", call: int = -1, other: str = "") -> None:
        """Let a handler end that is busy.

        Raises:
            PremiseMissing: it is not.
        """
        number = self.handler(name)
        self.reach(self.rig.hearers[number].busy, f"handler {name} to be busy", self.seen)
        self.perform(HandlerEnds(number, how, call, self.new_handler(other) if other else -1))
        self._require(self.rig.hearers[number].refused)

    def let_all_return(self) -> None:
        """Let handlers return until none is busy."""
        for _ in range(MOST_READ):
            busy = [number for number, hearer in self.rig.hearers.items() if hearer.busy]
            if not busy:
                return
            self.perform(HandlerEnds(busy[0]))

    def heard(self, name: str) -> list[str]:
        """What a handler has heard, once all have returned."""
        number = self.handler(name)
        self.let_all_return()
        return self._heard.get(number, [])

    def heard_so_far(self, name: str) -> list[str]:
        """What a handler has heard so far."""
        return self._heard.get(self.handler(name), [])

    def waiting_handlers(self) -> list[str]:
        """The handlers whose registering or unregistering is not over, once all have returned."""
        self.let_all_return()
        return [f"handler {name_of(number)} {hearer.doing}" for number, hearer in self.rig.hearers.items() if hearer.doing]

    def subscribe(self, number: int) -> None:
        """Subscribe a reader.

        Raises:
            NotOffered: the service has no receive_messages().
        """
        self.perform(Subscribe(number))
        self._require(self.rig.listeners[number].refused)

    def subscribe_then(self, number: int, message: int) -> None:
        """Subscribe a reader, and have the peer send a message as soon as that has returned.

        Raises:
            NotOffered: the service has no receive_messages().
        """
        self.perform(SubscribeThenPeerSends(number, message))
        self._require(self.rig.listeners[number].refused)

    def got(self, number: int) -> list[str]:
        """What a reader has got, once it has read all there is."""
        self.let_all_return()
        for _ in range(MOST_READ):
            if number not in self.rig.listeners or self.rig.listeners[number].waits:
                break
            self.perform(Receive(number))
        return self._received.get(number, [])

    # The interface

    def differences(self) -> list[str]:
        """What the service has otherwise than the interface says."""
        plain = sorted(self.rig.plain)
        found = differences(self.rig.service, self.adapter.runtime == "threads")
        return [*found, *(f"{name}: expected something to be awaited, seen a plain result" for name in plain)]

    def require_nearby(self) -> None:
        """Go on only where the service itself is in reach.

        Raises:
            NotApplicable: what is here stands for it.
        """
        if not self.driver.shares_objects:
            raise NotApplicable("its methods are there; how a service behind HTTP declares them is out of reach")

    def consumed(self) -> tuple[list[Any], list[Any]]:
        """What a consumer gets from the service, and what from a test double.

        Raises:
            NotOffered: the service lacks what a consumer uses, or does not take it as the interface says.
        """
        service, peer = self.rig.service, self.rig.peer
        threads = self.adapter.runtime == "threads"
        peer.answers_at_once, peer.unknown = True, UNKNOWN
        consumer = CoreComponent(service, peer.samples, threads)
        pending = self.rig.call(partial(consumer.run, peer.send_message))
        self.driver.settle()
        seen = consumer.told()
        if pending.outcome is None:
            seen.append("and then it waits for ever")
        elif isinstance(pending.outcome, Raised):
            self._require(pending.outcome.error)
            seen.append(shown(pending.outcome.error))
        wanted = self._expected()
        self._consumed = seen != wanted
        return seen, wanted

    def _expected(self) -> list[Any]:
        samples = Samples()
        double = Double(samples)
        consumer = CoreComponent(double, samples, plain=True)
        plainly(consumer.run(double.news))
        return consumer.told()

    def _history(self) -> History | None:
        """Of a consumer, which the model cannot follow: what the service shows where the same happens to it event by event."""
        history = super()._history()
        if self._consumed and self.adapter.runtime != "live":
            with suppress(Hang), self.adapter.driver() as driver, rig(self.adapter, driver, Given()) as alike:
                history = alike.history
                for events in CONSUMED:
                    alike.perform(*events)
        return history
