"""Components for threads."""

from __future__ import annotations

import threading
from typing import Any

from patternproof.ports.error_propagation import ErrorPropagationSettings, Request

from .problems import from_problem, to_problem
from .telling import rejected, together, told


class ThreadedComponent:
    """Layers over a dependency, called from threads; several resources are asked for in a thread each.

    Args:
        dependency: what the innermost layer calls; its methods are plain.
        settings: the names of the layers.
    """

    to_problem = staticmethod(to_problem)
    from_problem = staticmethod(from_problem)

    def __init__(self, dependency: Any, settings: ErrorPropagationSettings) -> None:
        self._dependency = dependency
        self._name, *below = settings.layers
        self._cleans_up = settings.cleanup and not below
        self._below = None
        if below:
            self._below = type(self)(dependency, ErrorPropagationSettings(tuple(below), settings.concurrent, settings.cleanup))

    def perform(self, request: Request) -> list[Any]:
        """Call the dependency for each resource, and give the results in order.

        Raises:
            ComponentError: what went wrong; where several calls failed, from a group of their errors.
        """
        if self._below is None:
            return self._work(request)
        try:
            return self._below.perform(request)
        except Exception as error:
            raise told(error, self._name, request, None) from error

    def _work(self, request: Request) -> list[Any]:
        try:
            results = self._all(request)
        except BaseException as first:
            if self._cleans_up:
                self._clean_up_after(request, first)
            raise
        if self._cleans_up:
            self._clean_up(request)
        return results

    def _all(self, request: Request) -> list[Any]:
        results: dict[str, Any] = {}
        errors: dict[str, BaseException] = {}

        def ask(resource: str) -> None:
            try:
                results[resource] = self._one(request, resource)
            except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that waits for it
                errors[resource] = error

        first, *others = request.resources
        threads = [threading.Thread(target=ask, args=(resource,), daemon=True) for resource in others]
        for thread in threads:
            thread.start()
        ask(first)
        for thread in threads:
            thread.join()
        if errors:
            self._raise([errors[resource] for resource in request.resources if resource in errors], request)
        return [results[resource] for resource in request.resources]

    def _raise(self, failed: list[Any], request: Request) -> None:
        for error in failed:
            if len(failed) == 1 or not isinstance(error, Exception):
                raise error
        raise together(failed, self._name, request) from ExceptionGroup("several calls failed", failed)

    def _one(self, request: Request, resource: str) -> Any:
        try:
            result = self._dependency.call(request.operation, resource)
            objection = self._dependency.objection(result)
        except Exception as error:
            raise told(error, self._name, request, resource) from error
        if objection is not None:
            raise rejected(objection, self._name, request, resource)
        return result

    def _clean_up(self, request: Request) -> None:
        try:
            self._dependency.release(request.operation)
        except Exception as error:
            raise told(error, self._name, request, None) from error

    def _clean_up_after(self, request: Request, first: BaseException) -> None:
        try:
            self._dependency.release(request.operation)
        except Exception as error:  # noqa: BLE001 - whatever it is, the first error is the one that matters
            first.add_note(f"Cleaning up failed as well, with {type(error).__name__}: {error}")
