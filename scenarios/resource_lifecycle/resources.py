"""The kit's resources, and what they go through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from patternproof.drivers import Driver, Operation, Outcome, Raised, Returned
from patternproof.flavour import plainly, resolved

from .events import (
    BEGINS,
    CLEANS,
    DOWN,
    FAILS,
    QUITS,
    STOPS,
    UNCLEAN,
    UP,
    CheckFailure,
    CleanupBreak,
    CleanupFailure,
    InitializeFailure,
    Register,
)

_BEGUN = (CLEANS, DOWN, UNCLEAN, QUITS)
"""What a resource has done last once its cleanup has begun."""


class Resource:
    """A resource, in the flavour for asyncio.

    What its initialize() has opened, if in part, only its cleanup() closes.

    Args:
        event: what it is to be like.
        driver: holds what takes its time.
        noted: told of everything that it does, before it counts.
    """

    def __init__(self, event: Register, driver: Driver, noted: Callable[[Resource, str], None]) -> None:
        self.number, self.id, self.manner, self.needs = event.call, event.id, event.manner, tuple(event.needs.split())
        self.failure = InitializeFailure(f"of resource {self.number}")
        self.ails = ""
        self.last = ""
        """What it has done last."""
        self.acts: list[str] = []
        """Since the last look."""
        self._noted = noted
        self._initializing = Operation(driver, None if self.manner == "slow" else Returned())
        self._cleaning = Operation(driver, None if self.manner == "lingers" else Returned())
        self._checking = Operation(driver)

    def __repr__(self) -> str:
        return f"<resource {self.number}>"

    @property
    def is_up(self) -> bool:
        """Whether it is initialised, and no cleanup has begun."""
        return self.last == UP

    @property
    def is_cleaning(self) -> bool:
        """Whether it is in cleanup()."""
        return self.last == CLEANS

    def _does(self, act: str) -> None:
        self._noted(self, act)
        self.last = act
        self.acts.append(act)

    async def _initialize(self) -> None:
        self._does(BEGINS)
        try:
            if self.manner in ("fails", "declines"):
                raise self.failure
            await resolved(self._initializing.function())
        except BaseException as error:
            self._does(FAILS if error is self.failure else STOPS)
            raise
        self.ails = "" if self.ails == "ill" else self.ails
        self._does(UP)

    async def _cleanup(self) -> None:
        again = self.last in _BEGUN
        self._does(CLEANS)
        try:
            if self.manner == "unclean":
                raise CleanupFailure(f"of resource {self.number}")
            if self.manner == "breaks":
                raise CleanupBreak(f"of resource {self.number}")
            if not again:
                await resolved(self._cleaning.function())
        except BaseException as error:
            self._does(UNCLEAN if isinstance(error, CleanupFailure | CleanupBreak) else QUITS)
            raise
        self._does(DOWN)

    async def _is_healthy(self) -> bool:
        if self.ails == "raises":
            raise CheckFailure(f"of resource {self.number}")
        if self.ails == "hangs":
            await resolved(self._checking.function())
        return not self.ails

    async def initialize(self) -> None:
        """As the port says."""
        await self._initialize()

    async def cleanup(self) -> None:
        """As the port says."""
        await self._cleanup()

    async def is_healthy(self) -> bool:
        """As the port says."""
        return await self._is_healthy()

    def initialized(self, how: str) -> None:
        """Let its initialize() end."""
        self._release(self._initializing, Returned() if how == "ok" else Raised(self.failure))

    def cleaned(self, how: str) -> None:
        """Let its cleanup() end."""
        self._release(self._cleaning, Returned() if how == "ok" else Raised(CleanupFailure(f"of resource {self.number}")))

    @staticmethod
    def _release(operation: Operation, outcome: Outcome) -> None:
        if operation.held:
            operation.release(outcome)


class PlainResource(Resource):
    """The same for threads."""

    def initialize(self) -> None:  # type: ignore[override]  # the other flavour of the port
        plainly(self._initialize())

    def cleanup(self) -> None:  # type: ignore[override]  # as above
        plainly(self._cleanup())

    def is_healthy(self) -> bool:  # type: ignore[override]  # as above
        return bool(plainly(self._is_healthy()))


def causes(error: BaseException) -> Iterable[BaseException]:
    """An error and all that it says it comes from, however it was wrapped."""
    seen: list[BaseException] = []
    left: list[Any] = [error]
    while left:
        each = left.pop()
        if not isinstance(each, BaseException) or any(each is other for other in seen):
            continue
        seen.append(each)
        context = None if each.__suppress_context__ else each.__context__
        left += [each.__cause__, context, *each.args, *getattr(each, "exceptions", ())]
    return seen


def is_same(value: Any, resource: Resource) -> bool:
    """Whether what get() gave is a resource: itself, something equal to it, or a proxy with its attributes."""
    return value is resource or bool(value == resource) or getattr(value, "failure", None) is resource.failure
