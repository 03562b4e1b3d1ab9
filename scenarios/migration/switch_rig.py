"""A state switch held by a driver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

from patternproof.drivers import Cancelled, Driver, Operation, Pending, Raised, Returned
from patternproof.flavour import plainly, resolved
from patternproof.history import shown
from patternproof.ports.error_propagation import beneath
from patternproof.ports.shared_state import Snapshot, Updater
from patternproof.rig import Rig

from .events import NEW, OLD, CancelUse, Given, Inspect, Read, Resume, Stall, Switched, Turn, Update, Use

T = TypeVar("T")


class StoreFailure(Exception):
    """What a store raises."""


class Store:
    """One way of handling state: an update is one step, at the end of its call."""

    def __init__(self, driver: Driver, name: str) -> None:
        self.name = name
        self.data: dict[str, Any] = {}
        self.errors: list[StoreFailure] = []
        self.stalling = False
        self.slow = Operation(driver)
        self._version = 0

    def __repr__(self) -> str:
        return f"<{self.name} store, version {self._version}>"

    async def update(self, function: Updater[T]) -> T:
        """Change the data; it takes a turn of the loop first."""
        await asyncio.sleep(0)
        return await self._update(function)

    async def get(self) -> Snapshot:
        """The latest version; it takes a turn of the loop first."""
        await asyncio.sleep(0)
        return await self._get()

    async def _update(self, function: Updater[T]) -> T:
        await self._ready()
        data = deepcopy(self.data)
        result = function(data)
        self.data = data
        self._version += 1
        return result

    async def _get(self) -> Snapshot:
        await self._ready()
        return Snapshot(deepcopy(self.data), self._version)

    async def _ready(self) -> None:
        if self.stalling:
            self.stalling = False
            await resolved(self.slow.function())

    def stall(self) -> None:
        """Be slow with the next call, if with none so far."""
        self.stalling = not self.slow.held

    def resume(self, how: str) -> None:
        """Go on, or fail with what waits."""
        self.stalling = False
        if self.slow.held and how != "ok":
            self.errors.append(StoreFailure(f"the {self.name} store has failed"))
            self.slow.release(Raised(self.errors[-1]))
        elif self.slow.held:
            self.slow.release(Returned())


class PlainStore(Store):
    """The same for threads."""

    def update(self, function: Updater[T]) -> T:  # type: ignore[override]  # plain, as all is under threads
        """Change the data."""
        result: T = plainly(self._update(function))
        return result

    def get(self) -> Snapshot:  # type: ignore[override]  # as above
        """The latest version."""
        snapshot: Snapshot = plainly(self._get())
        return snapshot


class SwitchRig(Rig):
    """Drives one switch.

    Args:
        driver: an entered driver.
        settings: what the history is about.
        threads: whether the switch is called from threads.
    """

    def __init__(self, driver: Driver, settings: Given, threads: bool) -> None:
        super().__init__(driver, settings)
        made = PlainStore if threads else Store
        self.stores = {name: made(driver, name) for name in (OLD, NEW)}
        self.switch: Any = None
        """Set once it is made."""
        self.turned = False
        self._uses: dict[int, tuple[Pending, bool]] = {}
        """Those that were not told to be over, and whether they read."""
        self._found: list[tuple[int, ...]] = []

    def flag(self) -> bool:
        """Whether the new way is to be used."""
        return self.turned

    def do(self, event: Any) -> None:
        match event:
            case Update(number):
                self._uses[number] = (self.driver.begin(lambda: self.switch.update(adding(number))), False)
            case Read(number):
                self._uses[number] = (self.driver.begin(lambda: self.switch.get()), True)
            case CancelUse(number) if number in self._uses:
                self.driver.cancel(self._uses[number][0])
            case Turn():
                self.turned = not self.turned
            case Stall(store):
                self.stores[store].stall()
            case Resume(store, how):
                self.stores[store].resume(how)
            case Inspect(store):
                self._found.append(numbers_in(self.stores[store].data) or ())

    def look(self) -> Switched:
        uses = tuple([self._seen(number, *each) for number, each in sorted(self._uses.items())])
        self._uses = {number: each for number, each in self._uses.items() if each[0].outcome is None}
        seen = Switched(uses, sum(len(store.slow.held) for store in self.stores.values()), tuple(self._found))
        self._found.clear()
        return seen

    def _seen(self, number: int, pending: Pending, reads: bool) -> Use:
        outcome = pending.outcome
        if outcome is None:
            return Use(number, "waits")
        if isinstance(outcome, Cancelled):
            return Use(number, "cancelled")
        if isinstance(outcome, Raised):
            errors = [error for store in self.stores.values() for error in store.errors]
            own = any(each is error for each in beneath(outcome.error) for error in errors)
            return Use(number, "raised" if own else f"raises something else: {shown(outcome.error)}")
        if not reads:
            right = outcome.value == result_of(number)
            return Use(number, "returned" if right else f"returns something else: {shown(outcome.value)}")
        got = numbers_in(getattr(outcome.value, "data", None))
        return Use(number, f"returns something else: {shown(outcome.value)}") if got is None else Use(number, "read", got)


def adding(number: int) -> Callable[[dict[str, Any]], str]:
    """An update that counts how often it was applied."""

    def add(data: dict[str, Any]) -> str:
        data[str(number)] = data.get(str(number), 0) + 1
        return result_of(number)

    return add


def result_of(number: int) -> str:
    """What an update returns."""
    return f"result of update {number}"


def numbers_in(data: Any) -> tuple[int, ...] | None:
    """The updates in some data, each as often as it was applied; None where it is no such data."""
    try:
        return tuple(sorted(int(number) for number, count in data.items() for _ in range(count)))
    except Exception:  # noqa: BLE001  # whatever it is
        return None
