"""What becomes of an error at a process boundary."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from patternproof.history import shown
from patternproof.ports.error_propagation import ComponentError

from .dependency import Work
from .reading import word

TRACEBACK = re.compile(r"Traceback \(most recent call last\)|File \\?\"[^\"]+\\?\", line \d+|<traceback object")
FOREIGN_MEMBER = {"x-request-id": ["7f3a", {"hops": 2}]}
"""An extension member that nobody knows: RFC 9457, 3.2, has clients ignore such."""
FOREIGN_DOCUMENT = {"type": "about:blank", "title": "I'm a teapot", "status": 418}
"""A document of another maker, of a code that nobody knows."""
_TEXTS = ("type", "title", "detail", "instance")
_STATUS = range(100, 600)


class Boundary:
    """The errors of one component as they cross.

    Args:
        component: has ``to_problem`` and ``from_problem``.
        now: calls a function where the implementation's own code runs.
    """

    def __init__(self, component: Any, now: Callable[[Callable[[], Any]], Any]) -> None:
        self._component, self._now = component, now

    def document(self, error: ComponentError) -> tuple[Mapping[str, Any], str]:
        """The document of an error, and the text that crosses; an empty one where none can."""
        made = self._tried(lambda: self._component.to_problem(error))
        if isinstance(made, Exception):
            return {}, f"no document, but {shown(made)}"
        try:
            text = json.dumps(dict(made) if isinstance(made, Mapping) else made)
        except (TypeError, ValueError) as failure:
            return {}, f"what cannot be written as JSON: {failure}"
        read = json.loads(text)
        return (read, text) if isinstance(read, dict) else ({}, text)

    def restored(self, document: Mapping[str, Any]) -> Any:
        """What is restored of a document, or the error that doing so raises."""
        return self._tried(lambda: self._component.from_problem(document))

    def _tried(self, function: Callable[[], Any]) -> Any:
        try:
            return self._now(function)
        except Exception as failure:  # noqa: BLE001  # whatever it raises is what was seen
            return failure


def inspect(boundary: Boundary, errors: Sequence[ComponentError], work: Work, aspect: str) -> tuple[Any, str]:
    """What is found of an aspect of errors that cross, and the document: survival, leaks or status."""
    found: tuple[Any, str] = (None if aspect == "status" else ""), ""
    for error in errors:
        document, text = boundary.document(error)
        if aspect == "status":
            status = document.get("status")
            return (status if isinstance(status, int) and not isinstance(status, bool) else None), shown(text, 200)
        places = _leaks(text, work)
        words = " and ".join(_PLACES[place] for place in places) if aspect == "leaks" else ""
        words = words or (" and ".join(_faults(boundary, error, document, bool(places))) if aspect == "survival" else "")
        if words:
            return words + (" crosses" if aspect == "leaks" else " did not survive"), shown(text, 300)
    return found


_PLACES = {
    "text": "the text of the dependency's error",
    "cause": "the text of its cause",
    "attribute": "a secret in an attribute",
    "result": "the result",
    "traceback": "a traceback",
}


def _leaks(text: str, work: Work) -> tuple[str, ...]:
    places = {place for part in work.parts for place in part.marks.found_in(text)}
    found = [place for place in ("text", "cause", "attribute", "result") if place in places]
    return (*found, *(["traceback"] if TRACEBACK.search(text) else []))


def _faults(boundary: Boundary, error: ComponentError, document: Mapping[str, Any], hidden: bool) -> Iterator[str]:
    if not is_well_formed(document):
        yield "the form of a problem document"
        return
    back = boundary.restored(json.loads(json.dumps(document)))
    lost = list(differences(error, back, hidden))
    yield from lost
    if not lost:
        again = boundary.restored({**document, **FOREIGN_MEMBER})
        if any(differences(error, again, hidden)):
            yield "what stands beside a member that nobody knows"


def differences(error: ComponentError, back: Any, hidden: bool) -> Iterator[str]:
    """What of an error did not survive; a sentence that should not have crossed as it was need only be some sentence."""
    if not isinstance(back, ComponentError):
        yield "the error"
        return
    if (word(back.kind), word(back.code)) != (word(error.kind), word(error.code)):
        yield "the code"
    if not back.message or not (back.message == error.message or hidden or _is_inside(error)):
        yield "the sentence"
    if [tuple(each) for each in back.contexts[:1]] != [tuple(each) for each in error.contexts[:1]]:
        yield "the context"
    if [word(code) for code in back.codes] != [word(code) for code in error.codes]:
        yield "the chain of codes"


def _is_inside(error: ComponentError) -> bool:
    """Whether a sentence holds what may not cross, so that another takes its place."""
    return "hush-" in str(error.message)


def is_well_formed(document: Mapping[str, Any]) -> bool:
    """Whether a document is one of RFC 9457: it says something, in members of the right types."""
    if not any(document.get(name) for name in _TEXTS):
        return False
    texts = all(isinstance(document[name], str) for name in _TEXTS if document.get(name) is not None)
    status = document.get("status")
    return texts and (status is None or (isinstance(status, int) and status in _STATUS))
