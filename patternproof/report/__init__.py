"""Reports of a run: JSON, HTML, JUnit, terminal and more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from patternproof.load.messages import Result
from patternproof.report import html, json, junit
from patternproof.settings import Settings
from patternproof.verdict import Verdicts

__all__ = ["write"]


def write(folder: Path, verdicts: Verdicts, settings: Settings, loads: Sequence[Result] = (), command: str = "") -> None:
    """Write ``report.json`` and ``report.html``, and where asked for ``junit.xml``, to a folder.

    Args:
        folder: which.
        verdicts: on every requirement.
        settings: of the run.
        loads: what load has measured, by pattern.
        command: the one that gives the same report; empty: that of a run with these settings.
    """
    told = json.report(verdicts, settings, loads, command)
    (folder / "report.json").write_bytes(json.encode(told))
    (folder / "report.html").write_text(html.render([told]), encoding="utf-8")
    if settings.junit:
        (folder / "junit.xml").write_bytes(junit.render([told]))
