"""Whether an object satisfies the interface by its structure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_origin, get_type_hints

from patternproof.history import shown
from patternproof.ports import Unsupported
from patternproof.ports.service_interface import MessageService

METHODS = ("send_message", "receive_messages", "register_handler", "unregister_handler")
RETURNS = {"send_message": "Response", "receive_messages": "Subscription", "register_handler": "HandlerId"}
NAMES_ALONE = {"register_handler": (bool, int, str, bytes, float, tuple, frozenset)}
"""Plain types that a method may well return."""


def differences(service: Any, threads: bool) -> list[str]:
    """One line for each difference between an object and the interface.

    What an object keeps to itself (no signature, no annotations) is right as far as one can tell; more parameters are, too, as
    long as they need not be given.
    """
    return [f"{name}: {each}" for name in METHODS for each in _of_method(service, name, threads)]


def _of_method(service: Any, name: str, threads: bool) -> Iterator[str]:
    expected = expected_signature(name, threads)
    member = getattr(service, name, None)
    if member is None:
        public = ", ".join(each for each in dir(service) if not each.startswith("_"))
        yield f"expected {expected}, seen nothing of that name among {public or 'no public members'}"
        return
    if not callable(member):
        yield f"expected {expected}, seen {shown(member)}, which cannot be called"
        return
    asynchronous = inspect.iscoroutinefunction(member)
    if threads and asynchronous:
        yield f"expected {expected}, seen an async one"
    if not threads and not asynchronous and _surely_plain(member):
        yield f"expected {expected}, seen a plain one that returns {shown(_returns(member))}"
    yield from _of_parameters(member, name, expected)
    yield from _of_return(member, name, expected)


def expected_signature(name: str, threads: bool) -> str:
    """How a method of the interface is declared."""
    function = getattr(MessageService, name)
    parameters = ", ".join(each for each in inspect.signature(function).parameters if each != "self")
    returns = RETURNS.get(name, "None")
    return f"{'' if threads else 'async '}def {name}({parameters}) -> {returns}"


def _of_parameters(member: Callable[..., Any], name: str, expected: str) -> Iterator[str]:
    signature = _signature(member)
    if signature is None:
        return
    wanted = _required(name)
    try:
        signature.bind(*[object()] * len(wanted))
    except TypeError as error:
        yield f"expected {expected}, seen ({_shown(signature)}): called as it says, {error}"
        return
    plain = [each.name for each in signature.parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    for each in wanted:
        if plain and each not in plain and not accepts(member, each):
            yield f"expected a parameter {each!r}, seen ({_shown(signature)})"


def _required(name: str) -> list[str]:
    parameters = inspect.signature(getattr(MessageService, name)).parameters.values()
    return [each.name for each in parameters if each.name != "self" and each.default is each.empty]


def _shown(signature: inspect.Signature) -> str:
    return ", ".join(str(each.replace(annotation=each.empty)) for each in signature.parameters.values())


def _of_return(member: Callable[..., Any], name: str, expected: str) -> Iterator[str]:
    returns = _returns(member)
    returns = get_origin(returns) or returns
    if name not in RETURNS or returns is Any:
        return
    allowed = NAMES_ALONE.get(name, ())
    plain = returns is type(None) or (isinstance(returns, type) and returns.__module__ == "builtins" and returns is not object)
    if plain and returns not in allowed and inspect.iscoroutinefunction(member):
        yield f"expected {expected}, seen -> {shown(returns)}"


def _returns(member: Callable[..., Any]) -> Any:
    """The annotated type of what it returns; Any where that is not told."""
    try:
        returns = get_type_hints(member).get("return", Any)
    except Exception:  # noqa: BLE001  # annotations may name what only a type checker imports
        return Any
    return returns


def _surely_plain(member: Callable[..., Any]) -> bool:
    """Whether a function says by its annotation that it returns nothing to be awaited."""
    returns = _returns(member)
    if inspect.iscoroutinefunction(inspect.unwrap(member)) or returns is Any:
        return False
    return isinstance(returns, type) and returns is not object and not hasattr(returns, "__await__")


def demand(service: Any, name: str, count: int) -> None:
    """Go on only where a method can be called as the interface says, as far as it tells.

    Raises:
        Unsupported: it cannot; that is a violation of the structure, and of nothing else.
    """
    signature = _signature(getattr(service, name, None))  # type: ignore[arg-type]  # None has none
    if not callable(getattr(service, name, None)):
        raise Unsupported(name)
    try:
        if signature is not None:
            signature.bind(*[object()] * count)
    except TypeError as error:
        raise Unsupported(name) from error


def accepts(member: Callable[..., Any], name: str) -> bool:
    """Whether a function can be given an argument by this name, as far as it tells."""
    signature = _signature(member)
    if signature is None:
        return True
    parameters = signature.parameters.values()
    return any(each.kind is each.VAR_KEYWORD for each in parameters) or any(
        each.name == name and each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) for each in parameters
    )


def _signature(member: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(member)
    except (TypeError, ValueError):  # many C functions have none
        return None
