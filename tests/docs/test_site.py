"""The pages as a site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from patternproof.requirements import catalogue
from tests.pages import FOLDER, pages

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
CONFIGURATION = ROOT / "mkdocs.yml"


def leaves(nav: Any) -> list[str]:
    """The pages of a navigation."""
    if isinstance(nav, str):
        return [nav]
    return [page for part in (nav.values() if isinstance(nav, dict) else nav) for page in leaves(part)]


def test_the_pages_of_the_patterns_are_those_that_the_features_make() -> None:
    """Otherwise run ``make pages``."""
    assert {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")} == pages()


def test_every_requirement_stands_on_a_page() -> None:
    found = [identifier for text in pages().values() for identifier in re.findall(r"^## ([A-Z]{2}-\d\d) ", text, re.MULTILINE)]
    assert found == list(catalogue())


def test_the_navigation_leads_to_every_page() -> None:
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert set(leaves(yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["nav"])) == there


def test_the_site_can_be_built_without_a_warning(tmp_path: Path) -> None:
    commands = pytest.importorskip("mkdocs.commands.build", reason="unavailable: mkdocs is not installed")
    config = pytest.importorskip("mkdocs.config")
    pytest.importorskip("material", reason="unavailable: mkdocs-material is not installed")
    commands.build(config.load_config(str(CONFIGURATION), site_dir=str(tmp_path), strict=True))
    page = (tmp_path / "patterns" / "circuit_breaker" / "index.html").read_text(encoding="utf-8")
    assert "CB-10" in page
    assert "Add a requirement" in (tmp_path / "contributing" / "index.html").read_text(encoding="utf-8")
