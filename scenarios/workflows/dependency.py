"""A dependency that is reached over connections."""

from __future__ import annotations

from typing import Any

from patternproof.drivers import Driver, Operation, Outcome, Raised, Returned
from patternproof.flavour import plainly, resolved


class Payload:
    """What a request carries; each one is another.

    Args:
        number: of the request.
    """

    preset = "ok"
    """How it ends, where nothing can be held: ok, fail or break."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"<payload {self.number}>"


class Answer:
    """What comes back: the payload is what tells it from others."""

    def __init__(self, to: object) -> None:
        self.to = to


class Dependency:
    """Makes connections, and holds the requests that come over them.

    Args:
        driver: an entered driver.
        threads: whether all of it is plain.
    """

    def __init__(self, driver: Driver, threads: bool) -> None:
        self.driver = driver
        self.made: list[Connection] = []
        self.held: list[tuple[object, Connection, Operation]] = []
        self.errors: list[ConnectionError] = []
        self.connect: Any = self._connect_plainly if threads else self._connect
        """What a pool is given."""

    async def _connect(self) -> Connection:
        return self._keep(Connection(self))

    def _connect_plainly(self) -> Connection:
        return self._keep(PlainConnection(self))

    def _keep(self, connection: Connection) -> Connection:
        self.made.append(connection)
        return connection

    @property
    def open(self) -> int:
        """Connections that are not closed; a broken one has nothing left to close."""
        return sum(not each.closed and not each.broken for each in self.made)

    def end(self, payload: object, how: str) -> None:
        """End a request, if it is there: ok, fail or break."""
        for each, connection, operation in self.held:
            if each == payload and operation.held:
                connection.broken = connection.broken or how == "break"
                operation.release(self.outcome(each, how))
                return

    def outcome(self, payload: object, how: str) -> Outcome:
        """How a request ends."""
        if how == "ok":
            return Returned(Answer(payload))
        self.errors.append(ConnectionError(f"the dependency {'breaks off' if how == 'break' else 'fails'}"))
        return Raised(self.errors[-1])


class Connection:
    """A connection of the kit's; the flavour for asyncio.

    Args:
        dependency: at its other end.
    """

    def __init__(self, dependency: Dependency) -> None:
        self._dependency = dependency
        self.broken = False
        self.closed = False

    async def request(self, payload: Any) -> Any:
        """Send a payload, and wait for the answer."""
        self._require_alive()
        held, driver = self._dependency.held, self._dependency.driver
        preset = None if driver.holds else self._end(payload)
        entry = payload, self, Operation(driver, preset)
        held.append(entry)
        try:
            return await resolved(entry[2].function())
        finally:
            held.remove(entry)

    def _end(self, payload: Payload) -> Outcome:
        self.broken = payload.preset == "break"
        return self._dependency.outcome(payload, payload.preset)

    def is_alive(self) -> bool:
        """Whether it can be used."""
        return not (self.broken or self.closed)

    async def reset(self) -> None:
        """There is nothing to reset."""
        self._require_alive()

    async def close(self) -> None:
        """Close for good."""
        self.closed = True

    def _require_alive(self) -> None:
        if not self.is_alive():
            raise ConnectionError(f"the connection is {'closed' if self.closed else 'broken'}")


class PlainConnection(Connection):
    """The flavour for threads."""

    def request(self, payload: Any) -> Any:
        return plainly(super().request(payload))

    def reset(self) -> None:  # type: ignore[override]  # the same method, plain
        plainly(super().reset())

    def close(self) -> None:  # type: ignore[override]  # the same method, plain
        plainly(super().close())
