"""Which error a layer makes of one from below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patternproof.ports.error_propagation import ComponentError, DependencyFailure, Kind, Request


def told(error: Exception, component: str, request: Request, resource: str | None) -> ComponentError:
    """The error that a layer raises from one that it has caught.

    A known kind keeps its kind, its sentence and its hint on the way up. The texts of other errors are for whoever looks at the
    cause: they may hold what nobody above should see.

    Args:
        error: the one from below.
        component: the name of the layer.
        request: what it performs.
        resource: the one that the error concerns; None where that is known no better.
    """
    if isinstance(error, ComponentError):
        named = resource if error.resource is None else error.resource
        return ComponentError(error.kind, error.message, component, request.operation, named, error.retryable, error.code)
    failures = list(_failures(error))
    if failures:
        sentence = f"The dependency failed{_for(resource)}."
        retryable = all(failure.retryable for failure in failures)
        return ComponentError(Kind.DEPENDENCY_ERROR, sentence, component, request.operation, resource, retryable)
    sentence = f"Something unexpected went wrong{_for(resource)}."
    return ComponentError(Kind.UNEXPECTED, sentence, component, request.operation, resource)


def rejected(objection: str, component: str, request: Request, resource: str) -> ComponentError:
    """The error of a result that is not valid; the result itself may hold what nobody should see, so it is not told."""
    return ComponentError(Kind.OPERATION_FAILED, objection, component, request.operation, resource, retryable=False)


def together(errors: Sequence[ComponentError], component: str, request: Request) -> ComponentError:
    """The error of several that happened at once, to be raised from a group of them; of one that one itself."""
    if len(errors) == 1:
        return errors[0]
    kinds = {error.kind for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else Kind.OPERATION_FAILED
    named = ", ".join(str(error.resource) for error in errors)
    retryable = all(error.retryable for error in errors)
    return ComponentError(kind, f"Several calls failed: those for {named}.", component, request.operation, named, retryable)


def _failures(error: Exception) -> Iterator[DependencyFailure]:
    """The failures of a dependency in a group of nothing else, or the one that the error is."""
    if isinstance(error, DependencyFailure):
        yield error
    elif isinstance(error, ExceptionGroup):
        _, others = error.split(DependencyFailure)
        if others is None:
            for each in error.exceptions:
                yield from _failures(each)


def _for(resource: str | None) -> str:
    return "" if resource is None else f" for {resource}"
