"""Errors as problem details (RFC 9457), and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from patternproof.ports.error_propagation import ComponentError, Kind, ProblemDetails, beneath

TITLES = {
    Kind.OPERATION_FAILED: "The operation failed",
    Kind.RESOURCE_NOT_FOUND: "There is no such resource",
    Kind.PERMISSION_DENIED: "Permission was denied",
    Kind.DEPENDENCY_ERROR: "A dependency failed",
    Kind.UNEXPECTED: "Something unexpected happened",
}
STATUSES = {
    Kind.OPERATION_FAILED: 422,
    Kind.RESOURCE_NOT_FOUND: 404,
    Kind.PERMISSION_DENIED: 403,
    Kind.DEPENDENCY_ERROR: 502,
    Kind.UNEXPECTED: 500,
}
TYPE = "urn:problem:"
"""What the types of problems begin with; the code follows."""
NOWHERE = "unknown"
"""The component and the operation of an error that a document says nothing of."""


class NoProblemError(ValueError):
    """What came over the boundary is no problem document.

    Args:
        seen: it.
    """

    def __init__(self, seen: object) -> None:
        super().__init__(f"expected a problem document, which is a JSON object; seen: a {type(seen).__name__}")


def to_problem(error: ComponentError) -> ProblemDetails:
    """The problem document of an error: what its layers say in words meant for people, and nothing of what caused it.

    Raises:
        TypeError: it is no error of a component, so that nobody has said what of it may be told.
    """
    if not isinstance(error, ComponentError):
        raise TypeError(f"expected a ComponentError, seen: a {type(error).__name__}; have a component tell of it first")
    kind = Kind(error.kind)
    return {
        "type": TYPE + kind,
        "title": TITLES[kind],
        "status": STATUSES[kind],
        "detail": error.message,
        "retryable": error.retryable,
        "chain": [_link(each) for each in beneath(error) if isinstance(each, ComponentError)],
    }


def _link(error: ComponentError) -> dict[str, Any]:
    return {
        "code": str(error.code),
        "message": error.message,
        "component": error.component,
        "operation": error.operation,
        "resource": error.resource,
    }


def from_problem(document: ProblemDetails) -> ComponentError:
    """The error that a document tells of; a code that is not known makes it an unexpected one, whose sentence names it.

    Members that are missing, unknown or of a wrong type count as absent (RFC 9457, 3.1 and 3.2).

    Raises:
        NoProblemError: it is no JSON object.
    """
    if not isinstance(document, Mapping):
        raise NoProblemError(document)
    hint = document.get("retryable")
    retryable = hint if isinstance(hint, bool) else None
    links = list(_links(document.get("chain")))
    if not links:
        return _foreign(document, retryable)
    errors = [_restored(link, retryable if link is links[0] else None) for link in links]
    for above, below in pairwise(errors):
        above.__cause__ = below
    return errors[0]


def _links(chain: Any) -> Iterator[Mapping[str, Any]]:
    for link in chain if isinstance(chain, list) else ():
        if isinstance(link, Mapping) and isinstance(link.get("code"), str):
            yield link


def _restored(link: Mapping[str, Any], retryable: bool | None) -> ComponentError:
    code, resource = link["code"], link.get("resource")
    known = code in set(Kind)
    return ComponentError(
        Kind(code) if known else Kind.UNEXPECTED,
        _text(link.get("message"), "")
        if known
        else f"There is no code {code!r} here: {_text(link.get('message'), 'no more is said')}",
        _text(link.get("component"), NOWHERE),
        _text(link.get("operation"), NOWHERE),
        resource if isinstance(resource, str) else None,
        retryable,
        code,
    )


def _foreign(document: Mapping[str, Any], retryable: bool | None) -> ComponentError:
    """The error of a document of another maker: its type is all the code that it has."""
    kind = _text(document.get("type"), "about:blank")
    said = _text(document.get("detail"), "") or _text(document.get("title"), "no more is said")
    return ComponentError(Kind.UNEXPECTED, f"A problem of an unknown type, {kind}: {said}", NOWHERE, NOWHERE, None, retryable)


def _text(value: Any, otherwise: str) -> str:
    return value if isinstance(value, str) else otherwise
