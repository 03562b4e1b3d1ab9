"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from patternproof.cli import app

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BREAKER, ADAPTER, SUITE = re.findall(r"```python\n(.+?)```", README, re.DOTALL)
COMMAND, *SHOWN = README.split("```console\n$ ")[1].split("```")[0].splitlines()
WIDTH = "120"
"""Columns of the terminal that is shown."""
CUT = "..."


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the README's two modules."""
    (tmp_path / "breaker.py").write_text(BREAKER, encoding="utf-8")
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    return tmp_path


def python(folder: Path, *arguments: str, seconds: float = 110) -> str:
    """What a process of its own says on standard output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment |= {"PYTHONPATH": str(ROOT), "PYTEST_PLUGINS": "pytest_bdd.plugin,patternproof.plugin"}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": WIDTH, "NO_COLOR": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    ).stdout


def test_the_output_is_as_it_is_shown(project: Path) -> None:
    program, *arguments = COMMAND.split()
    assert program == "patternproof"
    said = python(project, "-c", "from patternproof.cli import main; main()", *arguments)
    lines = [line.rstrip() for line in said.splitlines()]
    place = 0
    for part in "\n".join(SHOWN).split(f"\n{CUT}\n"):
        place = found_after(place, part.removeprefix(f"{CUT}\n").splitlines(), lines)
        assert place, f"not there, or not in this order:\n{part}\n\nin:\n{said}"


def found_after(place: int, part: list[str], lines: list[str]) -> int:
    """The number of the line after the next occurrence of a part that stands together; 0 where there is none."""
    for start in range(place, len(lines)):
        real = lines[start : start + len(part)]
        if len(real) == len(part) and all(map(is_shown, real, part)):
            return start + len(part)
    return 0


def is_shown(real: str, shown: str) -> bool:
    """Whether a line is one that is shown, whole or cut."""
    return real == shown or (shown.endswith(CUT) and real.startswith(shown.removesuffix(CUT)))


def test_the_adapter_has_20_lines_at_most() -> None:
    assert len([line for line in ADAPTER.splitlines() if line]) <= 20


def test_the_suite_of_the_readme_collects_the_requirements(project: Path) -> None:
    (project / "test_conformance.py").write_text(SUITE, encoding="utf-8")
    said = python(project, "-m", "pytest", "--collect-only", "-q")
    assert "test_conformance.py::test_machine[circuit_breaker]" in said
    assert "test_conformance.py::circuit_breaker.feature::CB-01-" in said


def test_the_table_has_every_command() -> None:
    names = {name for name in app if not name.startswith("-")}
    assert set(re.findall(r"^\| `patternproof (\w+)` \|", README, re.MULTILINE)) == names


def test_the_table_of_extras_names_all_that_are_no_library() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    libraries = re.findall(r"[\w-]+", " ".join(extras["adapters"]))
    shown = re.findall(r"^\| `([\w-]+)` \|", README.split("| extra |")[1], re.MULTILINE)
    assert set(shown) == set(extras) - set(libraries)


def test_the_folders_of_the_table_are_there_and_are_all() -> None:
    shown = set(re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE))
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert shown == there - {"build", "dist"}


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: str(page.name))
def test_a_link_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target
