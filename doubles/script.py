"""What a double is told, and what was called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any


@dataclass(frozen=True)
class Call:
    """One call of a double."""

    method: str
    arguments: dict[str, Any] = field(default_factory=dict)
    """By name. Functions are left out: whoever keeps the handler of a subscription that has ended breaks EB-09."""


class Hold:
    """Calls that wait until they are released; made by `Script.hold`."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._arrived = asyncio.Event()
        self._released = asyncio.Event()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many calls wait now."""
        return self._waiting

    async def reached(self) -> None:
        """Wait until a call has come this far."""
        await self._arrived.wait()

    def release(self) -> None:
        """Let go on what waits, and hold nothing from now on.

        Raises:
            RuntimeError: it was released before.
        """
        if self._released.is_set():
            raise RuntimeError(f"this hold of {self._method}() was released already; script another hold for later calls")
        self._released.set()

    async def stand(self) -> None:
        """Wait here, as a call does."""
        self._arrived.set()
        self._waiting += 1
        try:
            await self._released.wait()
        finally:
            self._waiting -= 1

    def __repr__(self) -> str:
        return f"<Hold of {self._method}, {'released' if self._released.is_set() else f'{self._waiting} waiting'}>"


@dataclass
class _Rule:
    """Something that happens before calls of one method."""

    method: str
    on: int | None
    act: Callable[[], Awaitable[None]]
    seen: int = 0

    def meets(self) -> bool:
        """Count a call, and say whether it is one that this is about."""
        self.seen += 1
        return self.on in (None, self.seen)


class Script:
    """What happens to the calls of one double, before each does as the port says.

    Of several things that are scripted for one call each happens, in the order in which they were scripted. `on` says which call
    is meant, counted from now: 1 is the next one; None: every one, until `clear`.

    Args:
        *methods: the names of those that can be scripted; every call of one is recorded.
    """

    def __init__(self, *methods: str) -> None:
        self.calls: list[Call] = []
        """All calls so far, in the order in which they began."""
        self.methods = methods
        """The names that can be scripted."""
        self._rules: list[_Rule] = []

    def fail(self, method: str, *, error: BaseException | type[BaseException], on: int | None = None) -> None:
        """Have calls raise an error, and do nothing else.

        Raises:
            ValueError: there is no such method, or no such call.
            TypeError: the error is nothing that can be raised.
        """
        if not _can_be_raised(error):
            raise TypeError(f"error is what the call raises, an exception or a class of exceptions; got {error!r}")

        async def act() -> None:
            raise error

        self._add(method, on, act)

    def delay(self, method: str, seconds: float, *, on: int | None = None) -> None:
        """Have calls wait for so many seconds of the loop's time; 0: for one turn of the loop.

        Raises:
            ValueError: there is no such method, no such call, or the seconds are below 0.
        """
        if seconds < 0:
            raise ValueError(f"seconds are at least 0; got {seconds!r}")
        self._add(method, on, lambda: asyncio.sleep(seconds))

    def hold(self, method: str, *, on: int | None = None) -> Hold:
        """Have calls wait until they are released.

        Raises:
            ValueError: there is no such method, or no such call.
        """
        hold = Hold(method)
        self._add(method, on, hold.stand)
        return hold

    def clear(self) -> None:
        """Script nothing for later calls; those that are held wait on for their release."""
        self._rules.clear()

    def calls_of(self, method: str) -> list[Call]:
        """All calls of one method so far.

        Raises:
            ValueError: there is no such method.
        """
        self._check(method)
        return [call for call in self.calls if call.method == method]

    async def play(self, method: str, **arguments: Any) -> None:
        """Record a call, and let happen to it what is scripted; every method of a double begins with this."""
        self._check(method)
        self.calls.append(Call(method, arguments))
        for rule in [rule for rule in self._rules if rule.method == method and rule.meets()]:
            await rule.act()

    def _add(self, method: str, on: int | None, act: Callable[[], Awaitable[None]]) -> None:
        self._check(method)
        if on is not None and on < 1:
            raise ValueError(f"on counts the calls of {method}() from now, and the next one is 1; got {on!r}")
        self._rules.append(_Rule(method, on, act))

    def _check(self, method: str) -> None:
        if method not in self.methods:
            near = get_close_matches(str(method), self.methods, n=1)
            hint = f"; was {near[0]!r} meant?" if near else ""
            raise ValueError(f"no method {method!r} can be scripted here; there are {', '.join(self.methods)}{hint}")

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.calls_of(method))} {method}" for method in self.methods)
        return f"<Script {len(self._rules)} rules; calls: {counts}>"


def _can_be_raised(error: object) -> bool:
    return isinstance(error, BaseException) or (isinstance(error, type) and issubclass(error, BaseException))
