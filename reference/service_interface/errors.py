"""What is refused, and how failures are told."""

from __future__ import annotations

from typing import Any

from patternproof.ports.service_interface import (
    ErrorKind,
    Fault,
    Message,
    ServiceError,
    ServiceTimeoutError,
    UnknownHandlerError,
)

RETRYABLE = {ErrorKind.DEPENDENCY_ERROR}


def checked(message: Any, timeout: float | None) -> None:
    """Refuse what cannot be sent.

    Raises:
        ServiceError: it is no message, or the timeout is not above 0.
    """
    if not isinstance(message, Message):
        raise _refusal(f"send_message() takes a Message, which has an id; got {type(message).__name__}", "send_message")
    if timeout is not None and not timeout > 0:
        raise _refusal(f"a timeout is a number of seconds above 0, or None for no limit; got {timeout!r}", "send_message")


def checked_handler(handler: Any) -> None:
    """Refuse what cannot be called.

    Raises:
        ServiceError: it is not callable.
    """
    if not callable(handler):
        raise _refusal(f"register_handler() takes a function of a message; got {type(handler).__name__}", "register_handler")


def _refusal(text: str, operation: str) -> ServiceError:
    return ServiceError(ErrorKind.OPERATION_FAILED, text, operation=operation, retryable=False)


def of_transport(error: BaseException, message: Message) -> ServiceError:
    """The error of a call whose message the transport could not carry, or whose peer is lost."""
    made = ServiceError(
        ErrorKind.DEPENDENCY_ERROR,
        f"message {message.id!r} was not sent and answered: {error}",
        operation="send_message",
        resource=message.id,
        retryable=True,
    )
    made.__cause__ = error
    return made


def of_fault(fault: Fault, message: Message) -> ServiceError:
    """The error of a call that the peer has answered with a fault."""
    return ServiceError(
        fault.kind, fault.message, operation="send_message", resource=message.id, retryable=fault.kind in RETRYABLE
    )


def of_deadline(message: Message, timeout: float | None) -> ServiceTimeoutError:
    """The error of a call whose deadline has come."""
    text = f"message {message.id!r} was not answered within {timeout:g} s; whether it took effect is not known"
    return ServiceTimeoutError(ErrorKind.DEPENDENCY_ERROR, text, operation="send_message", resource=message.id, retryable=True)


def unknown(handler_id: object) -> UnknownHandlerError:
    """The error of taking back a handler that there is not."""
    return UnknownHandlerError(
        ErrorKind.RESOURCE_NOT_FOUND,
        f"no handler has the id {handler_id!r}; it was given by no register_handler() of this service, or taken back already",
        operation="unregister_handler",
        resource=str(handler_id),
        retryable=False,
    )


def fault_of(errors: list[Exception]) -> Fault | None:
    """What the peer is told of a message at which handlers have failed; None where none has."""
    if not errors:
        return None
    kind = errors[0].kind if isinstance(errors[0], ServiceError) else ErrorKind.OPERATION_FAILED
    text = "; ".join(f"{type(error).__name__}: {error}" for error in errors)
    return Fault(kind, f"{len(errors)} handler{'s' * (len(errors) > 1)} failed: {text}")
