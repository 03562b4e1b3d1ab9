"""A replica in a process of its own.

That process loads the same adapter, makes a system over the same store, and does what it is told, a line of JSON for each call.
Its line to the store is never disturbed.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from patternproof.adapter import Adapter, load
from patternproof.drivers import Driver
from patternproof.drivers.base import deliver
from patternproof.drivers.live import Live
from patternproof.outcome import AdapterError
from patternproof.ports.state_sync import StateSyncSettings, SyncError, SyncResult

from .network import Network

SETTLE = 0.005
"""Real seconds of quiet over there: nothing but the answer is waited for."""
MODULE = "patternproof.scenarios.state_sync.elsewhere"


class RemoteReplica:
    """A replica of another process, as the kit drives it."""

    last_sync = None
    """It is not asked for: what the examples of several processes are about is the state."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    async def write(self, key: str, value: Any) -> None:
        await self._ask("write", key, value)

    async def delete(self, key: str) -> None:
        await self._ask("delete", key)

    async def read(self, key: str) -> Any:
        return await self._ask("read", key)

    async def snapshot(self) -> Any:
        return await self._ask("snapshot")

    async def sync(self) -> SyncResult:
        return SyncResult(**await self._ask("sync"))

    async def close(self) -> None:
        """The process closes it as it ends."""

    async def _ask(self, method: str, *arguments: Any) -> Any:
        return await asyncio.to_thread(self._answer, method, arguments)

    def _answer(self, method: str, arguments: tuple[Any, ...]) -> Any:
        assert self._process.stdin is not None, "it is a pipe"
        assert self._process.stdout is not None, "it is a pipe"
        self._process.stdin.write(json.dumps([method, *arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AdapterError(f"the process with the other replica has ended with {self._process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise SyncError(answer["error"])
        return answer["value"]


@contextmanager
def elsewhere(adapter: Adapter, store: str, name: str) -> Iterator[RemoteReplica]:
    """A replica over a store, in a process that ends with the scope."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-m", MODULE, adapter.spec, store, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        try:
            yield RemoteReplica(process)
        finally:
            process.communicate()


def _serve(spec: str, store: str, name: str) -> None:
    with ExitStack() as stack:
        adapter = load(spec)
        driver: Driver = stack.enter_context(Live(settle=SETTLE))
        network = Network(driver, [name])
        system = stack.enter_context(adapter.make("state_sync", driver, network, StateSyncSettings(store=store)))
        replica = driver.now(lambda: system.replica(name))
        for line in sys.stdin:
            method, *arguments = json.loads(line)
            sys.stdout.write(json.dumps(_done(driver, getattr(replica, method), arguments)) + "\n")
            sys.stdout.flush()


def _done(driver: Driver, method: Any, arguments: list[Any]) -> dict[str, Any]:
    try:
        pending = driver.start(lambda: method(*arguments))
        while pending.outcome is None:
            driver.settle()
        value = deliver(pending.outcome)
    except Exception as error:  # noqa: BLE001  # it goes to whoever asked
        return {"error": f"{type(error).__name__}: {error}"}
    if isinstance(value, SyncResult):
        value = {part: sorted(getattr(value, part)) for part in SyncResult.__dataclass_fields__}
    return {"value": value}


if __name__ == "__main__":
    _serve(*sys.argv[1:])
