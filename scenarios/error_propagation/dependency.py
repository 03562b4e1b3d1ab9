"""The dependency that the kit hands to a component."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patternproof.drivers import Driver, Operation, Raised, Returned
from patternproof.ports.error_propagation import DependencyFailure, Request

from .events import RESOURCES, Perform
from .originals import Marks, Result, original


class Part:
    """The dependency's call for one resource of a request."""

    def __init__(self, driver: Driver, call: int, resource: int) -> None:
        self.number = resource
        self.name = RESOURCES[resource]
        self.operation = Operation(driver)
        self.marks = Marks(call, resource)
        self.how = ""
        """How it ends; empty until that is decided."""
        self.error: BaseException | None = None
        self.result = Result(self.marks, "ok", "")
        self.raised = False
        """Whether its error has left the dependency, or its result was found not to be valid."""

    def end(self, how: str, operation: str) -> None:
        """Let it end: at once where it is under way, and otherwise when it is called."""
        self.how = how
        self.error = original(how, self.marks, operation, self.name)
        self.result.how = how
        self.result.reason = f"The amount of {self.name} is {'negative' if self.number else 'missing'}."
        plainly = self.error is None or how == "puzzling"
        outcome = Returned(self.result) if plainly or self.error is None else Raised(self.error)
        self.operation.preset = outcome
        while self.operation.held:
            self.operation.release(outcome)


class Work:
    """One request, and what the dependency does for it."""

    def __init__(self, driver: Driver, event: Perform) -> None:
        self.number = event.call
        self.request = Request(f"operation-{event.call}", RESOURCES[: event.resources])
        self.parts = [Part(driver, event.call, index) for index in range(event.resources)]
        self.release_error: BaseException | None = None
        if event.release != "ok":
            self.release_error = DependencyFailure(f"operation-{event.call} cannot be cleaned up after")
        self.released = 0

    @property
    def decided(self) -> bool:
        """Whether it is known how all of its calls end."""
        return all(part.how for part in self.parts)


class Dependency:
    """What is handed to the factory; its methods are of the flavour of the implementation."""

    def __init__(self) -> None:
        self.works: dict[str, Work] = {}
        self.failed = ""

    def take(self, work: Work) -> None:
        """Expect the calls of a request."""
        self.works[work.request.operation] = work

    def objection(self, result: Any) -> str | None:
        """Why a result is not valid."""
        part = self._giver(result)
        if part is None:
            self.failed = "the validation was handed another result than the dependency gave"
            return None
        objection, error = self.foreseen(result)
        part.raised = part.raised or objection is not None or error is not None
        if error is not None:
            raise error
        return objection

    def foreseen(self, result: Any) -> tuple[str | None, BaseException | None]:
        """What objection() will return or raise, for results that are validated over a process boundary."""
        part = self._giver(result)
        if part is None or part.how not in ("invalid", "puzzling"):
            return None, None
        return (part.result.reason, None) if part.how == "invalid" else (None, part.error)

    def _giver(self, result: Any) -> Part | None:
        return next((part for work in self.works.values() for part in work.parts if part.result is result), None)

    def _part(self, operation: str, resource: str) -> Part:
        work = self.works.get(operation)
        found = [part for part in work.parts if part.name == resource] if work is not None else []
        if not found:
            self.failed = f"the dependency was called for {operation!r} and {resource!r}, which no request names"
            raise LookupError(self.failed)
        return found[0]

    def _clean(self, operation: str) -> None:
        work = self.works[operation]
        work.released += 1
        if work.release_error is not None:
            raise work.release_error


class TaskDependency(Dependency):
    """For asyncio."""

    async def call(self, operation: str, resource: str) -> Any:
        part = self._part(operation, resource)
        try:
            return await part.operation.function()
        except BaseException as error:
            part.raised = part.raised or error is part.error
            raise

    async def release(self, operation: str) -> None:
        self._clean(operation)


class ThreadDependency(Dependency):
    """For threads."""

    def call(self, operation: str, resource: str) -> Any:
        part = self._part(operation, resource)
        try:
            return part.operation.function()
        except BaseException as error:
            part.raised = part.raised or error is part.error
            raise

    def release(self, operation: str) -> None:
        self._clean(operation)


def made_for(threads: bool) -> Dependency:
    """A dependency of one flavour."""
    flavours: dict[bool, Callable[[], Dependency]] = {False: TaskDependency, True: ThreadDependency}
    return flavours[threads]()
