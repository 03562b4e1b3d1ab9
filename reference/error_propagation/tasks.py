"""Components for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from patternproof.ports.error_propagation import ComponentError, Dependency, ErrorPropagationSettings, Request

from .problems import from_problem, to_problem
from .telling import rejected, together, told


class Component:
    """Layers over a dependency; each adds its context to the errors that pass it.

    Nothing but an `Exception` is caught: a cancellation, KeyboardInterrupt and SystemExit pass as they are.

    Args:
        dependency: what the innermost layer calls.
        settings: the names of the layers.
    """

    to_problem = staticmethod(to_problem)
    from_problem = staticmethod(from_problem)

    def __init__(self, dependency: Dependency, settings: ErrorPropagationSettings) -> None:
        self._dependency = dependency
        self._name, *below = settings.layers
        self._cleans_up = settings.cleanup and not below
        self._below = None
        if below:
            self._below = type(self)(dependency, ErrorPropagationSettings(tuple(below), settings.concurrent, settings.cleanup))

    async def perform(self, request: Request) -> list[Any]:
        """Call the dependency for each resource, and give the results in order.

        Raises:
            ComponentError: what went wrong; where several calls failed, from a group of their errors.
        """
        if self._below is None:
            return await self._work(request)
        try:
            return await self._below.perform(request)
        except Exception as error:
            raise told(error, self._name, request, None) from error

    async def _work(self, request: Request) -> list[Any]:
        try:
            results = await self._all(request)
        except BaseException as first:
            if self._cleans_up:
                await self._clean_up_after(request, first)
            raise
        if self._cleans_up:
            await self._clean_up(request)
        return results

    async def _all(self, request: Request) -> list[Any]:
        if len(request.resources) == 1:
            return [await self._one(request, request.resources[0])]
        failed: Sequence[Any] = ()
        tasks: list[asyncio.Task[Any]] = []
        try:
            async with asyncio.TaskGroup() as group:
                tasks += [group.create_task(self._one(request, resource)) for resource in request.resources]
        except ExceptionGroup as several:
            failed = several.exceptions
        if failed:  # raised out here, so that the group is not the context of what it holds
            self._raise(failed, request)
        return [task.result() for task in tasks]

    def _raise(self, failed: Sequence[ComponentError], request: Request) -> None:
        error = together(failed, self._name, request)
        if len(failed) == 1:
            raise error
        raise error from ExceptionGroup("several calls failed", failed)

    async def _one(self, request: Request, resource: str) -> Any:
        try:
            result = await self._dependency.call(request.operation, resource)
            objection = self._dependency.objection(result)
        except Exception as error:
            raise told(error, self._name, request, resource) from error
        if objection is not None:
            raise rejected(objection, self._name, request, resource)
        return result

    async def _clean_up(self, request: Request) -> None:
        try:
            await self._dependency.release(request.operation)
        except Exception as error:
            raise told(error, self._name, request, None) from error

    async def _clean_up_after(self, request: Request, first: BaseException) -> None:
        try:
            await self._dependency.release(request.operation)
        except Exception as error:  # noqa: BLE001 - whatever it is, the first error is the one that matters
            first.add_note(f"Cleaning up failed as well, with {type(error).__name__}: {error}")
