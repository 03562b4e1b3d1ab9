"""Replicas and a centre behind a server."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

from patternproof.binding.messages import Outcome
from patternproof.binding.messages import state_sync as messages
from patternproof.binding.messages.common import Taken
from patternproof.binding.proxies.proxy import Proxy, settings_as
from patternproof.binding.tokens import AsItIs
from patternproof.drivers.remote import Remote
from patternproof.ports import Unsupported
from patternproof.ports.state_sync import DuplicateReplicaError, Network, StateSyncSettings, SyncResult


class RemoteReplica(Proxy):
    """A replica over there."""

    def __init__(self, driver: Remote, instance: str, identifier: str) -> None:
        super().__init__(driver, instance)
        self._identifier = identifier

    async def write(self, key: str, value: Any) -> None:
        await self._follow(messages.WriteKey, replica=self._identifier, key=key, value=value)

    async def delete(self, key: str) -> None:
        await self._follow(messages.DeleteKey, replica=self._identifier, key=key)

    async def read(self, key: str) -> Any:
        return await self._follow(messages.ReadKey, replica=self._identifier, key=key)

    async def snapshot(self) -> Any:
        return await self._follow(messages.ReadReplica, replica=self._identifier)

    async def sync(self) -> Any:
        told = await self._follow(messages.SyncReplica, replica=self._identifier)
        is_result = isinstance(told, dict) and told.keys() == SyncResult.__dataclass_fields__.keys()
        return SyncResult(**told) if is_result else told

    @property
    def last_sync(self) -> Any:
        return self._plainly(messages.ReadLastSync, replica=self._identifier)

    async def close(self) -> None:
        await self._follow(messages.CloseReplica, replica=self._identifier)


class RemoteSync(Proxy):
    """Replicas and a centre over there."""

    def replica(self, name: str) -> RemoteReplica:
        call = self._driver.number("c")
        self._plainly(messages.OpenReplica, call=call, name=name)
        return RemoteReplica(self._driver, self._instance, call)

    async def central(self) -> Any:
        return await self._follow(messages.ReadCentre)

    async def receive(self, receiver: str, sender: str, request: bytes) -> Any:
        """Have a request delivered over there."""
        return _bytes(await self._follow(messages.Deliver, receiver=receiver, sender=sender, request=b64encode(request).decode()))

    def set_chance(self, value: float) -> None:
        """Have another number given as the source of all jitter."""
        self._driver.notify(self._instance, messages.SetChance, value=value)

    def _delivered(self, outcome: Outcome) -> Any:
        if isinstance(outcome, Taken):
            raise DuplicateReplicaError("over there")
        return super()._delivered(outcome)


def _bytes(told: Any) -> Any:
    """What was sent; what is no bytes over there as it came."""
    return b64decode(told) if isinstance(told, str) else told


class Post:
    """The kit's network, as the server knows it.

    Args:
        driver: tells of it.
        network: the kit's.
        settings: of the replicas.
    """

    def __init__(self, driver: Remote, network: Network, settings: StateSyncSettings) -> None:
        self._network, self._settings = network, settings
        self.identifier = driver.listen(self._register, driver.give(self._call, driver.number("n"), "call"))
        self.chance = settings.random()
        self.system: RemoteSync | None = None

    async def _call(self, sender: str, receiver: str, request: Any) -> AsItIs:
        return AsItIs(b64encode(await self._network.call(sender, receiver, _bytes(request))).decode())

    def _register(self, name: str) -> None:
        async def receive(sender: str, request: bytes) -> Any:
            assert self.system is not None, "it was made"
            return await self.system.receive(name, sender, request)

        self._network.register(name, receive)

    def tell_chance(self) -> None:
        """Let the server know of another number."""
        chance = self._settings.random()
        if chance != self._settings.random():
            return  # it is drawn anew each time, and nobody moves it
        if self.system is not None and chance != self.chance:
            self.chance = chance
            self.system.set_chance(chance)


def make(driver: Remote, network: Network, settings: StateSyncSettings) -> Iterator[RemoteSync]:
    """As an adapter's factory.

    Raises:
        Unsupported: it does not have one of the settings.
    """
    rule = getattr(settings.merge, "rule", "")
    if settings.store is not None or (settings.merge is not None and not rule):
        raise Unsupported("store" if settings.store is not None else "merge")
    post = Post(driver, network, settings)
    merges = None if settings.merge is None else driver.listen(settings.merge)
    sent = settings_as(messages.Settings, settings, merge=rule or None)
    made = driver.make(messages.Make, network=post.identifier, settings=sent, merges=merges, chance=post.chance)
    post.system = RemoteSync(driver, made.instance)
    driver.watchers.append(post.tell_chance)
    yield post.system
    driver.watchers.remove(post.tell_chance)
    driver.remove(made.instance)
