"""State synchronisation for asyncio."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from math import inf
from typing import Any

from patternproof.ports.state_sync import (
    DuplicateReplicaError,
    Network,
    StateSyncSettings,
    StoreError,
    SyncError,
    SyncResult,
    Unreachable,
)

from .local import Local, Progress
from .retrying import delay, validate
from .store import CENTRE, Store
from .wire import decode_reply, encode_request

_log = logging.getLogger(__name__)


class Replica:
    """A local replica. Every change of its state happens in one go, between two awaits.

    Args:
        name: in the network.
        network: the way to the store.
        settings: how often to push by itself, how to retry, how to merge.
        on_close: called once it is closed.
    """

    def __init__(self, name: str, network: Network, settings: StateSyncSettings, on_close: Any = None) -> None:
        self._name, self._network, self._settings = name, network, settings
        self._on_close = on_close
        self._local = Local(f"{name}-{uuid.uuid4().hex[:8]}", settings.merge)
        self._one_sync = asyncio.Lock()
        # Changed by `_schedule` and `_push`.
        self._timer: asyncio.TimerHandle | None = None
        self._pushed_at = -inf
        self._pushing: asyncio.Task[None] | None = None
        self._last_sync: float | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<Replica {self._name} {self._local}>"

    @property
    def last_sync(self) -> float | None:
        """The wall clock's time of the last sync that succeeded, for people: nothing is decided by it."""
        return self._last_sync

    async def write(self, key: str, value: Any) -> None:
        """Set a key.

        Raises:
            ValueError: the value is None; delete() removes a key.
        """
        if value is None:
            raise ValueError(f"expected a value for {key!r}, got None; delete() removes a key")
        self._change(key, value)

    async def delete(self, key: str) -> None:
        self._change(key, None)

    def _change(self, key: str, value: Any) -> None:
        self._local.write(key, value)
        self._schedule()

    async def read(self, key: str) -> Any:
        return self._local.read(key)

    async def snapshot(self) -> Mapping[str, Any]:
        return self._local.contents()

    async def sync(self) -> SyncResult:
        """Push and pull in one exchange, more of them only where conflicts are merged.

        Raises:
            SyncError: the network failed in every attempt, or the store refused.
        """
        failures = 0
        async with self._one_sync:  # others wait, and do their own: what was written since this one began is theirs to push
            while True:
                try:
                    return await self._exchanged()
                except Unreachable as error:
                    failures += 1
                    if failures > self._settings.retries:
                        raise SyncError(f"replica {self._name!r} cannot reach the store: {error}") from error
                except StoreError as error:
                    raise SyncError(f"replica {self._name!r}: {error}") from error
                await asyncio.sleep(delay(self._settings, failures))

    async def _exchanged(self) -> SyncResult:
        progress = Progress()
        settled = False
        while not settled:
            request = self._local.request()
            reply = decode_reply(await self._network.call(self._name, CENTRE, encode_request(request)))
            settled = self._local.take(request, reply, progress)
        self._last_sync = time.time()
        return progress.result()

    def _schedule(self) -> None:
        """Push at the end of the interval that the last push began, or soon if that is over."""
        interval = self._settings.sync_interval
        if interval is None or self._timer is not None or self._closed or not self._local.has_unpushed:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(max(loop.time(), self._pushed_at + interval), self._begin_push)

    def _begin_push(self) -> None:
        self._timer = None
        if not self._local.has_unpushed:
            return  # a sync() was faster
        loop = asyncio.get_running_loop()
        self._pushed_at = loop.time()
        self._pushing = loop.create_task(self._push())

    async def _push(self) -> None:
        try:
            await self.sync()
        except SyncError as error:
            _log.warning("an automatic push failed, the next is in %s s: %s", self._settings.sync_interval, error)
        self._schedule()

    async def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._pushing is not None:
            self._pushing.cancel()
            await asyncio.wait([self._pushing])
        if self._on_close is not None:
            self._on_close(self._name)


class StateSync:
    """Replicas and a central store in one process, joined by a network.

    Args:
        network: the way between them.
        settings: of the replicas.
        store: the centre; None: a new one.
    """

    def __init__(self, network: Network, settings: StateSyncSettings, store: Store | None = None) -> None:
        validate(settings)
        self._network, self._settings = network, settings
        self._store = store or Store()
        self._open: dict[str, Replica] = {}
        network.register(CENTRE, self._receive)

    def __repr__(self) -> str:
        return f"<StateSync {self._store}, {len(self._open)} replicas>"

    async def _receive(self, sender: str, request: bytes) -> bytes:
        return self._store.receive(request)

    def replica(self, name: str) -> Replica:
        """Open a new, empty replica.

        Raises:
            DuplicateReplicaError: one of this name is open.
        """
        if name in self._open or name == CENTRE:
            raise DuplicateReplicaError(f"the name {name!r} is taken; close the replica that has it, or choose another")
        made = self._open[name] = Replica(name, self._network, self._settings, self._open.pop)
        return made

    async def central(self) -> Mapping[str, Any]:
        return self._store.contents()

    async def close(self) -> None:
        """Close every replica."""
        for replica in [*self._open.values()]:
            await replica.close()
