"""Fixtures: a small catalogue, and projects in their own processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from patternproof import requirements
from patternproof.requirements import Requirement

ROOT = Path(__file__).parent.parent
STANDINS = Path(__file__).parent / "standins"
PLUGINS = ("tests.standins", "pytest_bdd.plugin", "patternproof.plugin", "xdist.plugin")


@pytest.fixture
def small_catalogue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, Requirement]]:
    """Six requirements in place of the kit's own, for what runs in this process."""
    monkeypatch.setattr(requirements, "features_folder", lambda: STANDINS / "features")
    requirements.catalogue.cache_clear()
    yield requirements.catalogue()
    requirements.catalogue.cache_clear()


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Project:
    """A folder with files of a team, and stand-ins for the kit's features, steps and judge."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def kit(self, *arguments: str) -> Ended:
        """The command line."""
        return self._python("-c", "import tests.standins; from patternproof.cli import main; main()", *arguments)

    def pytest(self, *arguments: str) -> Ended:
        """Plain pytest."""
        return self._python("-m", "pytest", *arguments)

    def report(self, folder: str = "out") -> Any:
        """The JSON report in a folder."""
        return json.loads((self.folder / folder / "report.json").read_text(encoding="utf-8"))

    def _python(self, *arguments: str) -> Ended:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        environment |= {"PYTHONPATH": str(ROOT), "PYTEST_PLUGINS": ",".join(PLUGINS), "COLUMNS": "80", "NO_COLOR": "1"}
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the plugins of everything that is installed take seconds to import
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    return Project(tmp_path)


ADAPTER = """
BROKEN = {broken!r}
UNREACHABLE = {unreachable!r}
CLAIMS = {claims!r}
KNOWN_FAILURES = {known!r}
{more}

class Breaker:
    state = "closed"
    broken = BROKEN
    unreachable = UNREACHABLE

    async def call(self, operation):
        return await operation()

    def calls(self, count):
        pass

    def explode(self, requirement):
        if requirement in globals().get("EXPLODES", ()):
            raise RuntimeError("of the implementation")


def circuit_breaker(settings):
    return Breaker()
"""


def adapter_text(
    broken: Iterable[str] = (),
    claims: Iterable[str] = (),
    known: Mapping[str, str] | None = None,
    unreachable: Iterable[str] = (),
    more: str = "",
) -> str:
    """A module that offers a breaker, and says which of the small catalogue's requirements it breaks."""
    return ADAPTER.format(broken=set(broken), claims=set(claims), known=known or {}, unreachable=set(unreachable), more=more)
