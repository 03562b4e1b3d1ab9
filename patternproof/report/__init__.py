"""Reports of a run: JSON, terminal, JUnit."""

from __future__ import annotations

from pathlib import Path

from patternproof.report import json, junit
from patternproof.settings import Settings
from patternproof.verdict import Verdicts

__all__ = ["write"]


def write(folder: Path, verdicts: Verdicts, settings: Settings) -> None:
    """Write ``report.json``, and where asked for ``junit.xml``, to a folder."""
    (folder / "report.json").write_bytes(json.encode(json.report(verdicts, settings)))
    if settings.junit:
        junit.write(folder / "junit.xml", verdicts)
