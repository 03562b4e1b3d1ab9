"""The messages that go either way."""

from __future__ import annotations

from typing import Any

from patternproof.history import shown
from patternproof.ports.service_interface import ErrorKind, Fault, Message, Response

from .state import CHANGED

HARD: dict[str, Any] = {
    "": {},
    "nothing": None,
    "truth": [True, False],
    "numbers": [0, -1, 2**53 + 1, 2**64, 0.1, -1.5e300, 5e-324],
    "text": ["", "\x00\x1f\x7f", '"\\/', "\u00e9 e\u0301", "\ufeff\u2028", "\U0001f600"],
    "b\u00e4r": [[[]], {"a": {"b": [{}]}}],
}
"""Data that has gone wrong on wires: big integers, tiny floats, controls, combining marks, emoji, empty keys, nested nothing."""
FAULT_KIND = ErrorKind.RESOURCE_NOT_FOUND


class Samples:
    """What goes over one transport; that of another one differs in everything.

    Args:
        mark: what tells it from others.
    """

    def __init__(self, mark: str = "") -> None:
        self._mark = mark
        self._special: set[str] = set()
        self._made: dict[tuple[str, bool], Message] = {}

    def request(self, number: int, special: bool = False) -> Message:
        """The message of a call."""
        return self._message(f"{self._mark}m{number}", number, special)

    def incoming(self, number: int, special: bool = False) -> Message:
        """A message of the peer."""
        return self._message(f"{self._mark}p{number}", number, special)

    def _message(self, identifier: str, number: int, special: bool) -> Message:
        if special:
            self._special.add(identifier)
        key = (identifier, identifier in self._special)
        if key not in self._made:
            self._made[key] = Message(identifier, {"number": number, "of": self._mark, **self._more(identifier)})
        return self._made[key]

    def _more(self, identifier: str) -> dict[str, Any]:
        return HARD if identifier in self._special else {}

    def response(self, number: int) -> Response:
        """The peer's answer to a call."""
        identifier = f"{self._mark}m{number}"
        return Response(identifier, {"answer": number, "of": self._mark, **self._more(identifier)})

    def fault(self, number: int) -> Fault:
        """The peer's fault as an answer to a call."""
        return Fault(FAULT_KIND, f"nothing is known of {self._mark}m{number};")

    def number_of(self, identifier: object) -> int | None:
        """The number of a call's message, or of one of the peer."""
        head = (f"{self._mark}m", f"{self._mark}p")
        if isinstance(identifier, str) and identifier.startswith(head) and identifier[len(head[0]) :].isdecimal():
            return int(identifier[len(head[0]) :])
        return None

    def label(self, message: Any) -> str:
        """What a message of the peer is called that a handler or a reader gets."""
        number = self.number_of(getattr(message, "id", None))
        if number is None:
            return f"something else: {shown(message)}"
        wanted = self.incoming(number)
        same = message.id == wanted.id and getattr(message, "body", None) == wanted.body
        return f"{number}" if same else f"{number}{CHANGED}: {shown(message)}"

    def change(self, message: Any, number: int) -> str:
        """How a request was changed on its way; empty where it was not."""
        return "" if getattr(message, "body", None) == self.request(number).body else f"changed: {shown(message)}"

    def phase(self, response: Any, number: int) -> str:
        """What a call got that has returned."""
        wanted = self.response(number)
        named, body = getattr(response, "request", None), getattr(response, "body", None)
        if body == wanted.body:
            return "answered" if named == wanted.request else f"gets a response that names another: {shown(named)}"
        try:
            other = body.get("answer") if body.get("of") == self._mark else None  # type: ignore[union-attr]  # tried
        except Exception:  # noqa: BLE001  # whatever it is, it is no answer of the peer's
            other = None
        if isinstance(other, int) and other != number:
            return f"gets the response of {other}"
        return f"is answered otherwise: {shown(response)}"
