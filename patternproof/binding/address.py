"""An adapter of what a server has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from patternproof.binding import VERSION
from patternproof.binding.messages import Answer, Description
from patternproof.binding.proxies import PROXIES
from patternproof.binding.wire import Gone, Wire
from patternproof.drivers import Driver
from patternproof.drivers.remote import Remote
from patternproof.outcome import AdapterError
from patternproof.requirements import catalogue

OF_SEVERAL_PROCESSES = {"shared", "persistent", "distributed", "durable"}
"""Claims that are held in two processes with one adapter: a server is one process, and its claim is not heard here."""
_served: dict[str, ModuleType] = {}
"""By address: a process has one connection to a server."""


def module_at(address: str) -> ModuleType:
    """The adapter module of a server of the binding.

    Raises:
        AdapterError: nothing answers there, or nothing that speaks this version of the binding.
    """
    if address not in _served:
        wire = Wire(address)
        _served[address] = _module(address, wire, described(wire))
    return _served[address]


def described(wire: Wire) -> Description:
    """What a server says of itself; what an earlier run has left there is deleted.

    Raises:
        AdapterError: nothing answers there, or nothing that speaks this version of the binding.
    """
    try:
        said: Any = wire.ask("GET", "/", None, dict[str, Any])
        version = said.get("binding")
        if version != VERSION:
            raise AdapterError(
                f"GET {wire.address}/: the server speaks version {version!r} of the binding, this kit version {VERSION}; "
                "bring both to the same"
            )
        served = wire.ask("GET", "/", None, Description)
        for instance in served.instances:
            wire.ask("DELETE", f"/instances/{instance}", None, Answer)
    except Gone as error:
        raise AdapterError(f"{error}; start the server first, and mind its port") from error
    return served


def _module(address: str, wire: Wire, served: Description) -> ModuleType:
    current: list[Remote] = []

    def driver() -> Driver:
        current[:] = [Remote(wire, served)]
        return current[0]

    offered = [pattern for pattern in served.patterns if pattern in PROXIES]
    module = ModuleType("patternproof_adapter_over_http")
    vars(module).update(
        __file__=address,
        NAME=served.name or address,
        RUNTIME="live" if served.clock == "real" else "asyncio",
        CLAIMS=frozenset(served.claims) - OF_SEVERAL_PROCESSES,
        KNOWN_FAILURES={each: reason for each, reason in served.known_failures.items() if _is_of(each, offered)},
        VERSIONS=served.versions,
        DRIVER=driver,
        **{pattern: _factory(pattern, current) for pattern in offered},
    )
    return module


def _is_of(identifier: str, patterns: list[str]) -> bool:
    """Whether a known failure counts here; one that names nothing is left in, and found out."""
    requirement = catalogue().get(identifier)
    return requirement is None or requirement.pattern in patterns


def _factory(pattern: str, current: list[Remote]) -> Callable[..., Iterator[Any]]:
    def make(*arguments: Any) -> Iterator[Any]:
        yield from PROXIES[pattern].make(current[0], *arguments)

    return make
