"""The endpoints of a server, in one table."""

from __future__ import annotations

from typing import Any, NamedTuple, Union

from patternproof.binding.messages import CALL, MAKE, PATTERNS, Answer, CallState, Description, Made, Move, Release


class Endpoint(NamedTuple):
    """One of them."""

    method: str
    path: str
    """Parameters are ids, in braces."""
    summary: str
    request: Any = None
    """The type of its message; None: it takes none."""
    response: Any = Answer
    status: int = 200
    settles: bool = True
    """Whether it may be asked to settle before it answers."""


ENDPOINTS = (
    Endpoint("GET", "/", "Say what the server is.", response=Description, settles=False),
    Endpoint("POST", "/instances", "Make an instance of a pattern.", MAKE, Made, 201),
    Endpoint("DELETE", "/instances/{instance}", "Delete an instance, and give up its calls; the last one ends the example."),
    Endpoint("POST", "/instances/{instance}/calls", "Begin a call of a method.", CALL, status=201),
    Endpoint("GET", "/calls/{call}", "Say how a call stands.", response=CallState, settles=False),
    Endpoint("DELETE", "/calls/{call}", "Cancel a call where it stands; one that has ended stays as it is."),
    Endpoint("POST", "/operations/{operation}", "Let an operation end that was told of as begun.", Release),
    Endpoint("POST", "/clock", "Let turns and time pass; with neither, ask for what has happened.", Move),
)


def endpoints_of(pattern: str) -> tuple[Endpoint, ...]:
    """The endpoints with the messages of one pattern alone."""
    messages = PATTERNS[pattern]
    call: Any = Union[tuple(messages.CALLS)]  # noqa: UP007  # made of a sequence
    requests = {MAKE: messages.Make, CALL: call}
    return tuple(endpoint._replace(request=requests.get(endpoint.request, endpoint.request)) for endpoint in ENDPOINTS)
