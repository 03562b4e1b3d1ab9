"""Replicas and a centre as a server has them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from patternproof.binding.errors import Fault
from patternproof.binding.hosting.host import Host
from patternproof.binding.messages import Outcome
from patternproof.binding.messages import state_sync as messages
from patternproof.binding.messages.common import Taken
from patternproof.binding.messages.settings import settings_of
from patternproof.binding.values import plain
from patternproof.flavour import plainly, resolved
from patternproof.ports.state_sync import DuplicateReplicaError, StateSyncSettings, SyncResult, Unreachable

if TYPE_CHECKING:
    from patternproof.binding.world import World

JOINED_BY = "+"


class ServedNetwork:
    """The kit's network.

    Args:
        world: tells the kit of what is sent.
        identifier: the network's.
        chance: see `MakeSync`.
    """

    def __init__(self, world: World, identifier: str, chance: float) -> None:
        self.inboxes: dict[str, Callable[[str, bytes], Any]] = {}
        self.chance = chance
        self._world, self._identifier = world, identifier
        self._call = world.function(identifier, "call", sent=_text, result=b64decode)

    def register(self, name: str, receive: Callable[[str, bytes], Any]) -> None:
        """Answer the requests that are sent to a name."""
        self.inboxes[name] = receive
        self._world.tell(self._identifier, [plain(name)])

    def call(self, sender: str, receiver: str, request: bytes) -> Any:
        """Send a request and wait for its reply."""
        sent = self._sent(sender, receiver, request)
        return plainly(sent) if self._world.threads else sent

    async def _sent(self, *letter: Any) -> Any:
        try:
            return await resolved(self._call(*letter))
        except Exception as error:
            raise Unreachable(str(error)) from error


def _text(value: Any) -> Any:
    return b64encode(value).decode() if isinstance(value, bytes) else plain(value)


class StateSyncHost(Host):
    """Replicas and a centre."""

    plain = messages.PLAIN

    def __init__(self, world: World, made: Any, network: ServedNetwork, _: StateSyncSettings) -> None:
        super().__init__(world, made)
        self._network = network
        self._replicas: dict[str, Any] = {}

    @staticmethod
    def arguments(world: World, message: messages.MakeSync) -> tuple[Any, ...]:
        network = ServedNetwork(world, message.network, message.chance)

        def union(*sides: Any) -> str | None:
            if message.merges is not None:
                world.tell(message.merges, [*map(plain, sides)])
            return _union(*sides)

        merge = None if message.settings.merge is None else union
        return network, settings_of(StateSyncSettings, message.settings, merge=merge, random=lambda: network.chance)

    def method(self, message: Any) -> Callable[[], Any]:
        match message:
            case messages.Deliver():
                return self.flavoured(partial(self._deliver, message))
            case messages.SetChance(value=value):
                return partial(setattr, self._network, "chance", value)
            case messages.OpenReplica(call=call, name=name):
                return lambda: self._replicas.update({call: self.made.replica(name)})
            case messages.ReadCentre():
                return self.made.central  # type: ignore[no-any-return]  # of the implementation
        return self._of_replica(self._replica(message.replica), message)

    def _replica(self, identifier: str) -> Any:
        if identifier not in self._replicas:
            raise Fault(404, "unknown", "no such replica", f"no call {identifier!r} has opened one")
        return self._replicas[identifier]

    def _of_replica(self, replica: Any, message: Any) -> Callable[[], Any]:
        match message:
            case messages.WriteKey(key=key, value=value):
                return partial(replica.write, key, value)
            case messages.DeleteKey(key=key):
                return partial(replica.delete, key)
            case messages.ReadKey(key=key):
                return partial(replica.read, key)
            case messages.SyncReplica():
                return self.flavoured(partial(_synced, replica))
            case messages.ReadLastSync():
                return lambda: replica.last_sync
        return replica.close if isinstance(message, messages.CloseReplica) else replica.snapshot  # type: ignore[no-any-return]  # as above

    async def _deliver(self, message: messages.Deliver) -> Any:
        receive = self._network.inboxes.get(message.receiver)
        if receive is None:
            raise Unreachable(f"nobody is registered as {message.receiver!r}")
        return _text(await resolved(receive(message.sender, b64decode(message.request, validate=True))))

    def outcome(self, error: BaseException) -> Outcome | None:
        return Taken() if isinstance(error, DuplicateReplicaError) else None


async def _synced(replica: Any) -> Any:
    result = await resolved(replica.sync())
    try:
        return {name: [*map(str, getattr(result, name))] for name in SyncResult.__dataclass_fields__}
    except (AttributeError, TypeError):
        return result


def _union(base: Any, local: Any, remote: Any) -> str | None:
    """What both texts hold, without what either has removed since the base."""
    before, ours, theirs = (
        set(each.split(JOINED_BY)) if isinstance(each, str) and each else set() for each in (base, local, remote)
    )
    return JOINED_BY.join(sorted((ours | theirs) - (before - ours) - (before - theirs))) or None
