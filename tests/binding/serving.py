"""Servers of the binding in processes of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
KIT = (sys.executable, "-c", "from patternproof.cli import main; main()")
Started = AbstractContextManager["Served"]
_ADDRESS = re.compile(r"http://[\w.:\[\]]+")


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    address: str
    process: subprocess.Popen[str]


def environment() -> dict[str, str]:
    """As the kit's processes are started with: none of the surrounding tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "NO_COLOR": "1"}


@contextmanager
def started(*command: str) -> Iterator[Served]:
    """A process that says its address in its first line, stopped at the end of the scope."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
    assert process.stdout is not None, "it is a pipe"
    with process:
        try:
            line = process.stdout.readline()
            address = _ADDRESS.search(line)
            assert address is not None, line + process.stdout.read()
            yield Served(address[0], process)
        finally:
            process.terminate()
            process.stdout.read()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, to its end."""
    return subprocess.run([*KIT, *arguments], env=environment(), capture_output=True, text=True, timeout=360, check=False)


def verdicts(folder: Path, *arguments: str) -> dict[str, str]:
    """The verdicts of a run, by requirement; of the patterns that were exercised."""
    ended = run("run", *arguments, "--report", str(folder))
    assert (folder / "report.json").exists(), ended.stdout + ended.stderr
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {each["id"]: each["verdict"] for each in report["requirements"]}


def served(adapter: str) -> Started:
    """``patternproof serve``, at a free port."""
    return started(*KIT, "serve", "--adapter", adapter, "--port", "0")
