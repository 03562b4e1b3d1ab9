"""The messages of error propagation."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, field

from patternproof.binding.messages.common import Id, Message
from patternproof.binding.messages.settings import message_of
from patternproof.ports.error_propagation import ErrorPropagationSettings

Settings: Any = message_of(
    ErrorPropagationSettings,
    layers=Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1, max_length=20)],
    concurrent=Annotated[int, Meta(ge=1, le=100)],
)


class MakeComponent(Message, tag_field="pattern", tag="error_propagation"):
    """Make a component over a dependency of the kit's.

    The dependency's methods ``call(operation, resource)`` and ``release(operation)`` are functions of its id. The first returns a
    result, ``{"result": "t1", "shown": "…", "objection": null, "raises": null}``, that is to be an object which shows itself so.
    Its method ``objection(result)`` is plain: it returns the objection, or raises what ``raises`` says, and tells (the dependency
    is the listener) of the result that it was asked for, or of null for anything else.
    """

    instance: Id
    dependency: Id
    settings: Settings = field(default_factory=Settings)


class Perform(Message, tag_field="method", tag="error_propagation.perform"):
    """Have a request performed. Returns a list of the results, each as ``{"token": "t1"}``, or is ``troubled``."""

    call: Id
    operation: str
    resources: list[str]


class ToProblem(Message, tag_field="method", tag="error_propagation.to_problem"):
    """Make the problem document of an error that was told of. Ends at once."""

    call: Id
    error: str


class FromProblem(Message, tag_field="method", tag="error_propagation.from_problem"):
    """Restore an error from a problem document; returns ``{"errors": […]}``, as of ``troubled``. Ends at once."""

    call: Id
    document: dict[str, Any]


Make = MakeComponent
CALLS = (Perform, ToProblem, FromProblem)
PLAIN = (ToProblem, FromProblem)
"""Those that end at once."""
MEMBERS = ("to_problem", "from_problem")
"""Methods that not every component has."""
