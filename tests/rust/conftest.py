"""The samples in Rust, where cargo is."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.binding.serving import ROOT, Started, started


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server, built in a folder of its own."""
    cargo = shutil.which("cargo") or shutil.which("cargo", path=Path.home() / ".cargo/bin")
    if cargo is None:
        pytest.skip("unavailable: cargo")
    target = tmp_path_factory.mktemp("rust")
    command = [cargo, "build", "--offline", "--locked", "--quiet", "--target-dir", str(target)]
    environment = {**os.environ, "PATH": f"{Path(cargo).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    built = subprocess.run(command, cwd=ROOT / "adapters/rust", env=environment, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stderr
    assert not built.stderr, built.stderr
    return target / "debug/patternproof-samples"


@pytest.fixture
def serve(built: Path) -> Callable[[], Started]:
    """Serves the samples, as a context manager."""
    return lambda: started(str(built), "0")
