"""Real servers, given or started from their wheels.

A server of the kit's own lives in a temporary folder, listens on this machine alone, and is gone with the process that started
it, however that ends: see `patternproof.servers.keeper`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from patternproof.outcome import Unavailable
from patternproof.servers.kinds import KINDS, Kind
from patternproof.servers.server import Server

__all__ = [
    "OfItsOwn",
    "Server",
    "adopt",
    "environment",
    "inherit",
    "nats_url",
    "of_its_own",
    "postgres_url",
    "redis_url",
    "restartable",
    "running",
]

_OURS = "PATTERNPROOF_SERVERS"
"""Environment variable that names the kinds whose addresses the run itself has put there."""
_lock = threading.Lock()
_started: dict[str, Server] = {}
"""This process's own servers; changed under the lock by `_url` only."""
_inherits = False
_inherited: dict[str, str] = {}
"""The addresses that this process was started with, where it shares those of another."""
_restarted: dict[str, Server] = {}
"""This process's servers that examples may stop; changed by `OfItsOwn` only."""
_example: OfItsOwn | None = None
"""The servers of the example that runs, where it has some of its own."""


def postgres_url() -> str:
    """The address of a PostgreSQL server, from PATTERNPROOF_POSTGRES_URL or of one that lives as long as this process.

    Raises:
        Unavailable: the variable is not set, and no server can be started; the message says why, and what to do.
    """
    return _url(KINDS["postgres"])


def redis_url() -> str:
    """As `postgres_url`, of a Redis server, from PATTERNPROOF_REDIS_URL."""
    return _url(KINDS["redis"])


def nats_url() -> str:
    """As `postgres_url`, of a NATS server with JetStream, from PATTERNPROOF_NATS_URL."""
    return _url(KINDS["nats"])


def _url(kind: Kind) -> str:
    if _example is not None:
        return _example.url(kind)
    given = os.environ.get(kind.variable)
    if given:
        return given
    if _inherits:
        raise Unavailable(f"{kind.title} was first asked for in a second process: let the factory ask, or set {kind.variable}")
    with _lock:
        if kind.name not in _started:
            _started[kind.name] = Server(kind)
        return _started[kind.name].url


def environment() -> dict[str, str]:
    """Environment variables with which another process finds the servers that this one has started."""
    found = {**_started, **(_example.asked if _example is not None else {})}
    addresses = {KINDS[name].variable: server.url for name, server in found.items()}
    return {**addresses, _OURS: ",".join(sorted({*_ours(), *found}))} if found else {}


def adopt(environment: Mapping[str, str]) -> None:
    """Have exactly these addresses, and otherwise those that this process was started with; for one that shares servers."""
    for kind in KINDS.values():
        address = environment.get(kind.variable, _inherited.get(kind.variable))
        os.environ.pop(kind.variable, None) if address is None else os.environ.update({kind.variable: address})


def inherit() -> None:
    """Start no servers from now on: this process shares those of the one that started it."""
    global _inherits
    _inherits = True
    _inherited.update({kind.variable: os.environ[kind.variable] for kind in KINDS.values() if kind.variable in os.environ})


@contextmanager
def restartable(name: str) -> Iterator[Server]:
    """A server for one example, which can be stopped and started in its middle with its data kept.

    Never the shared one: others may be using that.

    Args:
        name: ``"postgres"``, ``"redis"`` or ``"nats"``.

    Raises:
        Unavailable: the address of such servers comes from the user's environment, or none can be started.
    """
    _refuse_given(KINDS[name])
    server = Server(KINDS[name])
    try:
        yield server
    finally:
        server.close()


class OfItsOwn:
    """The servers of one example, which it may stop and start; another example gets the same ones, once they run again."""

    def __init__(self) -> None:
        self.asked: dict[str, Server] = {}
        """By name, those whose address was asked for."""

    def url(self, kind: Kind) -> str:
        """The address of one, started at the first use.

        Raises:
            Unavailable: as `restartable` does.
        """
        _refuse_given(kind)
        if kind.name not in _restarted:
            _restarted[kind.name] = Server(kind)
        if kind.name not in self.asked:
            _restarted[kind.name].start()  # it may have been stopped by an example that went wrong
            self.asked[kind.name] = _restarted[kind.name]
        return self.asked[kind.name].url

    def stop(self) -> None:
        """Stop all that were asked for, in order."""
        for server in self.asked.values():
            server.stop()

    def start(self) -> None:
        """Start them, with what they had stored."""
        for server in self.asked.values():
            server.start()


@contextmanager
def of_its_own() -> Iterator[OfItsOwn]:
    """Have every address that is asked for in this scope be that of a server that can be restarted, and no other's."""
    global _example
    before, _example = _example, OfItsOwn()
    try:
        yield _example
    finally:
        _example = before


def _refuse_given(kind: Kind) -> None:
    if os.environ.get(kind.variable) and kind.name not in _ours():
        raise Unavailable(
            f"a restart of {kind.title}: the kit restarts servers of its own only, and {kind.variable} names another; unset it"
        )


@contextmanager
def running() -> Iterator[list[str]]:
    """Start one server of each kind for this process and all that it starts; they find the addresses in their environment.

    Yields:
        For each kind of which none can be had, a sentence that says why.
    """
    missing: list[str] = []
    before = {name: os.environ.get(name) for name in (_OURS, *(kind.variable for kind in KINDS.values()))}
    servers: dict[str, Server] = {}
    try:
        for kind in KINDS.values():
            if os.environ.get(kind.variable):
                continue
            try:
                servers[kind.name] = Server(kind)
            except Unavailable as error:
                missing.append(str(error))
            else:
                os.environ[kind.variable] = servers[kind.name].url
        os.environ[_OURS] = ",".join([*_ours(), *servers])
        yield missing
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        for server in servers.values():
            server.close()


def _ours() -> list[str]:
    return list(filter(None, os.environ.get(_OURS, "").split(",")))
