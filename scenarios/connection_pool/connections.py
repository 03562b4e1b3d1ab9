"""The connections that the kit makes."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

from patternproof.drivers import Driver, Operation, Outcome
from patternproof.flavour import plainly, resolved

from .events import name_of


class Payload:
    """What a borrower sends; each one is different from every other."""

    def __init__(self, borrower: int, word: str = "") -> None:
        self.borrower = borrower
        self.word = word
        self.reached = 0
        """The number of the connection that it came to; 0: none yet."""


class Answer(NamedTuple):
    """What comes back."""

    to: Payload
    session: int | None
    """The borrower that began a transaction which is still open; None: nobody."""


class Runs:
    """Runs that are held, the oldest first; each has an operation of its own, so that any of them can be let go."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._held: list[Operation] = []
        self._known: list[Operation] = []

    def __len__(self) -> int:
        return len(self._held)

    async def hold(self) -> Any:
        """Wait for `release`."""
        operation = Operation(self._driver)
        self._held.append(operation)
        try:
            return await resolved(operation.function())
        finally:
            self._held.remove(operation)

    def look(self) -> int:
        """How many are held; `release` counts as of now."""
        self._known = [*self._held]
        return len(self._held)

    def release(self, index: int, outcome: Outcome) -> None:
        """Let one end; nothing happens to one that was given up since the last look."""
        if index < len(self._known):
            with suppress(LookupError):
                self._known[index].release(outcome)


class Exchange:
    """What all connections of a rig share: whether and where they are held, and what was done to them that may not be."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.resets = Runs(driver)
        self.hold_resets = False
        self.misuse: list[str] = []
        self.made: list[Connection] = []


class Connection:
    """A connection over which requests are answered; the flavour for asyncio.

    A request that is cancelled leaves its response unread: the next one gets it, as over a real connection, unless it is reset.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._session: int | None = None
        self._unread: deque[Answer] = deque()
        self._waiting: Operation | None = None
        exchange.made.append(self)
        self.number = len(exchange.made)
        self.broken = False
        self.closed = False
        self._holders: list[int] = []
        self.reset_errors: list[ConnectionError] = []

    def __repr__(self) -> str:
        return f"<connection {self.number}>"

    async def request(self, payload: Any) -> Any:
        """Answer a payload of the kit's."""
        payload.reached = self.number
        self._require_alive()
        if self._waiting is not None:
            self._exchange.misuse.append(f"connection {self.number} has two users at a time")
        if payload.word == "set":
            self._session = payload.borrower
        answer = Answer(payload, self._session if self._session != payload.borrower else None)
        if payload.word == "wait":
            await self._wait(answer)
        self._unread.append(answer)
        return self._unread.popleft()

    async def _wait(self, answer: Answer) -> None:
        operation = self._waiting = Operation(self._exchange.driver)
        try:
            await resolved(operation.function())
        except ConnectionError:
            raise
        except BaseException:
            self._unread.append(answer)
            raise
        finally:
            self._waiting = None

    def reply(self, outcome: Outcome) -> None:
        """Let the request that is waiting end, if there is one."""
        if self._waiting is not None:
            with suppress(LookupError):
                self._waiting.release(outcome)

    def hold(self, borrower: int) -> None:
        """Take note of a borrower that has it now; there may be one at a time."""
        self._holders.append(borrower)
        if len(self._holders) > 1:
            names = " and ".join(map(name_of, self._holders))
            self._exchange.misuse.append(f"connection {self.number} is held by {names} at a time")

    def let_go(self, borrower: int) -> None:
        """Take note of a borrower that begins to leave."""
        self._holders.remove(borrower)

    def is_alive(self) -> bool:
        """Whether it can be used."""
        return not (self.broken or self.closed)

    async def reset(self) -> None:
        """Forget the session and what is unread; fails where a request is under way, since its response is still to come."""
        try:
            self._require_alive()
            if self._waiting is not None:
                raise ConnectionError(f"connection {self.number} has a request under way")
            if self._exchange.hold_resets:
                await self._exchange.resets.hold()
                self._require_alive()
        except ConnectionError as error:
            self.reset_errors.append(error)
            raise
        self._session = None
        self._unread.clear()

    async def close(self) -> None:
        """Close for good."""
        self.closed = True

    def _require_alive(self) -> None:
        if not self.is_alive():
            raise ConnectionError(f"connection {self.number} is {'closed' if self.closed else 'broken'}")


class PlainConnection(Connection):
    """The flavour for threads."""

    def request(self, payload: Any) -> Any:
        return plainly(super().request(payload))

    def reset(self) -> None:  # type: ignore[override]  # the same method, plain
        plainly(super().reset())

    def close(self) -> None:  # type: ignore[override]  # the same method, plain
        plainly(super().close())
