"""The process that keeps one server, and outlives nobody.

It runs beside the process that wants the server, in a session of its own, so that Ctrl-C does not reach it. It obeys the lines of
its standard input, ``start`` and ``stop``, and answers each with one line of JSON. When that input ends, for whatever reason, it
stops the server, deletes the folder, and ends. So nothing is left behind even by a process that was killed.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from patternproof.servers.kinds import KINDS, Kind, free_port

START = 60.0
"""Seconds within which a server has to be ready."""
STOP = 20.0
"""Seconds that it has to stop in order before it is killed."""
_LOOK = 0.01
_TRIES = 5
"""Somebody may take a free port before the server does; then it tries another."""


class Keeper:
    """One server.

    Args:
        kind: which.
        binary: its program.
        folder: an empty one, for all that it writes.
    """

    def __init__(self, kind: Kind, binary: Path, folder: Path) -> None:
        self._kind = kind
        self._folder = folder
        # Changed by `start` and `stop` only.
        self._binary = binary
        self._port: int | None = None
        """The same from the first start on; None before that."""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start it, with what it had stored, and give its address once it is ready.

        Raises:
            OSError | subprocess.SubprocessError: it does not start; the message has the end of its log.
        """
        if self._port is None:
            self._binary = self._kind.prepare(self._binary, self._folder)
            self._port = self._settle_on_a_port()
        else:
            self._run(self._port)
        return self._kind.url(self._folder, self._port)

    def _settle_on_a_port(self) -> int:
        for _ in range(_TRIES - 1):
            port = free_port()
            with suppress(OSError):
                self._run(port)
                return port
        port = free_port()
        self._run(port)
        return port

    def _run(self, port: int) -> None:
        if self._process is not None:
            return
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._kind.command(self._binary, self._folder, port),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._kind.identity(),
            )
        deadline = time.monotonic() + START
        while not self._ready(port):
            ended = self._process.poll()
            if ended is not None or time.monotonic() > deadline:
                self.stop()
                what = f"was not ready within {START:g} s" if ended is None else f"ended with {ended}"
                raise OSError(f"{what}: {(self._folder / 'log').read_text(errors='replace')[-1000:].strip()}")
            time.sleep(_LOOK)

    def _ready(self, port: int) -> bool:
        assert self._process is not None
        try:
            return self._kind.ready(self._folder, port, self._process.pid)
        except (OSError, ValueError):  # nobody listens, the file is not there, half a greeting
            return False

    def stop(self) -> None:
        """Stop it in order, or else by force; what it has stored stays."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(self._kind.farewell)
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def serve(keeper: Keeper) -> None:
    """Obey the standard input until it ends."""
    for line in sys.stdin:
        answer: dict[str, str] = {}
        try:
            if line.strip() == "start":
                answer["url"] = keeper.start()
            else:
                keeper.stop()
        except subprocess.CalledProcessError as error:
            answer["error"] = f"{error}: {(error.output or b'').decode(errors='replace')[-1000:].strip()}"
        except (OSError, LookupError, subprocess.SubprocessError) as error:
            answer["error"] = str(error)
        print(json.dumps(answer), flush=True)  # noqa: T201  # the pipe is the standard output


def main(name: str, binary: str, folder: str) -> None:
    """Keep a server as long as the standard input is open."""

    def leave(*_: object) -> NoReturn:
        raise SystemExit

    signal.signal(signal.SIGTERM, leave)
    keeper = Keeper(KINDS[name], Path(binary), Path(folder))
    try:
        serve(keeper)
    except BrokenPipeError:
        pass  # the process that asked is gone
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        keeper.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
