"""The broker of an example, and a second process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from patternproof.flavour import resolved
from patternproof.outcome import AdapterError, NotApplicable, NotOffered
from patternproof.ports.event_bus import EventBusSettings
from patternproof.processes import Neighbour, neighbour
from patternproof.servers import OfItsOwn, of_its_own

from .beyond import Beyond, RemoteBus
from .scene import Scene

RECONNECTING = 60.0
"""Seconds of virtual time in which all have found the broker again after a restart."""
PATIENCE = 5
"""How many times as long as otherwise real answers may take after a restart: clients pause between two tries to connect."""


class Broker:
    """The broker of an example, and the bus of another process.

    Args:
        bus: the example's scene.
    """

    def __init__(self, bus: Scene) -> None:
        self.bus = bus
        # Changed by the methods below only.
        self._servers: OfItsOwn | None = None
        self._house: Neighbour | None = None
        self._other: Any = None
        self._killed = False
        self._stopped = False

    def make(self, settings: EventBusSettings | None = None) -> None:
        """Make the bus.

        Raises:
            NotOffered: the adapter claims neither ``distributed`` nor ``durable``.
            Unavailable: its broker is none that the kit may restart.
        """
        if not self.bus.adapter.claims & {"distributed", "durable"}:
            raise NotOffered("the adapter claims neither 'distributed' nor 'durable'")
        self._servers = self.bus.stack.enter_context(of_its_own())
        self.bus.make(settings)
        self.bus.beyond_model = True

    def happens(self, words: str, deed: Callable[[], object]) -> None:
        """Make something happen that no model knows of, and take in what is seen."""
        self.bus.perform(Beyond(words, deed))

    # The other process

    @property
    def other(self) -> Any:
        """The bus of another process, of the same namespace; where time is virtual, another bus in this one."""
        if self._other is None:
            self._other = self.bus.stack.enter_context(self._made_elsewhere())
        return self._other

    @contextmanager
    def _made_elsewhere(self) -> Iterator[Any]:
        adapter, driver, rig = self.bus.adapter, self.bus.driver, self.bus.rig
        settings = replace(rig.history.settings, namespace=rig.namespace)
        self._house = neighbour(adapter, driver)
        if self._house is None:
            with adapter.make("event_bus", driver, settings) as made:
                yield made
            return
        try:
            with self._house.make("event_bus", settings) as remote:
                yield RemoteBus(remote)
        except AdapterError:
            if not self._killed:
                raise

    def kill(self) -> None:
        """Kill the other process (SIGKILL).

        Raises:
            NotApplicable: time is virtual, and all is one process.
        """
        assert self._other is not None, "something was done in the other process"
        if self._house is None:
            raise NotApplicable("there is no second process to be killed where time is virtual")
        self._killed = True
        self.happens("the other process is killed", self._house.kill)

    def subscribe_elsewhere(self, name: str, topics: str) -> None:
        """Subscribe in the other process."""
        number, bus = self.bus.new_subscriber(name), self.other
        subscribe = self.bus.rig.subscribe_to
        self.happens(f"{name} subscribes in another process", lambda: subscribe(bus, number, topics, self.bus.style(name)))
        self.bus.require_subscribed(name)

    def publish_elsewhere(self, topic: str, names: list[str]) -> None:
        """Let the other process publish events, one after the other."""
        bus = self.other
        for number in map(self.bus.new_event, names):
            publish = partial(self.bus.rig.publish_on, bus, number, topic)
            self.happens(f"another process publishes event {number}", publish)

    def subscribe_elsewhere_then_publish(self, name: str, event: str) -> None:
        """Subscribe in the other process, and publish a state event in this one as soon as that has returned."""
        number, bus, published = self.bus.new_subscriber(name), self.other, self.bus.new_event(event)
        deed = self.bus.rig.subscribe_to_then_publish
        words = f"{name} subscribes in another process, and as soon as that returns event {event} is published here"
        self.happens(words, lambda: deed(bus, number, self.bus.style(name), published))
        self.bus.require_subscribed(name)

    def publish_elsewhere_then_subscribe(self, event: str, name: str) -> None:
        """Publish a state event in the other process, and subscribe in this one as soon as that has returned."""
        number, bus, published = self.bus.new_subscriber(name), self.other, self.bus.new_event(event)
        deed = self.bus.rig.publish_on_then_subscribe
        words = f"another process publishes event {event}, and as soon as that returns {name} subscribes here"
        self.happens(words, lambda: deed(bus, published, number, self.bus.style(name)))

    # The broker

    def stop(self) -> None:
        """Stop the broker.

        Raises:
            AdapterError: there is none that the kit could stop.
        """
        self.bus.rig.owing.broker_is_away = self._stopped = True
        self.bus.stack.callback(self._restore)
        self.happens("the broker is stopped", lambda: self._command("stop"))

    def start(self) -> None:
        """Start the broker again, and let all have time to find it."""
        self._restore()
        driver = self.bus.driver
        if driver.patience:
            driver.patience = PATIENCE * type(driver).patience
            self.happens("the broker is started again", lambda: None)
        else:
            self.happens("the broker is started again", lambda: driver.pass_time(RECONNECTING))

    def _restore(self) -> None:
        if self._stopped:
            self._command("start")
            self.bus.rig.owing.broker_is_away = self._stopped = False

    def _command(self, word: str) -> None:
        bus = self.bus.rig.bus
        if hasattr(bus, f"{word}_broker"):
            self.bus.driver.complete(lambda: resolved(getattr(bus, f"{word}_broker")()))
            return
        assert self._servers is not None, "the bus was made"
        if not self._servers.asked:
            raise AdapterError(
                f"{self.bus.adapter.file}: the kit cannot restart the broker; take its address from patternproof.servers, "
                "or give the bus stop_broker() and start_broker()"
            )
        getattr(self._servers, word)()
