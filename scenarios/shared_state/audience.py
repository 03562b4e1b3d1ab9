"""The listeners that the kit adds, and what they hear."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from patternproof.drivers import Driver, Operation, Raised, Returned
from patternproof.flavour import plainly, resolved
from patternproof.history import shown

from .events import INVITED, NESTED, Hearing, ListenerFailure, Version
from .snapshots import Snapshots, change
from .telling import OLDER

WAITING = "waiting"


class Calls:
    """What listeners call, as the kit records it.

    Args:
        get: the state's.
        update: the state's, with the number of the update.
        leave: removes a listener.
        invite: adds a plain one.
    """

    def __init__(
        self,
        get: Callable[[], Awaitable[Version]],
        update: Callable[[int], Awaitable[Any]],
        leave: Callable[[int], None],
        invite: Callable[[int], None],
    ) -> None:
        self.get, self.update = get, update
        self.leave, self.invite = leave, invite


class Member:
    """One listener.

    Args:
        number: the listener's.
        kind: as in `events.KINDS`.
        driver: holds those that take their time.
        snapshots: reads what it is told.
        calls: what it may call.
    """

    def __init__(self, number: int, kind: str, driver: Driver, snapshots: Snapshots, calls: Calls) -> None:
        self.number, self.kind = number, kind
        self.heard: list[Version] = []
        self.nested: list[list[str]] = []
        """What became of its own calls, each in a list of one."""
        self.remove: Any = None
        """What add_listener() gave; a call in flight while that is awaited."""
        self._function: Any = None
        self._operation = Operation(driver)
        self._running: list[list[int]] = []
        """Of one that takes its time: each version that it is in the middle of, in a list of its own."""
        self._snapshots, self._calls = snapshots, calls
        self._spent = False

    @property
    def manner(self) -> str:
        """What it does as it is told, of one that is plain: behind a process boundary that has to be done over there."""
        return self.kind if self.kind in ("failing", "leaving", "inviting") else "plain"

    def function(self, threads: bool) -> Callable[[Any], Any]:
        """What is handed to add_listener(): plain, or where it waits for something a coroutine function.

        It is kept: an implementation may hold it by a weak reference.
        """
        if threads:
            self._function = lambda snapshot: plainly(self._listen(snapshot))
        else:
            self._function = self._listen if self.kind in ("slow", "reading", "updating") else self._listen_plainly
        return self._function  # type: ignore[no-any-return]  # it was just set

    def _listen_plainly(self, snapshot: Any) -> None:
        version = self._snapshots.read(snapshot, keep=self.kind != "changing")
        self.heard.append(version)
        if self.kind == "failing":
            raise ListenerFailure(self.number, version.number)
        match self.kind:
            case "changing":
                change(snapshot)
            case "leaving":
                self._calls.leave(self.number)
            case "inviting" if not self._spent:
                self._spent = True
                self._calls.invite(INVITED + self.number)

    async def _listen(self, snapshot: Any) -> None:
        self._listen_plainly(snapshot)
        told = self.heard[-1]
        if self.kind == "slow":
            self._running.append([told.number])
            await self._held(self._running[-1])
        elif self.kind == "reading":
            await self._call(lambda: self._get(told))
        elif self.kind == "updating" and not self._spent:
            self._spent = True
            await self._call(self._update)

    async def _held(self, told: list[int]) -> None:
        try:
            await resolved(self._operation.function())
        finally:
            self._running = [each for each in self._running if each is not told]  # where it is cancelled from outside

    async def _call(self, method: Callable[[], Awaitable[str]]) -> None:
        fate = [WAITING]
        self.nested.append(fate)
        try:
            fate[0] = await method()
        except BaseException as error:
            fate[0] = f"raised {shown(error)}"
            raise

    async def _get(self, told: Version) -> str:
        got = await self._calls.get()
        return OLDER if got.number < told.number else "returned"

    async def _update(self) -> str:
        await self._calls.update(NESTED + self.number)
        return "returned"

    def end(self, how: str) -> None:
        """Let the call that it has been in for longest end."""
        if self._operation.held:
            failure = ListenerFailure(self.number, *self._running.pop(0))
            error = CancelledError(failure) if how == "cancel" else failure
            self._operation.release(Returned() if how == "ok" else Raised(error))

    def hearing(self) -> Hearing:
        """What it was told since this was last asked."""
        versions = tuple(self.heard)
        self.heard.clear()
        return Hearing(self.number, versions)

    def fates(self) -> list[str]:
        """What became of its calls since this was last asked, and of those still under way."""
        fates = [fate[0] for fate in self.nested]
        self.nested = [fate for fate in self.nested if fate[0] == WAITING]
        return fates


def failures(error: Any) -> Iterator[ListenerFailure]:
    """The kit's own errors in an error that was reported, however it was wrapped."""
    seen: list[Any] = []
    left = [error]
    while left:
        each = left.pop()
        if not isinstance(each, BaseException) or any(each is other for other in seen):
            continue
        seen.append(each)
        if isinstance(each, ListenerFailure):
            yield each
        left += [each.__cause__, each.__context__, *each.args, *getattr(each, "exceptions", ())]
