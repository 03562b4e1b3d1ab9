"""The network of replicas and centre, to be disturbed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from patternproof.drivers import Driver, Operation, Returned
from patternproof.ports.state_sync import Unreachable

Journey = Generator[Callable[[], Any], Any, bytes]
"""A call on its way: yields what has to be waited for, is sent what came of it, and returns the reply."""


class Letter(NamedTuple):
    """A request as it was sent."""

    sender: str
    receiver: str
    request: bytes


@dataclass(slots=True)
class Attempt:
    """A call: who made it and when, in seconds of the example, and whether it has failed so far."""

    sender: str
    time: float
    failed: bool = True


class Link:
    """The line of one replica.

    `mode` is one of up; down (requests are lost); deaf (replies are lost); slow (requests and replies wait until they are let
    through); once (one more call gets through, and then it is down).
    """

    def __init__(self) -> None:
        self.mode = "up"
        self.held: list[Operation] = []
        self.sent: list[Letter] = []
        """Every request so far; a network may deliver any of them again."""

    @property
    def waiting(self) -> int:
        """Requests and replies that wait to be let through."""
        return sum(len(operation.held) for operation in self.held)

    def change(self, mode: str) -> None:
        """Change the line; what waits goes on, as far as the new one lets it."""
        self.mode = mode
        if mode != "slow":
            self.let_through()

    def let_through(self) -> None:
        """End the waiting of all that wait now."""
        held, self.held = self.held, []
        for operation in held:
            if operation.held:  # otherwise its caller was cancelled
                operation.release(Returned())


class Network:
    """The kit's network; each line is disturbed by itself.

    Args:
        driver: an entered driver.
        replicas: names, each with a line of its own.
    """

    def __init__(self, driver: Driver, replicas: Iterable[str]) -> None:
        self._driver = driver
        self._inboxes: dict[str, Callable[[str, bytes], Any]] = {}
        self.links = {name: Link() for name in replicas}
        self.calls = 0
        self.traffic = 0
        """Bytes of all requests and replies that were delivered."""
        self.attempts: list[Attempt] = []
        self.misuse = ""

    def __repr__(self) -> str:
        return f"<Network {', '.join(f'{name} {link.mode}' for name, link in self.links.items())}; {self.calls} calls>"

    def register(self, name: str, receive: Callable[[str, bytes], Any]) -> None:
        """Answer the requests that are sent to a name."""
        self._inboxes[name] = receive

    async def call(self, sender: str, receiver: str, request: bytes) -> bytes:
        """Send a request and wait for its reply.

        Raises:
            Unreachable: one of the two was lost, or nobody answers to the receiver's name.
        """
        journey, came = self._journey(sender, receiver, request), None
        while True:
            try:
                waited_for = journey.send(came)
            except StopIteration as arrived:
                return bytes(arrived.value)
            came = await waited_for()

    def _journey(self, sender: str, receiver: str, request: bytes) -> Journey:
        links = [self.links[name] for name in (sender, receiver) if name in self.links]
        if not links or not isinstance(request, bytes):
            self.misuse = f"call({sender!r}, {receiver!r}, {type(request).__name__}): expected a replica's name and bytes"
            raise Unreachable(self.misuse)
        self.calls += 1
        attempt = Attempt(sender, self._driver.time())
        self.attempts.append(attempt)
        links[0].sent.append(Letter(sender, receiver, request))
        yield from self._held(links)
        self._lose(links, "down", f"the request from {sender} to {receiver} was lost")
        reply = yield self._delivery(sender, receiver, request)
        if not isinstance(reply, bytes):
            self.misuse = f"{receiver!r} replied with {type(reply).__name__}: expected bytes"
            raise Unreachable(self.misuse)
        self.traffic += len(request) + len(reply)
        yield from self._held(links)
        self._lose(links, "deaf", f"the reply from {receiver} to {sender} was lost")
        for link in links:
            link.mode = "down" if link.mode == "once" else link.mode
        attempt.failed = False
        return reply

    def _held(self, links: list[Link]) -> Generator[Callable[[], Any], Any, None]:
        for link in links:
            if link.mode == "slow":
                operation = Operation(self._driver)
                link.held.append(operation)
                yield operation.function
                if link.mode == "down":
                    raise Unreachable("the line went down on the way")

    def _lose(self, links: list[Link], mode: str, what: str) -> None:
        if any(link.mode == mode for link in links):
            raise Unreachable(what)

    def _delivery(self, sender: str, receiver: str, request: bytes) -> Callable[[], Any]:
        if receiver not in self._inboxes:
            raise Unreachable(f"nobody is registered as {receiver!r}; known: {', '.join(self._inboxes) or 'none'}")
        return lambda: self._inboxes[receiver](sender, request)

    def deliver_again(self, name: str) -> None:
        """Deliver every request that a replica has ever sent once more, the latest first; nobody waits for the replies."""
        for letter in reversed(self.links[name].sent):
            if letter.receiver in self._inboxes:
                self._driver.begin(self._delivery(*letter))


class PlainNetwork(Network):
    """The same for threads."""

    def call(self, sender: str, receiver: str, request: bytes) -> Any:
        """Send a request and wait for its reply."""
        journey, came = self._journey(sender, receiver, request), None
        while True:
            try:
                waited_for = journey.send(came)
            except StopIteration as arrived:
                return arrived.value
            came = waited_for()
