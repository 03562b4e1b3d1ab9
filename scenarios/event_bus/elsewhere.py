"""A publisher in a process of its own."""

from __future__ import annotations

import sys

from patternproof.adapter import load
from patternproof.ports.event_bus import EventBusSettings

from .samples import sample
from .subscribers import resolved


def main(spec: str, namespace: str, *numbers: str) -> None:
    """Publish events of these numbers on a bus of that namespace, one after the other."""
    adapter = load(spec)
    with adapter.driver() as driver, adapter.make("event_bus", driver, EventBusSettings(namespace=namespace)) as bus:
        for number in numbers:
            event = sample(int(number))
            driver.complete(lambda event=event: resolved(bus.publish(event)))
        driver.settle()


if __name__ == "__main__":
    main(*sys.argv[1:])
