"""The reference over NATS, in real time."""

from __future__ import annotations

import atexit
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from functools import cache
from uuid import uuid4

from patternproof.reference.event_bus.logged import LoggedEventBus
from patternproof.reference.event_bus.over_nats import NatsLog

from patternproof.ports import Unsupported
from patternproof.ports.event_bus import EventBusSettings
from patternproof.servers import Server, restartable

ADDRESS = "PATTERNPROOF_NATS_URL"
RUNTIME = "live"
CLAIMS = {"distributed", "durable"}
ADAPTS = {"nats-py"}
SETTLE = 0.1
_open = ExitStack()
"""What is open as long as this process: let go of earlier, the server would be stopped."""


@cache
def _server() -> Server:
    """A server of this process' own, whose examples restart it."""
    server = _open.enter_context(restartable("nats"))
    atexit.register(_open.close)
    return server


class NatsEventBus(LoggedEventBus):
    """The reference over a server that can be restarted, unless it was given by its address."""

    async def restart_broker(self) -> None:
        _server().stop()
        _server().start()

    def environment(self) -> Mapping[str, str]:
        return {} if _given() else {ADDRESS: _server().url}


def _given() -> str:
    return os.environ.get(ADDRESS, "")


async def event_bus(settings: EventBusSettings) -> AsyncIterator[LoggedEventBus]:
    if settings.overflow == "block":
        raise Unsupported("overflow")
    bus = NatsEventBus(NatsLog(_given() or _server().url, settings.namespace or uuid4().hex), settings)
    yield bus
    await bus.close()
