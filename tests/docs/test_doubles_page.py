"""What the page on doubles shows is so."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from patternproof.doubles import Script

from patternproof import doubles
from tests.docs.test_readme import python

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "doubles.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
SECONDS = 600
"""That the whole suite may take on a busy machine."""
COMMAND, *SHOWN = PAGE.split("```console\n$ ")[1].split("```")[0].splitlines()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, but for its head."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| `.+\|$", section, re.MULTILINE)]


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_tests_on_the_page_pass(number: int) -> None:
    names: dict[str, Any] = {}
    exec(compile(BLOCKS[number], f"docs/doubles.md, block {number}", "exec"), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert tests
    for test in tests:
        test()


def test_the_table_has_every_double_with_its_arguments_and_all_that_can_be_scripted() -> None:
    shown = {double.strip("`"): re.findall("`(.+?)`", scripted + beneath) for double, scripted, beneath, _ in rows("The doubles")}
    made = {name: value for name, value in vars(doubles).items() if name.endswith("Double")}
    assert {name.partition("(")[0] for name in shown} == set(made)
    for call, methods in shown.items():
        kind = made[call.partition("(")[0]]
        assert f"({', '.join(inspect.signature(kind).parameters)})" == f"({call.partition('(')[2]}"
        assert methods == list(scripted_by(kind))


def scripted_by(kind: Any) -> tuple[str, ...]:
    async def main() -> tuple[str, ...]:
        script: Script = kind().script
        return script.methods

    return asyncio.run(main())


def test_the_table_has_all_of_a_script_but_what_doubles_begin_with() -> None:
    names = {re.findall(r"\w+", call)[0] for call, _ in rows("The script")}
    assert names == {name for name in dir(Script("get")) if not name.startswith("_")} - {"play"}


@pytest.mark.timeout(SECONDS)
def test_the_doubles_are_conformant_as_it_is_shown(tmp_path: Path) -> None:
    program, *arguments = COMMAND.split()
    said = python(tmp_path, "-c", f"from {program}.cli import main; main()", *arguments, seconds=SECONDS - 10)
    assert said.rstrip().splitlines()[-1:] == SHOWN[-1:], said
