"""Many requests through one message service, under load."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec

from patternproof.flavour import plainly, resolved
from patternproof.load.evidence import Broken, Said, said
from patternproof.load.real import LOOKS, Workshop
from patternproof.ports.service_interface import Message, ServiceTimeoutError

from .real_peer import Peer

RETURNED, CANCELLED = "returned", "cancelled"
HANDLER, READER = "handler", "reader"
HANDLERS = {"fast": 0.0, "slow": 0.001}
"""Seconds that each takes for a message."""
STOPPING, HASTY = "stopping", "hasty"
"""Readers: the one stops reading, the other gives up receiving again and again, where calls can be cancelled."""
READERS = ("steady", STOPPING, HASTY)
STOPS = 20
"""Messages after which a reader stops reading."""
HASTE = 0.002
"""Seconds after which the hasty one gives up."""
MOST_NEWCOMERS = 4
BURST = 5
"""Messages that the peer sends at once."""
LONGEST = 5.0
"""Seconds after which a call is given up that nobody was to cancel."""
MOST_QUIET = 10.0
"""Seconds after which it is not waited for any longer that no more messages come."""


class Ask(msgspec.Struct, tag_field="work", tag="ask", forbid_unknown_fields=True):
    """Send a message, and wait for its response."""

    name: str
    takes: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    """Seconds that the peer takes to answer."""
    patience: Annotated[float, msgspec.Meta(gt=0, le=10)] | None = None
    """Seconds after which the caller gives up; None: it does not."""


class Push(msgspec.Struct, tag_field="work", tag="push", forbid_unknown_fields=True):
    """Let the peer send some messages."""


class Join(msgspec.Struct, tag_field="work", tag="join", forbid_unknown_fields=True):
    """Register a handler and subscribe a reader, unless many have come."""


class Collect(msgspec.Struct, tag_field="work", tag="collect", forbid_unknown_fields=True):
    """Say what handlers and readers have got, once nothing more comes."""


class Asked(NamedTuple):
    """A call as it went. Ticks order all that happens in the server."""

    name: str
    """The id of the message."""
    outcome: str
    """returned, cancelled, or what it did instead."""
    asked: int
    over: int
    names: str = ""
    """The request that its response names."""
    answers: str = ""
    """The request that the peer has answered with what it says."""

    def __str__(self) -> str:
        response = f" with the response to {self.answers}, which names {self.names}" if self.outcome == RETURNED else ""
        return f"message {self.name} in ticks {self.asked} to {self.over}: {self.outcome}{response}"


class Got(NamedTuple):
    """What a handler, or a reader, has got, in order."""

    kind: str
    name: str
    since: int
    """Messages that had been sent once it was there."""
    sent: int
    """Messages that had been sent when it was looked at."""
    numbers: list[int]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Bench:
    """A service at work, with handlers and readers.

    Args:
        shop: where.
        stack: closed with it.
    """

    decoder = msgspec.json.Decoder(Ask | Push | Join | Collect)

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop, self._peer = shop, Peer(shop)
        stack.callback(self._peer.leave)
        self._service = shop.made(stack, "service_interface", self._peer)
        self._got: dict[tuple[str, str], tuple[int, list[int]]] = {}
        """By kind and name: how many had been sent once it was there, and what it has got."""
        self._newcomers = 0
        self._resumes = False
        """Whether the one that had stopped reading reads again."""
        self._tasks: set[asyncio.Task[None]] = set()
        shop.begun(self._begin)

    async def _begin(self) -> None:
        for name, takes in HANDLERS.items():
            await self._register(name, takes)
        for name in READERS:
            if name != HASTY or not self._shop.threads:
                await self._subscribe(name)

    async def _register(self, name: str, takes: float) -> None:
        numbers: list[int] = []

        async def handle(message: Message) -> None:
            numbers.append(_number(message))
            if takes:
                await self._shop.pause(takes)

        await resolved(self._service.register_handler(self._shop.flavoured(handle)))
        self._got[HANDLER, name] = self._peer.sent, numbers

    async def _subscribe(self, name: str) -> None:
        numbers: list[int] = []
        subscription = await resolved(self._service.receive_messages())
        self._got[READER, name] = self._peer.sent, numbers
        reading = partial(self._read, name, subscription, numbers)
        if self._shop.threads:
            threading.Thread(target=lambda: plainly(reading()), daemon=True).start()
        else:
            self._tasks.add(asyncio.ensure_future(reading()))

    async def _read(self, name: str, subscription: Any, numbers: list[int]) -> None:
        while True:
            while name == STOPPING and len(numbers) >= STOPS and not self._resumes:
                await self._shop.pause(LOOKS)
            try:
                received = resolved(subscription.receive())
                numbers.append(_number(await (asyncio.wait_for(received, HASTE) if name == HASTY else received)))
            except TimeoutError:
                continue
            except Exception:  # noqa: BLE001  # what it has got until then says enough
                return

    async def do(self, piece: Ask | Push | Join | Collect) -> Any:
        """Do a piece of work."""
        match piece:
            case Ask():
                return {"asked": [await self._ask(piece)]}
            case Push():
                for _ in range(BURST):
                    self._peer.push()
                return {}
            case Join():
                await self._join()
                return {}
        return {"got": await self._collected()}

    async def _join(self) -> None:
        if self._newcomers == MOST_NEWCOMERS:
            return
        self._newcomers += 1
        name = f"newcomer {self._newcomers}"
        await self._register(name, 0.0)
        self._peer.push()
        await self._subscribe(name)
        self._peer.push()  # what is sent as soon as it has returned

    async def _ask(self, piece: Ask) -> Asked:
        asked, message = self._shop.tick(), Message(piece.name, {"takes": piece.takes})
        try:
            response = await self._answered(message, piece.patience)
        except (asyncio.CancelledError, ServiceTimeoutError):
            return Asked(piece.name, CANCELLED, asked, self._shop.tick())
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            return Asked(piece.name, f"raised {type(error).__name__}: {error}", asked, self._shop.tick())
        body: Any = response.body
        return Asked(piece.name, RETURNED, asked, self._shop.tick(), response.request, str(body["to"]))

    async def _answered(self, message: Message, patience: float | None) -> Any:
        if self._shop.threads:  # nothing can be cancelled there: the caller gives up by a deadline
            return self._service.send_message(message, **({} if patience is None else {"timeout": patience}))
        call = asyncio.ensure_future(resolved(self._service.send_message(message)))
        await asyncio.wait([call], timeout=patience or LONGEST)
        if not call.done():
            call.cancel()
            await asyncio.wait([call], timeout=LONGEST)
        if not call.done():
            raise TimeoutError("it does not end as cancelled")
        return call.result()

    async def _collected(self) -> list[Got]:
        """What everybody has got, and of the one that had stopped what it gets then."""
        await self._quiet()
        got = [self._of(*who) for who in self._got if who != (READER, STOPPING)]
        self._resumes = True
        await self._quiet()
        return [*got, self._of(READER, STOPPING)]

    def _of(self, kind: str, name: str) -> Got:
        since, numbers = self._got[kind, name]
        return Got(kind, name, since, self._peer.sent, [*numbers])

    async def _quiet(self) -> None:
        await self._shop.quiet(lambda: sum(len(numbers) for _, numbers in self._got.values()), MOST_QUIET)


def _number(message: Message) -> int:
    body: Any = message.body
    return int(body["number"])


class Evidence(msgspec.Struct):
    """What all users were told."""

    asked: list[Asked] = []
    got: list[Got] = []


AFTER = ({"work": "collect"},)
"""What is done once all users are gone."""


def judge(seen: Evidence) -> list[Said]:
    """What evidence says of each requirement."""
    missed = said("SI-10", _nothing_is_missed(seen.got))
    return [
        said("SI-03", _answered(seen.asked)),
        said("SI-04", _once_in_order(seen.got, bool(missed.message))),
        missed,
    ]


def _answered(asked: Sequence[Asked]) -> Iterator[int]:
    """Each response is that of its request; it could be another's where others are under way, or were given up."""
    latest, given_up = 0, False
    for call in sorted(asked, key=lambda call: call.asked):
        if call.outcome == RETURNED and (call.names, call.answers) != (call.name, call.name):
            raise Broken("expected the response to each message; seen: another", [call])
        given_up = given_up or call.outcome == CANCELLED
        yield int(call.outcome == RETURNED and (given_up or call.asked < latest))
        latest = max(latest, call.over)


def _once_in_order(got: Sequence[Got], readers_miss: bool) -> Iterator[int]:
    for each in got:
        if each.kind != HANDLER:
            continue
        latest = 0
        for number in each.numbers:
            if number <= latest:
                seen = "twice" if number in each.numbers[: each.numbers.index(latest) + 1] else f"after {latest}"
                raise Broken(f"expected each message once and in order; seen: message {number} {seen} by {each}")
            latest = number
        missing = set(range(each.since + 1, each.sent + 1)) - set(each.numbers)
        if missing and not readers_miss:  # otherwise it may be the same that has stopped both
            raise Broken(f"expected each message at each handler; seen: message {min(missing)} never came to {each}")
        yield len(each.numbers)


def _nothing_is_missed(got: Sequence[Got]) -> Iterator[int]:
    stopped = any(each.name == STOPPING and len(each.numbers) > STOPS for each in got)
    for each in got:
        if each.kind != READER:
            continue
        missing = set(range(each.since + 1, each.sent + 1)) - set(each.numbers)
        if missing:
            raise Broken(f"expected a reader to miss nothing; seen: message {min(missing)} never came to {each}")
        yield len(each.numbers) if stopped else 0
