"""What happens beyond the process that an example runs in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from patternproof.processes import Remote

ELSEWHERE = 3
"""The number of the publisher in another process."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """Something that no model knows of, in a history for people to read."""

    words: str
    deed: Callable[[], object] = field(repr=False, compare=False, default=lambda: None)

    kind: ClassVar[str] = "beyond"

    def __str__(self) -> str:
        return self.words


class RemoteBus:
    """A bus of another process, as the port has it."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def publish(self, event: Any) -> None:
        """Publish over there."""
        await self._remote.call("publish", event)

    async def subscribe(self, *topics: Any) -> RemoteSubscription:
        """Subscribe over there."""
        return RemoteSubscription(await self._remote.keep("subscribe", *topics))

    async def handle(self, topics: tuple[Any, ...], handler: Callable[[Any], Any]) -> RemoteSubscription:
        """Have a handler of this side called from over there."""
        return RemoteSubscription(await self._remote.keep("handle", topics, handler))

    async def resume(self, name: str, *topics: Any) -> RemoteSubscription:
        """Take up a durable subscription over there."""
        return RemoteSubscription(await self._remote.keep("resume", name, *topics))


class RemoteSubscription:
    """A subscription of another process, durable or not."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    @property
    def dropped(self) -> int:
        """How many it counts over there."""
        return int(self._remote.read("dropped"))

    async def receive(self) -> Any:
        """Receive over there."""
        return await self._remote.call("receive")

    async def unsubscribe(self) -> None:
        """Unsubscribe over there."""
        await self._remote.call("unsubscribe")

    async def acknowledge(self, delivery: Any) -> None:
        """Acknowledge over there."""
        await self._remote.call("acknowledge", delivery)

    async def leave(self) -> None:
        """Go away over there."""
        await self._remote.call("leave")
