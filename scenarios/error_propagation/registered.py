"""What is required of services, as checks of schemathesis.

Importing this module registers them. They are named by their requirements::

    SCHEMATHESIS_HOOKS=patternproof.scenarios.error_propagation.registered schemathesis run --checks ep_10,ep_12 …
"""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response

from .checks import Asked, faults
from .service import SERVER_ERROR


class _Held:
    """A requirement, held against one answer after the other."""

    requirement: str

    def __init__(self) -> None:
        self._working: set[str] = set()
        """The operations that have answered what their description allows."""

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> None:
        """Hold it against an answer.

        Raises:
            AssertionError: the answer breaks it; what was expected and seen.
        """
        forbidden = case.meta is not None and case.meta.generation.mode is GenerationMode.NEGATIVE
        if not forbidden and response.status_code < SERVER_ERROR:
            self._working.add(case.operation.label)
        asked = Asked.of(case, response, forbidden, case.operation.label in self._working)
        for requirement, message in faults(asked):
            if requirement == self.requirement:
                raise AssertionError(f"{requirement}: {message}")


@schemathesis.check
class ep_09(_Held):  # noqa: N801  # its name is how it is chosen on the command line
    """Problem documents are of RFC 9457."""

    requirement = "EP-09"


@schemathesis.check
class ep_10(_Held):  # noqa: N801  # as above
    """Errors hold nothing of the inside."""

    requirement = "EP-10"


@schemathesis.check
class ep_12(_Held):  # noqa: N801  # as above
    """Bad input is refused as the client's fault, and a document's status is the answer's."""

    requirement = "EP-12"
