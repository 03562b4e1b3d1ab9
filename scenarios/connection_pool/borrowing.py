"""A borrower: a call that stays until it is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from patternproof.drivers import Cancelled, Driver, Operation, Pending, Raised, Returned
from patternproof.flavour import entered, left, resolved
from patternproof.history import shown
from patternproof.ports.connection_pool import PoolClosedError, PoolTimeoutError

from . import events
from .connections import Answer, Connection, Payload
from .events import BorrowerFailure, ConnectFailure
from .state import BROKEN, reply_to, session_of

CLOSED = "it closed"
EXECUTE = "execute "


class Borrower:
    """One borrower of a pool, as the kit plays it.

    Args:
        number: from 0.
        driver: an entered driver.
        pool: what it borrows from.
        made: all connections that the kit made, in order.
    """

    def __init__(self, number: int, driver: Driver, pool: Any, made: Sequence[Connection]) -> None:
        self.number = number
        self.pending: Pending | None = None
        self.connection = 0
        """The number of the connection that it reached at first; 0: none."""
        self.told = False
        self.rows: Any = None
        """What its latest statement of SQL gave."""
        self._pool = pool
        self._made = made
        self._driver = driver
        self._orders = Operation(driver)
        self._queued: deque[str] = deque()
        self._stage = "waiting"
        self._found = ""
        self._asks = False
        self._failure = BorrowerFailure(f"of {events.name_of(number)}")
        self._scope: Any = None
        self._handle: Any = None

    @property
    def in_scope(self) -> bool:
        """Whether it holds a connection and was not told to leave."""
        return self._stage in ("holding", "requesting")

    def order(self, word: str) -> None:
        """Tell it what to do next: leave, fail, set, wait or execute; in vain while it is not in its scope, or in a request."""
        if not self.in_scope or self._asks:
            return
        # Over a connection that is broken already a request waits for nothing.
        self._asks = word == "wait" and all(connection.is_alive() for connection in self._reached())
        if self._orders.held:
            self._orders.release(Returned(word))
        else:
            self._queued.append(word)

    async def borrow(self) -> None:
        """The whole of it: enter, do as ordered, and leave."""
        self._scope = scope = self._pool.acquire()
        self._handle = await entered(scope)
        self._stage = "holding"
        try:
            await self._greet()
            with self._holding():
                while await self._obey():
                    pass
        except BaseException as error:
            self._stage = "returning"
            if not await left(scope, error):
                raise
            self._stage = "swallowed its error"
        else:
            self._stage = "returning"
            await left(scope)

    def _reached(self) -> Sequence[Connection]:
        return self._made[self.connection - 1 : self.connection] if self.connection else ()

    @contextmanager
    def _holding(self) -> Iterator[None]:
        held = self._reached()
        for connection in held:
            connection.hold(self.number)
        try:
            yield
        finally:
            for connection in held:
                connection.let_go(self.number)

    async def _greet(self) -> None:
        """Tell which connection was got, and what was left in it."""
        payload = Payload(self.number)
        try:
            answer = await resolved(self._handle.request(payload))
        except Exception as error:  # noqa: BLE001  # whatever the handle raises is what the borrower found
            text = str(error)
            self._found = CLOSED if "closed" in text else BROKEN if "broken" in text else f"an error: {shown(error)}"
        else:
            self._found = _left_behind(answer, payload)
        self.connection = payload.reached

    async def _obey(self) -> bool:
        word = self._queued.popleft() if self._queued else await resolved(self._orders.function())
        if word == "fail":
            raise self._failure
        if word in ("leave", None):  # None: the driver holds nothing
            return False
        if word.startswith(EXECUTE):
            self.rows = await resolved(self._handle.request(word.removeprefix(EXECUTE)))
            return True
        payload = Payload(self.number, word)
        if word == "wait":
            self._stage = "requesting"
        try:
            answer = await resolved(self._handle.request(payload))
        except ConnectionError:
            return True  # its connection broke
        finally:
            self._stage = "holding"
            self._asks = self._asks and word != "wait"
        self._found = self._found or _left_behind(answer, payload)
        return True

    async def use_again(self) -> int:
        """Send a request over the handle that was returned; gives the connection that answered."""
        payload = Payload(self.number)
        await resolved(self._handle.request(payload))
        return payload.reached

    async def leave_again(self) -> None:
        """Leave the scope a second time."""
        await left(self._scope)

    @property
    def has_left(self) -> bool:
        """Whether it was in a scope, and was seen out of it."""
        return self._handle is not None and self.told

    def seen(self, own_errors: list[BaseException]) -> events.Borrower:
        """What it is about; `own_errors` are those that the kit's connections and connects raised."""
        assert self.pending is not None, "a borrower is looked at once it has begun"
        self.told = self.pending.outcome is not None
        phase = self._phase(self.pending.outcome, own_errors)
        return events.Borrower(self.number, phase, self.connection if self._handle is not None else 0, self._found)

    def _phase(self, outcome: Any, own_errors: list[BaseException]) -> str:
        match outcome:
            case None:
                return self._stage
            case Cancelled():
                return "cancelled"
            case Returned():
                return "swallowed its error" if self._stage == "swallowed its error" else "returned"
            case Raised(error):
                return self._raised(error, own_errors)
        return shown(outcome)

    def _raised(self, error: BaseException, own_errors: list[BaseException]) -> str:
        entered = self._handle is not None
        if entered and (error is self._failure or is_one_of(error, own_errors)):
            return "returned"
        if not entered and is_one_of(error, own_errors):
            return "failed"
        if not entered and isinstance(error, PoolTimeoutError):
            return "timed out"
        if not entered and isinstance(error, PoolClosedError):
            return "refused"
        return f"raised something else: {shown(error)}"


def is_one_of(error: BaseException, own_errors: list[BaseException]) -> bool:
    """Whether an error is one of the kit's, or a group that has one in it."""
    if isinstance(error, BaseExceptionGroup):
        return any(is_one_of(each, own_errors) for each in error.exceptions)
    return any(error is own for own in own_errors) or isinstance(error, ConnectFailure)


def _left_behind(answer: Any, payload: Payload) -> str:
    if not isinstance(answer, Answer):
        return f"another answer: {shown(answer)}"
    if answer.to is not payload:
        return reply_to(answer.to.borrower)
    return "" if answer.session is None else session_of(answer.session)
