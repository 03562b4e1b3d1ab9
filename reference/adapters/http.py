"""The reference replicas over an HTTP store, in real time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory

from patternproof.reference.state_sync import DistributedStateSync

from patternproof.ports.state_sync import Network, StateSyncSettings

RUNTIME = "live"
CLAIMS = {"three_way_merge", "distributed"}
SETTLE = 0.1
SERVER = "patternproof.reference.state_sync.http"


class Server:
    """A process that serves a store in a file.

    Args:
        file: of the store.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._port = 0
        self.address = ""
        self.start()

    def start(self) -> None:
        """Start it, on the port that it had."""
        command = [sys.executable, "-m", SERVER, f"sqlite://{self._file}", str(self._port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None, "it is a pipe"
        self.address = self._process.stdout.readline().strip()
        self._port = int(self.address.rpartition(":")[2])

    def stop(self) -> None:
        """End it as it stands."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def serving() -> Iterator[Server]:
    """A server with a new store, for a scope."""
    with TemporaryDirectory(prefix="patternproof-sync-") as folder:
        server = Server(f"{folder}/store")
        try:
            yield server
        finally:
            server.stop()


async def state_sync(network: Network, settings: StateSyncSettings) -> AsyncIterator[DistributedStateSync]:
    if settings.store:
        system = DistributedStateSync(network, settings)
        yield system
        await system.close()
        return
    with serving() as server:
        system = DistributedStateSync(network, replace(settings, store=server.address), server)
        yield system
        await system.close()
