"""The reference replicas over a SQLite file, in real time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from tempfile import TemporaryDirectory

from patternproof.reference.state_sync import DistributedStateSync

from patternproof.ports.state_sync import Network, StateSyncSettings

RUNTIME = "live"
CLAIMS = {"three_way_merge", "distributed"}
SETTLE = 0.1


async def state_sync(network: Network, settings: StateSyncSettings) -> AsyncIterator[DistributedStateSync]:
    with TemporaryDirectory(prefix="patternproof-sync-") as folder:
        system = DistributedStateSync(network, replace(settings, store=settings.store or f"sqlite://{folder}/store"))
        yield system
        await system.close()
