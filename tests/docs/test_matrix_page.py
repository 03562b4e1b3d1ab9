"""The published matrix is made of what runs left."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from patternproof.report.json import encode, schema
from patternproof.report.reading import read
from patternproof.verdict import Kind
from tests.adapters.test_verdicts import FAILED, MORE
from tests.matrix import DATA, FOLDER, ROWS, RUNS, errors, pages, rows

KEPT = sorted(path.stem for path in DATA.glob("*.json"))
every_row = pytest.mark.parametrize("name", KEPT)


def test_the_pages_are_those_that_the_reports_make() -> None:
    """Otherwise run ``python -m tests.matrix --pages``."""
    assert {path: path.read_text(encoding="utf-8") for path in (FOLDER / "README.md", *ROWS.glob("*.md"))} == pages()


def test_every_report_is_of_a_row_that_there_is_and_says_when_it_was_made() -> None:
    assert KEPT
    assert set(KEPT) <= set(rows())
    assert set(KEPT) == set(json.loads(RUNS.read_text(encoding="utf-8")))


@every_row
def test_a_report_is_as_the_kit_wrote_it(name: str) -> None:
    text = (DATA / f"{name}.json").read_bytes()
    Draft202012Validator(schema()).validate(json.loads(text))
    report = read(DATA / f"{name}.json")
    assert encode(report) == text
    assert not report.partial
    assert errors(report) == []


@every_row
def test_a_counterexample_is_behind_every_cell_that_fails(name: str) -> None:
    failed = [each.id for each in read(DATA / f"{name}.json").requirements if each.verdict in (Kind.FAILED, Kind.KNOWN_FAILURE)]
    index, row = (FOLDER / "README.md").read_text(encoding="utf-8"), (ROWS / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(rf"✗\)?\]\(rows/{name}\.md#(\w\w-\d\d)\)", index) == [each.lower() for each in failed]
    assert re.findall(r"^## (\w\w-\d\d)$", row, re.MULTILINE) == failed


@pytest.mark.parametrize("name", sorted(set(KEPT) & set(FAILED)))
def test_a_row_says_what_was_judged_by_hand(name: str) -> None:
    failed = [each.id for each in read(DATA / f"{name}.json").requirements if each.verdict is Kind.FAILED]
    assert sorted(failed) == sorted([*FAILED[name].split(), *MORE.get(name, "").split()])
