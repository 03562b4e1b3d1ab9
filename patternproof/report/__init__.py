"""Reports of a run: JSON, HTML, JUnit, terminal and more."""

from __future__ import annotations

from pathlib import Path

from patternproof.report import html, json, junit
from patternproof.settings import Settings
from patternproof.verdict import Verdicts

__all__ = ["write"]


def write(folder: Path, verdicts: Verdicts, settings: Settings) -> None:
    """Write ``report.json`` and ``report.html``, and where asked for ``junit.xml``, to a folder."""
    told = json.report(verdicts, settings)
    (folder / "report.json").write_bytes(json.encode(told))
    (folder / "report.html").write_text(html.render([told]), encoding="utf-8")
    if settings.junit:
        (folder / "junit.xml").write_bytes(junit.render([told]))
