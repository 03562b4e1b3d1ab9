"""A call of send_message(), and what it comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from patternproof.drivers import Cancelled, Pending
from patternproof.flavour import resolved
from patternproof.history import shown
from patternproof.ports import Unsupported
from patternproof.ports.service_interface import ErrorKind, ServiceError, ServiceTimeoutError

from .events import WITHOUT_CAUSE
from .peer import Peer

WAITS = "waits"


class Caller:
    """One call.

    Args:
        service: the implementation.
        peer: the one that it sends to.
        number: from 0.
        root: the number of its message: that of another call, if this one sends it again.
        options: keyword arguments.
    """

    def __init__(self, service: Any, peer: Peer, number: int, root: int, options: dict[str, Any], special: bool) -> None:
        self.number = number
        self.pending: Pending | None = None
        self.refused: BaseException | None = None
        """Why it lacks what was asked for, if it does."""
        self.cancelled = False
        self._service, self._peer, self._root, self._options = service, peer, root, options
        self._message = peer.samples.request(root, special)
        self._phase = WAITS

    async def run(self) -> None:
        """Send the message, and keep what comes of it."""
        try:
            response = await resolved(self._service.send_message(self._message, **self._options))
        except asyncio.CancelledError as error:
            self._phase = "cancelled" if self.cancelled else f"fails: {shown(error)}"
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody has cancelled this task: it is an error as any other of the service's.
        except Exception as error:  # noqa: BLE001  # whatever it raises is what was seen
            self.refused = error if isinstance(error, Unsupported | TypeError) else None
            self._phase = self._of_error(error)
        else:
            self._phase = self._peer.samples.phase(response, self._root)

    def _of_error(self, error: Exception) -> str:
        if not isinstance(error, ServiceError) or error.kind not in list(ErrorKind):
            return f"fails: without a type: {shown(error)}"
        if isinstance(error, ServiceTimeoutError):
            return "timeout"
        causes = list(_with_causes(error))
        if any(each is cause for each in causes for cause in self._peer.errors):
            return "refused"
        text = " ".join(f"{each} {each.args} {getattr(each, '__notes__', '')}" for each in causes)
        for number in sorted({self._root, *range(self.number + 1)}, key=lambda each: each != self._root):
            if self._peer.samples.fault(number).message in text:
                return "fault" if number == self._root else f"gets the fault of {number}"
        return f"{WITHOUT_CAUSE}: {shown(error)}"

    @property
    def phase(self) -> str:
        """What has become of it so far."""
        never_ran = self.pending is not None and isinstance(self.pending.outcome, Cancelled)
        return "cancelled" if never_ran and self._phase == WAITS else self._phase


def _with_causes(error: BaseException, depth: int = 20) -> Iterator[BaseException]:
    """An error, those that it groups, and those that led to it."""
    yield error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    context = None if error.__suppress_context__ else error.__context__
    for each in (*inner, error.__cause__, context):
        if each is not None and depth:
            yield from _with_causes(each, depth - 1)
