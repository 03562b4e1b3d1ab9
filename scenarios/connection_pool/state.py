"""What the model knows of a connection pool."""

from __future__ import annotations

from typing import NamedTuple

from patternproof.ports.connection_pool import ConnectionPoolSettings

from .events import name_of

NOBODY = -1
AT_REST = -1.0
"""Not between two tries of a connect."""
IN_SCOPE = ("holding", "requesting")
GONE = "gone"
"""The phase of a ghost once its end was told."""
IN_FLIGHT = ("waiting", *IN_SCOPE, "returning")


class Tracked(NamedTuple):
    """A borrower."""

    number: int
    phase: str = "waiting"
    connection: int = 0
    found: str = ""
    waited: float = 0.0
    fresh: bool = False
    """Whether it was served since all last settled."""
    ends_as: str = ""
    """What becomes of it once the reset of its connection is over."""
    missed: bool = False
    """Whether it was not woken when it was its turn; only with deviations, as the next."""
    ghost: bool = False
    """Whether it is gone and will still get a connection."""


class Connection(NamedTuple):
    """A connection that the pool has not closed."""

    number: int
    where: str = "idle"
    """idle, used, resetting, or lost, which only deviations know."""
    borrower: int = NOBODY
    """Who uses it, or whose leaving waits for its reset."""
    broke: str = ""
    """Where it was when it broke."""
    carries: str = ""
    """What its next borrower finds unless it is reset."""
    unreset: bool = False
    """Whether a reset that takes its time is still to come before it is handed out."""
    may_reset: bool = True
    """Whether such a reset may come, as in a pool that resets whatever it hands out."""
    idle_for: float = 0.0
    age: float = 0.0
    returns: int = 0
    twice: bool = False
    """Whether the pool has it twice; only with deviations, as `returns`."""


class State(NamedTuple):
    """A pool, its borrowers until their end is told, and what was observable since the last batch."""

    settings: ConnectionPoolSettings
    borrowers: tuple[Tracked, ...] = ()
    """The first come first."""
    come: int = 0
    """One more than the highest number of any borrower so far."""
    connections: tuple[Connection, ...] = ()
    made: int = 0
    attempts: int = 0
    connecting: str = "held"
    """What a connect() does: it is held, or ends at once, ok or error."""
    closed: bool = False
    draining: bool = False
    """Whether close() has put off a part of its work until what is in use or under way is over."""
    holds: bool = False
    """Whether resets take their time."""
    retries: int = 0
    """Failures of connect() in a row that were not told to anybody."""
    backing: float = AT_REST
    """Seconds since the last of those failures, where the next try is still to come."""
    left: tuple[tuple[int, int], ...] = ()
    """The borrowers that have left their scopes, each with its connection."""
    lost: int = 0
    """Slots lost; only with deviations."""
    late: tuple[str, ...] = ()
    counts: tuple[tuple[tuple[int, int], ...], ...] = ()
    """For each reading of the statistics the least and the most that each number may be."""
    known: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Attempts and resets in flight, connections made, and borrowers that had left, when all had last settled."""
    ended: tuple[tuple[str, int], ...] = ()
    """Attempts and resets of those that have ended since."""
    abandoned: int = 0
    """Attempts and resets given up since."""
    returned: tuple[int, ...] = ()
    """Connections returned since."""
    closed_now: bool = False
    still_counted: int = 0
    """Connections that were closed and still count as idle; only with deviations."""
    unready: bool = False
    """Whether nothing was made in advance though min_size asks for it."""
    plain: bool = True
    """Whether a deviant pool has always taken the plainest choice."""

    def borrower(self, number: int) -> Tracked | None:
        return next((each for each in self.borrowers if each.number == number), None)

    def with_borrower(self, borrower: Tracked) -> State:
        """With a borrower changed."""
        return self._replace(borrowers=tuple([borrower if each.number == borrower.number else each for each in self.borrowers]))

    def with_connection(self, connection: Connection) -> State:
        """With a connection changed, or added."""
        others = [other for other in self.connections if other.number != connection.number]
        return self._replace(connections=tuple(sorted([*others, connection])))

    def without(self, *numbers: int) -> State:
        """With connections closed."""
        return self._replace(connections=tuple([each for each in self.connections if each.number not in numbers]))

    def ended_as(self, number: int, phase: str, ghost: bool = False) -> State:
        """With a borrower that is over."""
        borrower = self.borrower(number)
        if borrower is None:
            return self
        # One ghost at a time: more would only multiply the states.
        ghost = ghost and not self.ghosts()
        return self.with_borrower(borrower._replace(phase=phase, fresh=False, missed=False, ghost=ghost))

    def out(self, number: int, phase: str, connection: int) -> State:
        """With a borrower that is out of its scope."""
        return self.ended_as(number, phase)._replace(left=(*self.left, (number, connection)))

    def asleep(self) -> State:
        """Whoever waits for a slot or a return sleeps on, though it is their turn; only with deviations."""
        waiting = self.waiting()[self.supplies() :]
        return self._replace(
            borrowers=tuple([each._replace(missed=True) if each.number in waiting else each for each in self.borrowers])
        )

    def connection(self, number: int) -> Connection | None:
        return next((each for each in self.connections if each.number == number), None)

    def waiting(self) -> list[int]:
        """Borrowers that wait or connect, the first come first; without those that were missed."""
        return [each.number for each in self.borrowers if each.phase == "waiting" and not each.missed]

    def given_up(self, count: int) -> State:
        """With attempts that whoever waited for them gave up."""
        return self._replace(attempts=self.attempts - count, abandoned=self.abandoned + count) if count else self

    def resetting(self) -> list[Connection]:
        """The connections of which a reset is under way."""
        return [each for each in self.connections if each.where == "resetting"]

    def ghosts(self) -> list[int]:
        """Borrowers that are gone and will still get a connection."""
        return [each.number for each in self.borrowers if each.ghost]

    def supplies(self) -> int:
        """Connections on their way: being made, to be made after a failure, or being reset."""
        return self.attempts + (self.backing >= 0) + len(self.resetting())

    def taken(self) -> int:
        """Slots that are not free."""
        return self.attempts + sum(1 for each in self.connections if each.where != "idle" or not each.broke)


def session_of(borrower: int) -> str:
    """What a borrower finds in a connection that was not reset."""
    return f"the transaction of {name_of(borrower)}"


def reply_to(borrower: int) -> str:
    """What a borrower finds in a connection with an unread response."""
    return f"the reply to {name_of(borrower)}"


def is_reply(carries: str) -> bool:
    """Whether what a connection carries is an unread response."""
    return carries.startswith("the reply")


BROKEN = "it broken"
