"""A network in real time, with lines to be cut."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from patternproof.flavour import resolved
from patternproof.load.real import Workshop
from patternproof.ports.state_sync import Unreachable

UP, DOWN, DEAF, STUCK = "up", "down", "deaf", "stuck"
"""What a line does: requests are lost where it is down and replies where it is deaf; all wait where it is stuck."""
LONGEST_WAY = 0.002
"""Seconds that a request, or a reply, is under way at most."""
LOOKS = 0.005
"""Seconds between two looks at a line that is stuck."""
AGAIN = 5
"""One request of so many is delivered once more, late: before the next one."""


class Line:
    """The line of one replica."""

    def __init__(self) -> None:
        self.mode = UP
        self.calls = 0
        self.latest: Callable[[], Any] | None = None
        """Delivers its latest request once more."""


class Lines:
    """The kit's network under load.

    Args:
        shop: where time passes.
        replicas: names, each with a line of its own.
    """

    def __init__(self, shop: Workshop, replicas: Iterable[str]) -> None:
        self._shop = shop
        self._inboxes: dict[str, Callable[[str, bytes], Any]] = {}
        self.lines = {name: Line() for name in replicas}
        self.traffic = 0
        """Bytes of all requests and replies that came through."""
        self.call = shop.flavoured(self._call)

    def register(self, name: str, receive: Callable[[str, bytes], Any]) -> None:
        """Answer the requests that are sent to a name."""
        self._inboxes[name] = receive

    async def _call(self, sender: str, receiver: str, request: bytes) -> bytes:
        line = self.lines.get(sender) or self.lines.get(receiver) or Line()
        await self._way(line, DOWN)
        if receiver not in self._inboxes:
            raise Unreachable(f"nobody is registered as {receiver!r}")
        late, line.latest = line.latest, lambda: self._inboxes[receiver](sender, request)
        line.calls += 1
        if late is not None and line.calls % AGAIN == 0:
            with suppress(Exception):  # nobody waits for it
                await resolved(late())
        reply = bytes(await resolved(self._inboxes[receiver](sender, request)))
        await self._way(line, DOWN, DEAF)
        self.traffic += len(request) + len(reply)
        return reply

    async def _way(self, line: Line, *losing: str) -> None:
        await self._shop.pause(random.uniform(0.0, LONGEST_WAY))
        while line.mode == STUCK:
            await self._shop.pause(LOOKS)
        if line.mode in losing:
            raise Unreachable(f"the line is {line.mode}")
