"""What no answer of a service may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .crossing import is_well_formed
from .insides import insides

if TYPE_CHECKING:
    from schemathesis import Case, Response

ERROR = 400
SERVER_ERROR = 500
PROBLEM = "application/problem+json"
NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and its answer."""

    status: int
    media_type: str
    body: str
    headers: str
    sent: str
    """Everything that the client sent."""
    forbidden: bool
    """Whether the service's description forbids the request."""
    works: bool
    """Whether the operation has answered what its description allows."""

    @classmethod
    def of(cls, case: Case[Any], answer: Response, forbidden: bool, works: bool) -> Asked:
        """As a case of schemathesis and its answer have it."""
        headers = {name.lower(): ", ".join(values) for name, values in answer.headers.items()}
        request = answer.request
        raw = request.body or b""
        body = raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)
        parts = [str(request.url), unquote(str(request.url)), *map(str, request.headers.values()), body, repr(case.body)]
        return cls(
            answer.status_code,
            headers.get("content-type", "").partition(";")[0].strip().lower(),
            answer.content.decode(errors="replace"),
            "\n".join(f"{name}: {value}" for name, value in headers.items()),
            "\n".join(parts),
            forbidden,
            works,
        )

    @property
    def is_problem(self) -> bool:
        """Whether the answer calls itself a problem document."""
        return self.media_type == PROBLEM

    @property
    def document(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def faults(asked: Asked) -> Iterator[tuple[str, str]]:
    """The requirements that an answer breaks, and how."""
    if asked.status >= ERROR:
        for what, words in insides(f"{asked.headers}\n{asked.body}", asked.sent):
            yield "EP-10", f"expected an error that holds nothing of the inside; seen: {what}, {words[:120]!r}"
    if asked.is_problem:
        yield from _of_problem(asked)
    if asked.forbidden and asked.status >= SERVER_ERROR and asked.works and asked.status != NOT_IMPLEMENTED:
        yield "EP-12", f"expected bad input to be refused as the client's fault; seen: status {asked.status}"


def _of_problem(asked: Asked) -> Iterator[tuple[str, str]]:
    document = asked.document
    if not isinstance(document, dict) or not is_well_formed(document):
        yield "EP-09", f"expected a problem document as of RFC 9457; seen: {asked.body[:120]!r}"
        return
    status = document.get("status")
    # RFC 9457, 3.1.2: whoever generates the document uses the same status in the answer itself.
    if status is not None and status != asked.status:
        yield "EP-12", f"expected the status of the answer, {asked.status}, in its problem document; seen: {status!r}"
