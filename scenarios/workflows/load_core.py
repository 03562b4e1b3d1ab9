"""A core component under load: commands, messages, rivals."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any, NamedTuple

from patternproof.flavour import resolved
from patternproof.load.evidence import Broken
from patternproof.load.real import Workshop
from patternproof.ports.error_propagation import ComponentError
from patternproof.ports.service_interface import (
    Fault,
    Frame,
    Message,
    Reply,
    Request,
    Response,
    ServiceError,
    TransportError,
)
from patternproof.ports.shared_state import SharedStateSettings
from patternproof.ports.workflows import Command

from .events import CORE
from .wire import FAULT

SLOWEST = 5
"""Milliseconds within which the peer answers: not in the order in which it was asked."""
LONGEST = 12.0
"""Seconds in which nothing has to change any more."""


class Sent(NamedTuple):
    """A command as it went."""

    number: int
    outcome: str
    """returned, faulted, or what it did instead."""
    answered: str
    """How the peer has answered: ok or fault; empty: the command never came."""
    asked: int
    over: int

    def __str__(self) -> str:
        how = f"answered {self.answered}" if self.answered else "that never came to the peer"
        return f"ticks {self.asked} to {self.over}: command {self.number}, {how}: it {self.outcome}"


class Total(NamedTuple):
    """What a key of the state came to at the end."""

    key: str
    least: int
    """Additions that were surely made."""
    most: int
    found: int


class Peer:
    """The transport of the service, and the peer at its other end.

    Args:
        shop: whose flavour it is of.
    """

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._inbox: Any = SimpleQueue() if shop.threads else asyncio.Queue()
        self._ids = count(1)
        self._told: dict[Any, str] = {}
        """Messages that were not replied to yet: the keys that they add to."""
        self.works = True
        self.answered: dict[int, str] = {}
        # Lists, since adding to one is a single step in threads too, and counting is not.
        self.came: list[int] = []
        self.told: list[str] = []
        self.faulted: list[str] = []
        self.send = shop.flavoured(self._send)
        self.receive = shop.flavoured(self._receive)

    async def _send(self, frame: Frame) -> None:
        if isinstance(frame, Reply):
            key = self._told.pop(frame.id, "")
            if isinstance(frame.outcome, Fault):
                self.faulted.append(key)
            return
        number, note = _read(frame.message.body)
        self.came.append(number)
        how = self.answered.setdefault(number, "ok" if self.works else "fault")
        right = Response(frame.message.id, {"counted": number, "note": note})
        reply = Reply(frame.id, right if how == "ok" else Fault(FAULT, f"command {number} is not known"))
        self._later(number * 7 % SLOWEST / 1000, reply)

    def _later(self, seconds: float, frame: Frame) -> None:
        if self._shop.threads:
            timer = Timer(seconds, self._inbox.put, (frame,))
            timer.daemon = True
            timer.start()
        else:
            asyncio.get_running_loop().call_later(seconds, self._inbox.put_nowait, frame)

    async def _receive(self) -> Frame:
        frame: Frame | None = await resolved(self._inbox.get())
        if frame is None:
            raise TransportError("the peer has gone")
        return frame

    async def tell(self, key: str) -> None:
        """Send a message that adds one to a key."""
        number = next(self._ids)
        self._told[number] = key
        self.told.append(key)
        await resolved(self._put(Request(number, Message(f"message-{number}", {"add": {key: 1}}))))

    def _put(self, frame: Frame | None) -> Any:
        return self._inbox.put(frame)

    async def hang_up(self) -> None:
        """Be gone."""
        await resolved(self._put(None))


def _read(body: Any) -> tuple[int, str]:
    arguments = body.get("arguments") if isinstance(body, Mapping) else None
    if not isinstance(arguments, Mapping):
        return -1, ""
    return int(arguments.get("number", -1)), str(arguments.get("note", ""))


class Core:
    """A core component at work, with a peer and rivals for its state.

    Args:
        shop: where.
        stack: closed with it.

    Raises:
        NotOffered: there is none.
    """

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop = shop = shop.around(CORE)
        self._numbers = count(1)
        self._updates: list[str] = []
        self._failed: list[str] = []
        self.peer = Peer(shop)
        store = None
        if shop.adapter.claims & {"persistent", "distributed"}:
            store = stack.enter_context(TemporaryDirectory(prefix="patternproof-")) + "/state"
        self._state = shop.made(stack, "shared_state", {}, SharedStateSettings(store))
        service = shop.made(stack, "service_interface", self.peer)
        self._component = shop.made(stack, CORE, service, self._state)
        stack.callback(shop.begun, self.peer.hang_up)

    async def send(self, note: str) -> Sent:
        """Send a command."""
        number, asked = next(self._numbers), self._shop.tick()
        try:
            response = await resolved(self._component.send_command(Command("count", {"number": number, "note": note})))
            right = (response.command, response.result) == ("count", {"counted": number, "note": note})
            outcome = "returned" if right else f"returned what is none of its own: {response.result!r}"
        except (ServiceError, ComponentError) as error:
            outcome = "faulted" if str(error.kind) == FAULT else f"raised {type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            outcome = f"raised {type(error).__name__}: {error}"
        return Sent(number, outcome, self.peer.answered.get(number, ""), asked, self._shop.tick())

    async def update(self, key: str) -> None:
        """Add one to a key, as whoever else uses the state."""

        def add(data: dict[str, Any]) -> None:
            data[key] = data.get(key, 0) + 1

        self._updates.append(key)
        try:
            await resolved(self._state.update(add))
        except Exception:  # noqa: BLE001  # whether a state may refuse that is a requirement of its own
            self._failed.append(key)

    async def totals(self) -> list[Total]:
        """What the state came to, once nothing changes any more."""
        told, failed = Counter(self.peer.told + self._updates), Counter(self.peer.faulted + self._failed)

        async def look() -> dict[str, Any]:
            return dict((await resolved(self._state.get())).data)

        last = await self._shop.quiet(look, LONGEST, lambda data: all(data.get(key) == often for key, often in told.items()))
        return [Total(key, often - failed[key], often, int(last.get(key, 0))) for key, often in sorted(told.items())]

    def again(self) -> list[int]:
        """The commands that came to the peer more than once."""
        return [number for number, times in Counter(self.peer.came).items() if times > 1]


def commands_are_answered(sent: Sequence[Sent], again: Sequence[int]) -> Iterator[int]:
    """Each command goes over once, and comes back with what the peer says to it."""
    by_answer: dict[str, int] = defaultdict(int)
    for each in sent:
        by_answer[each.answered] += 1
        if not each.answered:
            raise Broken("expected a command to go over the service; seen: it never came to the peer", [each])
        expected = "returned" if each.answered == "ok" else "faulted"
        if each.outcome != expected:
            wanted = "comes back with the response to it" if each.answered == "ok" else "fails with the kind of the peer's fault"
            raise Broken(f"expected that a command {wanted}; seen: it {each.outcome}", [each])
        if each.number in again:
            raise Broken("expected a command to go over the service once; seen: it came more than once", [each])
    yield min(by_answer["ok"], by_answer["fault"])


def messages_change_the_state(totals: Sequence[Total]) -> Iterator[int]:
    """Each message changes the state once, and overwrites nothing that others have made of it."""
    for each in totals:
        between = f"{each.most}" if each.least == each.most else f"{each.least} to {each.most}"
        if not each.least <= each.found <= each.most:
            raise Broken(f"expected {between} additions to {each.key!r}; seen: {each.found} in the shared state", [])
    yield min((each.least for each in totals), default=0)
