"""The reference over NATS, in real time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

from patternproof.reference.event_bus.logged import LoggedEventBus
from patternproof.reference.event_bus.over_nats import NatsLog

from patternproof.ports import Unsupported
from patternproof.ports.event_bus import EventBusSettings
from patternproof.servers import nats_url

RUNTIME = "live"
CLAIMS = {"distributed", "durable"}
ADAPTS = {"nats-py"}


async def event_bus(settings: EventBusSettings) -> AsyncIterator[LoggedEventBus]:
    if settings.overflow == "block":
        raise Unsupported("overflow")
    bus = LoggedEventBus(NatsLog(nats_url(), settings.namespace or uuid4().hex), settings)
    yield bus
    await bus.close()
