"""The double of state synchronisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patternproof.reference.state_sync import StateSync

from patternproof.ports.state_sync import Network, Receive, Replica, StateSyncSettings, SyncResult, Unreachable, Value

from .script import Script


class Line:
    """A network that loses nothing."""

    def __init__(self) -> None:
        self._receivers: dict[str, Receive] = {}

    def register(self, name: str, receive: Receive) -> None:
        self._receivers[name] = receive

    async def call(self, sender: str, receiver: str, request: bytes) -> bytes:
        if receiver not in self._receivers:
            raise Unreachable(f"nobody answers to {receiver!r}")
        return await self._receivers[receiver](sender, request)


class _Scripted:
    """A network that a script is about."""

    def __init__(self, network: Network, script: Script) -> None:
        self._network = network
        self._script = script

    def register(self, name: str, receive: Receive) -> None:
        self._network.register(name, receive)

    async def call(self, sender: str, receiver: str, request: bytes) -> bytes:
        await self._script.play("call", sender=sender, receiver=receiver, request=request)
        return await self._network.call(sender, receiver, request)


class ReplicaDouble:
    """A replica that its system's script is about."""

    def __init__(self, name: str, replica: Replica, script: Script) -> None:
        self._name = name
        self._replica = replica
        self._script = script

    @property
    def last_sync(self) -> Any:
        return self._replica.last_sync

    async def write(self, key: str, value: Value) -> None:
        await self._script.play("write", replica=self._name, key=key, value=value)
        await self._replica.write(key, value)

    async def delete(self, key: str) -> None:
        await self._script.play("delete", replica=self._name, key=key)
        await self._replica.delete(key)

    async def read(self, key: str) -> Value | None:
        await self._script.play("read", replica=self._name, key=key)
        return await self._replica.read(key)

    async def snapshot(self) -> Mapping[str, Value]:
        await self._script.play("snapshot", replica=self._name)
        return await self._replica.snapshot()

    async def sync(self) -> SyncResult:
        await self._script.play("sync", replica=self._name)
        return await self._replica.sync()

    async def close(self) -> None:
        await self._script.play("close", replica=self._name)
        await self._replica.close()


class SyncSystemDouble:
    """Replicas and a centre that can be scripted; what is scripted for ``"call"`` happens in the network.

    Args:
        network: the way between them; None: one that loses nothing.
        settings: None: the defaults.
    """

    def __init__(self, network: Network | None = None, settings: StateSyncSettings | None = None) -> None:
        self.script = Script("write", "delete", "read", "snapshot", "sync", "close", "central", "call")
        self._system = StateSync(_Scripted(network or Line(), self.script), settings or StateSyncSettings())

    def replica(self, name: str) -> ReplicaDouble:
        return ReplicaDouble(name, self._system.replica(name), self.script)

    async def central(self) -> Mapping[str, Value]:
        await self.script.play("central")
        return await self._system.central()

    async def close(self) -> None:
        """Close every replica."""
        await self._system.close()
