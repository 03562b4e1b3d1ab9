"""Libraries of JavaScript, where node is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.binding.serving import ROOT, Started, started


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapters, in a folder of their own with the libraries that their lock file names."""
    missing = [command for command in ("node", "npm") if shutil.which(command) is None]
    if missing:
        pytest.skip(f"unavailable: {' and '.join(missing)}")
    folder = tmp_path_factory.mktemp("node") / "adapters"
    shutil.copytree(ROOT / "adapters/node", folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=110)
    return folder


@pytest.fixture
def serve(installed: Path) -> Callable[[str], Started]:
    """Serves one of them, as a context manager."""
    return lambda name: started("node", str(installed / f"{name}.mjs"), "0")
