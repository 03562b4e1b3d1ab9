"""A publisher in a process of its own."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from patternproof.adapter import load
from patternproof.drivers import Returned
from patternproof.flavour import resolved
from patternproof.ports.event_bus import EventBusSettings

from .samples import sample


def main(spec: str, namespace: str, overflow: Any, *numbers: str) -> None:
    """Publish events of these numbers on a bus of that namespace, one after the other."""
    adapter, settings = load(spec), EventBusSettings(overflow=overflow, namespace=namespace)
    with adapter.driver() as driver, adapter.make("event_bus", driver, settings) as bus:
        for number in numbers:
            pending = driver.start(partial(_publish, bus, int(number)))
            for _ in range(driver.patience):
                if pending.outcome is None:
                    driver.settle()
            if not isinstance(pending.outcome, Returned):
                sys.exit(f"publishing event {number} came to {pending.outcome}")


async def _publish(bus: Any, number: int) -> None:
    await resolved(bus.publish(sample(number)))


if __name__ == "__main__":
    main(*sys.argv[1:])
