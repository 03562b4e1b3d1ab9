"""Components that tell of errors in unusual ways, and rightly."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from patternproof.reference.error_propagation import Component, to_problem
from patternproof.reference.error_propagation.problems import from_problem
from patternproof.reference.error_propagation.telling import rejected, told

from patternproof.ports import Unsupported
from patternproof.ports.error_propagation import (
    ComponentError,
    Context,
    Dependency,
    ErrorPropagationSettings,
    Kind,
    Request,
)
from tests.odd import Registry

ODD = Registry()
odd = ODD.add


@odd
class TellsGroups(Component):
    """Several errors come out of one layer as an exception group, as TaskGroup gives them."""

    def __init__(self, dependency: Dependency, settings: ErrorPropagationSettings) -> None:
        if len(settings.layers) > 1:
            raise Unsupported("layers")
        super().__init__(dependency, settings)

    async def perform(self, request: Request) -> Any:
        try:
            return await super().perform(request)
        except ComponentError as error:
            if isinstance(error.__cause__, ExceptionGroup) and error.resource is not None and ", " in error.resource:
                several = error.__cause__
            else:
                raise
        raise several


@odd
class AsksOneAfterAnother(Component):
    """Asks for the second resource once the first is there; so only one can fail."""

    async def _all(self, request: Request) -> Any:
        return [await self._one(request, resource) for resource in request.resources]


class WaitsForAll(Component):
    """Waits for all of several calls, whatever has failed by then."""

    async def _all(self, request: Request) -> Any:
        asked = (self._one(request, resource) for resource in request.resources)
        results = await asyncio.gather(*asked, return_exceptions=True)
        failed: list[Any] = [each for each in results if isinstance(each, BaseException)]
        for each in failed:
            if not isinstance(each, Exception):
                raise each
        if failed:
            self.several(failed, request)
        return results

    def several(self, failed: Sequence[ComponentError], request: Request) -> None:
        self._raise(failed, request)


@odd
class WaitsAndGroups(WaitsForAll):
    """Answers when all calls are over, with a group as the cause."""


@odd
class KeepsTheOthers(WaitsForAll):
    """The first of several errors has the others in an attribute."""

    def several(self, failed: Sequence[ComponentError], request: Request) -> None:
        first, *others = failed
        if others:
            first.others = others  # type: ignore[attr-defined]  # an attribute of this one
        raise first


@odd
class NotesTheOthers(WaitsForAll):
    """The first of several errors has notes of the others."""

    def several(self, failed: Sequence[ComponentError], request: Request) -> None:
        first, *others = failed
        for other in others:
            first.add_note(f"for {other.resource} as well: {other.message} ({other.__cause__})")
        raise first


@odd
class RaisesWithoutFrom(Component):
    """Leaves it to Python to keep what was being handled: the error is the context, and not the cause."""

    async def perform(self, request: Request) -> Any:
        if self._below is None:
            return await self._work(request)
        try:
            return await self._below.perform(request)
        except Exception as error:  # noqa: BLE001  # raised again, as another
            raise told(error, self._name, request, None)  # noqa: B904  # this is what is odd

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            result = await self._dependency.call(request.operation, resource)
            objection = self._dependency.objection(result)
        except Exception as error:  # noqa: BLE001  # raised again, as another
            raise told(error, self._name, request, resource)  # noqa: B904  # as above
        if objection is not None:
            raise rejected(objection, self._name, request, resource)
        return result


@odd
class RunsLayersInTasks(Component):
    """Each layer is a task of its own; an interruption passes through the loop on its way."""

    async def perform(self, request: Request) -> Any:
        return await asyncio.get_running_loop().create_task(super().perform(request))


@odd
class Yields(Component):
    """Gives way to others before and after everything."""

    async def perform(self, request: Request) -> Any:
        await asyncio.sleep(0)
        try:
            return await super().perform(request)
        finally:
            await asyncio.sleep(0)


class Flat:
    """One error for all layers: each adds its context to a list that it holds; its errors cross no boundary."""

    def __init__(self, dependency: Dependency, settings: ErrorPropagationSettings) -> None:
        if settings.concurrent > 1 or settings.cleanup:
            raise Unsupported("concurrent" if settings.concurrent > 1 else "cleanup")
        self._inner = Component(dependency, ErrorPropagationSettings(settings.layers[-1:]))
        self._outer = settings.layers[:-1]

    async def perform(self, request: Request) -> Any:
        try:
            return await self._inner.perform(request)
        except ComponentError as error:
            raise Gathered(
                error, [Context(layer, request.operation, error.resource) for layer in self._outer]
            ) from error.__cause__


class Gathered(ComponentError):
    """An error with the contexts of several layers."""

    def __init__(self, error: ComponentError, contexts: list[Context]) -> None:
        named = (error.component, error.operation, error.resource)
        super().__init__(error.kind, error.message, *named, error.retryable)
        self._contexts = contexts

    @property
    def contexts(self) -> tuple[Context, ...]:
        return (*self._contexts, *super().contexts)


@odd
def gathers_contexts(dependency: Dependency, settings: ErrorPropagationSettings) -> Flat:
    return Flat(dependency, settings)


@odd
class LetsKnownKindsThrough(Component):
    """A single layer has nothing to add to an error that says all already, and lets it pass as it is."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            return await super()._one(request, resource)
        except ComponentError as error:
            known = error.__cause__
            if not isinstance(known, ComponentError):
                raise
        raise known

    def __init__(self, dependency: Dependency, settings: ErrorPropagationSettings) -> None:
        if len(settings.layers) > 1:
            raise Unsupported("layers")
        super().__init__(dependency, settings)


class Code(IntEnum):
    """Codes that are numbers."""

    OPERATION_FAILED = 1001
    RESOURCE_NOT_FOUND = 1002
    PERMISSION_DENIED = 1003
    DEPENDENCY_ERROR = 2001
    UNEXPECTED = 9999


class NumberedError(ComponentError):
    """An error whose code is a number."""

    def __init__(self, error: ComponentError) -> None:
        named = (str(error.kind), error.message, error.component, error.operation, error.resource, error.retryable)
        super().__init__(*named, Code[Kind(error.kind).name])


@odd
class NumbersItsKinds(Component):
    """Codes are members of an IntEnum, kinds plain strings, and errors of a subclass for one layer at a time."""

    def __init__(self, dependency: Dependency, settings: ErrorPropagationSettings) -> None:
        if len(settings.layers) > 1 or settings.concurrent > 1:
            raise Unsupported("layers")
        super().__init__(dependency, settings)

    async def perform(self, request: Request) -> Any:
        try:
            return await super().perform(request)
        except ComponentError as error:
            numbered, cause = NumberedError(error), error.__cause__
        raise numbered from cause

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        return {**to_problem(error), "codes": [int(code) if isinstance(code, int) else str(code) for code in error.codes]}

    @staticmethod
    def from_problem(document: Any) -> ComponentError:
        if "codes" not in document:
            return from_problem(document)
        kinds = {str(each.value): Kind[each.name] for each in Code}
        links = [{**link, "code": str(kinds.get(link["code"], link["code"]))} for link in document["chain"]]
        error = from_problem({**document, "chain": links})
        numbered = NumberedError(error)
        numbered.__cause__ = error.__cause__
        return numbered


@odd
class AnswersOtherwise(Component):
    """Other statuses that say the same: gone, unauthorized, unavailable; and a document with more in it."""

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        statuses = {Kind.RESOURCE_NOT_FOUND: 410, Kind.PERMISSION_DENIED: 401, Kind.DEPENDENCY_ERROR: 503}
        statuses[Kind.OPERATION_FAILED] = 400
        more = {"instance": "/occurrences/4711", "help": {"links": ["https://example.org/errors"]}, "trace_id": "4bf92f"}
        return {**to_problem(error), "status": statuses.get(Kind(error.kind), 500), **more}


@odd
class HasAClient(Component):
    """Between the component and the dependency stands a client, which has a context of its own."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            return await super()._one(request, resource)
        except ComponentError as error:
            outer = told(error, self._name, request, resource)
            error.component = "client"
            raise outer from error


@odd
class GroupsWithCleaningUp(Component):
    """Where cleaning up fails as well, both errors come out in a group."""

    async def _work(self, request: Request) -> Any:
        errors: list[Exception] = []
        results = None
        try:
            results = await self._all(request)
        except BaseException as error:
            if not isinstance(error, Exception):
                if self._cleans_up:
                    await self._clean_up_after(request, error)
                raise
            errors.append(error)
        try:
            if self._cleans_up:
                await self._clean_up(request)
        except ComponentError as error:
            errors.append(error)
        if len(errors) > 1:
            raise ExceptionGroup("it failed, and cleaning up did as well", errors)
        if errors:
            raise errors[0]
        return results


@odd
class IgnoresFailingCleanUp(Component):
    """What fails in cleaning up is logged, and the result is returned."""

    async def _clean_up(self, request: Request) -> None:
        await self._clean_up_after(request, Exception())


@odd
class TellsInsidersMore(Component):
    """The sentence tells colleagues everything; what crosses is another one."""

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            return await super()._one(request, resource)
        except ComponentError as error:
            if error.__cause__ is not None and not isinstance(error.__cause__, ComponentError):
                error.message = f"{error.message} ({error.__cause__})"
            raise

    @staticmethod
    def to_problem(error: ComponentError) -> Any:
        document = dict(to_problem(error))
        public = [{**link, "message": _public(link["message"])} for link in document["chain"]]
        return {**document, "detail": _public(error.message), "chain": public}


def _public(sentence: str) -> str:
    return sentence.partition(" (")[0]
