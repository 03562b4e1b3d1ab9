"""The port of the service interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from .frozen import Value, frozen


class ErrorKind(StrEnum):
    """What went wrong, for machines; the kinds of error propagation."""

    OPERATION_FAILED = "operation_failed"
    RESOURCE_NOT_FOUND = "resource_not_found"
    PERMISSION_DENIED = "permission_denied"
    DEPENDENCY_ERROR = "dependency_error"
    UNEXPECTED = "unexpected"


class ServiceError(Exception):
    """A call of the service has failed; what led to it is its ``__cause__``.

    Args:
        kind: for machines.
        message: for people.
        component: who failed.
        operation: what was being done, such as ``"send_message"``.
        resource: what it was done to, such as the id of a message.
        retryable: whether trying again can help; None: not known.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        component: str = "service_interface",
        operation: str = "",
        resource: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = ErrorKind(kind)
        self.message = message
        self.component = component
        self.operation = operation
        self.resource = resource
        self.retryable = retryable


class ServiceTimeoutError(ServiceError):
    """A call has reached its deadline; whether it took effect is not known."""


class UnknownHandlerError(ServiceError):
    """unregister_handler() of an id that is not, or no more, a handler's."""


class TransportError(Exception):
    """What a transport raises where it cannot carry a frame, or has lost its peer."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, either way.

    Args:
        id: given by whoever sends it; no two messages in flight have the same.
        body: whatever JSON can say; lists become tuples, and nothing of it can be changed.

    Raises:
        ValueError: the id is no text, or empty.
        PayloadError: the body is nothing that JSON can say.
    """

    id: str
    body: Value = None

    def __post_init__(self) -> None:
        given: object = self.id
        if not isinstance(given, str) or not given:
            raise ValueError(f"a message has an id, which is a text that is not empty; got {self.id!r}")
        object.__setattr__(self, "body", frozen(self.body, "body"))


@dataclass(frozen=True, slots=True)
class Response:
    """What a message was answered with.

    Args:
        request: the id of the message that it answers.
        body: as that of `Message`.
    """

    request: str
    body: Value = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", frozen(self.body, "body"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What a message was answered with that could not be dealt with."""

    kind: ErrorKind
    message: str


FrameId: TypeAlias = "int | str"


@dataclass(frozen=True, slots=True)
class Request:
    """A message on the wire, from either side.

    Args:
        id: given by the side that sends it, which uses each once; the two sides number by themselves, so the same id may go
            both ways at once.
        message: the message.
    """

    id: FrameId
    message: Message


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request on the wire.

    Args:
        id: that of the request.
        outcome: a `Response`, a `Fault`, or None where all is well and there is nothing to say.
    """

    id: FrameId
    outcome: Response | Fault | None = None


Frame: TypeAlias = "Request | Reply"


class Transport(Protocol):
    """The dependency: a line to a peer, made by the kit, or by whoever uses the service.

    The peer answers requests in any order, late, a second time, with a fault, or never; and sends requests of its own at any
    time. It knows nothing of idempotency keys: whoever has to tell that two requests are the same is the service.
    """

    async def send(self, frame: Frame) -> None:
        """Hand a frame over.

        Raises:
            TransportError: it was not handed over.
        """

    async def receive(self) -> Frame:
        """The next frame from the peer; waits for it. Cancelling it loses none.

        Raises:
            TransportError: the peer is lost, for good.
        """


class Subscription(Protocol):
    """What receive_messages() gives: every message that the peer sends from then on."""

    async def receive(self) -> Message:
        """The next message; waits for it. Cancelling it loses none."""

    def __aiter__(self) -> AsyncIterator[Message]:
        """The messages, without an end; optional."""


Handler: TypeAlias = Callable[[Message], Awaitable[object]]
"""Called with every message that the peer sends; under RUNTIME "threads" a plain function. It may call the service."""
HandlerId: TypeAlias = Hashable


class MessageService(Protocol):
    """A message service as the kit drives it; made by ``service_interface(dependency)`` over a `Transport`.

    It is the McpService of the pattern document, with a way to take a handler back. Whoever sends waits for the response of the
    peer. What the peer sends goes to every handler and every subscription, and is replied to once all its handlers have ended:
    with a `Fault` if one of them failed, otherwise, if at all, with None or a response.

    A service that lacks an operation, or an argument of one, refuses it with ``Unsupported("name")``.
    """

    async def send_message(self, message: Message, timeout: float | None = None, idempotency_key: str | None = None) -> Response:
        """Send a message to the peer, and wait for its response.

        Args:
            message: what is sent.
            timeout: seconds after which to give up, above 0; None waits for ever.
            idempotency_key: calls with one key are one operation, which is sent once: a later one gets the response of the
                first, or waits for it, whatever became of its caller. What has failed may be sent again. None: no key.

        Returns:
            The response that names this message, with the body that the peer gave it.

        Raises:
            ServiceError: the peer answered with a fault, whose kind it has; or the transport failed (``dependency_error``). Its
                cause is what the transport raised.
            ServiceTimeoutError: the deadline has come first.
        """

    async def receive_messages(self) -> Subscription:
        """Subscribe to the messages of the peer; what it sends after this has returned is not missed."""

    async def register_handler(self, handler: Handler) -> HandlerId:
        """Have a function called once with each message that the peer sends after this has returned, in the order sent.

        Returns:
            An id that no other handler has, had, or will have.
        """

    async def unregister_handler(self, handler_id: HandlerId) -> None:
        """Take a handler back; once this has returned it is called no more. It may wait for calls that run.

        Raises:
            ServiceError: there is no such handler.
        """


ARGUMENTS = ("dependency",)
REQUIRED = MessageService
JUDGED = True
"""Whether an object has these members, as they should be, is a requirement of its own (SI-01), and no fault of the adapter."""
OPTIONAL = ()
