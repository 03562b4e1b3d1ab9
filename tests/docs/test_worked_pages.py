"""Pages that are worked through: each block, in order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.docs.test_readme import CUT, found_after, python

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGES = ("quick-start.md", "reading-a-failure.md")
BLOCK = re.compile(r'```(?:python title="(?P<name>[\w.]+)"|(?P<console>console))\n(?P<text>.+?)```', re.DOTALL)
RUN = {
    "quick-start.md": {"python", "console"},
    "reading-a-failure.md": {"python", "console"},
    "adapters.md": {"python"},
    "doubles.md": {"python", "console"},
    "http-binding.md": {"console"},
    "writing-features.md": {"gherkin", "ini", "python"},
}
"""The languages of a page's blocks; a test of the page's runs them, or its pages are made of what is run."""
SAID = {"text", ""}
"""The languages of blocks that show something and are not to be run."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_worked_through_as_it_stands(page: str, tmp_path: Path) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) == len(re.findall(r"^```\w", text, re.MULTILINE))
    for block in BLOCK.finditer(text):
        if block["name"]:
            (tmp_path / block["name"]).write_text(block["text"], encoding="utf-8")
        else:
            session(block["text"], tmp_path)


def session(text: str, folder: Path) -> None:
    """Run the commands of a session, each of which says what is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        program, *arguments = shlex.split(command)
        assert program == "patternproof"
        said = python(folder, "-c", "from patternproof.cli import main; main()", *arguments)
        compare(command, shown, [line.rstrip() for line in said.splitlines()])


def compare(command: str, shown: list[str], lines: list[str]) -> None:
    """Whether the parts that are shown stand in what was said, in this order."""
    place = 0
    for part in "\n".join(shown).split(f"\n{CUT}"):
        wanted = part.removeprefix(CUT).strip("\n").splitlines()
        if wanted:
            place = found_after(place, wanted, lines)
            assert place, f"$ {command}\nnot there, or not in this order:\n{part}\n\nin:\n" + "\n".join(lines)


def test_what_is_not_said_is_missed() -> None:
    compare("x", ["a", "...", "c"], ["a", "b", "c"])
    with pytest.raises(AssertionError, match="not in this order"):
        compare("x", ["c", "...", "a"], ["a", "b", "c"])


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_no_page_has_blocks_of_which_nobody_knows_whether_they_run(page: str) -> None:
    languages = set(re.findall(r"^```(\w*)[^\n]*\n.*?^```$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    assert languages - SAID <= RUN.get(page, set())
