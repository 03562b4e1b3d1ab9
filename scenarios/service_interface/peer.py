"""The transport, and the peer behind it."""

from __future__ import annotations

from collections import deque
from typing import Any

from patternproof.drivers import Driver, Operation, Returned
from patternproof.drivers.direct import Direct
from patternproof.flavour import plainly, resolved
from patternproof.history import shown
from patternproof.ports.service_interface import ErrorKind, Fault, Frame, Reply, Request, Response, TransportError

from .events import Arrival, Told
from .samples import Samples


class Peer:
    """The kit's transport: keeps what arrives, and gives what the kit has the peer send.

    Args:
        driver: an entered driver.
        samples: what the messages look like.
    """

    def __init__(self, driver: Driver, samples: Samples) -> None:
        self.samples = samples
        self.lost = False
        self.refusing: set[int] = set()
        """The calls whose requests are not taken."""
        self.open: list[tuple[int | str, int]] = []
        """Requests that are not answered: their ids on the wire, and the numbers of their calls."""
        self.errors: list[TransportError] = []
        self.answers_at_once = False
        self.unknown: int | None = None
        """The call that is answered with a fault, where all are answered at once."""
        self.foreign: list[str] = []
        """What arrived that nobody has sent over this transport."""
        self._answered: dict[int, int | str] = {}
        self._sent: dict[int | str, int] = {}
        self._arrived: list[Arrival] = []
        self._told: list[Told] = []
        self._inbox: deque[Frame] = deque()
        self._reading = Operation(driver)
        self._driver = driver
        self._preset: dict[int, deque[str]] = {}
        """Where nothing is held: how requests are answered, by their calls, once each of these has arrived."""
        self._known: set[int] = set()
        """The calls whose requests have arrived there."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self.open)} open, {len(self._inbox)} on their way{', lost' * self.lost}>"

    async def send(self, frame: Frame) -> None:
        """Take a frame."""
        self._take(frame)

    async def receive(self) -> Frame:
        """Give the next frame; waits for it."""
        return await self._next()

    async def _next(self) -> Frame:
        while not self._inbox:
            self._raise_if_lost()
            await resolved(self._reading.function())
        return self._inbox.popleft()

    def _raise_if_lost(self) -> None:
        if self.lost:
            raise self._error("the peer is lost")

    def _error(self, text: str) -> TransportError:
        self.errors.append(TransportError(text))
        return self.errors[-1]

    def _take(self, frame: Any) -> None:
        self._raise_if_lost()
        if isinstance(frame, Reply):
            self._take_reply(frame)
            return
        number = self.samples.number_of(getattr(getattr(frame, "message", None), "id", None))
        if not isinstance(frame, Request) or number is None:
            self.foreign.append(shown(frame))
            return
        if number in self.refusing:
            raise self._error(f"the request of call {number} was not handed over")
        self._arrived.append(Arrival(number, self.samples.change(frame.message, number)))
        self.open.append((frame.id, number))
        self._answer_as_preset(number)
        if self.answers_at_once:
            self.answer(number, "fault" if number == self.unknown else "ok")

    def _take_reply(self, frame: Reply) -> None:
        number = self._sent.get(frame.id)
        if number is None:
            self._told.append(Told(-1, f"gets a reply to nothing: {shown(frame)}"))
            return
        match frame.outcome:
            case Fault(kind, message) if kind in list(ErrorKind) and isinstance(message, str):
                self._told.append(Told(number, "fault"))
            case None | Response():
                self._told.append(Told(number, "ok"))
            case other:
                self._told.append(Told(number, f"gets something else: {shown(other)}"))

    def _answer_as_preset(self, number: int) -> None:
        """Answer what is open: all at one moment, since each at its own would multiply the schedules of threads."""
        self._known.add(number)
        if self._preset.keys() <= self._known:
            for _, call in [*self.open]:
                if self._preset.get(call):
                    self.answer(call, self._preset[call].popleft())

    # What the peer does

    def answer(self, number: int, how: str) -> None:
        """Answer the request of a call that came first, or once more the one that was answered last; if there is one."""
        if how == "again":
            if number in self._answered:
                self._push(Reply(self._answered[number], self.samples.response(number)))
            return
        entry = next((entry for entry in self.open if entry[1] == number), None)
        if entry is None:
            if not self._driver.holds:
                self._preset.setdefault(number, deque()).append(how)
            return
        self.open.remove(entry)
        self._answered = {number: entry[0]}
        self._push(Reply(entry[0], self.samples.response(number) if how == "ok" else self.samples.fault(number)))

    def send_message(self, number: int, special: bool = False) -> None:
        """Send a message; its ids on the wire are the first numbers, as those of most services are."""
        identifier = len(self._sent) + 1
        self._sent[identifier] = number
        self._push(Request(identifier, self.samples.incoming(number, special)))

    def lose(self) -> None:
        """Be lost for good."""
        self.lost = True
        self._inbox.clear()
        self._wake()

    def _push(self, frame: Frame) -> None:
        if not self.lost:
            self._inbox.append(frame)
            self._wake()

    def _wake(self) -> None:
        if isinstance(self._driver, Direct):
            self._driver.changed()
        elif self._reading.held:
            self._reading.release(Returned())

    def look(self) -> tuple[tuple[Arrival, ...], tuple[Told, ...]]:
        """What has arrived since the last look."""
        seen = tuple(sorted(self._arrived)), tuple(sorted(self._told))
        self._arrived.clear()
        self._told.clear()
        return seen


class PlainPeer(Peer):
    """The same for threads."""

    def send(self, frame: Frame) -> None:  # type: ignore[override]  # plain, as all is under threads
        """Take a frame."""
        self._take(frame)

    def receive(self) -> Frame:  # type: ignore[override]  # as above
        """Give the next frame; waits for it."""
        if isinstance(self._driver, Direct):
            self._driver.wait_until(lambda: self._inbox or self.lost)
        frame: Frame = plainly(self._next())
        return frame
