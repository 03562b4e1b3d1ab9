"""What is beyond an example's process: broker and publishers elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from patternproof.drivers.base import deliver
from patternproof.flavour import resolved
from patternproof.outcome import AdapterError, NotOffered
from patternproof.ports.event_bus import Delivery, DurableSubscription
from patternproof.servers import environment

from . import elsewhere
from .samples import TOPIC_OF
from .scene import MOST_READ, Scene

LATER = 5.0
"""Seconds that a durable subscriber waits for what may still come."""
LONGEST = 60.0
"""Seconds that another process may take to publish."""


class Broker:
    """The broker of an example, other processes, and durable subscribers.

    Args:
        bus: the example's scene.
    """

    def __init__(self, bus: Scene) -> None:
        self.bus = bus
        self._topics: dict[str, str] = {}
        self._subscriptions: dict[str, DurableSubscription] = {}
        self._deliveries: dict[str, list[tuple[str, str]]] = {}

    def make(self) -> None:
        """Make the bus.

        Raises:
            NotOffered: the adapter claims neither ``distributed`` nor ``durable``.
        """
        if not self.bus.adapter.claims & {"distributed", "durable"}:
            raise NotOffered("the adapter claims neither 'distributed' nor 'durable'")
        self.bus.make()
        self.bus.beyond_model = True

    def publish_elsewhere(self, names: list[str]) -> None:
        """Let another process make a bus of the same namespace, publish state events, and end.

        Raises:
            AdapterError: it failed; what it said.
        """
        numbers = [self.bus.new_event(name) for name in names]
        for number in numbers:
            self.bus.rig.know(number)
        command = [sys.executable, "-m", elsewhere.__name__, self.bus.adapter.spec, self.bus.rig.namespace]
        command += [self.bus.rig.history.settings.overflow, *map(str, numbers)]
        try:
            ended = subprocess.run(command, env=self._environment(), capture_output=True, text=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired as error:
            raise AdapterError(f"{self.bus.adapter.file}: publishing in another process took more than {LONGEST:g} s") from error
        if ended.returncode:
            raise AdapterError(f"{self.bus.adapter.file}: publishing in another process failed:\n{ended.stderr[-2000:]}")
        self.bus.take(self.bus.rig.perform())

    def _environment(self) -> dict[str, str]:
        """The environment in which another process finds this kit, the adapter and the broker."""
        of_bus: dict[str, str] = getattr(self.bus.rig.bus, "environment", dict)()
        return {**os.environ, **environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **of_bus}

    def restart(self) -> None:
        """Restart the broker.

        Raises:
            AdapterError: the bus has no restart_broker().
        """
        if not hasattr(self.bus.rig.bus, "restart_broker"):
            raise AdapterError(f"{self.bus.adapter.file}: the bus is over a broker, and has no restart_broker()")
        self._call(lambda: self.bus.rig.bus.restart_broker())

    def subscribe(self, name: str, topics: str) -> None:
        """Make a durable subscription.

        Raises:
            NotOffered: the adapter does not claim ``durable``.
        """
        self.bus.require_claim("durable")
        self._topics[name] = topics
        self.come_back(name)

    def come_back(self, name: str) -> None:
        """Resume a durable subscription."""
        topics = [TOPIC_OF[topic] for topic in self._topics[name]]
        self._subscriptions[name] = self._call(lambda: self.bus.rig.bus.resume(name, *topics))

    def leave(self, name: str) -> None:
        """Let a durable subscriber go away."""
        self._call(self._subscriptions.pop(name).leave)

    def read(self, name: str, acknowledges: bool = True) -> None:
        """Let a durable subscriber read until nothing more comes."""
        subscription = self._subscriptions[name]
        for _ in range(MOST_READ):
            pending = self.bus.driver.start(lambda: resolved(subscription.receive()))
            self.bus.driver.advance(LATER)
            if pending.outcome is None:
                self.bus.driver.cancel(pending)
                self.bus.driver.settle()
                return
            delivery: Delivery = deliver(pending.outcome)
            self._deliveries.setdefault(name, []).append((delivery.id, self.bus.rig.label(delivery.event)))
            if acknowledges:
                self._call(partial(subscription.acknowledge, delivery))

    def deliveries(self, name: str) -> list[tuple[str, str]]:
        """Ids and events that a durable subscriber got so far."""
        return self._deliveries.get(name, [])

    def _call(self, method: Callable[[], Any]) -> Any:
        driver = self.bus.driver
        pending = driver.start(lambda: resolved(method()))
        for _ in range(driver.patience):
            if pending.outcome is not None:
                break
            driver.settle()
        self.bus.expect(pending.outcome is not None, "an answer", "none, however long it was waited for")
        assert pending.outcome is not None
        return deliver(pending.outcome)
