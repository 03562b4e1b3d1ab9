"""The report as one page that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from patternproof.console import plain
from patternproof.outcome import Way
from patternproof.report.charts import charts
from patternproof.report.json import FailurePart, Report, RequirementPart, again
from patternproof.report.picture import picture
from patternproof.verdict import Conformance, Kind

_PAGE = Path(__file__).with_name("page")
_TONES = {
    Kind.PASSED: "good",
    Kind.FAILED: "bad",
    Kind.UNEXPECTEDLY_PASSED: "bad",
    Kind.ERRORED: "bad",
    Kind.KNOWN_FAILURE: "warn",
    Kind.UNAVAILABLE: "warn",
    Kind.NOT_EXERCISED: "warn",
    Conformance.CONFORMANT: "good",
    Conformance.KNOWN_FAILURES: "warn",
    Conformance.NOT_CONFORMANT: "bad",
    Conformance.ERRORED: "bad",
    Conformance.PARTIAL: "warn",
}
"""Colours; each verdict is said in words beside its colour."""
_SIGNS = {
    Kind.PASSED: "✓",
    Kind.FAILED: "✗",
    Kind.UNEXPECTEDLY_PASSED: "✗",
    Kind.ERRORED: "✗",
    Kind.KNOWN_FAILURE: "!",
    Kind.UNAVAILABLE: "?",
    Kind.NOT_EXERCISED: "?",
}
_UNITS = {
    Way.FEATURE: ("example", "examples"),
    Way.MACHINE: ("history", "histories"),
    Way.INTERLEAVINGS: ("schedule", "schedules"),
    Way.LOAD: ("request", "requests"),
}


def render(reports: Sequence[Report]) -> str:
    """The page of one report, or of several side by side; whatever implementations said is text in it, and nothing else."""
    if len(reports) == 1:
        return str(_environment().get_template("report.html").render(report=reports[0], groups=_groups(reports[0].requirements)))
    requirements = {each.id: each for report in reports for each in report.requirements}
    found = [{each.id: each for each in report.requirements} for report in reports]
    page = _environment().get_template("matrix.html")
    return str(page.render(reports=reports, groups=_groups(requirements.values()), found=found))


def _groups(requirements: Iterable[RequirementPart]) -> list[tuple[str, list[RequirementPart]]]:
    groups: dict[str, list[RequirementPart]] = {}
    for each in requirements:
        groups.setdefault(each.pattern, []).append(each)
    return list(groups.items())


@cache
def _environment() -> Environment:
    """Templates in which all that is put in is escaped, and shown where it could not be seen."""
    made = Environment(
        loader=FileSystemLoader(_PAGE), autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True
    )
    made.filters |= {
        "again": again,
        "charts": charts,
        "milliseconds": lambda seconds: f"{seconds * 1000:.2f}",
        "picture": _numbered,
        "sign": lambda kind: _SIGNS.get(kind, "-"),
        "title_of": lambda stem: stem.replace("_", " "),
        "tone": lambda kind: _TONES.get(kind, "none"),
        "times": lambda way, count: f"{count} {_UNITS[way][count != 1]}",
    }
    for name, suffix in (("style", "css"), ("script", "js")):
        text = (_PAGE / f"page.{suffix}").read_text(encoding="utf-8")
        made.globals |= {name: Markup(text), f"{name}_hash": _hashed(text)}
    return made


def _hashed(text: str) -> str:
    """As a policy names what may run: nothing but this."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _shown(value: Any) -> Any:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _numbered(failure: FailurePart) -> dict[str, Any]:
    """The picture of a failure, with what a template cannot count."""
    drawn = picture(failure.steps)
    rows: Sequence[dict[str, Any]] = [{**asdict(row), "index": index} for index, row in enumerate(drawn.rows)]
    for before, row in zip([{"moment": 0}, *rows], rows, strict=False):
        row["first"] = before["moment"] != row["moment"]
    return {**asdict(drawn), "rows": rows}
