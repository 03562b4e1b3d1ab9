"""Whether an object has the members of its port."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, get_origin, get_type_hints

from patternproof.drivers import Driver
from patternproof.outcome import AdapterError
from patternproof.patterns import owner

Flavour = Literal["awaited", "scope", "plain", "value"]
_WORDS: dict[Flavour, tuple[str, str]] = {
    "awaited": ("an async method", "a plain method"),
    "scope": ("a method that gives an async context manager", "a method that gives a context manager"),
    "plain": ("a plain method", "a plain method"),
    "value": ("a property or attribute", "a property or attribute"),
}
"""What each flavour is called, under asyncio and under threads."""
_RIGHT: set[tuple[type, str, str]] = set()
"""What was looked at and found right: implementations are made by the thousand."""


@cache
def required(factory: str) -> dict[str, Flavour]:
    """Names and flavours of the members that everything made by a factory has, from ``REQUIRED`` of its port."""
    protocol = described(factory, "REQUIRED")
    return {} if protocol is None else flavours(protocol)


@cache
def optional(factory: str) -> dict[str, Flavour]:
    """The same of the members that belong to a claim or a should, from ``OPTIONAL`` of its port."""
    protocols = described(factory, "OPTIONAL")
    return {name: flavour for protocol in protocols for name, flavour in flavours(protocol).items()}


def described(factory: str, name: str) -> Any:
    """What the port says of a factory: ``ARGUMENTS``, ``REQUIRED`` or ``OPTIONAL``, each by factory where there are several."""
    pattern = owner(factory)
    value = getattr(port(pattern.stem), name)
    return value[factory] if pattern.parts else value


def port(pattern: str) -> ModuleType:
    """The module that describes a pattern's interface."""
    return import_module(f"patternproof.ports.{pattern}")


def flavours(protocol: type) -> dict[str, Flavour]:
    """Names and flavours of the members of one protocol."""
    return {name: _flavour(member) for name, member in vars(protocol).items() if not name.startswith("_")}


def _flavour(member: Any) -> Flavour:
    if isinstance(member, property):
        return "value"
    if inspect.iscoroutinefunction(member):
        return "awaited"
    result = get_type_hints(member).get("return")
    return "scope" if get_origin(result) is AbstractAsyncContextManager else "plain"


def require(made: Any, factory: str, driver: Driver, runtime: str, file: str) -> None:
    """Hold what a factory returned to its port.

    Raises:
        AdapterError: it is None, or lacks a member, or has one of the other flavour; what was expected, seen, and what to do.
    """
    if (type(made), factory, runtime) in _RIGHT:
        return
    if made is None:
        raise AdapterError(f"{file}: {factory}() returned None; return (or yield) the object that it adapts")
    judged = getattr(port(owner(factory).stem), "JUDGED", ())
    if judged is True or factory in judged:
        return  # whether it has them is a requirement of that pattern
    for name, flavour in required(factory).items():
        if not _has(made, name, driver):
            raise AdapterError(_lacking(made, name, flavour, factory, runtime, file))
    for name, flavour in {**required(factory), **optional(factory)}.items():
        wrong = _wrong(made, name, flavour, runtime)
        if wrong:
            expected = _WORDS[flavour][runtime == "threads"]
            raise AdapterError(f"{file}: {factory}() under RUNTIME {runtime!r}: expected {name} to be {expected}, seen {wrong}")
    _RIGHT.add((type(made), factory, runtime))


def _has(made: Any, name: str, driver: Driver) -> bool:
    """Without reading a value where that can be helped: reading is the implementation's code."""
    found = inspect.getattr_static(made, name, None) is not None
    return found or bool(driver.now(lambda: hasattr(made, name)))


def _lacking(made: Any, name: str, flavour: Flavour, factory: str, runtime: str, file: str) -> str:
    expected = _WORDS[flavour][runtime == "threads"]
    public = [each for each in dir(made) if not each.startswith("_")]
    return (
        f"{file}: {factory}() returned a {type(made).__name__} without {name!r}; expected {expected} of that name, "
        f"seen: {', '.join(public) or 'nothing public'}; wrap the object in a class that has it"
    )


def _wrong(made: Any, name: str, flavour: Flavour, runtime: str) -> str:
    """What is seen in place of a flavour; empty where it may be right. A plain function that gives an awaitable is right."""
    if flavour == "value" or inspect.getattr_static(made, name, None) is None:
        return ""
    member = getattr(made, name)
    if not callable(member):
        return f"{type(member).__name__}, which cannot be called; define it as a method"
    asynchronous = inspect.iscoroutinefunction(member)
    if asynchronous and runtime == "threads":
        return "an async method; make it plain, or set RUNTIME = 'asyncio'"
    if asynchronous and flavour == "plain":
        return "an async method; make it plain"
    if asynchronous and flavour == "scope":
        return "a coroutine function; decorate it with contextlib.asynccontextmanager, or drop its async"
    if flavour == "awaited" and runtime != "threads" and _surely_plain(member):
        return "a plain method; make it async, or set RUNTIME = 'threads'"
    return ""


def _surely_plain(member: Callable[..., Any]) -> bool:
    """Whether a function says by its annotation that it returns nothing to await."""
    if not inspect.ismethod(member) or inspect.iscoroutinefunction(inspect.unwrap(member)):
        return False
    try:
        result = get_type_hints(member).get("return", Any)
    except Exception:  # noqa: BLE001  # annotations may name what only a type checker imports
        return False
    kind = get_origin(result) or result
    return isinstance(kind, type) and kind not in (object, Any) and not issubclass(kind, Awaitable)
