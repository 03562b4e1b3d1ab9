"""``patternproof report`` and ``patternproof compare``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from patternproof.cli import call
from patternproof.report.json import SCHEMA, encode, report
from patternproof.verdict import Exit
from tests.report.judged import SETTINGS, judged

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as ``run --report`` leaves it."""
    (tmp_path / "report.json").write_bytes(encode(report(judged(), SETTINGS)))
    return tmp_path


def changed(folder: Path, **values: Any) -> Path:
    """Another report beside the one in the folder."""
    told = {**json.loads((folder / "report.json").read_bytes()), **values}
    path = folder / "changed.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def test_a_report_is_printed_as_markdown(folder: Path, capsys: Capture) -> None:
    assert call(["report", str(folder)]) == Exit.CONFORMANT
    assert capsys.readouterr().out.startswith("## `adapter`: not conformant")


@pytest.mark.parametrize(("suffix", "first"), [(".html", "<!DOCTYPE"), (".md", "## "), (".xml", "<?xml"), (".svg", "<svg")])
def test_the_suffix_says_what_is_written(suffix: str, first: str, folder: Path) -> None:
    output = folder / "new" / f"report{suffix}"
    assert call(["report", str(folder / "report.json"), "-o", str(output)]) == Exit.CONFORMANT
    assert output.read_text(encoding="utf-8").startswith(first)


def test_several_reports_make_one_page_that_leads_to_each_counterexample(folder: Path) -> None:
    output = folder / "both.html"
    assert call(["report", str(folder), str(folder), "-o", str(output)]) == Exit.CONFORMANT
    page = output.read_text(encoding="utf-8")
    for identifier in ("a1-CB-02", "a2-CB-02"):
        assert f'href="#{identifier}"' in page
        assert f'id="{identifier}"' in page


def refused(capsys: Capture, *arguments: object) -> str:
    assert call(list(map(str, arguments))) == Exit.ADAPTER
    return capsys.readouterr().err


def test_what_cannot_be_done_is_refused_with_what_can(folder: Path, capsys: Capture) -> None:
    assert "known are: .html, .md, .svg, .xml" in refused(capsys, "report", folder, "-o", "report.pdf")
    assert "a badge is about one report; here are 2" in refused(capsys, "report", folder, folder, "-o", folder / "b.svg")
    assert "no report can be read there" in refused(capsys, "report", folder / "nowhere")


@pytest.mark.parametrize(("schema", "todo"), [(SCHEMA + 1, "install that version"), (SCHEMA - 1, "run the suite anew")])
def test_a_report_of_another_schema_is_refused_with_what_to_do(schema: int, todo: str, folder: Path, capsys: Capture) -> None:
    said = refused(capsys, "report", changed(folder, schema=schema))
    assert f"a report of schema {schema}" in said
    assert todo in said


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "one"}', '{"schema": 1}', "\x00"])
def test_what_is_no_report_is_refused(text: str, folder: Path, capsys: Capture) -> None:
    (folder / "report.json").write_text(text, encoding="utf-8")
    assert "report" in refused(capsys, "compare", folder, folder)


def test_a_report_of_an_earlier_or_later_revision_is_read(folder: Path, capsys: Capture) -> None:
    later = changed(folder, revision=99, something="of a later version")
    assert call(["report", str(later)]) == Exit.CONFORMANT
    told = msgspec.json.decode((folder / "report.json").read_bytes())
    del told["revision"]
    (folder / "report.json").write_bytes(msgspec.json.encode(told))
    assert call(["report", str(folder)]) == Exit.CONFORMANT


def test_a_comparison_ends_with_1_where_something_became_worse(folder: Path, capsys: Capture) -> None:
    told = json.loads((folder / "report.json").read_bytes())
    told["requirements"][0] |= {"verdict": "failed", "reason": "expected a run, seen none"}
    worse = changed(folder, requirements=told["requirements"])
    assert call(["compare", str(folder), str(worse)]) == Exit.NOT_CONFORMANT
    said = capsys.readouterr().out
    assert "Worse\n  CB-01 (must) passed -> failed: It holds\n    expected a run, seen none" in said
    assert said.splitlines()[-1] == "1 worse + 8 same"
    assert call(["compare", str(worse), str(folder)]) == Exit.CONFORMANT
    assert "Better\n  CB-01" in capsys.readouterr().out
