"""Other processes, as the kit commands and ends them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from patternproof import servers
from patternproof.outcome import AdapterError

from .peer import PREFIX

MOST_SECONDS = 30.0
"""Real seconds in which a process has to answer."""
_MODULE = f"{__package__}.peer"


class Process:
    """One other process; ends with its scope.

    Args:
        spec: of the adapter, which the process loads by itself.
        store: that its state is over.

    Raises:
        AdapterError: it does not get as far as answering.
    """

    def __init__(self, spec: str, store: str) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        # A process that is killed removes none of its temporary files: they are where they go with it.
        self._temporary = tempfile.TemporaryDirectory(prefix="patternproof-process-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, spec, store],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            env={**os.environ, **servers.environment(), "TMPDIR": self._temporary.name},
        )
        self._rest = b""
        self.answer()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()
        self._temporary.cleanup()

    def order(self, *command: Any) -> None:
        """Give a command, and do not wait."""
        assert self._process.stdin is not None, "it was made with a pipe"
        with suppress(BrokenPipeError):  # it has ended: its silence is told by whoever waits for an answer
            self._process.stdin.write(json.dumps(command).encode() + b"\n")

    def ask(self, *command: Any) -> list[Any]:
        """Give a command, and wait for the answer."""
        self.order(*command)
        return self.answer()

    def update(self, *numbers: int) -> list[list[Any]]:
        """Let it update the state; for each number what its function found."""
        self.order("update", *numbers)
        return self.answers()

    def answers(self) -> list[list[Any]]:
        """The answers to a command that has several."""
        return list(iter(self.answer, ["over"]))

    def answer(self) -> list[Any]:
        """The next answer.

        Raises:
            AdapterError: there is none; what the process had to say.
        """
        line = next(self._lines(), None)
        if line is None:
            raise AdapterError(f"another process with this adapter does not answer: {self._said()}")
        return line

    def wait(self, seconds: float) -> None:
        """Let real time pass."""
        select.select([], [], [], seconds)

    def kill(self) -> list[list[Any]]:
        """End it at once (SIGKILL), wherever it is; the answers that it had given by then."""
        self._process.kill()
        self._process.wait()
        return [] if self._process.stdout is None or self._process.stdout.closed else list(self._lines())

    def _lines(self) -> Iterator[list[Any]]:
        """Answers, as they come; ends with the process."""
        while True:
            line, separator, rest = self._rest.partition(b"\n")
            if separator:
                self._rest = rest
                text = line.decode(errors="replace")
                if text.startswith(PREFIX):
                    yield json.loads(text.removeprefix(PREFIX))
            elif not self._read():
                return

    def _read(self) -> bool:
        assert self._process.stdout is not None, "it was made with a pipe"
        ready = select.select([self._process.stdout], [], [], MOST_SECONDS)[0]
        more = self._process.stdout.read(65_536) if ready else b""
        self._rest += more
        return bool(more)

    def _said(self) -> str:
        self.kill()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-5:]) or "it says nothing"
