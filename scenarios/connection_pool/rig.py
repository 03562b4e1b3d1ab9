"""A connection pool held by a driver."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from patternproof.adapter import Adapter
from patternproof.drivers import Driver, Hang, Pending, Raised, Returned
from patternproof.flavour import plainly
from patternproof.history import shown
from patternproof.outcome import NotOffered
from patternproof.ports import Unsupported
from patternproof.ports.connection_pool import ConnectionPoolSettings
from patternproof.rig import Rig

from . import events
from .borrowing import EXECUTE, Borrower
from .connections import Connection, Exchange, PlainConnection, Runs
from .events import ConnectFailure, Counts, Seen
from .model import PLAIN, READY, Capabilities, ConnectionPoolModel

SMOKE = (events.Acquire(0), events.ConnectEnds(0, "ok"), events.Return(0))
"""The plainest use."""
_ORDERS = {events.Return: "leave", events.LeaveWithError: "fail", events.SetState: "set", events.Request: "wait"}


class ConnectionPoolRig(Rig):
    """Drives one pool, with connections that the kit makes.

    Args:
        driver: an entered driver.
        settings: in the example's seconds.
        threads: whether connections and connect() are plain.
    """

    def __init__(self, driver: Driver, settings: ConnectionPoolSettings, threads: bool) -> None:
        super().__init__(driver, settings)
        self.pool: Any = None
        self.exchange = Exchange(driver)
        self.attempts = Runs(driver)
        self.borrowers: dict[int, Borrower] = {}
        self.connect = (lambda: plainly(self._connect())) if threads else self._connect
        self._threads = threads
        self._connecting = "ok"
        self._errors: list[BaseException] = []
        self._closing: Pending | None = None
        self._late: list[Pending] = []
        self._counts: list[Counts | str] = []

    @property
    def offers_close(self) -> bool:
        """Whether the pool has a close() at all, as far as it was called."""
        outcome = None if self._closing is None else self._closing.outcome
        return not (isinstance(outcome, Raised) and isinstance(outcome.error, Unsupported))

    def begin(self, pool: Any) -> None:
        """Take a pool that was just made; from now on each connect() is held."""
        self.pool = pool
        self.driver.settle()
        self._connecting = "held"

    async def _connect(self) -> Connection:
        if self._connecting == "held":
            await self.attempts.hold()
        elif self._connecting == "error":
            self._errors.append(ConnectFailure("the dependency refuses"))
            raise self._errors[-1]
        return (PlainConnection if self._threads else Connection)(self.exchange)

    def _call(self, method: Callable[[], Coroutine[Any, Any, Any]]) -> Pending:
        return self.driver.begin((lambda: plainly(method())) if self._threads else method)

    def do(self, event: Any) -> None:
        match event:
            case events.Acquire(number):
                self._acquire(number)
            case events.Return(number) | events.LeaveWithError(number) | events.SetState(number) | events.Request(number):
                self._order(number, _ORDERS[type(event)])
            case events.Cancel(number):
                self._cancel(number)
            case events.ConnectEnds(attempt, how):
                self.attempts.release(attempt, self._outcome(how, ConnectFailure("the dependency refuses")))
            case events.ResetEnds(reset, how):
                self.exchange.resets.release(reset, self._outcome(how, ConnectionError("the reset fails")))
            case events.Advance(seconds):
                self.driver.pass_time(seconds)
            case events.SetWallClock(seconds):
                self.driver.move_wall_clock(seconds)
            case _:
                self._do_rarely(event)

    def _do_rarely(self, event: Any) -> None:
        match event:
            case events.Break(number):
                self._break(number)
            case events.Reply(number):
                self._reply(number)
            case events.Connecting(how):
                self._connecting = how
            case events.HoldResets():
                self.exchange.hold_resets = True
            case events.Close():
                self._closing = self._closing or self.driver.begin(self.pool.close)
            case events.ReadStatistics():
                self._read()
            case _:
                self._do_to_handle(event)

    def _do_to_handle(self, event: Any) -> None:
        match event:
            case events.UseAfterReturn(number):
                self._late += [self._call(borrower.use_again) for borrower in self._left(number)]
            case events.ReturnTwice(number):
                for borrower in self._left(number):
                    self._call(borrower.leave_again)
            case events.Execute(number, statement):
                self._order(number, f"{EXECUTE}{statement}")
            case _:
                raise TypeError(f"no event of connection pools: {event!r}")

    def _outcome(self, how: str, error: Exception) -> Returned | Raised:
        if how == "ok":
            return Returned()
        self._errors.append(error)
        return Raised(error)

    def _acquire(self, number: int) -> None:
        assert number not in self.borrowers, f"each borrower has a number of its own: {number} has come already"
        borrower = self.borrowers[number] = Borrower(number, self.driver, self.pool, self.exchange.made)
        borrower.pending = self._call(borrower.borrow)

    def _order(self, number: int, word: str) -> None:
        if number in self.borrowers:
            self.borrowers[number].order(word)

    def _left(self, number: int) -> list[Borrower]:
        """The borrower of that number, if it was in a scope and is out of it."""
        return [borrower for borrower in self.borrowers.values() if borrower.number == number and borrower.has_left]

    def _cancel(self, number: int) -> None:
        pending = self.borrowers[number].pending if number in self.borrowers else None
        if pending is not None:
            self.driver.cancel(pending)

    def _break(self, number: int) -> None:
        for connection in self.exchange.made[number - 1 : number]:
            connection.broken = True
            connection.reply(self._outcome("error", ConnectionError(f"{connection} is broken")))

    def _reply(self, number: int) -> None:
        reached = self.borrowers[number].connection if number in self.borrowers else 0
        for connection in self.exchange.made[reached - 1 : reached] if reached else ():
            connection.reply(Returned())

    def _read(self) -> None:
        try:
            counts = self.driver.now(self.pool.statistics)
            self._counts.append(Counts(counts.size, counts.idle, counts.in_use, counts.waiting))
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            self._counts.append(f"an error in place of statistics: {shown(error)}")

    def look(self) -> Seen:
        own = [*self._errors, *(error for connection in self.exchange.made for error in connection.reset_errors)]
        seen = Seen(
            borrowers=tuple(borrower.seen(own) for _, borrower in sorted(self.borrowers.items()) if not borrower.told),
            open=tuple(connection.number for connection in self.exchange.made if connection.is_alive()),
            attempts=self.attempts.look(),
            resets=self.exchange.resets.look(),
            closing=self._seen_closing(),
            late=tuple(map(_seen_late, self._late)),
            counts=tuple(self._counts),
            misuse=tuple(self.exchange.misuse),
        )
        for told in (self._late, self._counts, self.exchange.misuse):
            told.clear()
        return seen

    def _seen_closing(self) -> str:
        if self._closing is None:
            return ""
        match self._closing.outcome:
            case None:
                return "waits"
            case Raised(error):
                return f"fails: {shown(error)}"
        return "over"


def _seen_late(pending: Pending) -> str:
    match pending.outcome:
        case None:
            return "hangs"
        case Returned(connection):
            return f"reached connection {connection}" if connection else "was answered"
    return "was refused"


def _scaled(settings: ConnectionPoolSettings, scale: float) -> ConnectionPoolSettings:
    """The settings in real seconds."""
    limits = {name: getattr(settings, name) for name in ("acquire_timeout", "max_idle", "max_lifetime")}
    return replace(settings, **{name: seconds * scale for name, seconds in limits.items() if seconds is not None})


@contextmanager
def rig(adapter: Adapter, driver: Driver, settings: ConnectionPoolSettings) -> Iterator[ConnectionPoolRig]:
    """A rig over a new pool, which is cleaned up at the end of the scope.

    Raises:
        NotOffered: the pool has not these settings.
    """
    made = ConnectionPoolRig(driver, settings, adapter.runtime == "threads")
    with adapter.make("connection_pool", driver, made.connect, _scaled(settings, driver.scale)) as pool:
        made.begin(pool)
        yield made


def model(adapter: Adapter) -> ConnectionPoolModel:
    """The model for what an adapter offers and its driver can do."""
    known = PLAIN + (READY if "min_size" in adapter.claims else ())
    supported = tuple(settings for settings in known if _supports(adapter, settings))
    if not supported:
        return ConnectionPoolModel(supported=())
    with adapter.driver() as driver, rig(adapter, driver, supported[0]) as plain:
        with suppress(Hang):  # a close() that does not work is found out later
            plain.perform(events.Close())
        capabilities = Capabilities(
            cancels=driver.can_cancel,
            clocks=driver.moves_clocks,
            statistics=hasattr(plain.pool, "statistics"),
            closes=plain.offers_close,
            min_size="min_size" in adapter.claims,
        )
    return ConnectionPoolModel(capabilities, supported)


def _supports(adapter: Adapter, settings: ConnectionPoolSettings) -> bool:
    try:
        with adapter.driver() as driver, rig(adapter, driver, settings):
            return True
    except NotOffered:
        return False
