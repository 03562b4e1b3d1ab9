"""State synchronisation for threads."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Mapping
from math import inf
from typing import Any

from patternproof.ports.state_sync import DuplicateReplicaError, StateSyncSettings, StoreError, SyncError, SyncResult, Unreachable

from .local import Local, Progress
from .retrying import delay, validate
from .store import CENTRE, Store
from .wire import decode_reply, encode_request

_log = logging.getLogger(__name__)


class ThreadedReplica:
    """A local replica. No lock is held while the network is waited for, but the one that keeps syncs apart.

    Args:
        name: in the network.
        network: the way to the store.
        settings: how often to push by itself, how to retry, how to merge.
        on_close: called once it is closed.
    """

    def __init__(self, name: str, network: Any, settings: StateSyncSettings, on_close: Any = None) -> None:
        self._name, self._network, self._settings = name, network, settings
        self._on_close = on_close
        self._one_sync = threading.Lock()
        self._lock = threading.Lock()
        # Changed with the lock held.
        self._local = Local(f"{name}-{uuid.uuid4().hex[:8]}", settings.merge)
        self._timer: threading.Timer | None = None
        self._pushed_at = -inf
        self._last_sync: float | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<ThreadedReplica {self._name} {self._local}>"

    @property
    def last_sync(self) -> float | None:
        """The wall clock's time of the last sync that succeeded, for people: nothing is decided by it."""
        return self._last_sync

    def write(self, key: str, value: Any) -> None:
        """Set a key.

        Raises:
            ValueError: the value is None; delete() removes a key.
        """
        if value is None:
            raise ValueError(f"expected a value for {key!r}, got None; delete() removes a key")
        self._change(key, value)

    def delete(self, key: str) -> None:
        self._change(key, None)

    def _change(self, key: str, value: Any) -> None:
        with self._lock:
            self._local.write(key, value)
            self._schedule()

    def read(self, key: str) -> Any:
        with self._lock:
            return self._local.read(key)

    def snapshot(self) -> Mapping[str, Any]:
        with self._lock:
            return self._local.contents()

    def sync(self) -> SyncResult:
        """Push and pull in one exchange, more of them only where conflicts are merged.

        Raises:
            SyncError: the network failed in every attempt, or the store refused.
        """
        failures = 0
        with self._one_sync:
            while True:
                try:
                    return self._exchanged()
                except Unreachable as error:
                    failures += 1
                    if failures > self._settings.retries:
                        raise SyncError(f"replica {self._name!r} cannot reach the store: {error}") from error
                except StoreError as error:
                    raise SyncError(f"replica {self._name!r}: {error}") from error
                time.sleep(delay(self._settings, failures))

    def _exchanged(self) -> SyncResult:
        progress = Progress()
        settled = False
        while not settled:
            with self._lock:
                request = self._local.request()
            reply = decode_reply(self._network.call(self._name, CENTRE, encode_request(request)))
            with self._lock:
                settled = self._local.take(request, reply, progress)
        self._last_sync = time.time()
        return progress.result()

    def _schedule(self) -> None:
        """Push at the end of the interval that the last push began, or soon if that is over; with the lock held."""
        interval = self._settings.sync_interval
        if interval is None or self._timer is not None or self._closed or not self._local.has_unpushed:
            return
        self._timer = threading.Timer(max(0.0, self._pushed_at + interval - time.monotonic()), self._push)
        self._timer.daemon = True
        self._timer.start()

    def _push(self) -> None:
        with self._lock:
            self._timer = None
            if not self._local.has_unpushed:
                return  # a sync() was faster
            self._pushed_at = time.monotonic()
        try:
            self.sync()
        except SyncError as error:
            _log.warning("an automatic push failed, the next is in %s s: %s", self._settings.sync_interval, error)
        with self._lock:
            self._schedule()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        if self._on_close is not None:
            self._on_close(self._name)


class ThreadedStateSync:
    """Replicas and a central store in one process, joined by a network.

    Args:
        network: the way between them.
        settings: of the replicas.
        store: the centre; None: a new one.
    """

    def __init__(self, network: Any, settings: StateSyncSettings, store: Store | None = None) -> None:
        validate(settings)
        self._network, self._settings = network, settings
        self._store = store or Store()
        self._lock = threading.Lock()
        # Changed with the lock held, the store too.
        self._open: dict[str, ThreadedReplica] = {}
        network.register(CENTRE, self._receive)

    def __repr__(self) -> str:
        return f"<ThreadedStateSync {self._store}, {len(self._open)} replicas>"

    def _receive(self, sender: str, request: bytes) -> bytes:
        with self._lock:
            return self._store.receive(request)

    def replica(self, name: str) -> ThreadedReplica:
        """Open a new, empty replica.

        Raises:
            DuplicateReplicaError: one of this name is open.
        """
        with self._lock:
            if name in self._open or name == CENTRE:
                raise DuplicateReplicaError(f"the name {name!r} is taken; close the replica that has it, or choose another")
            made = self._open[name] = ThreadedReplica(name, self._network, self._settings, self._forget)
            return made

    def _forget(self, name: str) -> None:
        with self._lock:
            self._open.pop(name)

    def central(self) -> Mapping[str, Any]:
        with self._lock:
            return self._store.contents()

    def close(self) -> None:
        """Close every replica."""
        for replica in [*self._open.values()]:
            replica.close()
